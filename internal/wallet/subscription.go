package wallet

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
)

// A State is where a subscription stands.
type State string

// The states of a subscription, and what leads from one to the next.
const (
	Open      State = "open"      // asked for, nothing paid for the current month yet
	Active    State = "active"    // the current month is paid
	PastDue   State = "past_due"  // was active, the current month is not paid, grace runs
	Expired   State = "expired"   // grace is over, or a cancelled one has ended
	Cancelled State = "cancelled" // paid to the end of the month, will not renew
)

// GraceDays is how long into a month a subscription that is not paid keeps
// its place before it expires.
const GraceDays = 7

// A Subscription belongs to one listener on this node.
type Subscription struct {
	ID        id.Sub
	Account   id.Account // "" once the account is deleted
	State     State
	Started   time.Time
	Changed   time.Time
	PaidUntil calendar.Period // the last period that is charged, 0 none
	Ends      calendar.Period // a cancelled one's last period
}

// Listens reports whether the subscription counts at t: its month is charged,
// or grace runs.
func (s Subscription) Listens(t time.Time) bool {
	return s.PaidUntil >= calendar.PeriodOf(t) || s.State == PastDue
}

// A Charge is what one subscription paid for one period, and its division.
type Charge struct {
	Subscription id.Sub
	Period       calendar.Period
	Account      id.Account // "" once the account is deleted
	Pseudonym    id.Bytes16 // under which the period's rows run
	Charge       money.Micro
	Operator     money.Micro
	Pot          money.Micro
	At           time.Time
}

// A Kind says which way money went; its values are those of formats.md.
type Kind uint8

// The kinds of an event.
const (
	Paid     Kind = 0
	Refunded Kind = 1
)

// An Event is money that came in or went back on a rail. Every rail, also one
// that is a person counting notes, ends in this.
type Event struct {
	Rail       string // "declared" when a person recorded it
	ID         string // unique within the rail
	Kind       Kind
	Sub        id.Sub
	Micro      money.Micro
	Method     string // cash, bank
	Reference  string // what the payer or the bank wrote
	At         time.Time
	Received   calendar.Day // when the money changed hands, as the operator says; 0 with At
	Note       string       // the operator's own
	Salt       id.Bytes16
	RecordedBy id.Account
}

// Declared is the rail of payments that the operator records by hand.
const Declared = "declared"

// Methods are the ways of paying that can be declared.
var Methods = []string{"cash", "bank"}

// Sums are the money movements of a period, for its settlement.
type Sums struct {
	Payers                         int
	Received, Refunded             money.Micro
	Operator, Pots                 money.Micro
	UnearnedBefore, UnearnedBehind money.Micro // at the period's first and after its last instant
}

// due is what at costs of the month it lies in: the whole from the 1st for
// one that renews, also late in its days of grace; the days left for one that
// joins or comes back.
func due(s Subscription, at time.Time) (charge, operator, pot money.Micro) {
	p := calendar.PeriodOf(at)
	left := calendar.DaysLeft(at)
	if (s.State == Active || s.State == PastDue) && s.PaidUntil == p.Add(-1) {
		left = p.Days()
	}
	return money.Charge(left, p.Days())
}

// activate charges the current month if it is not charged and the balance
// allows it. It reports what is still missing, 0 when nothing is.
func activate(ctx context.Context, tx Tx, s *Subscription, at time.Time) (missing money.Micro, err error) {
	p := calendar.PeriodOf(at)
	if s.PaidUntil >= p || s.Account == "" || (s.State == Cancelled && s.Ends < p) {
		return 0, nil
	}
	charge, operator, pot := due(*s, at)
	balance, err := tx.Balance(ctx, Unearned(s.ID))
	if err != nil {
		return 0, err
	}
	if have := -balance; have < charge { // a liability's balance is a credit
		return charge - have, nil
	}
	who, err := tx.Pseudonym(ctx, p, s.Account)
	if err != nil {
		return 0, err
	}
	name, err := fresh(ctx, tx, "charge/"+string(s.ID)+"/"+p.String())
	if err != nil {
		return 0, err
	}
	booked, err := book(ctx, tx, Entry{Idem: name, At: at, Memo: "Month " + p.String(), Postings: []Posting{
		{Unearned(s.ID), Dollar, charge}, {OperatorIncome, Dollar, -operator}, {Pot(p), Dollar, -pot},
	}})
	if err != nil || !booked {
		return 0, err
	}
	if err := tx.InsertCharge(ctx, Charge{s.ID, p, s.Account, who, charge, operator, pot, at}); err != nil {
		return 0, err
	}
	s.PaidUntil, s.Changed = p, at
	if s.State != Cancelled {
		s.State = Active
	}
	return 0, errors.Join(tx.UpdateSubscription(ctx, *s),
		tx.Untell(ctx, notice.Cause{Kind: notice.Unpaid, Account: s.Account, Period: p}), tx.Untell(ctx, notice.Cause{Kind: notice.Ended, Account: s.Account, Period: p}))
}

// fresh returns a name that no entry has yet: the month that was taken back
// may be charged again. That it is not charged already is for the caller to
// know, from the same transaction.
func fresh(ctx context.Context, tx JournalTx, name string) (string, error) {
	for n := 1; ; n++ {
		out := name
		if n > 1 {
			out += "/" + strconv.Itoa(n)
		}
		if taken, err := tx.EntryExists(ctx, out); err != nil || !taken {
			return out, err
		}
	}
}

// lapse moves a subscription that could not be charged one state on.
func lapse(ctx context.Context, tx Tx, s *Subscription, at time.Time) error {
	p := calendar.PeriodOf(at)
	next := s.State
	switch {
	case s.PaidUntil >= p:
		return nil
	case s.State == Active:
		next = PastDue
	case s.State == Cancelled && s.Ends < p, s.State == PastDue && at.UTC().Day() > GraceDays:
		next = Expired
	}
	if next == s.State {
		return nil
	}
	s.State, s.Changed = next, at
	if err := tx.UpdateSubscription(ctx, *s); err != nil || s.Account == "" {
		return err
	}
	c := notice.Cause{Kind: notice.Ended, Account: s.Account, Period: p}
	if next == PastDue {
		c.Kind = notice.Unpaid
	}
	return tx.Tell(ctx, c)
}

// event checks what a rail reports.
func (e Event) check() error {
	switch {
	case e.ID == "" || len(e.ID) > 200:
		return fault.On("reference", fault.Invalid, "A payment needs a name of its own, so that it is not recorded twice.")
	case e.Micro <= 0:
		return fault.On("amount", fault.Invalid, "An amount above nothing is expected.")
	case e.Micro < money.Cent:
		return fault.On("amount", fault.Invalid, "%v is below one cent and is not booked.", e.Micro)
	case e.Micro > 1_000_000*money.Dollar:
		return fault.On("amount", fault.Invalid, "%v is more than this page takes at once. Check the amount.", e.Micro)
	}
	return nil
}
