package fabric_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A node that was founded ten months ago renews, while it runs, what ends within
// 60 days, and its servers and its own connection use it.
func TestCertificatesRenewEarly(t *testing.T) {
	var back atomic.Int64
	now := func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
	back.Store(int64(310 * 24 * time.Hour))
	h := openIn(t, t.TempDir(), "a.example", fabrictest.Ports(t), now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	n.register(t)
	ends := func(r org.Role) time.Time {
		t.Helper()
		c, err := n.Org().TLS(r)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.NotAfter
	}
	if left := time.Until(ends(org.Peer)); left > 60*24*time.Hour || left < 0 {
		t.Fatalf("the peer's certificate ends in %v", left)
	}
	if done, err := n.Renew(false); err != nil || len(done) > 0 {
		t.Fatalf("renewed ten months early: %v (%v)", done, err)
	}
	was := [2]int{n.PID(child.Peer), n.PID(child.Orderer)}

	back.Store(0)
	done, err := n.Renew(false)
	if err != nil || len(done) != 5 {
		t.Fatalf("renewed %v (%v), want peer and administrator whole, and the orderer's TLS", done, err)
	}
	n.risen(t, child.Peer, was[0])
	n.risen(t, child.Orderer, was[1])
	for _, r := range []org.Role{org.Peer, org.Orderer} {
		eventually(t, fmt.Sprintf("the %s uses its new certificate", r), func() error { return n.shows(r) })
		if left := time.Until(ends(r)); left < 300*24*time.Hour {
			t.Errorf("the %s is good for %v", r, left)
		}
	}
	eventually(t, "it writes", func() error {
		_, err := n.contract(t).UpdateNode(t.Context(), "after", contract.Registration{Node: "a.example", Name: "a", Owner: "a"})
		return err
	})
	if done, err := n.Renew(false); err != nil || len(done) > 0 {
		t.Errorf("renewed twice: %v (%v)", done, err)
	}
	c, err := n.Consenter()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := n.Config(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	if known, _ := cfg.Orders("a.example"); string(known.Identity) != string(c.Identity) {
		t.Error("the orderer's identity was renewed behind the channel's back")
	}
}

// A node that starts with certificates that end soon, or have ended, renews them
// before it has seen its channel, and one that its network has put out does too.
func TestCertificatesRenewAtTheStart(t *testing.T) {
	for what, tt := range map[string]struct {
		days  int // since they were made
		phase fabric.Phase
	}{
		"30 days left":              {335, fabric.Joined},
		"ended":                     {366, fabric.Joined},
		"30 days left, and put out": {335, fabric.Removed},
	} {
		t.Run(what, func(t *testing.T) {
			dir, port := t.TempDir(), fabrictest.Ports(t)
			made := time.Now().Add(-time.Duration(tt.days) * 24 * time.Hour)
			before := openIn(t, dir, "a.example", port, func() time.Time { return made })
			if err := before.Found(); err != nil {
				t.Fatal(err)
			}
			if err := before.Close(); err != nil {
				t.Fatal(err)
			}
			record := filepath.Join(dir, "home.json")
			b, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(record, bytes.Replace(b, []byte(`"joined"`), []byte(`"`+tt.phase+`"`), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			n := start(t, openIn(t, dir, "a.example", port, time.Now), "a.example")
			eventually(t, "all are renewed", func() error {
				all, err := n.Org().Certificates()
				for _, c := range all {
					if c.Ends.Before(time.Now().Add(org.Early)) {
						err = errors.Join(err, fmt.Errorf("the %s's (%s) ends on %v", c.Role, c.Use, c.Ends))
					}
				}
				return err
			})
			if tt.phase == fabric.Joined {
				eventually(t, "it works", n.ready)
				eventually(t, "its orderer uses the new one", func() error { return n.shows(org.Orderer) })
			}
		})
	}
}
