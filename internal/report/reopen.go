package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/wallet"
)

// reopen takes back a settlement that the ledger wants made again, because a
// fault was proved in it: the books book the opposite, rows and trees go, and
// the month is compiled as if it never had been. It is one transaction, so that
// a crash leaves one or the other. A final month is never reopened: what was
// proved of it is corrected by the next.
func (d *Desk) reopen(ctx context.Context, p calendar.Period) error {
	was, err := d.period(ctx, p)
	if fault.Is(err, fault.NotFound) || err == nil && was.State >= Final {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := d.Ledger.Challenge(ctx, p)
	if err != nil || !c.Reopened {
		return err
	}
	d.Forget()
	d.chart.Store(nil)
	return d.Store.ReportUpdate(ctx, func(tx Tx) error {
		name, err := splitName(ctx, tx, p)
		if err != nil {
			return err
		}
		switch e, err := tx.Entry(ctx, name); {
		case fault.Is(err, fault.NotFound): // it was not booked yet
		case err != nil:
			return err
		default:
			back := wallet.Entry{Idem: undone(name), At: tx.Now(), Memo: "The division of " + p.String() + " taken back: a fault was proved in its settlement", Postings: slices.Clone(e.Postings)}
			for i := range back.Postings {
				back.Postings[i].Micro = -back.Postings[i].Micro
			}
			if err := tx.Book(ctx, back); err != nil {
				return err
			}
		}
		return tx.ClearPeriod(ctx, p)
	})
}

func undone(name string) string { return "un" + name }

// splitName names the entry that divides a period's pots: split/2026-10, or
// split/2026-10/2 once that was taken back.
func splitName(ctx context.Context, tx Tx, p calendar.Period) (string, error) {
	name := "split/" + p.String()
	for n := 2; ; n++ {
		_, err := tx.Entry(ctx, undone(name))
		if fault.Is(err, fault.NotFound) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		name = fmt.Sprintf("split/%v/%d", p, n)
	}
}

// Challenged returns a Conflict that names a month that is not final and what
// stands against its settlement on the ledger; nil for none.
func (d *Desk) Challenged(ctx context.Context) error {
	all, err := d.Settled(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Period.State < Published || m.Period.State >= Final {
			continue
		}
		p := m.Period.Period
		c, err := d.Known.Challenge(ctx, p)
		switch {
		case err != nil:
			return err
		case c.Reopened:
			return fault.New(fault.Conflict, "A fault was proved against the settlement of %v (%s). Nobody is paid by it: the node settles the month again with the next run of the calendar, half an hour after midnight.", p, strings.Join(c.Faults, ", "))
		case len(c.Faults) > 0:
			return fault.New(fault.Conflict, "A fault was proved against the settlement of %v (%s). It does not change what was settled.", p, strings.Join(c.Faults, ", "))
		}
	}
	return nil
}
