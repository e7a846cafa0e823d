package report

import (
	"cmp"
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A Chart is what the listeners of a settled month gave the acts that got the
// most. All of it is in the settlement and on the ledger, for anybody to read.
type Chart struct {
	Period calendar.Period // 0 before the first settled month
	Payers uint32
	Lines  []royalty.Line // at most nine, most first
}

// Chart returns that of the newest published month. Settled months do not
// change, so each is read once.
func (d *Desk) Chart(ctx context.Context) (c Chart, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		all, err := tx.Periods(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p Period) bool { return p.State >= Published })
		if i < 0 {
			return nil
		}
		if known := d.chart.Load(); known != nil && known.Period == all[i].Period {
			c = *known
			return nil
		}
		s, err := royalty.ParseSettlement(all[i].Settlement)
		if err != nil {
			return err
		}
		lines, err := tx.Lines(ctx, all[i].Period)
		if err != nil {
			return err
		}
		slices.SortStableFunc(lines, func(a, b royalty.Line) int { return cmp.Compare(b.Micro, a.Micro) })
		c = Chart{Period: all[i].Period, Payers: s.Payers, Lines: slices.Clone(lines[:min(9, len(lines))])}
		d.chart.Store(&c)
		return nil
	})
	return c, err
}
