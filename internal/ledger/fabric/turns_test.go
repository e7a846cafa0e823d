package fabric

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// Every orderer has a turn within as many hours as there are orderers, and never
// two at once.
func TestOrderersTakeTurns(t *testing.T) {
	began := time.Date(2026, 11, 26, 9, 17, 0, 0, time.UTC)
	for n := 1; n <= 10; n++ {
		var nodes []string
		for i := range n {
			nodes = append(nodes, string(rune('a'+i))+".example")
		}
		had := map[string]bool{}
		for at := began; at.Before(began.Add(time.Duration(n) * turnToRestart)); at = at.Add(looksAtCertificates) {
			var now []string
			for _, x := range nodes {
				if turns(at, slices.Clone(nodes), x) {
					now = append(now, x)
				}
			}
			if len(now) != 1 {
				t.Errorf("at %v it is the turn of %v", at, now)
				continue
			}
			had[now[0]] = true
		}
		if len(had) != n {
			t.Errorf("of %d only %v had a turn", n, had)
		}
	}
}

// The certificates of four nodes that founded a network together end on one day.
// Their orderers do not restart on one day: only whose turn it is, and while it
// hears that all others are well. Peers and administrators need not wait, and one
// whose certificate has ended, which orders no more, waits for nobody.
func TestOrderersDoNotRestartTogether(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var homes []*Home
	f := channel.Founding{Channel: channel.Name}
	for _, node := range []string{"a.example", "b.example", "c.example", "d.example"} {
		// At the loopback address, where nobody listens.
		h, err := Open(Config{Dir: t.TempDir(), Node: node, Host: "127.0.0.1", Listen: "127.0.0.1", Port: 1, Contracts: []Contract{{Version: contract.Version}}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		f.Founders = append(f.Founders, founder(t, h, true))
		homes = append(homes, h)
	}
	first, err := f.Genesis(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range homes { // none has seen its channel yet: it goes by what it keeps
		if err := errors.Join(h.Take(channel.Name, first), h.child.Write(child.Orderer)); err != nil {
			t.Fatal(err)
		}
	}
	// renewed counts whose orderers, and whose peers, have a certificate that is
	// good for long.
	renewed := func() (orderers, peers int) {
		t.Helper()
		for _, h := range homes {
			if err := h.renewEarly(t.Context()); err != nil {
				t.Fatal(err)
			}
			for r, n := range map[org.Role]*int{org.Orderer: &orderers, org.Peer: &peers} {
				c, err := h.Org().TLS(r)
				if err != nil {
					t.Fatal(err)
				}
				if c.Leaf.NotAfter.Sub(now) > org.Early {
					*n++
				}
			}
		}
		return orderers, peers
	}
	if o, p := renewed(); o != 4 || p != 4 {
		t.Fatalf("%d orderers and %d peers are good at first", o, p)
	}
	now = now.Add(310 * 24 * time.Hour)
	// Five restarts at a time until November.
	for november := time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC); november.After(now); now = now.Add(5 * turnToRestart) {
		if o, p := renewed(); o != 0 || p != 4 {
			t.Fatalf("at %v %d orderers and %d peers are renewed while none hears the others", now, o, p)
		}
	}
	// Without certificates nobody would order either: then one after the other.
	now = time.Date(2026, 12, 28, 0, 0, 0, 0, time.UTC)
	for want := 1; want <= 4; want++ {
		if o, _ := renewed(); o != want {
			t.Errorf("%d orderers are renewed, want %d", o, want)
		}
		now = now.Add(turnToRestart)
	}
	now = now.Add(400 * 24 * time.Hour)
	if o, _ := renewed(); o != 4 {
		t.Errorf("%d orderers are renewed whose certificates had ended", o)
	}
	for _, h := range homes {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
