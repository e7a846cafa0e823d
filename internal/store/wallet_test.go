package store

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A till is a wallet on a clock of the test's.
type till struct {
	*wallet.Desk
	t     *testing.T
	db    *DB
	clock atomic.Int64
}

func tills(t *testing.T, test func(t *testing.T, w *till)) {
	both(t, func(t *testing.T, open opener) {
		w := &till{t: t}
		w.db = open(t, Config{Now: func() time.Time { return time.UnixMilli(w.clock.Load()) }})
		w.Desk = &wallet.Desk{Store: w.db}
		for _, a := range []id.Account{ada, bob} {
			err := w.db.Update(t.Context(), func(tx *Tx) error {
				_, err := tx.db.ExecContext(t.Context(), "insert into account (id, handle, name, role, password, created) values ($1, $2, 'N', 'listener', 'x', 0)", string(a), strings.ToLower(string(a)))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		test(t, w)
		if _, err := w.Audit(t.Context()); err != nil {
			t.Error(err)
		}
		if c, err := w.Cover(t.Context()); err != nil || len(c) != 1 || !c[0].Covered() || !c[0].Declared {
			t.Errorf("cover: %+v, %v", c, err)
		}
	})
}

func (w *till) at(y, m, d, hour int) {
	w.clock.Store(time.Date(y, time.Month(m), d, hour, 0, 0, 0, time.UTC).UnixMilli())
}

func (w *till) pay(a id.Account, m money.Micro, ref string) wallet.Standing {
	w.t.Helper()
	s, err := w.Declare(w.t.Context(), "", a, m, "cash", ref)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *till) renew() {
	w.t.Helper()
	if _, err := w.Renew(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// balance is what stands on a book, as an amount owed or held.
func (w *till) balance(b wallet.Book) (m money.Micro) {
	w.t.Helper()
	list, err := w.Balances(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, x := range list {
		if x.Book == b {
			m = x.Micro
		}
	}
	if !strings.HasPrefix(string(b), "assets:") {
		m = -m
	}
	return m
}

func (w *till) want(b wallet.Book, m money.Micro) {
	w.t.Helper()
	if got := w.balance(b); got != m {
		w.t.Errorf("%s stands at %v, want %v", b, got, m)
	}
}

func TestSubscription(t *testing.T) {
	const november, december = calendar.Period(202611), calendar.Period(202612)
	tills(t, func(t *testing.T, w *till) {
		w.at(2026, 11, 21, 12) // ten days are left
		charge, operator, pot := money.Charge(10, 30)
		s := w.pay(ada, 12*money.Dollar, "one")
		if s.Subscription.State != wallet.Active || s.Balance != 12*money.Dollar-charge || s.Due != 0 {
			t.Errorf("joined: %+v", s)
		}
		w.pay(ada, 12*money.Dollar, "one") // recorded twice
		w.want(wallet.Pot(november), pot)
		w.want(wallet.OperatorIncome, operator)
		w.want(wallet.Gateway("declared"), 12*money.Dollar)
		if _, err := w.Declare(t.Context(), "", bob, 12*money.Dollar, "cash", "one"); !fault.Is(err, fault.Conflict) {
			t.Errorf("another's payment under the same name: %v", err)
		}

		w.at(2026, 12, 1, 1) // $8.67 do not pay for December
		w.renew()
		w.at(2026, 12, 5, 1) // in grace: the whole month is due, whenever it is paid
		w.renew()
		s, err := w.Standing(t.Context(), ada)
		if err != nil || s.Subscription.State != wallet.PastDue || s.Due != money.Price {
			t.Errorf("in grace: %+v, %v", s, err)
		}
		s = w.pay(ada, 2*money.Dollar, "two")
		if s.Subscription.State != wallet.Active || s.Subscription.PaidUntil != december {
			t.Errorf("renewed late: %+v", s)
		}
		w.want(wallet.Pot(december), 9*money.Dollar)

		if err := w.Cancel(t.Context(), ada); err != nil { // the pot stays
			t.Fatal(err)
		}
		w.want(wallet.Pot(december), 9*money.Dollar)
		w.at(2027, 1, 1, 1)
		w.renew()
		if s, _ := w.Standing(t.Context(), ada); s.Subscription.State != wallet.Expired {
			t.Errorf("cancelled: %+v", s)
		}
		w.want(wallet.Pot(december.Add(1)), 0)
		// Never paid in time: expires after the days of grace.
		w.pay(bob, money.Price, "bob")
		w.at(2027, 2, 9, 1)
		w.renew()
		w.renew()
		if s, _ := w.Standing(t.Context(), bob); s.Subscription.State != wallet.Expired || s.Subscription.Listens(time.UnixMilli(w.clock.Load())) {
			t.Errorf("never renewed: %+v", s)
		}
	})
}

// Who pays late is told no longer that a month is not paid, or that it has ended; the
// others are.
func TestPaidIsNotUnpaid(t *testing.T) {
	tills(t, func(t *testing.T, w *till) {
		told := func(a id.Account, want string) {
			t.Helper()
			err := w.db.NoticeView(t.Context(), func(tx notice.Tx) error {
				list, err := tx.Notices(t.Context(), a, tx.Now().Add(time.Hour), "", "", 10)
				got := ""
				for _, n := range list {
					got += string(n.Kind) + " " + n.Period.String() + "\n"
				}
				if got != want {
					t.Errorf("%s is told %q, not %q", a, got, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		w.at(2026, 11, 21, 12)
		w.pay(ada, money.Price, "one")
		w.pay(bob, money.Price, "two")
		w.at(2026, 12, 1, 1)
		w.renew()
		told(ada, "unpaid 2026-12\n")
		w.pay(ada, money.Price, "three")
		told(ada, "")
		told(bob, "unpaid 2026-12\n")
		w.at(2026, 12, 9, 1)
		w.renew()
		told(bob, "ended 2026-12\nunpaid 2026-12\n")
		w.pay(bob, money.Price, "four")
		told(bob, "")
	})
}

// A refund in an open month takes its pot back; whoever pays again is charged
// again; a month that is over stays as it is.
func TestRefund(t *testing.T) {
	const november = calendar.Period(202611)
	tills(t, func(t *testing.T, w *till) {
		w.at(2026, 11, 1, 1)
		w.pay(ada, 15*money.Dollar, "one")
		w.at(2026, 11, 5, 1)
		got, err := w.Refund(t.Context(), "", ada, "cash", "back")
		if err != nil || got != 15*money.Dollar {
			t.Errorf("refunded %v, %v", got, err)
		}
		w.want(wallet.Pot(november), 0)
		w.want(wallet.OperatorIncome, 0)
		w.want(wallet.Gateway("declared"), 0)
		if _, err := w.Refund(t.Context(), "", ada, "cash", "more"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second refund: %v", err)
		}
		w.at(2026, 11, 21, 1)
		charge, _, pot := money.Charge(10, 30)
		if s := w.pay(ada, money.Price, "two"); s.Subscription.State != wallet.Active || s.Balance != money.Price-charge {
			t.Errorf("back again: %+v", s)
		}
		w.want(wallet.Pot(november), pot)
		if c, err := w.Charge(t.Context(), ada, november); err != nil || c.Pot != pot {
			t.Errorf("charged again: %+v, %v", c, err)
		}
		w.at(2026, 11, 22, 1) // and once more
		if _, err := w.Refund(t.Context(), "", ada, "cash", "back again"); err != nil {
			t.Fatal(err)
		}
		w.at(2026, 11, 23, 1)
		w.pay(ada, money.Price, "three")
		_, _, pot = money.Charge(8, 30)
		w.want(wallet.Pot(november), pot)

		w.at(2026, 12, 2, 1) // November is over: only what was not used goes back
		balance := w.balance(wallet.Unearned(subscriptionOf(w, ada)))
		got, err = w.Refund(t.Context(), "", ada, "cash", "late")
		if err != nil || got != balance {
			t.Errorf("refunded %v of %v, %v", got, balance, err)
		}
		w.want(wallet.Pot(november), pot)
	})
}

func subscriptionOf(w *till, a id.Account) id.Sub {
	w.t.Helper()
	s, err := w.Standing(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Subscription.ID
}

// Nothing is booked before what is booked or sealed already.
func TestBooksDoNotGoBack(t *testing.T) {
	tills(t, func(t *testing.T, w *till) {
		w.at(2026, 11, 20, 12)
		w.pay(ada, money.Price, "one")
		w.at(2026, 11, 19, 12) // the clock is set back
		w.pay(bob, money.Price, "two")
		err := w.db.Update(t.Context(), func(tx *Tx) error { return reportTx{tx}.SealBatch(t.Context(), 20261121, 0) })
		if err != nil {
			t.Fatal(err)
		}
		w.pay(bob, money.Price, "three")
		var days []calendar.Day
		err = w.db.View(context.Background(), func(tx *Tx) error {
			for d := calendar.Day(20261118); d <= 20261124; d = d.Add(1) {
				list, err := reportTx{tx}.Payments(t.Context(), d)
				if err != nil {
					return err
				}
				for range list {
					days = append(days, d)
				}
			}
			list, err := walletTx{tx}.Entries(t.Context(), 0, 100)
			for i := 1; i < len(list); i++ {
				if list[i].At.Before(list[i-1].At) {
					t.Errorf("entry %d is dated before the one it follows", list[i].N)
				}
			}
			return err
		})
		if err != nil || len(days) != 3 || days[0] != 20261120 || days[1] != 20261120 || days[2] != 20261122 {
			t.Errorf("payments are of %v, %v", days, err)
		}
	})
}

// Neither database lets an entry be changed, removed or added to.
func TestJournalIsSealed(t *testing.T) {
	tills(t, func(t *testing.T, w *till) {
		w.at(2026, 11, 20, 12)
		w.pay(ada, money.Price, "one")
		for _, harm := range []string{
			"update journal_entry set memo = 'x' where n = 1", "delete from journal_entry where n = 2",
			"update posting set micro = micro + 1 where entry = 1 and line = 0", "delete from posting where entry = 2",
			"insert into posting (entry, line, book, asset, micro) values (1, 9, 'assets:pocket', 'usd', 1)",
		} {
			err := w.db.Update(t.Context(), func(tx *Tx) error {
				_, err := tx.db.ExecContext(t.Context(), harm)
				return err
			})
			if err == nil {
				t.Errorf("taken: %s", harm)
			}
		}
		err := w.db.Update(t.Context(), func(tx *Tx) error { // what no trigger sees, the sums do
			_, err := tx.db.ExecContext(t.Context(), "update balance set micro = micro - 1 where book = 'income:operator'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Audit(t.Context()); err == nil {
			t.Error("a balance was changed, and the audit is content")
		}
		if _, err := w.Cover(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Errorf("books that do not sum to zero: %v", err)
		}
		err = w.db.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.db.ExecContext(t.Context(), "update balance set micro = micro + 1 where book = 'income:operator'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
