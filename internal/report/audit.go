package report

import (
	"bytes"
	"context"
	"fmt"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Audit recomputes a settled period from what is kept of it: the trees from
// their leaves, the rows that still exist against their leaves, the sums
// against the books, the settlement against the ledger. It returns one line
// that says what holds, or a fault (Conflict) that says what does not.
func (d *Desk) Audit(ctx context.Context, p calendar.Period) (string, error) {
	period, err := d.period(ctx, p)
	if err != nil {
		return "", err
	}
	s, err := royalty.ParseSettlement(period.Settlement)
	if err != nil {
		return "", err
	}
	bad := func(format string, args ...any) error { return fault.New(fault.Conflict, format, args...) }
	if period.State >= Published {
		stands, err := d.Ledger.Settled(ctx, p)
		if err != nil {
			return "", err
		}
		if !bytes.Equal(stands, period.Settlement) {
			return "", bad("The ledger holds another settlement of %v than this node.", p)
		}
	}
	trees, err := d.treesOf(ctx, p)
	if err != nil {
		return "", bad("The trees of %v do not fit together: %s", p, fault.Message(err))
	}
	switch {
	case trees.a.Root() != s.RootA || trees.a.Size() != uint64(s.SizeA):
		return "", bad("The month rows of %v do not give the settlement's root.", p)
	case trees.RootB.Hash != s.RootB || trees.RootB.Sum != s.SumB || len(trees.Lines) != int(s.Lines):
		return "", bad("The acts' lines of %v do not give the settlement's root and sum.", p)
	}
	rows, pots, err := d.auditRows(ctx, p, trees)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows (%d still readable, %v in their pots) and %d acts' lines of %v give the settlement the ledger holds.", s.SizeA, rows, pots, s.Lines, s.SumB), nil
}

// auditRows holds every row that still exists against its leaf.
func (d *Desk) auditRows(ctx context.Context, p calendar.Period, trees *monthTrees) (n int, pots money.Micro, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		return tx.MonthRows(ctx, p, func(r MonthRow) error {
			if r.Data == nil {
				return nil
			}
			row, err := royalty.ParseMonthRow(r.Data)
			if err != nil {
				return err
			}
			if r.Position >= len(trees.Rows) || royalty.EntryLeaf(royalty.EntryHash(r.Salt, r.Data)) != trees.Rows[r.Position] {
				return fault.New(fault.Conflict, "Row %d of %v is not the one in the tree.", r.Position, p)
			}
			n, pots = n+1, pots+row.Pot
			return nil
		})
	})
	return n, pots, err
}
