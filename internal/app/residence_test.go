package app

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A residence is a real node, not a demonstration, that goes by a clock of the
// test's: with an admin, fourteen acts of two tracks each, and people.
type residence struct {
	*node
	t      *testing.T
	path   string
	clock  atomic.Int64 // Unix milliseconds
	step   atomic.Pointer[func(string) error]
	people []simulated
	around func(home) home
	more   map[string]string // settings
}

// newResidence sets a node up at a time.
func newResidence(t *testing.T, at time.Time, people int) *residence {
	t.Helper()
	return newResidenceAt(t, filepath.Join(t.TempDir(), "node"), at, people)
}

func newResidenceAt(t *testing.T, path string, at time.Time, people int) *residence {
	t.Helper()
	h := &residence{t: t, path: path}
	h.set(at.Add(-time.Hour)) // people are there before they play
	h.open()
	_, err := h.accounts.SetupHere(t.Context(), account.Setup{
		SignUp:   account.SignUp{Handle: "ada", Password: "a long enough password"},
		Settings: account.Settings{Name: "Quayside", OperatorName: "Ada", OpenStudio: true},
	})
	h.ok(err)
	h.set(at)
	h.ok(h.node.settle(t.Context()))
	h.ok(h.node.Close())
	catalogue(t, "sqlite", filepath.Join(h.path, "9ten.db"), 14)
	h.open()
	var puppets []account.Puppet
	for i := range people {
		p, err := newSimulated(1, i)
		h.ok(err)
		h.people = append(h.people, p)
		puppets = append(puppets, account.Puppet{Handle: fmt.Sprintf("person%d", i), Name: fmt.Sprintf("Person %d", i), SPKI: p.spki})
	}
	h.set(at.Add(-time.Hour))
	ids, err := h.accounts.Populate(t.Context(), puppets)
	h.ok(err)
	h.set(at)
	for i, a := range ids {
		h.people[i].account = a
	}
	t.Cleanup(func() { h.ok(h.Close()) })
	return h
}

// open opens the node, also after it was closed.
func (h *residence) open() {
	h.t.Helper()
	var err error
	h.node, err = h.openIn(h.path)
	h.ok(err)
}

func (h *residence) openIn(path string) (*node, error) {
	set := map[string]string{"data_dir": path, "log.level": "error", "media.ffmpeg": "off"}
	maps.Copy(set, h.more)
	cfg, _, err := LoadConfig("", set, noenv)
	if err != nil {
		return nil, err
	}
	return openNodeIn(context.Background(), cfg, slog.New(slog.DiscardHandler), world{
		around: h.around,
		now:    func() time.Time { return time.UnixMilli(h.clock.Load()) },
		step: func(s string) error {
			if f := h.step.Load(); f != nil {
				return (*f)(s)
			}
			return nil
		},
	})
}

func (h *residence) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func (h *residence) set(at time.Time) { h.clock.Store(at.UnixMilli()) }

// pay records what a person paid.
func (h *residence) pay(person int, amount money.Micro) {
	h.t.Helper()
	ref := fmt.Sprintf("%d at %d", person, h.clock.Load())
	_, err := h.wallet.Declare(h.t.Context(), "", h.people[person].account, amount, "bank", ref)
	h.ok(err)
}

// track is the n-th track of an act: 25 s or more, or 125 s or more.
func track(act, n int) id.Track {
	if act >= 100 {
		return id.Track(fmt.Sprintf("01JD3ZKQ4Y8X5T2N7B6V9D%d%03d", n, act))
	}
	return id.Track(fmt.Sprintf("01JD3ZKQ4Y8X5T2N7B6V9C1%d%02d", n, act))
}

func actID(n int) id.Act {
	if n >= 100 {
		return id.Act(fmt.Sprintf("01JD3ZKQ4Y8X5T2N7B6V9E0%03d", n))
	}
	return id.Act(fmt.Sprintf("01JD3ZKQ4Y8X5T2N7B6V9C1X%02d", n))
}

// claimOf is the claim of a play the node hears of when it is over; signed
// says whether the person's device signs it.
func (h *residence) claimOf(person, act int, begin time.Time, heard time.Duration, signed bool) listen.SignedClaim {
	h.t.Helper()
	who := h.people[person]
	c := listen.Claim{
		Node: h.cfg.NodeID(), Play: id.Random16(), Counter: 1, Track: string(track(act, 1)) + "@" + h.cfg.NodeID(), Sheet: 1,
		Begin: begin.UnixMilli(), End: begin.Add(heard).UnixMilli(), Heard: []listen.Interval{{Length: uint32(heard.Milliseconds())}}, Flags: listen.Offline,
	}
	if signed {
		c.Device = who.device
	}
	return h.signed(who.account, c)
}

// signed is a claim with its device's signature, if it names one.
func (h *residence) signed(a id.Account, c listen.Claim) listen.SignedClaim {
	h.t.Helper()
	b, err := c.Encode()
	h.ok(err)
	out := listen.SignedClaim{Account: a, Claim: b}
	for _, p := range h.people {
		if p.account == a && len(p.key) > 0 && c.Device == p.device {
			out.Signature = ed25519.Sign(p.key, b)
		}
	}
	return out
}

// hear claims that a person has just heard an act for so long.
func (h *residence) hear(person, act int, heard time.Duration, signed bool) listen.Answer {
	h.t.Helper()
	a, err := h.listen.Claim(h.t.Context(), h.claimOf(person, act, h.now().Add(-heard), heard, signed))
	h.ok(err)
	return a
}

// monthOf is a person's settled row.
func (h *residence) monthOf(person int, p calendar.Period) royalty.MonthRow {
	h.t.Helper()
	m, err := h.report.MonthOf(h.t.Context(), h.people[person].account, p)
	h.ok(err)
	return m.Row
}

// holds looks at everything that has to hold whatever happened.
func (h *residence) holds() {
	h.t.Helper()
	ctx := h.t.Context()
	if _, err := h.wallet.Audit(ctx); err != nil {
		h.t.Error(err)
	}
	if list, err := h.wallet.Cover(ctx); err != nil || len(list) > 0 && !list[0].Covered() {
		h.t.Error(list, err)
	}
	if err := h.report.Invariants(ctx); err != nil {
		h.t.Error(err)
	}
	if _, err := h.ledger.Verify(ctx); err != nil {
		h.t.Error(err)
	}
	months, err := h.report.Settled(ctx)
	h.ok(err)
	for _, m := range months {
		if _, err := h.report.Audit(ctx, m.Period.Period); err != nil {
			h.t.Error(err)
		}
		h.receiptsHold(m)
	}
}

// receiptsHold verifies every receipt and act's proof of a month, and that the
// act's lines are what its listeners' rows say.
func (h *residence) receiptsHold(m report.Settled) {
	h.t.Helper()
	ctx, p := h.t.Context(), m.Period.Period
	paid := map[id.Act]money.Micro{}
	for i, who := range h.people {
		days, err := h.report.Days(ctx, who.account, p)
		h.ok(err)
		for _, d := range days {
			file, err := h.report.DayReceipt(ctx, who.account, d)
			h.ok(err)
			if r := royalty.VerifyReceipt(file, h.signer.trusted()); !r.OK {
				h.t.Errorf("person %d, %v: %s", i, d, r.Verdict)
			}
		}
		file, err := h.report.MonthReceipt(ctx, who.account, p)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		h.ok(err)
		if r := royalty.VerifyReceipt(file, h.signer.trusted()); !r.OK {
			h.t.Errorf("person %d, %v: %s", i, p, r.Verdict)
		}
		for _, s := range h.monthOf(i, p).Shares {
			paid[s.Act] += s.Micro
		}
	}
	var sum money.Micro
	for act, want := range paid {
		file, err := h.report.ActProof(ctx, act, p)
		h.ok(err)
		if r := royalty.VerifyAct(file, h.signer.trusted()); !r.OK {
			h.t.Errorf("%v: %s", act, r.Verdict)
		}
		list, err := h.report.Earnings(ctx, act)
		h.ok(err)
		for _, e := range list {
			if e.Period.Period == p && e.Line.Micro != want {
				h.t.Errorf("%v got %v, its listeners' rows say %v", act, e.Line.Micro, want)
			}
		}
		sum += want
	}
	if sum != m.Settlement.SumB {
		h.t.Errorf("%v: rows pay %v, the settlement says %v", p, sum, m.Settlement.SumB)
	}
}
