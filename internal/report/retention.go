package report

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
)

// RowsKept is for how many months after its own a period's rows are kept: as
// long as a fault of it can be proved, and one longer than its nine can be the
// basis of a later month.
const RowsKept = 13

// A Retention is when what of a period was destroyed, zero: it is still there.
type Retention struct {
	Origins  time.Time // where plays came from
	Receipts time.Time // day rows, month rows, and the keys behind their names
}

// RowsUntil is the instant from which a period's rows are no longer kept.
func RowsUntil(p calendar.Period) time.Time { return p.Add(RowsKept).End() }

// Expire destroys what has been kept long enough: where plays came from once
// their month is final, rows with their salts and keys thirteen months after
// it. Leaves, shares, lines and roots stay, so that every proof holds. Rows
// stay longer while a month that may rest on them is not closed. It works in
// chunks, goes on where it was interrupted, and returns how many plays and
// rows it emptied.
func (d *Desk) Expire(ctx context.Context) (n int, err error) {
	if err := d.closing.take(ctx); err != nil {
		return 0, err
	}
	defer d.closing.give()
	open, now, err := d.due(ctx)
	if err != nil {
		return 0, err
	}
	var periods []Period
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		periods, err = tx.Periods(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, p := range periods {
		over := !now.Before(RowsUntil(p.Period)) && p.Period < open.Add(-royalty.BasisPeriods)
		gone, err := d.expirePeriod(ctx, p, over)
		n += gone
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// expirePeriod destroys what is due of one period; over says that its rows are.
func (d *Desk) expirePeriod(ctx context.Context, p Period, over bool) (n int, err error) {
	var r Retention
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		r, err = tx.Retention(ctx, p.Period)
		return err
	})
	if err != nil {
		return 0, err
	}
	if p.State >= Final && r.Origins.IsZero() {
		if n, err = d.empty(ctx, p.Period, Tx.DropOrigins); err != nil {
			return n, err
		}
		err = d.Store.ReportUpdate(ctx, func(tx Tx) error {
			r.Origins = tx.Now()
			return tx.SetRetention(ctx, p.Period, r)
		})
	}
	if err != nil || !over || !r.Receipts.IsZero() {
		return n, err
	}
	for _, rows := range []func(Tx, context.Context, calendar.Period, int) (int, error){Tx.ExpireDays, Tx.ExpireMonths, Tx.ExpireListeners} {
		gone, err := d.empty(ctx, p.Period, rows)
		n += gone
		if err != nil {
			return n, err
		}
	}
	return n, d.Store.ReportUpdate(ctx, func(tx Tx) error {
		if err := tx.ExpireKeys(ctx, p.Period); err != nil {
			return err
		}
		r.Receipts = tx.Now()
		return tx.SetRetention(ctx, p.Period, r)
	})
}

// empty runs a step in write transactions of at most chunkRows, until one finds
// less to do.
func (d *Desk) empty(ctx context.Context, p calendar.Period, step func(Tx, context.Context, calendar.Period, int) (int, error)) (n int, err error) {
	for more := true; more; {
		err = d.Store.ReportUpdate(ctx, func(tx Tx) error {
			gone, err := step(tx, ctx, p, chunkRows)
			n, more = n+gone, gone == chunkRows
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// kept returns a NotFound that says when the rows of a period were destroyed,
// if they were.
func kept(ctx context.Context, tx Tx, p calendar.Period) error {
	r, err := tx.Retention(ctx, p)
	if err == nil && !r.Receipts.IsZero() {
		err = fault.New(fault.NotFound, "The rows of %v were destroyed on %v, thirteen months after it, and no receipt can be made of them any more. Keep the file you downloaded: it still verifies.", p, calendar.DayOf(r.Receipts))
	}
	return err
}
