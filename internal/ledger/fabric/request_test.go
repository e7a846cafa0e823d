package fabric

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// atHome opens a node's folder, with nothing running.
func atHome(t *testing.T, node string, now func() time.Time) *Home {
	t.Helper()
	h, err := Open(Config{Dir: t.TempDir(), Node: node, Host: node, Port: 9020, Contracts: []Contract{{Version: contract.Version}}, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Anybody may send a request in any name. The one that waits is what operators
// compare and admit, so nobody takes its place.
func TestTheFirstRequestStays(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	member, newcomer, thief := atHome(t, "a.example", clock), atHome(t, "b.example", clock), atHome(t, "b.example", clock)
	if err := member.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := member.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	member.cache[channel.Name] = &view{block: first, config: cfg}
	ask := func(h *Home, note string, change func(*channel.Member)) error {
		t.Helper()
		r, err := h.Introduce(note)
		if err != nil {
			t.Fatal(err)
		}
		change(&r.Member)
		now = now.Add(time.Minute)
		return member.Receive(r)
	}
	same := func(*channel.Member) {}
	waits := func(note string) {
		t.Helper()
		own, err := newcomer.Member()
		if err != nil {
			t.Fatal(err)
		}
		r, err := member.Request("b.example")
		if err != nil || !r.Member.Equal(own) || r.Note != note {
			t.Errorf("%+v waits (%v), want the first with %q", r, err, note)
		}
	}
	if err := ask(newcomer, "We play shanties.", same); err != nil {
		t.Fatal(err)
	}
	before, err := member.Request("b.example")
	if err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"other certificates": func() error { return ask(thief, "It is us, really.", same) },
		"another address":    func() error { return ask(newcomer, "We moved.", func(m *channel.Member) { m.Host = "evil.example" }) },
		"another port":       func() error { return ask(newcomer, "We moved.", func(m *channel.Member) { m.Port = 22 }) },
	} {
		err := do()
		if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), before.Fingerprint()) || !strings.Contains(fault.Message(err), "9ten ledger dismiss b.example") {
			t.Errorf("%s: %v", what, err)
		}
		waits("We play shanties.")
	}
	if err := ask(newcomer, "We play shanties and reels.", same); err != nil {
		t.Error(err)
	}
	waits("We play shanties and reels.")
	// Operators compare what they read in a list: nobody writes rows of his own there.
	forged := "hello\x1b[1A\x1b[2K\nbig.label.example\tabcde-abcde-abcde-abcde"
	r, err := newcomer.Introduce("We play\nshanties.")
	if err != nil || r.Note != "We play shanties." {
		t.Errorf("a note of two lines is sent as %q (%v)", r.Note, err)
	}
	for what, forge := range map[string]func(*Request){
		"note": func(r *Request) { r.Note = forged },
		"host": func(r *Request) { r.Member.Host = forged },
		"name": func(r *Request) { r.Member.MSP = forged },
	} {
		r := r
		forge(&r)
		if err := member.Receive(r); !fault.Is(err, fault.Invalid) {
			t.Errorf("a %s with the terminal's commands: %v", what, err)
		}
	}
	waits("We play shanties and reels.")
	if r, err := member.Request("b.example"); err != nil || !r.At.After(before.At) {
		t.Errorf("asked again, it is of %v (%v)", r.At, err)
	}
	// Who was squatted on tells the operator, who drops the other.
	if err := member.Dismiss("b.example"); err != nil {
		t.Error(err)
	}
	if err := ask(thief, "First.", same); err != nil {
		t.Error(err)
	}
	if err := member.Dismiss("b.example"); err != nil {
		t.Error(err)
	}
	if err := ask(newcomer, "Now.", same); err != nil {
		t.Error(err)
	}
	waits("Now.")
	now = now.Add(30*24*time.Hour + time.Minute)
	if all, err := member.Requests(); err != nil || len(all) > 0 {
		t.Errorf("after a month %+v wait (%v)", all, err)
	}
	if a, err := member.Answer("b.example", ""); err != nil || a.State != Unknown {
		t.Errorf("its node is told %+v (%v)", a, err)
	}
	if err := ask(thief, "A month later.", same); err != nil {
		t.Error(err)
	}
}
