package wallet

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// A Declaration is a payment by hand as the operator writes it down.
type Declaration struct {
	Account   id.Account
	Amount    money.Micro
	Method    string // one of Methods
	Reference string // the bank's, or a number of the operator's own; unique
	// Received is the day the money came, zero today. It is booked today all the
	// same: what is on the ledger of a day that has passed does not change.
	Received calendar.Day
	Note     string // for the operator's eyes
}

// noteMost bounds a note, in characters.
const noteMost = 500

// reserved begin the references that the desk makes itself.
var reserved = []string{"undo/", "refund/", "reserve/"}

func (c *Declaration) check() error {
	c.Reference, c.Note = strings.TrimSpace(c.Reference), strings.TrimSpace(c.Note)
	if !slices.Contains(Methods, c.Method) {
		return fault.On("method", fault.Invalid, "How was it paid? Choose one of %s.", strings.Join(Methods, ", "))
	}
	if utf8.RuneCountInString(c.Note) > noteMost {
		return fault.On("note", fault.Invalid, "A note has at most %d characters.", noteMost)
	}
	for _, r := range reserved {
		if strings.HasPrefix(c.Reference, r) {
			return fault.On("reference", fault.Invalid, "References that begin with %q are made by the node itself. Choose another.", r)
		}
	}
	if c.Received != 0 && !c.Received.Valid() {
		return fault.On("received", fault.Invalid, "That is no day.")
	}
	return nil
}

// Record books a payment that the operator received by hand for an account, opening its subscription when there is none. Faults: Invalid, on
// the field; Conflict on "reference" when another payment has it.
func (d *Desk) Record(ctx context.Context, operator id.Account, c Declaration) (Standing, error) {
	if err := c.check(); err != nil {
		return Standing{}, err
	}
	e := Event{Rail: Declared, ID: c.Reference, Kind: Paid, Micro: c.Amount, Method: c.Method, Reference: c.Reference, RecordedBy: operator, Received: c.Received, Note: c.Note}
	if err := e.check(); err != nil {
		return Standing{}, err
	}
	err := d.Store.WalletUpdate(ctx, func(tx Tx) error {
		if c.Received > calendar.DayOf(tx.Now()) {
			return fault.On("received", fault.Invalid, "%v is still to come.", c.Received)
		}
		s, err := open(ctx, tx, c.Account)
		if err != nil {
			return err
		}
		e.Sub = s.ID
		return take(ctx, tx, &s, e)
	})
	if err != nil {
		return Standing{}, err
	}
	return d.Standing(ctx, c.Account)
}

// Undo takes back what was recorded by mistake, by booking the opposite: the
// journal, the day's payments and the ledger keep both. Where the payment
// bought the current month and nothing else does, that month is taken back
// too. Faults: NotFound; Conflict when it was undone already, is an undoing
// itself, or when what it paid for is settled.
func (d *Desk) Undo(ctx context.Context, operator id.Account, event, why string) (done Event, err error) {
	why = strings.TrimSpace(why)
	if why == "" || utf8.RuneCountInString(why) > noteMost {
		return done, fault.On("why", fault.Invalid, "Say in a few words what was wrong: it stays beside the entry.")
	}
	err = d.Store.WalletUpdate(ctx, func(tx Tx) error {
		was, err := tx.PaymentByEvent(ctx, Declared, event)
		if err != nil {
			return err
		}
		name := "undo/" + event
		if _, err := tx.PaymentByEvent(ctx, Declared, name); err == nil {
			return fault.New(fault.Conflict, "That was undone already.")
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if _, err := tx.PaymentByEvent(ctx, Declared, "reserve/"+strings.TrimPrefix(event, "refund/")); err == nil || strings.HasPrefix(event, "reserve/") {
			return fault.New(fault.Conflict, "This gave a settled month back from the reserve. When the money comes again, record it as a payment.")
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if strings.HasPrefix(event, "undo/") {
			return fault.New(fault.Conflict, "This undid something else. Record the payment anew instead.")
		}
		s, err := tx.SubscriptionByID(ctx, was.Sub)
		if err != nil {
			return err
		}
		done = Event{Rail: Declared, ID: name, Kind: Refunded, Sub: s.ID, Micro: was.Micro, Method: was.Method, Reference: was.Reference, Note: why, RecordedBy: operator}
		if was.Kind == Refunded {
			done.Kind = Paid
			return take(ctx, tx, &s, done)
		}
		return unpay(ctx, tx, &s, done)
	})
	return done, err
}

// unpay books the opposite of a payment. The current month's charge is taken
// back for it when need be, and made again when the rest allows it.
func unpay(ctx context.Context, tx Tx, s *Subscription, e Event) error {
	now, err := dated(ctx, tx, tx.Now())
	if err != nil {
		return err
	}
	p := calendar.PeriodOf(now)
	balance, err := tx.Balance(ctx, Unearned(s.ID))
	if err != nil {
		return err
	}
	if -balance < e.Micro {
		before := s.PaidUntil
		if err := uncharge(ctx, tx, s, p, now); err != nil {
			return err
		}
		if balance, err = tx.Balance(ctx, Unearned(s.ID)); err != nil {
			return err
		}
		if -balance < e.Micro {
			return fault.New(fault.Conflict, "This payment has paid for a month that is over: its acts have been credited. Agree on a refund with the listener instead.")
		}
		if s.PaidUntil != before {
			if _, err := tx.ChargeOf(ctx, s.ID, s.PaidUntil); fault.Is(err, fault.NotFound) {
				s.PaidUntil = 0 // the month before was never paid here
			} else if err != nil {
				return err
			}
			if s.Changed = now; s.State == Active {
				s.State = Open
			}
		}
		if err := tx.UpdateSubscription(ctx, *s); err != nil {
			return err
		}
	}
	return take(ctx, tx, s, e)
}

// A Payment is an event as the operator's list shows it.
type Payment struct {
	Event
	Handle   string    // whose, "" once the account is deleted
	Operator string    // who recorded it, "" from the command line
	Undone   time.Time // zero while it stands
}

// Payments are the events of one listener, newest first; handle names them.
func (s Standing) Payments(handle string) []Payment {
	undone := map[string]time.Time{}
	for _, e := range s.Events {
		undone[e.ID] = e.At
	}
	out := make([]Payment, 0, len(s.Events))
	for _, e := range slices.Backward(s.Events) {
		out = append(out, Payment{Event: e, Handle: handle, Undone: undone["undo/"+e.ID]})
	}
	return out
}

// listMost bounds a page of a list, and the row that tells that there are more.
const listMost = 201

// Counts returns how many subscriptions are in each state.
func (d *Desk) Counts(ctx context.Context) (out map[State]int64, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		out, err = tx.SubscriptionCounts(ctx)
		return err
	})
	return out, err
}

// Payments returns at most n events booked before one, the newest first; a
// zero time begins with the newest.
func (d *Desk) Payments(ctx context.Context, at time.Time, event string, n int) (out []Payment, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		out, err = tx.Payments(ctx, at, event, min(max(n, 1), listMost))
		return err
	})
	return out, err
}
