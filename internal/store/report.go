package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
	"github.com/michaelperna/9ten/internal/wallet"
)

var _ report.Store = (*DB)(nil)

// ReportView runs fn on a snapshot for the report.
func (db *DB) ReportView(ctx context.Context, fn func(report.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(reportTx{tx}) })
}

// ReportUpdate runs fn in a write transaction for the report.
func (db *DB) ReportUpdate(ctx context.Context, fn func(report.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(reportTx{tx}) })
}

type reportTx struct{ *Tx }

func (tx reportTx) Now() time.Time { return tx.Tx.Now }

func (tx reportTx) SealRows(ctx context.Context, d calendar.Day, yield func(royalty.DayRow, royalty.Salt) error) error {
	return listen.Seal(ctx, listenTx(tx), d, royalty.Standard.Version, yield)
}

func (tx reportTx) Pseudonym(ctx context.Context, p calendar.Period, a id.Account) (royalty.Pseudonym, error) {
	return listen.Pseudonym(ctx, listenTx(tx), a, p)
}

func (tx reportTx) MonthSalt(ctx context.Context, p calendar.Period, a id.Account) (royalty.Salt, error) {
	return listen.MonthSalt(ctx, listenTx(tx), a, p)
}

func (tx reportTx) MonthSalts(ctx context.Context, p calendar.Period) (map[id.Account]royalty.Salt, error) {
	rows, err := tx.Q.ListenerMonthKeys(ctx, int64(p))
	out := make(map[id.Account]royalty.Salt, len(rows))
	for _, r := range rows {
		out[id.Account(r.Account)] = royalty.MonthSalt(r.Key, p)
	}
	return out, wrap(err, "salts of the month")
}

func (tx reportTx) Claims(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.Hash, []id.Bytes16, error) {
	logged, err := tx.Q.PlayLoggedHashes(ctx, sqlgen.PlayLoggedHashesParams{Account: string(a), Low: d.Start().UnixMilli(), High: d.End().UnixMilli()})
	if err != nil {
		return nil, nil, wrap(err, "claims of the day")
	}
	claims := hashes(logged)
	slices.SortFunc(claims, func(a, b royalty.Hash) int { return bytes.Compare(a[:], b[:]) })
	rows, err := tx.Q.PlayDevices(ctx, sqlgen.PlayDevicesParams{Account: string(a), Low: d.Start().UnixMilli(), High: d.End().UnixMilli()})
	var devices []id.Bytes16
	for _, r := range rows {
		if len(r) == len(id.Bytes16{}) {
			devices = append(devices, id.Bytes16(r))
		}
	}
	return claims, devices, wrap(err, "devices of the day")
}

func (tx reportTx) Unsealed(ctx context.Context, until calendar.Day) (int, error) {
	n, err := tx.Q.PlayUnsealedCount(ctx, until.End().UnixMilli())
	return int(n), wrap(err, "plays outside the log")
}

func (tx reportTx) FirstDay(ctx context.Context) (calendar.Day, error) {
	first := calendar.DayOf(tx.Tx.Now)
	began, err := tx.Q.PlayEarliest(ctx)
	if err != nil {
		return 0, wrap(err, "first play")
	}
	if began > 0 {
		first = min(first, calendar.DayOf(utc(began)))
	}
	paid, err := tx.Q.PaymentFirst(ctx)
	if paid > 0 {
		first = min(first, calendar.Day(paid))
	}
	return first, wrap(err, "first payment")
}

func batch(r sqlgen.DayBatch) report.Batch {
	b := report.Batch{
		Day: calendar.Day(r.Day), State: report.DayState(r.State), Entries: int(r.Entries), First: uint64(r.First), Size: uint64(r.Size),
		Checkpoint: r.Checkpoint, Sealed: utc(r.Sealed), Anchored: utc(r.Anchored),
	}
	copy(b.Root[:], r.Root)
	return b
}

func (tx reportTx) Batch(ctx context.Context, d calendar.Day) (report.Batch, error) {
	r, err := tx.Q.BatchByDay(ctx, int64(d))
	return batch(r), missing(err, "That day is not closed.")
}

func (tx reportTx) BatchBySize(ctx context.Context, size uint64) (report.Batch, error) {
	r, err := tx.Q.BatchBySize(ctx, int64(size))
	return batch(r), missing(err, "The log was never anchored with that many leaves.")
}

func (tx reportTx) LastAnchored(ctx context.Context, until calendar.Day) (report.Batch, error) {
	r, err := tx.Q.BatchLastAnchored(ctx, int64(until))
	return batch(r), missing(err, "No day is on the ledger yet.")
}

func (tx reportTx) SealBatch(ctx context.Context, d calendar.Day, entries int) error {
	return wrap(tx.Q.BatchInsert(ctx, sqlgen.BatchInsertParams{Day: int64(d), Entries: int64(entries), Sealed: tx.Ms()}), "seal")
}

func (tx reportTx) InsertDayRow(ctx context.Context, batch calendar.Day, r report.DayRow) error {
	entry := royalty.EntryHash(r.Salt, r.Data)
	return wrap(tx.Q.DayRowInsert(ctx, sqlgen.DayRowInsertParams{
		Day: int64(r.Day), Pseudonym: r.Pseudonym[:], Sequence: int64(r.Sequence), Period: int64(r.Day.Period()), Batch: int64(batch),
		Position: int64(r.Position), Entry: entry[:], Salt: r.Salt[:], Data: r.Data,
	}), "day row")
}

func (tx reportTx) BatchEntries(ctx context.Context, d calendar.Day) ([]royalty.Hash, error) {
	rows, err := tx.Q.DayRowEntries(ctx, int64(d))
	return hashes(rows), wrap(err, "entries")
}

func hashes(rows [][]byte) []royalty.Hash {
	out := make([]royalty.Hash, len(rows))
	for i, r := range rows {
		copy(out[i][:], r)
	}
	return out
}

func (tx reportTx) LogBatch(ctx context.Context, b report.Batch) error {
	_, err := tx.Q.BatchLogged(ctx, sqlgen.BatchLoggedParams{First: int64(b.First), Size: int64(b.Size), Root: b.Root[:], Checkpoint: b.Checkpoint, Day: int64(b.Day)})
	return wrap(err, "log batch")
}

func (tx reportTx) AnchorBatch(ctx context.Context, d calendar.Day) error {
	_, err := tx.Q.BatchAnchored(ctx, sqlgen.BatchAnchoredParams{Anchored: tx.Ms(), Day: int64(d)})
	return wrap(err, "anchor batch")
}

func (tx reportTx) DayRowsOf(ctx context.Context, p calendar.Period, who royalty.Pseudonym) ([]report.DayRow, error) {
	rows, err := tx.Q.DayRowOf(ctx, sqlgen.DayRowOfParams{Period: int64(p), Pseudonym: who[:]})
	out := make([]report.DayRow, len(rows))
	for i, r := range rows {
		out[i] = report.DayRow{Day: calendar.Day(r.Day), Pseudonym: who, Sequence: uint8(r.Sequence), Data: r.Data, Position: int(r.Position),
			Batch: report.Batch{Day: calendar.Day(r.Batch), State: report.DayState(r.State), First: uint64(r.First), Size: uint64(r.Size), Checkpoint: r.Checkpoint}}
		copy(out[i].Salt[:], r.Salt)
	}
	return out, wrap(err, "day rows")
}

func (tx reportTx) Charges(ctx context.Context, p calendar.Period) ([]wallet.Charge, error) {
	rows, err := tx.Q.ChargeByPeriod(ctx, int64(p))
	out := make([]wallet.Charge, len(rows))
	for i, r := range rows {
		out[i] = charge(r)
	}
	return out, wrap(err, "charges")
}

func (tx reportTx) Sums(ctx context.Context, p calendar.Period) (s wallet.Sums, err error) {
	c, err := tx.Q.ChargeSums(ctx, int64(p))
	if err != nil {
		return s, wrap(err, "charges")
	}
	m, err := tx.Q.PaymentSums(ctx, sqlgen.PaymentSumsParams{Low: int64(p.Day(1)), High: int64(p.LastDay())})
	if err != nil {
		return s, wrap(err, "payments")
	}
	s = wallet.Sums{Payers: int(c.Payers), Operator: money.Micro(c.Operator), Pots: money.Micro(c.Pot), Received: money.Micro(m.Received), Refunded: money.Micro(m.Refunded)}
	for _, x := range []struct {
		at  time.Time
		sum *money.Micro
	}{{p.Start(), &s.UnearnedBefore}, {p.End(), &s.UnearnedBehind}} {
		sum, err := tx.Q.PostingSumBefore(ctx, sqlgen.PostingSumBeforeParams{Low: string(wallet.Unearned("")), High: string(wallet.Unearned("~")), Before: x.at.UnixMilli()})
		if err != nil {
			return s, wrap(err, "unearned")
		}
		*x.sum = -money.Micro(sum) // a liability is a credit
	}
	return s, nil
}

func (tx reportTx) Payments(ctx context.Context, d calendar.Day) ([]wallet.Event, error) {
	rows, err := tx.Q.PaymentOfDay(ctx, int64(d))
	return payments(rows), wrap(err, "payments")
}

func (tx reportTx) Carries(ctx context.Context, p calendar.Period) ([]report.Carry, error) {
	rows, err := tx.Q.CarryOutOf(ctx, int64(p))
	out := make([]report.Carry, len(rows))
	for i, r := range rows {
		out[i] = report.Carry{Subscription: id.Sub(r.Subscription), Account: id.Account(r.Account), Micro: money.Micro(r.Micro), Carried: uint8(r.Periods)}
	}
	return out, wrap(err, "carries")
}

func (tx reportTx) CarryBalances(ctx context.Context) (map[id.Sub]money.Micro, error) {
	rows, err := tx.Q.CarryBooks(ctx)
	out := make(map[id.Sub]money.Micro, len(rows))
	for _, r := range rows {
		out[id.Sub(strings.TrimPrefix(r.Book, string(wallet.Carry(""))))] = -money.Micro(r.Micro)
	}
	return out, wrap(err, "carried")
}

func (tx reportTx) SetCarry(ctx context.Context, p calendar.Period, c report.Carry) error {
	return wrap(tx.Q.CarrySet(ctx, sqlgen.CarrySetParams{Subscription: string(c.Subscription), Period: int64(p), Micro: int64(c.Micro), Periods: int64(c.Carried)}), "carry")
}

func (tx reportTx) BookBalances(ctx context.Context) ([]wallet.Posting, error) {
	return walletTx(tx).Balances(ctx, "")
}

func (tx reportTx) BooksHead(ctx context.Context, before time.Time) (hash royalty.Hash, err error) {
	r, err := tx.Q.JournalHead(ctx, before.UnixMilli())
	if errors.Is(err, sql.ErrNoRows) {
		return hash, nil
	}
	copy(hash[:], r.Hash)
	return hash, wrap(err, "head of the books")
}

func (tx reportTx) BooksHold(ctx context.Context, hash royalty.Hash) (bool, error) {
	n, err := tx.Q.JournalHas(ctx, hash[:])
	return n > 0, wrap(err, "entry")
}

func (tx reportTx) Confirmed(ctx context.Context, p calendar.Period) (map[id.Account]bool, error) {
	rows, err := tx.Q.ConfirmationOf(ctx, int64(p))
	out := make(map[id.Account]bool, len(rows))
	for _, a := range rows {
		out[id.Account(a)] = true
	}
	return out, wrap(err, "confirmations")
}

func (tx reportTx) HasConfirmed(ctx context.Context, p calendar.Period, a id.Account) (bool, error) {
	n, err := tx.Q.ConfirmationBy(ctx, sqlgen.ConfirmationByParams{Account: string(a), Period: int64(p)})
	return n > 0, wrap(err, "confirmation")
}

func (tx reportTx) Confirm(ctx context.Context, p calendar.Period, a id.Account) error {
	return tx.Q.ConfirmationSet(ctx, sqlgen.ConfirmationSetParams{Account: string(a), Period: int64(p), At: tx.Ms()})
}

func (tx reportTx) Book(ctx context.Context, e wallet.Entry) error {
	return wallet.Post(ctx, walletTx(tx), e)
}

func (tx reportTx) Entry(ctx context.Context, idem string) (wallet.Entry, error) {
	r, err := tx.Q.JournalByIdem(ctx, idem)
	if err != nil {
		return wallet.Entry{}, missing(err, "There is no such entry.")
	}
	return walletTx(tx).entry(ctx, r)
}

func period(r sqlgen.PeriodClose) report.Period {
	return report.Period{
		Period: calendar.Period(r.Period), State: report.PeriodState(r.State), Settlement: r.Settlement, Signature: r.Signature, Rules: []byte(r.Rules),
		TreeA: r.TreeA, Compiled: utc(r.Compiled), Published: utc(r.Published), Final: utc(r.Final), Batch: r.Batch,
	}
}

func (tx reportTx) Period(ctx context.Context, p calendar.Period) (report.Period, error) {
	r, err := tx.Q.PeriodByID(ctx, int64(p))
	return period(r), missing(err, "That month is not settled.")
}

func (tx reportTx) Periods(ctx context.Context) ([]report.Period, error) {
	rows, err := tx.Q.PeriodList(ctx)
	out := make([]report.Period, len(rows))
	for i, r := range rows {
		out[i] = period(r)
	}
	return out, wrap(err, "periods")
}

func (tx reportTx) ClearPeriod(ctx context.Context, p calendar.Period) error {
	for _, clear := range []func(context.Context, int64) error{tx.Q.MonthRowClear, tx.Q.MonthShareClear, tx.Q.MonthLineClear, tx.Q.CarryClear, tx.Q.PeriodClear} {
		if err := clear(ctx, int64(p)); err != nil {
			return wrap(err, "clear period")
		}
	}
	return nil
}

func (tx reportTx) InsertPeriod(ctx context.Context, p report.Period) error {
	return wrap(tx.Q.PeriodCompiled(ctx, sqlgen.PeriodCompiledParams{
		Period: int64(p.Period), Settlement: p.Settlement, Signature: p.Signature, Rules: string(p.Rules), TreeA: p.TreeA, Compiled: p.Compiled.UnixMilli(),
	}), "period")
}

func (tx reportTx) AdvancePeriod(ctx context.Context, p report.Period) error {
	_, err := tx.Q.PeriodAdvance(ctx, sqlgen.PeriodAdvanceParams{State: int64(p.State), Published: ms(p.Published), Final: ms(p.Final), Batch: p.Batch, Period: int64(p.Period)})
	return wrap(err, "period")
}

func (tx reportTx) InsertMonthRow(ctx context.Context, p calendar.Period, r report.MonthRow) error {
	return tx.Q.MonthRowInsert(ctx, sqlgen.MonthRowInsertParams{
		Period: int64(p), Position: int64(r.Position), Pseudonym: r.Pseudonym[:], Leaf: r.Leaf[:], Salt: r.Salt[:], Data: r.Data,
		Carried: int64(r.Carried), Confirmed: r.Confirmed, Closed: r.Closed, Basis: r.Basis,
	})
}

func (tx reportTx) MonthRowOf(ctx context.Context, p calendar.Period, who royalty.Pseudonym) (report.MonthRow, error) {
	r, err := tx.Q.MonthRowOf(ctx, sqlgen.MonthRowOfParams{Period: int64(p), Pseudonym: who[:]})
	out := report.MonthRow{Pseudonym: who, Position: int(r.Position), Data: r.Data, Carried: uint8(r.Carried), Confirmed: r.Confirmed, Closed: r.Closed, Basis: r.Basis}
	copy(out.Leaf[:], r.Leaf)
	copy(out.Salt[:], r.Salt)
	return out, missing(err, "There is no row of that month.")
}

func (tx reportTx) MonthRows(ctx context.Context, p calendar.Period, yield func(report.MonthRow) error) error {
	rows, err := tx.db.QueryContext(ctx, "select position, salt, data from month_row where period = $1 order by position", int64(p))
	if err != nil {
		return wrap(err, "month rows")
	}
	defer rows.Close()
	for rows.Next() {
		var r report.MonthRow
		var salt []byte
		if err := rows.Scan(&r.Position, &salt, &r.Data); err != nil {
			return wrap(err, "month row")
		}
		copy(r.Salt[:], salt)
		if err := yield(r); err != nil {
			return err
		}
	}
	return wrap(rows.Err(), "month rows")
}

func (tx reportTx) Leaves(ctx context.Context, p calendar.Period) ([]royalty.Hash, error) {
	rows, err := tx.Q.MonthRowLeaves(ctx, int64(p))
	return hashes(rows), wrap(err, "leaves")
}

func (tx reportTx) InsertShares(ctx context.Context, p calendar.Period, act id.Act, leaves []royalty.Leaf) error {
	for i, l := range leaves {
		if err := tx.Q.MonthShareInsert(ctx, sqlgen.MonthShareInsertParams{Period: int64(p), Act: string(act), Position: int64(i), Blind: l.Blind[:], Micro: int64(l.Micro)}); err != nil {
			return wrap(err, "share")
		}
	}
	return nil
}

func (tx reportTx) Shares(ctx context.Context, p calendar.Period, yield func(royalty.Leaf) error) error {
	rows, err := tx.db.QueryContext(ctx, "select act, blind, micro from month_share where period = $1 order by act, position", int64(p))
	if err != nil {
		return wrap(err, "shares")
	}
	defer rows.Close()
	var blind sql.RawBytes
	for rows.Next() {
		var l royalty.Leaf
		if err := rows.Scan((*string)(&l.Act), &blind, (*int64)(&l.Micro)); err != nil {
			return wrap(err, "share")
		}
		copy(l.Blind[:], blind)
		if err := yield(l); err != nil {
			return err
		}
	}
	return wrap(rows.Err(), "shares")
}

func (tx reportTx) InsertLine(ctx context.Context, p calendar.Period, l royalty.Line) error {
	return wrap(tx.Q.MonthLineInsert(ctx, sqlgen.MonthLineInsertParams{
		Period: int64(p), Act: string(l.Act), Micro: int64(l.Micro), Plus: int64(l.Plus), Minus: int64(l.Minus), Count: int64(l.Count), Subroot: l.Subroot[:],
	}), "line")
}

func line(r sqlgen.MonthLine) royalty.Line {
	l := royalty.Line{Act: id.Act(r.Act), Micro: money.Micro(r.Micro), Plus: money.Micro(r.Plus), Minus: money.Micro(r.Minus), Count: uint32(r.Count)}
	copy(l.Subroot[:], r.Subroot)
	return l
}

func (tx reportTx) Lines(ctx context.Context, p calendar.Period) ([]royalty.Line, error) {
	rows, err := tx.Q.MonthLineAll(ctx, int64(p))
	out := make([]royalty.Line, len(rows))
	for i, r := range rows {
		out[i] = line(r)
	}
	return out, wrap(err, "lines")
}

func (tx reportTx) Sheets(ctx context.Context) (map[id.Act][]report.Payout, error) {
	rows, err := tx.Q.ActWalletsAll(ctx)
	out := map[id.Act][]report.Payout{}
	for _, r := range rows {
		act := id.Act(r.Act)
		out[act] = append(out[act], report.Payout{Address: r.Address, Bps: uint16(r.Bps)})
	}
	if err != nil {
		return nil, wrap(err, "wallets")
	}
	there, err := tx.Q.RemoteWalletsAll(ctx)
	for _, r := range there {
		act := id.Act(r.Act)
		out[act] = append(out[act], report.Payout{Address: r.Address, Bps: uint16(r.Bps)})
	}
	return out, wrap(err, "wallets")
}

func (tx reportTx) Earnings(ctx context.Context, act id.Act) ([]report.Earning, error) {
	rows, err := tx.Q.MonthLineOf(ctx, string(act))
	if err != nil {
		return nil, wrap(err, "earnings")
	}
	out := make([]report.Earning, len(rows))
	for i, r := range rows {
		p, err := tx.Period(ctx, calendar.Period(r.Period))
		if err != nil {
			return nil, err
		}
		out[i] = report.Earning{Period: p, Line: line(r)}
	}
	return out, nil
}

// ms writes a time; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
