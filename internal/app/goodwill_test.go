package app

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A settled month is given back from the operator's reserve: its acts keep what
// they have, its receipts hold, the month in which it happens settles, and
// nothing is given twice.
func TestSettledMonthGivenBack(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.Start().Add(time.Hour), 2)
	ctx, who := t.Context(), h.people[0].account
	back := func(p calendar.Period, method, why string) (money.Micro, error) {
		return h.wallet.Goodwill(ctx, "", who, p, method, why)
	}
	h.pay(1, money.Price)
	h.set(month.LastDay().Start().Add(time.Hour))
	h.pay(0, money.Price)
	h.hear(0, 1, time.Minute, true)
	if _, err := back(month, "bank", "moved"); !fault.Is(err, fault.Conflict) {
		t.Errorf("of an open month: %v", err)
	}
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	h.ok(h.closeDueMonths(ctx))
	if _, err := h.wallet.Goodwill(ctx, "", h.people[1].account, month, "bank", "moved"); !fault.Is(err, fault.Conflict) {
		t.Errorf("of others' money: %v", err)
	}
	paid := h.owes(wallet.Act(actID(1)))
	charge, err := h.wallet.Charge(ctx, who, month)
	h.ok(err)
	for what, err := range map[string]error{
		"no reason": func() error { _, err := back(month, "bank", " "); return err }(),
		"no way":    func() error { _, err := back(month, "reserve", "moved"); return err }(),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := back(month.Add(1), "bank", "moved"); !fault.Is(err, fault.NotFound) {
		t.Errorf("of a month that was not paid: %v", err)
	}
	for range 2 { // the second time is none
		if got, err := back(month, "bank", "moved"); err != nil || got != charge.Charge || got == 0 {
			t.Fatalf("%v given back, %v; want %v", got, err, charge.Charge)
		}
	}
	list, err := h.wallet.Payments(ctx, time.Time{}, "", 10)
	h.ok(err)
	if len(list) != 4 {
		t.Fatalf("%d events: %+v", len(list), list)
	}
	for _, e := range list[:2] {
		if _, err := h.wallet.Undo(ctx, "", e.ID, "a mistake"); !fault.Is(err, fault.Conflict) {
			t.Errorf("undoing %s: %v", e.ID, err)
		}
	}
	if h.owes(wallet.Reserve) != -charge.Charge || h.owes(wallet.Act(actID(1))) != paid || h.owes(wallet.Gateway(wallet.Declared)) != charge.Charge-2*money.Price {
		t.Errorf("the reserve owes %v, the act is owed %v, %v is held", h.owes(wallet.Reserve), h.owes(wallet.Act(actID(1))), -h.owes(wallet.Gateway(wallet.Declared)))
	}
	h.set(month.Add(1).Due(calendar.Final).Add(35 * time.Minute))
	h.ok(h.closeDueMonths(ctx))
	months, err := h.report.Settled(ctx)
	h.ok(err)
	if s := months[0].Settlement; len(months) != 2 || s.Received != charge.Charge || s.Refunded != charge.Charge {
		t.Errorf("the month after settles as %+v", s)
	}
	h.holds()
}
