package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// DayReceipt returns an account's receipt file of a day, or NotFound when the
// day is not in the log or the account heard nothing.
func (d *Desk) DayReceipt(ctx context.Context, a id.Account, day calendar.Day) ([]byte, error) {
	var row DayRow
	out := royalty.DayReceipt{Marks: d.Marks}
	err := d.Store.ReportView(ctx, func(tx Tx) error {
		if err := kept(ctx, tx, day.Period()); err != nil {
			return err
		}
		rows, err := rowsOf(ctx, tx, a, day.Period())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(r DayRow) bool { return r.Day == day })
		if i < 0 || rows[i].Batch.State < Logged {
			return fault.New(fault.NotFound, "There is no receipt of %v: nothing was heard, or the day is not in the log yet.", day)
		}
		row = rows[i]
		out.Claims, out.Devices, err = tx.Claims(ctx, a, day)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.Row, out.Salt = row.Data, row.Salt
	index := row.Batch.First + uint64(row.Position)
	if out.Served, err = d.served(royalty.LogOrigin(d.Node), row.Batch.Size, index, row.Data, row.Salt); err != nil {
		return nil, err
	}
	p := royalty.LogProof{Index: index, Checkpoint: []byte(row.Batch.Checkpoint)}
	if p.Extra, err = out.Encode(); err != nil {
		return nil, err
	}
	if p.Path, err = d.Log.Prove(ctx, index, row.Batch.Size); err != nil {
		return nil, err
	}
	return p.Format(), nil
}

// rowsOf returns an account's rows of a period, the highest sequence of each
// day only.
func rowsOf(ctx context.Context, tx Tx, a id.Account, p calendar.Period) ([]DayRow, error) {
	who, err := tx.Pseudonym(ctx, p, a)
	if err != nil {
		return nil, err
	}
	rows, err := tx.DayRowsOf(ctx, p, who)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i, r := range rows {
		if i+1 == len(rows) || rows[i+1].Day != r.Day {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// served signs that the node showed this row in this place.
func (d *Desk) served(origin string, size, index uint64, data []byte, salt royalty.Salt) (royalty.Signed, error) {
	s := royalty.Served{Origin: origin, Size: size, Index: index, Row: sha256.Sum256(data), Salt: salt}
	b, err := s.Encode()
	return royalty.Signed{Bytes: b, Signature: d.Keys.Served(b)}, err
}

// A Month is an account's settled month, for its page.
type Month struct {
	Period Period
	Row    royalty.MonthRow
	Rows   int // of tree A
	// Destroyed is when the rows of a month that was paid for were: then Row says
	// no more than which month it was.
	Destroyed time.Time
}

// MonthOf returns an account's settled month, or NotFound.
func (d *Desk) MonthOf(ctx context.Context, a id.Account, p calendar.Period) (m Month, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		m.Period, _, m.Row, err = monthOf(ctx, tx, a, p)
		return err
	})
	return m, err
}

func monthOf(ctx context.Context, tx Tx, a id.Account, p calendar.Period) (period Period, stored MonthRow, row royalty.MonthRow, err error) {
	if period, err = tx.Period(ctx, p); err != nil {
		return period, stored, row, err
	}
	if err = kept(ctx, tx, p); err != nil {
		return period, stored, row, err
	}
	who, err := tx.Pseudonym(ctx, p, a)
	if err != nil {
		return period, stored, row, err
	}
	if stored, err = tx.MonthRowOf(ctx, p, who); err != nil {
		return period, stored, row, err
	}
	if stored.Data == nil {
		return period, stored, row, fault.New(fault.NotFound, "That month was deleted.")
	}
	row, err = royalty.ParseMonthRow(stored.Data)
	return period, stored, row, err
}

// Months lists the settled periods an account has a row in, and those it paid
// for whose rows are destroyed, newest first.
func (d *Desk) Months(ctx context.Context, a id.Account) (out []Month, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		all, err := tx.Periods(ctx)
		if err != nil {
			return err
		}
		paid, err := tx.PaidPeriods(ctx, a)
		if err != nil {
			return err
		}
		for _, p := range all {
			if gone, err := tx.Retention(ctx, p.Period); err != nil {
				return err
			} else if !gone.Receipts.IsZero() {
				if slices.Contains(paid, p.Period) {
					out = append(out, Month{Period: p, Row: royalty.MonthRow{Period: p.Period}, Destroyed: gone.Receipts})
				}
				continue
			}
			period, _, row, err := monthOf(ctx, tx, a, p.Period)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, Month{Period: period, Row: row})
		}
		slices.SortFunc(out, func(a, b Month) int { return int(b.Row.Period) - int(a.Row.Period) })
		return nil
	})
	return out, err
}

// MonthReceipt returns an account's receipt file of a settled month, or
// NotFound.
func (d *Desk) MonthReceipt(ctx context.Context, a id.Account, p calendar.Period) ([]byte, error) {
	var period Period
	var stored MonthRow
	var row royalty.MonthRow
	out := royalty.MonthReceipt{Marks: d.Marks}
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		if period, stored, row, err = monthOf(ctx, tx, a, p); err != nil {
			return err
		}
		out.Days, err = daysUnder(ctx, tx, a, &stored, &row)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(period.Rules, &out.Rules); err != nil {
		return nil, err
	}
	out.Row, out.Salt, out.Carried, out.Confirmed, out.Closed = stored.Data, stored.Salt, stored.Carried, stored.Confirmed, stored.Closed
	out.Settlement = royalty.Signed{Bytes: period.Settlement, Signature: period.Signature}
	trees, err := d.treesOf(ctx, p)
	if err != nil {
		return nil, err
	}
	if out.Shares, err = trees.ShareProofs(&row, stored.Salt); err != nil {
		return nil, err
	}
	index := uint64(stored.Position)
	if out.Served, err = d.served(royalty.MonthOrigin(d.Node, p), trees.a.Size(), index, stored.Data, stored.Salt); err != nil {
		return nil, err
	}
	proof := royalty.LogProof{Index: index, Checkpoint: []byte(period.TreeA)}
	if proof.Extra, err = out.Encode(); err != nil {
		return nil, err
	}
	if proof.Path, err = trees.a.Prove(index); err != nil {
		return nil, err
	}
	return proof.Format(), nil
}

// daysUnder returns the day rows a month row rests on: those of its basis,
// where that is an earlier period, which are kept with it, and its own.
func daysUnder(ctx context.Context, tx Tx, a id.Account, stored *MonthRow, row *royalty.MonthRow) ([][]byte, error) {
	out, err := apart(stored.Basis)
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(ctx, tx, a, row.Period)
	for _, r := range rows {
		out = append(out, r.Data)
	}
	return out, err
}

const tagRows = "9ten/rows/v1"

// joined writes rows, which come by day and sequence, as one list without those
// that a later one corrects.
func joined(rows [][]byte) ([]byte, error) {
	var last [][]byte
	var day calendar.Day
	for _, b := range rows {
		r, err := royalty.ParseDayRow(b)
		if err != nil {
			return nil, err
		}
		if r.Day == day {
			last = last[:len(last)-1]
		}
		last, day = append(last, b), r.Day
	}
	w := wire.NewWriter(tagRows)
	w.Count(len(last))
	for _, b := range last {
		w.Blob(b)
	}
	return w.Bytes()
}

// apart reads what joined wrote; nothing is no rows.
func apart(b []byte) (out [][]byte, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	in := wire.NewReader(tagRows, b)
	for range in.Count(4) {
		out = append(out, bytes.Clone(in.Blob()))
	}
	return out, in.Done()
}

// ActProof returns an act's proof file of a settled month, or NotFound.
func (d *Desk) ActProof(ctx context.Context, act id.Act, p calendar.Period) ([]byte, error) {
	period, err := d.period(ctx, p)
	if err != nil {
		return nil, err
	}
	trees, err := d.treesOf(ctx, p)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(trees.Lines, func(l royalty.Line) bool { return l.Act == act }) {
		return nil, fault.New(fault.NotFound, "Nobody had that act in their nine in %v.", p)
	}
	proof, err := trees.ActProof(act, royalty.Signed{Bytes: period.Settlement, Signature: period.Signature}, d.Marks)
	if err != nil {
		return nil, err
	}
	return proof.Format()
}

// OnLedger returns what the ledger holds of the log at a size, or NotFound when
// no day ended with it.
func (d *Desk) OnLedger(ctx context.Context, size uint64) (Anchor, error) {
	var b Batch
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		b, err = tx.BatchBySize(ctx, size)
		return err
	})
	if err != nil {
		return Anchor{}, err
	}
	return d.Known.Anchored(ctx, b.Day)
}

// Confirm records a listener's word that the nine of a period are right, so
// that a pot without a signed play need not wait.
func (d *Desk) Confirm(ctx context.Context, a id.Account) error {
	return d.Store.ReportUpdate(ctx, func(tx Tx) error { return tx.Confirm(ctx, calendar.PeriodOf(tx.Now()), a) })
}

// monthTrees are a settled month's trees, restored.
type monthTrees struct {
	*royalty.Trees
	a *royalty.Tree
}

// treeCache keeps the trees that were asked for last: receipts of one month
// are fetched by many at once. One month of 100,000 payers takes some 90 MB.
type treeCache struct {
	mu     sync.Mutex
	period calendar.Period
	root   []byte
	trees  *monthTrees
}

// treesOf restores the trees of a settled month.
func (d *Desk) treesOf(ctx context.Context, p calendar.Period) (*monthTrees, error) {
	period, err := d.period(ctx, p)
	if err != nil {
		return nil, err
	}
	d.trees.mu.Lock()
	defer d.trees.mu.Unlock()
	if d.trees.period == p && bytes.Equal(d.trees.root, period.Settlement) {
		return d.trees.trees, nil
	}
	var rows []royalty.Hash
	var lines []royalty.Line
	var leaves []royalty.Leaf
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		if rows, err = tx.Leaves(ctx, p); err != nil {
			return err
		}
		if lines, err = tx.Lines(ctx, p); err != nil {
			return err
		}
		return tx.Shares(ctx, p, func(l royalty.Leaf) error {
			leaves = append(leaves, l)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	trees, err := royalty.RestoreTrees(rows, lines, leaves)
	if err != nil {
		return nil, err
	}
	d.trees.period, d.trees.root, d.trees.trees = p, period.Settlement, &monthTrees{trees, royalty.NewTree(rows)}
	return d.trees.trees, nil
}

// Forget lets go of the restored trees, so that an idle node is small.
func (d *Desk) Forget() {
	d.trees.mu.Lock()
	defer d.trees.mu.Unlock()
	d.trees.period, d.trees.root, d.trees.trees = 0, nil, nil
}

// Days lists the days of a period of which an account has a receipt, newest
// first.
func (d *Desk) Days(ctx context.Context, a id.Account, p calendar.Period) (out []calendar.Day, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		rows, err := rowsOf(ctx, tx, a, p)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		for _, r := range slices.Backward(rows) {
			if r.Batch.State >= Logged {
				out = append(out, r.Day)
			}
		}
		return err
	})
	return out, err
}

// Began is the first day of the node's listening: of its first play or
// payment, at the latest today.
func (d *Desk) Began(ctx context.Context) (day calendar.Day, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		day, err = tx.FirstDay(ctx)
		return err
	})
	return day, err
}

// A Settled month is a node's result of a period, parsed.
type Settled struct {
	Period     Period
	Settlement royalty.Settlement
	Hash       string // hex
}

// Settled lists the node's settled months, newest first.
func (d *Desk) Settled(ctx context.Context) (out []Settled, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		all, err := tx.Periods(ctx)
		if err != nil {
			return err
		}
		for _, p := range all {
			s, err := royalty.ParseSettlement(p.Settlement)
			if err != nil {
				return err
			}
			out = append(out, Settled{p, s, fmt.Sprintf("%x", sha256.Sum256(p.Settlement))})
		}
		return nil
	})
	return out, err
}
