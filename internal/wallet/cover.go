package wallet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
)

// A Cover holds what the node has of an asset against what it owes in it.
type Cover struct {
	Asset string
	Holds money.Micro // on all rails of the asset
	Owes  money.Micro // to listeners, acts and the commons
	// Declared says that no chain shows what is held: the operator says so.
	Declared bool
}

// Covered reports whether everybody could be paid.
func (c Cover) Covered() bool { return c.Holds >= c.Owes }

// Cover adds up the balances and refuses (Conflict) books that do not sum to
// zero or owe less than nothing. Whether the assets cover what is owed is for
// the caller to judge.
func (d *Desk) Cover(ctx context.Context) (out []Cover, err error) {
	var list []Posting
	err = d.Store.WalletView(ctx, func(tx Tx) error {
		list, err = tx.Balances(ctx, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	return cover(list)
}

func cover(balances []Posting) (out []Cover, err error) {
	sums := map[string]money.Micro{}
	for _, b := range balances {
		i := slices.IndexFunc(out, func(c Cover) bool { return c.Asset == b.Asset })
		if i < 0 {
			i = len(out)
			out = append(out, Cover{Asset: b.Asset, Declared: b.Asset == Dollar})
		}
		kind, _, _ := strings.Cut(string(b.Book), ":")
		switch {
		case kind == "assets":
			out[i].Holds += b.Micro
		case kind == "liabilities" && b.Micro > 0:
			return nil, fault.New(fault.Conflict, "The books owe less than nothing: %s stands at %v.", b.Book, -b.Micro)
		case kind == "liabilities":
			out[i].Owes -= b.Micro
		}
		sums[b.Asset] += b.Micro
	}
	for _, c := range out {
		if s := sums[c.Asset]; s != 0 {
			return nil, fault.New(fault.Conflict, "The books do not sum to zero: %v of %s is too much.", s, c.Asset)
		}
	}
	slices.SortFunc(out, func(a, b Cover) int { return strings.Compare(a.Asset, b.Asset) })
	return out, nil
}

// String says it in a line.
func (c Cover) String() string {
	s := fmt.Sprintf("%v of %s are held and %v are owed", c.Holds, c.Asset, c.Owes)
	if c.Declared {
		s += ", as declared by the operator"
	}
	return s
}
