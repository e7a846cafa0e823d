package contract

import (
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// BalanceRef is the argument of ForfeitBalance.
type BalanceRef struct {
	Node   string          `json:"node"`
	Act    id.Act          `json:"act"`
	Period calendar.Period `json:"period"`
}

// Forfeit is what waited for an act in vain and is the commons' now.
type Forfeit struct {
	BalanceRef
	Micro money.Micro `json:"micro"`
	At    uint64      `json:"at"`
	Tx    string      `json:"tx"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
}

// ForfeitBalance gives to the commons what a period credited to an act that has
// had no payout address since, a year after it should have been paid. The oldest
// period goes first, and all of it. Faults: Forbidden, NotFound, Invalid when it
// is early, Conflict when the act can be paid or another period is older.
func (*Contract) ForfeitBalance(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ForfeitBalance", op, arg, func(c *call, in *BalanceRef) error {
		if _, err := c.own(in.Node, roleClient); err != nil {
			return err
		}
		var b Balance
		if err := c.must(&b, in.Node+" owes nothing to "+string(in.Act)+".", "balance", in.Node, string(in.Act)); err != nil {
			return err
		}
		a, payable, err := c.payable(in.Act)
		switch {
		case err != nil:
			return err
		case payable:
			return fault.New(fault.Conflict, "%s has a payout address: it is paid, and nothing of it goes to the commons.", in.Act)
		case len(b.Since) == 0 || b.Since[0].Period != in.Period:
			return fault.New(fault.Conflict, "%s is not the period for which %s has waited longest.", in.Period, in.Act)
		case c.now < max(millis(in.Period.Forfeit()), millis(a.TakenBack())):
			return fault.New(fault.Invalid, "What %s credited to %s waits for it until %s, and a year after it had an address.", in.Period, in.Act, calendar.DayOf(in.Period.Forfeit()))
		}
		f := Forfeit{BalanceRef: *in, Micro: b.Since[0].Micro, At: c.now, Tx: c.tx}
		b.Micro, b.Since = b.Micro-f.Micro, b.Since[1:]
		if err := c.put(b, "balance", in.Node, string(in.Act)); err != nil {
			return err
		}
		if err := c.put(f, "forfeit", in.Node, string(in.Act), periodKey(in.Period)); err != nil {
			return err
		}
		return c.announce("forfeit", f)
	})
}

// TakenBack is the earliest moment at which an act that has no payout address
// any more may lose something: a year after it took the address back. Zero when
// it never had one.
func (a *Act) TakenBack() time.Time {
	if a.Address == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(a.Changed)).UTC().AddDate(0, calendar.WaitMonths, 0)
}

// payable returns the act that a is paid as, and whether it has a payout
// address. An act that nobody registered has none.
func (c *call) payable(a id.Act) (act Act, ok bool, err error) {
	_, err = c.get(&act, "act", string(a))
	for err == nil && act.Merged != "" { // ids only get smaller on the way
		act, err = c.act(act.Merged)
	}
	return act, !act.Payout.zero(), err
}

// GetForfeits returns the []Forfeit of a node, by act and period; of one act if
// it is named.
func (*Contract) GetForfeits(ctx Ctx, node, act string) (string, error) {
	return query(ctx, func(c *call) ([]Forfeit, error) {
		out, under := []Forfeit{}, []string{node}
		if act != "" {
			under = append(under, act)
		}
		err := each(c, "forfeit", under, func(_ []string, f Forfeit) error {
			out = append(out, f)
			return nil
		})
		return out, err
	})
}
