package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A SplitProof is what the ledger needs to compute a listener's month again.
type SplitProof struct {
	Name       string // of the filing: the same again files nothing more
	Node       string // whose settlement it is held against
	Period     calendar.Period
	Settlement royalty.Hash // of the canonical bytes
	Row        []byte       // encoded month row
	Salt       royalty.Salt
	Index      uint64         // of its leaf in tree A
	Path       []royalty.Hash // from the leaf's sibling upwards
	Days       [][]byte       // encoded day rows of the period, ascending
	Basis      [][]byte       // those of the earlier month that paid it
}

// Contest has the ledger compute a listener's month again from a receipt, and
// reports whether it comes to the same. If not, a fault stands against the
// settlement: one that is not final is reopened, and the node settles it again;
// of a final one the difference goes into the next. The receipt may be of any
// node on the ledger: whoever is accused need not be asked. Faults: Invalid when
// the file is no receipt of what the ledger holds, NotFound when the month is not
// settled.
func (d *Desk) Contest(ctx context.Context, receipt []byte) (holds bool, err error) {
	proof, m, row, err := opened(receipt)
	if err != nil {
		return false, err
	}
	s, err := royalty.DecodeSettlement(m.Settlement.Bytes)
	if err != nil {
		return false, err
	}
	name := sha256.Sum256(receipt)
	p := SplitProof{Name: hex.EncodeToString(name[:16]), Node: s.Node, Period: row.Period, Settlement: sha256.Sum256(m.Settlement.Bytes), Row: m.Row, Salt: m.Salt, Index: proof.Index, Path: proof.Path}
	if p.Days, p.Basis, err = m.Apart(row.Period); err != nil {
		return false, err
	}
	proved, err := d.Ledger.ProveSplit(ctx, p)
	if err != nil || !proved {
		return !proved, err
	}
	if err = d.Ledger.Learn(ctx); fault.Is(err, fault.Unavailable) {
		err = nil // it is on the ledger, and shown when that answers again
	}
	return false, err
}

// opened reads a receipt of a month.
func opened(receipt []byte) (proof royalty.LogProof, m royalty.MonthReceipt, row royalty.MonthRow, err error) {
	if proof, err = royalty.ParseLogProof(receipt); err != nil {
		return proof, m, row, err
	}
	if m, err = royalty.ParseMonthReceipt(proof.Extra); err != nil {
		return proof, m, row, err
	}
	row, err = royalty.ParseMonthRow(m.Row)
	return proof, m, row, err
}

// Owns reports whether a receipt is an account's own, and of which month. Faults:
// Invalid when the file is no receipt.
func (d *Desk) Owns(ctx context.Context, a id.Account, receipt []byte) (calendar.Period, bool, error) {
	_, m, row, err := opened(receipt)
	if err != nil {
		return 0, false, err
	}
	file, err := d.MonthReceipt(ctx, a, row.Period)
	if fault.Is(err, fault.NotFound) {
		return row.Period, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	_, own, _, err := opened(file)
	return row.Period, err == nil && bytes.Equal(own.Row, m.Row) && own.Salt == m.Salt, err
}
