package wallet

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// reserveMethod is how the operator pays in for a listener whose settled month
// is given back: nobody may declare it, the desk does.
const reserveMethod = "reserve"

// Goodwill gives an account back what it paid for a month that is settled. Its
// acts keep what they were credited: the operator's reserve pays. Two events say
// so, of the same day and for the same sum, one in and one out, so that what the
// ledger records of the day still adds up with the months. It is refused when it
// would take from what others are owed. It returns what has to
// be handed back; the same month again gives back nothing more and returns the
// same. Faults: Invalid; NotFound when the month was not paid; Conflict while it
// is not settled, when [Desk.Refund] gives it back.
func (d *Desk) Goodwill(ctx context.Context, operator, a id.Account, p calendar.Period, method, why string) (amount money.Micro, err error) {
	if !slices.Contains(Methods, method) {
		return 0, fault.On("method", fault.Invalid, "How is it given back? Choose one of %s.", strings.Join(Methods, ", "))
	}
	if why = strings.TrimSpace(why); why == "" || utf8.RuneCountInString(why) > noteMost {
		return 0, fault.On("why", fault.Invalid, "Say in a few words why: it stays beside the entry.")
	}
	err = d.Store.WalletUpdate(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionOf(ctx, a)
		if err != nil {
			return err
		}
		c, err := tx.ChargeOf(ctx, s.ID, p)
		if err != nil {
			return err
		}
		closed, err := tx.PeriodClosed(ctx, p)
		if err != nil {
			return err
		}
		if !closed {
			return fault.New(fault.Conflict, "%v is not settled yet. An ordinary refund gives it back while it is the current month.", p)
		}
		amount = c.Charge
		name := string(s.ID) + "/" + p.String()
		if err := spare(ctx, tx, "refund/"+name, amount); err != nil {
			return err
		}
		in := Event{Rail: Declared, ID: "reserve/" + name, Kind: Paid, Sub: s.ID, Micro: amount, Method: reserveMethod, Reference: "reserve/" + name, Note: why, RecordedBy: operator}
		out := in
		out.ID, out.Kind, out.Method = "refund/"+name, Refunded, method
		out.Reference = out.ID
		if _, err := enter(ctx, tx, &in, Reserve, "Paid by the operator for "+p.String()); err != nil {
			return err
		}
		_, err = enter(ctx, tx, &out, Gateway(Declared), "Refunded by "+method+" for "+p.String())
		return err
	})
	return amount, err
}

// spare refuses (Conflict) to spend more than the node holds beyond what it
// owes, unless the event is booked already.
func spare(ctx context.Context, tx Tx, event string, amount money.Micro) error {
	if _, err := tx.PaymentByEvent(ctx, Declared, event); !fault.Is(err, fault.NotFound) {
		return err
	}
	list, err := tx.Balances(ctx, "")
	if err != nil {
		return err
	}
	covers, err := cover(list)
	if err != nil {
		return err
	}
	for _, c := range covers {
		if left := c.Holds - c.Owes; c.Asset == Dollar && left < amount {
			return fault.New(fault.Conflict, "%v would have to be given back, and the node holds %v more than it owes: the rest is the money of listeners and acts.", amount, left)
		}
	}
	return nil
}
