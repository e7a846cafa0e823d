package app

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// member is another node that writes to the node's ledger.
func (h *residence) member(name string) recorder {
	h.t.Helper()
	now := func() time.Time { return time.UnixMilli(h.clock.Load()) }
	who, err := embedded.KeepIdentity(filepath.Join(h.t.TempDir(), "identity.pem"), name, now())
	h.ok(err)
	c, err := h.ledger.home.(inside).As(who, now)
	h.ok(err)
	r := recorder{node: name, contract: contract.Client{Ledger: c}, keys: h.keys}
	h.ok(r.register(h.t.Context(), r.contract, name, "Ebb"))
	return r
}

// claims registers an act with a node, which is its home from then on.
func (r recorder) claims(ctx context.Context, act id.Act, payout contract.Digest) error {
	_, err := r.contract.RegisterAct(ctx, opAct(act, 1), contract.ActRegistration{Node: r.node, Act: act, Payout: payout})
	return err
}

// A node goes on saying where an act of another is paid that it registered, also
// when that one writes to the ledger by now.
func TestActRegisteredForAnother(t *testing.T) {
	h := newResidence(t, calendar.Period(202510).Start().Add(time.Hour), 0)
	ctx, act, r := t.Context(), actID(70), h.recorder
	r.homes = func(context.Context) (map[id.Act]string, error) { return map[id.Act]string{act: "ebb.example"}, nil }
	for n, before := range []func(){func() {}, func() { h.member("ebb.example") }} {
		before()
		where := royalty.Hash{byte(n + 1)}
		h.ok(r.SetPayouts(ctx, map[id.Act]royalty.Hash{act: where}))
		if a, err := r.contract.Act(ctx, act); err != nil || a.Home != r.node || a.Payout != contract.Digest(where) {
			t.Errorf("%d: %+v, %v", n, a, err)
		}
	}
}

// One other node does not have this one register any number of acts: what is more
// waits for the next month, and acts of here for nothing.
func TestActsOfOneNodeAreBounded(t *testing.T) {
	h := newResidence(t, calendar.Period(202510).Start().Add(time.Hour), 0)
	ctx, r := t.Context(), h.recorder
	homes, payouts := map[id.Act]string{}, map[id.Act]royalty.Hash{actID(2): {1}}
	for i := range mostForeign + 2 {
		act := id.New[id.Act](time.UnixMilli(int64(i)))
		homes[act], payouts[act] = "ebb.example", royalty.Hash{byte(i), 1}
	}
	homes[actID(1)], payouts[actID(1)] = "neap.example", royalty.Hash{2}
	r.homes = func(context.Context) (map[id.Act]string, error) { return homes, nil }
	count := func() (n int) {
		list, err := r.acts(ctx)
		h.ok(err)
		for act := range list {
			if homes[act] == "ebb.example" {
				n++
			}
		}
		if list[actID(2)].Address == 0 || list[actID(1)].Address == 0 {
			t.Error("others wait for it")
		}
		return n
	}
	for _, more := range []int{0, 0, 2} {
		if more > 0 {
			h.clock.Store(calendar.Period(202511).Start().Add(time.Hour).UnixMilli())
		}
		h.ok(r.SetPayouts(ctx, payouts))
		if n := count(); n != mostForeign+more {
			t.Errorf("%d are registered", n)
		}
	}
}

// refusedForfeit is a ledger that refuses one act's.
type refusedForfeit struct {
	report.Ledger
	act id.Act
}

func (l refusedForfeit) Forfeit(ctx context.Context, act id.Act, p calendar.Period) error {
	if act == l.act {
		return fault.New(fault.Conflict, "Not that one.")
	}
	return l.Ledger.Forfeit(ctx, act, p)
}

// Acts of this node that another has registered are paid where it says. Where it
// says nothing, who has a wallet loses nothing; and others are looked after as ever.
func TestActWithAnotherHome(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.Start().Add(time.Hour), 3)
	ctx, ebb := t.Context(), h.member("ebb.example")
	paid, squatted, refused, never := actID(1), actID(2), actID(3), actID(4)
	h.ok(ebb.claims(ctx, squatted, contract.Digest{}))
	h.sheet(squatted)
	for i := range h.people {
		h.pay(i, 2*money.Price)
		for act := 1; act <= 4; act++ {
			h.set(month.Day(2 + act).Start().Add(2 * time.Hour))
			h.hear(i, act, time.Minute, true)
		}
	}
	h.set(month.End().Add(2 * time.Minute))
	_, err := h.wallet.Renew(ctx)
	h.ok(err)
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	_, err = h.report.CloseDue(ctx)
	h.ok(err)
	h.ok(ebb.claims(ctx, paid, contract.Digest{1}))
	if list, err := h.recorder.payable(ctx, month.Add(1)); err != nil || !slices.Equal(list, []id.Act{paid}) {
		t.Errorf("to be paid: %v, %v", list, err)
	}
	if list, err := h.recorder.Waiting(ctx, paid); err != nil || len(list) != 0 {
		t.Errorf("it has an address, and waits: %+v, %v", list, err)
	}

	h.set(month.Forfeit().Add(time.Hour))
	h.report.Ledger = refusedForfeit{h.report.Ledger, refused}
	if _, err := h.report.Forfeit(ctx); !fault.Is(err, fault.Conflict) {
		t.Errorf("nobody hears of what is refused: %v", err)
	}
	for act, want := range map[id.Act]bool{paid: true, squatted: true, refused: true, never: false} {
		if got := h.owes(wallet.Act(act)) > 0; got != want {
			t.Errorf("%s is owed something: %t", act, got)
		}
	}
}
