package wallet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Store runs the wallet's transactions.
type Store interface {
	WalletView(ctx context.Context, fn func(Tx) error) error
	WalletUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is what the wallet needs of a transaction. Methods that look one thing
// up return a NotFound fault when it is not there.
type Tx interface {
	JournalTx
	notice.Teller
	// Pseudonym returns the account's pseudonym of the period, making the
	// keys behind it when they are missing.
	Pseudonym(ctx context.Context, p calendar.Period, a id.Account) (id.Bytes16, error)
	SubscriptionOf(ctx context.Context, a id.Account) (Subscription, error)
	SubscriptionByID(ctx context.Context, s id.Sub) (Subscription, error)
	SubscriptionsIn(ctx context.Context, st State, after id.Sub, limit int) ([]Subscription, error)
	InsertSubscription(ctx context.Context, s Subscription) error
	UpdateSubscription(ctx context.Context, s Subscription) error
	// InsertCharge writes a charge, in place of one that was taken back.
	InsertCharge(ctx context.Context, c Charge) error
	ChargeOf(ctx context.Context, s id.Sub, p calendar.Period) (Charge, error)
	RefundCharge(ctx context.Context, s id.Sub, p calendar.Period) error
	InsertPayment(ctx context.Context, e Event) error
	PaymentByEvent(ctx context.Context, rail, event string) (Event, error)
	PaymentsOf(ctx context.Context, s id.Sub) ([]Event, error)
	PeriodClosed(ctx context.Context, p calendar.Period) (bool, error)
	// Forget removes the account's name from subscriptions and charges.
	Forget(ctx context.Context, a id.Account) error
	Entries(ctx context.Context, after int64, limit int) ([]Entry, error)
	Balances(ctx context.Context, prefix string) ([]Posting, error)
	// Subscriptions lists them newest first, after the one named.
	Subscriptions(ctx context.Context, after id.Sub, n int) ([]Listed, error)
	SubscriptionCounts(ctx context.Context) (map[State]int64, error)
	// Payments lists those booked before one, newest first; a zero time begins
	// with the newest.
	Payments(ctx context.Context, at time.Time, event string, n int) ([]Payment, error)
}

// A Desk is where subscriptions are taken and payments are booked.
type Desk struct{ Store Store }

// A Standing is what a listener's subscribe page shows.
type Standing struct {
	Subscription Subscription
	Subscribed   bool
	Due          money.Micro // what the current month costs from today, 0 when it is paid
	Missing      money.Micro // of which this is not covered by the balance
	Balance      money.Micro // paid and not used
	Events       []Event     // newest last
}

// Standing tells where an account stands.
func (d *Desk) Standing(ctx context.Context, a id.Account) (out Standing, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionOf(ctx, a)
		if fault.Is(err, fault.NotFound) {
			out.Due, _, _ = due(Subscription{}, tx.Now())
			out.Missing = out.Due
			return nil
		}
		if err != nil {
			return err
		}
		balance, err := tx.Balance(ctx, Unearned(s.ID))
		if err != nil {
			return err
		}
		out.Subscription, out.Subscribed, out.Balance = s, true, -balance
		if s.PaidUntil < calendar.PeriodOf(tx.Now()) {
			out.Due, _, _ = due(s, tx.Now())
			out.Missing = max(0, out.Due-out.Balance)
		}
		out.Events, err = tx.PaymentsOf(ctx, s.ID)
		return err
	})
	return out, err
}

// Open asks for a subscription. Asking twice is asking once; one that was
// cancelled in the current month goes on, one that expired opens anew.
func (d *Desk) Open(ctx context.Context, a id.Account) (s Subscription, err error) {
	err = d.Store.WalletUpdate(ctx, func(tx Tx) error {
		s, err = open(ctx, tx, a)
		return err
	})
	return s, err
}

func open(ctx context.Context, tx Tx, a id.Account) (Subscription, error) {
	s, err := tx.SubscriptionOf(ctx, a)
	switch {
	case fault.Is(err, fault.NotFound):
		s = Subscription{ID: id.New[id.Sub](tx.Now()), Account: a, State: Open, Started: tx.Now(), Changed: tx.Now()}
		return s, tx.InsertSubscription(ctx, s)
	case err != nil:
		return s, err
	case s.State == Cancelled && s.PaidUntil >= calendar.PeriodOf(tx.Now()):
		s.State = Active
	case s.State == Cancelled, s.State == Expired:
		s.State = Open
	default:
		return s, nil
	}
	s.Ends, s.Changed = 0, tx.Now()
	return s, tx.UpdateSubscription(ctx, s)
}

// Take books an event of a rail and charges the current month when the
// balance now allows it. An event that is booked already changes nothing;
// the same name with other contents is a Conflict.
func (d *Desk) Take(ctx context.Context, e Event) (Standing, error) {
	if err := e.check(); err != nil {
		return Standing{}, err
	}
	var account id.Account
	err := d.Store.WalletUpdate(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionByID(ctx, e.Sub)
		if err != nil {
			return err
		}
		account = s.Account
		return take(ctx, tx, &s, e)
	})
	if err != nil {
		return Standing{}, err
	}
	return d.Standing(ctx, account)
}

func take(ctx context.Context, tx Tx, s *Subscription, e Event) error {
	memo := "Paid by " + e.Method
	if e.Kind == Refunded {
		memo = "Refunded by " + e.Method
	}
	entered, err := enter(ctx, tx, &e, Gateway(e.Rail), memo)
	if err != nil || !entered || e.Kind == Refunded {
		return err
	}
	if s.State == Expired || s.State == Cancelled && s.Ends < calendar.PeriodOf(e.At) {
		s.State, s.Ends = Open, 0
	}
	_, err = activate(ctx, tx, s, e.At)
	return err
}

// enter dates an event and books it between the subscription's balance and
// where the money came from or went. It reports whether it was new.
func enter(ctx context.Context, tx Tx, e *Event, other Book, memo string) (bool, error) {
	if e.At.IsZero() || e.At.After(tx.Now()) {
		e.At = tx.Now()
	}
	var err error
	if e.At, err = dated(ctx, tx, e.At); err != nil {
		return false, err
	}
	if e.Salt == (id.Bytes16{}) {
		e.Salt = id.Random16()
	}
	known, err := tx.PaymentByEvent(ctx, e.Rail, e.ID)
	if err == nil {
		if known.Sub != e.Sub || known.Micro != e.Micro || known.Kind != e.Kind {
			return false, fault.On("reference", fault.Conflict, "A different payment was recorded under %q.", e.ID)
		}
		return false, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if err := tx.InsertPayment(ctx, *e); err != nil {
		return false, err
	}
	from, to := Unearned(e.Sub), other
	if e.Kind == Refunded {
		from, to = to, from
	}
	_, err = book(ctx, tx, move(e.Rail+"/"+e.ID, memo, e.At, from, to, e.Micro))
	return true, err
}

// Declare is [Desk.Record] with what every payment by hand needs.
func (d *Desk) Declare(ctx context.Context, operator, a id.Account, amount money.Micro, method, reference string) (Standing, error) {
	return d.Record(ctx, operator, Declaration{Account: a, Amount: amount, Method: method, Reference: reference})
}

// Cancel ends the subscription with the month that is paid; its pot stays.
// What is paid beyond that stays as the listener's balance.
func (d *Desk) Cancel(ctx context.Context, a id.Account) error {
	return d.Store.WalletUpdate(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionOf(ctx, a)
		if err != nil {
			return err
		}
		now := calendar.PeriodOf(tx.Now())
		if s.State = Expired; s.PaidUntil >= now {
			s.State, s.Ends = Cancelled, s.PaidUntil
		}
		s.Changed = tx.Now()
		return tx.UpdateSubscription(ctx, s)
	})
}

// Refund gives an account back what it paid and did not use, and, while the
// current month is open, that month's charge too; the month's pot is then
// gone. It returns what the operator has to hand back; the same reference
// again gives back nothing more and returns the same.
func (d *Desk) Refund(ctx context.Context, operator, a id.Account, method, reference string) (amount money.Micro, err error) {
	reference = strings.TrimSpace(reference)
	if !slices.Contains(Methods, method) {
		return 0, fault.On("method", fault.Invalid, "How is it given back? Choose one of %s.", strings.Join(Methods, ", "))
	}
	if strings.HasPrefix(reference, "undo/") {
		return 0, fault.On("reference", fault.Invalid, "References that begin with \"undo/\" are made by the node itself. Choose another.")
	}
	err = d.Store.WalletUpdate(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionOf(ctx, a)
		if err != nil {
			return err
		}
		switch done, err := tx.PaymentByEvent(ctx, Declared, reference); {
		case err == nil && done.Kind == Refunded && done.Sub == s.ID:
			amount = done.Micro
			return nil
		case err == nil:
			return fault.On("reference", fault.Conflict, "Another payment has that reference.")
		case !fault.Is(err, fault.NotFound):
			return err
		}
		now, err := dated(ctx, tx, tx.Now())
		if err != nil {
			return err
		}
		if err := uncharge(ctx, tx, &s, calendar.PeriodOf(now), now); err != nil {
			return err
		}
		balance, err := tx.Balance(ctx, Unearned(s.ID))
		if err != nil {
			return err
		}
		if amount = -balance; amount == 0 {
			return fault.New(fault.Conflict, "There is nothing to give back.")
		}
		if s.State != Expired {
			s.State, s.Changed = Expired, now
			if err := tx.UpdateSubscription(ctx, s); err != nil {
				return err
			}
		}
		e := Event{Rail: Declared, ID: reference, Kind: Refunded, Sub: s.ID, Micro: amount, Method: method, Reference: reference, RecordedBy: operator}
		if err := e.check(); err != nil {
			return err
		}
		return take(ctx, tx, &s, e)
	})
	return amount, err
}

// uncharge takes a period's charge back into the balance, if there is one and
// the period is not closed.
func uncharge(ctx context.Context, tx Tx, s *Subscription, p calendar.Period, at time.Time) error {
	c, err := tx.ChargeOf(ctx, s.ID, p)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if closed, err := tx.PeriodClosed(ctx, p); err != nil || closed {
		return err
	}
	if err := tx.RefundCharge(ctx, s.ID, p); err != nil {
		return err
	}
	s.PaidUntil = p.Add(-1)
	name, err := fresh(ctx, tx, "uncharge/"+string(s.ID)+"/"+p.String())
	if err != nil {
		return err
	}
	_, err = book(ctx, tx, Entry{Idem: name, At: at, Memo: "Month " + p.String() + " taken back", Postings: []Posting{
		{Unearned(s.ID), Dollar, -c.Charge}, {OperatorIncome, Dollar, c.Operator}, {Pot(p), Dollar, c.Pot},
	}})
	return err
}

// renewChunk is how many subscriptions are charged per transaction.
const renewChunk = 500

// Renew does what the calendar asks for: on the 1st it charges the new month,
// a dollar to the operator and nine to the pot; later it lets grace run out.
// It may run at any time and as often as one likes.
func (d *Desk) Renew(ctx context.Context) (charged int, err error) {
	for _, st := range []State{Active, PastDue, Cancelled, Open} {
		for after, more := id.Sub(""), true; more; {
			var n int
			var last id.Sub
			err := d.Store.WalletUpdate(ctx, func(tx Tx) error {
				subs, err := tx.SubscriptionsIn(ctx, st, after, renewChunk)
				if err != nil {
					return err
				}
				if more = len(subs) == renewChunk; more {
					last = subs[len(subs)-1].ID
				}
				n, err = renew(ctx, tx, subs)
				return err
			})
			if err != nil {
				return charged, err
			}
			charged, after = charged+n, last
		}
	}
	return charged, nil
}

// renew charges or lapses each subscription and counts those it charged.
func renew(ctx context.Context, tx Tx, subs []Subscription) (charged int, err error) {
	for _, s := range subs {
		before := s.PaidUntil
		now, err := dated(ctx, tx, tx.Now())
		if err != nil {
			return 0, err
		}
		if _, err := activate(ctx, tx, &s, now); err != nil {
			return 0, err
		}
		if s.PaidUntil != before {
			charged++
			continue
		}
		if err := lapse(ctx, tx, &s, now); err != nil {
			return 0, err
		}
	}
	return charged, nil
}

// Charge returns what an account was charged for a period; the zero Charge
// when it was not.
func (d *Desk) Charge(ctx context.Context, a id.Account, p calendar.Period) (c Charge, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		s, err := tx.SubscriptionOf(ctx, a)
		if err == nil {
			c, err = tx.ChargeOf(ctx, s.ID, p)
		}
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return c, err
}

// A Listed subscription is one with its listener's names and balance.
type Listed struct {
	Subscription
	Handle, Name string
	Balance      money.Micro
}

// List returns at most n subscriptions, newest first, after the one named; ""
// begins with the newest.
func (d *Desk) List(ctx context.Context, after id.Sub, n int) (out []Listed, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		out, err = tx.Subscriptions(ctx, after, n)
		return err
	})
	return out, err
}

// Balances returns every book that is not at zero.
func (d *Desk) Balances(ctx context.Context) (out []Posting, err error) {
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		out, err = tx.Balances(ctx, "")
		return err
	})
	return out, err
}

// Audit walks the whole journal and checks that it is one chain, that every
// entry balances and that the running balances are its sums. It returns how
// many entries there are.
func (d *Desk) Audit(ctx context.Context) (n int64, err error) {
	const chunk = 1000
	var prev [32]byte
	sums := map[Book]money.Micro{}
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		for {
			list, err := tx.Entries(ctx, n, chunk)
			if err != nil {
				return err
			}
			if err := Check(n, prev, list); err != nil {
				return err
			}
			for _, e := range list {
				n, prev = e.N, e.Hash
				for _, p := range e.Postings {
					sums[p.Book] += p.Micro
				}
			}
			if len(list) < chunk {
				break
			}
		}
		balances, err := tx.Balances(ctx, "")
		if err != nil {
			return err
		}
		for _, b := range balances {
			if sums[b.Book] != b.Micro {
				return fmt.Errorf("%w: %s stands at %v, its postings add up to %v", errChain, b.Book, b.Micro, sums[b.Book])
			}
			delete(sums, b.Book)
		}
		for b, m := range sums {
			if m != 0 {
				return fmt.Errorf("%w: %s has lost its balance of %v", errChain, b, m)
			}
		}
		return nil
	})
	return n, err
}
