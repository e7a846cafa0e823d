package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
	"github.com/michaelperna/9ten/internal/wallet"
)

var _ wallet.Store = (*DB)(nil)

// WalletView runs fn on a snapshot for the wallet.
func (db *DB) WalletView(ctx context.Context, fn func(wallet.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(walletTx{tx}) })
}

// WalletUpdate runs fn in a write transaction for the wallet.
func (db *DB) WalletUpdate(ctx context.Context, fn func(wallet.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(walletTx{tx}) })
}

type walletTx struct{ *Tx }

func (tx walletTx) Now() time.Time { return tx.Tx.Now }

func (tx walletTx) LastEntry(ctx context.Context) (n int64, hash [32]byte, at time.Time, err error) {
	row, err := tx.Q.JournalLast(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, hash, at, nil
	}
	copy(hash[:], row.Hash)
	return row.N, hash, utc(row.At), wrap(err, "last entry")
}

func (tx walletTx) SealedUntil(ctx context.Context) (time.Time, error) {
	b, err := tx.Q.BatchLast(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return calendar.Day(b.Day).End(), wrap(err, "last day")
}

func (tx walletTx) EntryExists(ctx context.Context, idem string) (bool, error) {
	_, err := tx.Q.JournalByIdem(ctx, idem)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap(err, "entry")
}

func (tx walletTx) InsertEntry(ctx context.Context, e wallet.Entry) ([]money.Micro, error) {
	err := tx.Q.JournalInsert(ctx, sqlgen.JournalInsertParams{N: e.N, Idem: e.Idem, At: e.At.UnixMilli(), Memo: e.Memo, Prev: e.Prev[:], Hash: e.Hash[:]})
	if err != nil {
		return nil, wrap(err, "journal")
	}
	balances := make([]money.Micro, len(e.Postings))
	for i, p := range e.Postings {
		err := tx.Q.PostingInsert(ctx, sqlgen.PostingInsertParams{Entry: e.N, Line: int64(i), Book: string(p.Book), Asset: p.Asset, Micro: int64(p.Micro)})
		if err != nil {
			return nil, wrap(err, "posting")
		}
		b, err := tx.Q.BalanceAdd(ctx, sqlgen.BalanceAddParams{Book: string(p.Book), Asset: p.Asset, Micro: int64(p.Micro)})
		if err != nil {
			return nil, wrap(err, "balance")
		}
		balances[i] = money.Micro(b)
	}
	return balances, nil
}

func (tx walletTx) Balance(ctx context.Context, b wallet.Book) (money.Micro, error) {
	m, err := tx.Q.BalanceOf(ctx, string(b))
	return money.Micro(m), wrap(err, "balance")
}

func (tx walletTx) Balances(ctx context.Context, prefix string) ([]wallet.Posting, error) {
	rows, err := tx.Q.BalanceRange(ctx, sqlgen.BalanceRangeParams{Low: prefix, High: prefix + "\x7f"})
	out := make([]wallet.Posting, len(rows))
	for i, r := range rows {
		out[i] = wallet.Posting{Book: wallet.Book(r.Book), Asset: r.Asset, Micro: money.Micro(r.Micro)}
	}
	return out, wrap(err, "balances")
}

// entry completes a row of the journal with its postings.
func (tx walletTx) entry(ctx context.Context, r sqlgen.JournalEntry) (wallet.Entry, error) {
	e := wallet.Entry{N: r.N, Idem: r.Idem, At: utc(r.At), Memo: r.Memo}
	copy(e.Prev[:], r.Prev)
	copy(e.Hash[:], r.Hash)
	ps, err := tx.Q.PostingOf(ctx, r.N)
	for _, p := range ps {
		e.Postings = append(e.Postings, wallet.Posting{Book: wallet.Book(p.Book), Asset: p.Asset, Micro: money.Micro(p.Micro)})
	}
	return e, wrap(err, "postings")
}

func (tx walletTx) Entries(ctx context.Context, after int64, limit int) ([]wallet.Entry, error) {
	rows, err := tx.Q.JournalRange(ctx, sqlgen.JournalRangeParams{After: after, Lim: int32(limit)})
	if err != nil {
		return nil, wrap(err, "journal")
	}
	out := make([]wallet.Entry, len(rows))
	for i, r := range rows {
		if out[i], err = tx.entry(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func subscription(r sqlgen.Subscription) wallet.Subscription {
	return wallet.Subscription{
		ID: id.Sub(r.ID), Account: id.Account(r.Account), State: wallet.State(r.State),
		Started: utc(r.Started), Changed: utc(r.Changed),
		PaidUntil: calendar.Period(r.PaidUntil), Ends: calendar.Period(r.Ends),
	}
}

func (tx walletTx) SubscriptionOf(ctx context.Context, a id.Account) (wallet.Subscription, error) {
	r, err := tx.Q.SubscriptionOf(ctx, string(a))
	return subscription(r), missing(err, "There is no subscription.")
}

func (tx walletTx) SubscriptionByID(ctx context.Context, s id.Sub) (wallet.Subscription, error) {
	r, err := tx.Q.SubscriptionByID(ctx, string(s))
	return subscription(r), missing(err, "There is no such subscription.")
}

func (tx walletTx) SubscriptionsIn(ctx context.Context, st wallet.State, after id.Sub, limit int) ([]wallet.Subscription, error) {
	rows, err := tx.Q.SubscriptionByState(ctx, sqlgen.SubscriptionByStateParams{State: string(st), After: string(after), Lim: int32(limit)})
	out := make([]wallet.Subscription, len(rows))
	for i, r := range rows {
		out[i] = subscription(r)
	}
	return out, wrap(err, "subscriptions")
}

func (tx walletTx) InsertSubscription(ctx context.Context, s wallet.Subscription) error {
	return tx.Q.SubscriptionInsert(ctx, sqlgen.SubscriptionInsertParams{ID: string(s.ID), Account: string(s.Account), State: string(s.State), Started: s.Started.UnixMilli(), Changed: s.Changed.UnixMilli()})
}

func (tx walletTx) UpdateSubscription(ctx context.Context, s wallet.Subscription) error {
	_, err := tx.Q.SubscriptionUpdate(ctx, sqlgen.SubscriptionUpdateParams{State: string(s.State), Changed: s.Changed.UnixMilli(), PaidUntil: int64(s.PaidUntil), Ends: int64(s.Ends), ID: string(s.ID)})
	return err
}

func (tx walletTx) InsertCharge(ctx context.Context, c wallet.Charge) error {
	return tx.Q.ChargeInsert(ctx, sqlgen.ChargeInsertParams{
		Subscription: string(c.Subscription), Period: int64(c.Period), Account: string(c.Account), Pseudonym: c.Pseudonym[:],
		Charge: int64(c.Charge), Operator: int64(c.Operator), Pot: int64(c.Pot), At: c.At.UnixMilli(),
	})
}

func charge(r sqlgen.Charge) wallet.Charge {
	c := wallet.Charge{
		Subscription: id.Sub(r.Subscription), Period: calendar.Period(r.Period), Account: id.Account(r.Account),
		Charge: money.Micro(r.Charge), Operator: money.Micro(r.Operator), Pot: money.Micro(r.Pot), At: utc(r.At),
	}
	copy(c.Pseudonym[:], r.Pseudonym)
	return c
}

func (tx walletTx) ChargeOf(ctx context.Context, s id.Sub, p calendar.Period) (wallet.Charge, error) {
	r, err := tx.Q.ChargeOf(ctx, sqlgen.ChargeOfParams{Subscription: string(s), Period: int64(p)})
	if err == nil && r.Refunded {
		r, err = sqlgen.Charge{}, sql.ErrNoRows
	}
	return charge(r), missing(err, "That month is not charged.")
}

func (tx walletTx) RefundCharge(ctx context.Context, s id.Sub, p calendar.Period) error {
	_, err := tx.Q.ChargeRefund(ctx, sqlgen.ChargeRefundParams{Subscription: string(s), Period: int64(p)})
	return err
}

func (tx walletTx) InsertPayment(ctx context.Context, e wallet.Event) error {
	return tx.Q.PaymentInsert(ctx, sqlgen.PaymentInsertParams{
		Rail: e.Rail, Event: e.ID, Kind: int64(e.Kind), Subscription: string(e.Sub), Micro: int64(e.Micro), Method: e.Method,
		Reference: e.Reference, Day: int64(calendar.DayOf(e.At)), At: e.At.UnixMilli(), Salt: e.Salt[:], RecordedBy: string(e.RecordedBy),
		Received: int64(e.Received), Note: e.Note,
	})
}

func payment(r sqlgen.Payment) wallet.Event {
	e := wallet.Event{
		Rail: r.Rail, ID: r.Event, Kind: wallet.Kind(r.Kind), Sub: id.Sub(r.Subscription), Micro: money.Micro(r.Micro),
		Method: r.Method, Reference: r.Reference, At: utc(r.At), RecordedBy: id.Account(r.RecordedBy),
		Received: calendar.Day(r.Received), Note: r.Note,
	}
	copy(e.Salt[:], r.Salt)
	return e
}

func (tx walletTx) PaymentByEvent(ctx context.Context, rail, event string) (wallet.Event, error) {
	r, err := tx.Q.PaymentByEvent(ctx, sqlgen.PaymentByEventParams{Rail: rail, Event: event})
	return payment(r), missing(err, "There is no such payment.")
}

func (tx walletTx) PaymentsOf(ctx context.Context, s id.Sub) ([]wallet.Event, error) {
	rows, err := tx.Q.PaymentOf(ctx, string(s))
	return payments(rows), wrap(err, "payments")
}

func payments(rows []sqlgen.Payment) []wallet.Event {
	out := make([]wallet.Event, len(rows))
	for i, r := range rows {
		out[i] = payment(r)
	}
	return out
}

func (tx walletTx) Forget(ctx context.Context, a id.Account) error {
	if err := tx.Q.SubscriptionForget(ctx, sqlgen.SubscriptionForgetParams{Changed: tx.Ms(), Account: string(a)}); err != nil {
		return err
	}
	return tx.Q.ChargeForget(ctx, string(a))
}

// utc reads a stored time; 0 is the zero time.
func utc(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// missing turns the absence of a row into a NotFound fault with a sentence.
func missing(err error, sentence string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Wrap(err, fault.NotFound, "%s", sentence)
	}
	return err
}

func (tx walletTx) Pseudonym(ctx context.Context, p calendar.Period, a id.Account) (id.Bytes16, error) {
	return reportTx(tx).Pseudonym(ctx, p, a)
}

func (tx walletTx) PeriodClosed(ctx context.Context, p calendar.Period) (bool, error) {
	_, err := tx.Q.PeriodByID(ctx, int64(p))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap(err, "period")
}

func (tx walletTx) Subscriptions(ctx context.Context, after id.Sub, n int) ([]wallet.Listed, error) {
	rows, err := tx.Q.SubscriptionList(ctx, sqlgen.SubscriptionListParams{After: string(after), Lim: limit(n)})
	if err != nil {
		return nil, wrap(err, "subscriptions")
	}
	out := make([]wallet.Listed, len(rows))
	for i, r := range rows {
		out[i] = wallet.Listed{Handle: r.Handle, Name: r.Name, Subscription: subscription(sqlgen.Subscription{
			ID: r.ID, Account: r.Account, State: r.State, Started: r.Started, Changed: r.Changed, PaidUntil: r.PaidUntil, Ends: r.Ends,
		})}
		b, err := tx.Balance(ctx, wallet.Unearned(id.Sub(r.ID)))
		if err != nil {
			return nil, err
		}
		out[i].Balance = -b
	}
	return out, nil
}

func (tx walletTx) SubscriptionCounts(ctx context.Context) (map[wallet.State]int64, error) {
	rows, err := tx.Q.SubscriptionCounts(ctx)
	out := make(map[wallet.State]int64, len(rows))
	for _, r := range rows {
		out[wallet.State(r.State)] = r.N
	}
	return out, wrap(err, "subscriptions")
}

func (tx walletTx) Payments(ctx context.Context, at time.Time, event string, n int) ([]wallet.Payment, error) {
	before := int64(math.MaxInt64)
	if !at.IsZero() {
		before = at.UnixMilli()
	}
	rows, err := tx.Q.PaymentList(ctx, sqlgen.PaymentListParams{Before: before, Event: event, Lim: limit(n)})
	out := make([]wallet.Payment, len(rows))
	for i, r := range rows {
		out[i] = wallet.Payment{Event: payment(r.Payment), Handle: r.Handle, Operator: r.Operator, Undone: utc(r.Undone)}
	}
	return out, wrap(err, "payments")
}
