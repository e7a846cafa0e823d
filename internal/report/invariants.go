package report

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// Invariants holds the books against the months that were settled and against
// the ledger: nothing is left in a pot that was divided, what waits for a
// listener is what the last settlement carried out, each act is owed what
// stands for it on the ledger and in settlements that are not final yet, and
// the journal still holds the entry whose hash was anchored last. It returns a
// Conflict that says which of these is broken.
//
// It compares sums of two files. A month that is being booked while it looks
// may make it complain; it is asked again then.
func (d *Desk) Invariants(ctx context.Context) error {
	if err := d.closing.take(ctx); err != nil {
		return err
	}
	defer d.closing.give()
	var books map[wallet.Book]money.Micro
	var periods []Period
	waits, lines := map[id.Sub]money.Micro{}, map[id.Act]money.Micro{}
	var fixed []calendar.Period
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		if books, err = balances(ctx, tx); err != nil {
			return err
		}
		if periods, err = tx.Periods(ctx); err != nil {
			return err
		}
		last := calendar.Period(0)
		for _, p := range periods {
			switch {
			case p.State == Fixed:
				fixed = append(fixed, p.Period)
			case p.State >= Booked:
				if err := addLines(ctx, tx, p.Period, lines); err != nil {
					return err
				}
			}
			if p.State >= Booked {
				last = max(last, p.Period)
			}
		}
		carries, err := tx.Carries(ctx, last)
		for _, c := range carries {
			waits[c.Subscription] += c.Micro
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range periods {
		if left := books[wallet.Pot(p.Period)]; p.State >= Booked && left != 0 {
			return fault.New(fault.Conflict, "The pot of %v was divided, and %v is left in it.", p.Period, -left)
		}
	}
	if err := sameSums(books, "liabilities:carry:", waits, "waits for subscription"); err != nil {
		return err
	}
	owed, err := d.Ledger.Owed(ctx, fixed)
	if err != nil {
		return err
	}
	for a, m := range lines {
		owed[a] += m
	}
	if err := sameSums(books, "liabilities:act:", owed, "is owed to act"); err != nil {
		return err
	}
	return d.sameBooks(ctx)
}

func balances(ctx context.Context, tx Tx) (map[wallet.Book]money.Micro, error) {
	list, err := tx.BookBalances(ctx)
	out := make(map[wallet.Book]money.Micro, len(list))
	for _, b := range list {
		out[b.Book] += b.Micro
	}
	return out, err
}

func addLines(ctx context.Context, tx Tx, p calendar.Period, to map[id.Act]money.Micro) error {
	lines, err := tx.Lines(ctx, p)
	for i := range lines {
		to[lines[i].Act] += lines[i].Sum()
	}
	return err
}

// sameSums compares the books below a prefix with what they should say.
func sameSums[K ~string](books map[wallet.Book]money.Micro, prefix string, want map[K]money.Micro, what string) error {
	have := map[K]money.Micro{}
	for b, m := range books {
		if name, ok := strings.CutPrefix(string(b), prefix); ok {
			have[K(name)] = -m // a liability is a credit
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if have[k] != want[k] {
			return fault.New(fault.Conflict, "%v %s %s, and the books say %v.", want[k], what, string(k), have[k])
		}
		delete(have, k)
	}
	for _, k := range slices.Sorted(maps.Keys(have)) {
		if have[k] != 0 {
			return fault.New(fault.Conflict, "Nothing %s %s, and the books say %v.", what, string(k), have[k])
		}
	}
	return nil
}

// sameBooks looks for the anchored head of the journal in the journal.
func (d *Desk) sameBooks(ctx context.Context) error {
	head, err := d.Ledger.AnchoredBooks(ctx)
	if err != nil || head == (royalty.Hash{}) {
		return err
	}
	return d.Store.ReportView(ctx, func(tx Tx) error {
		ok, err := tx.BooksHold(ctx, head)
		if err == nil && !ok {
			err = fault.New(fault.Conflict, "The journal does not hold the entry that was anchored on the ledger: it was written anew.")
		}
		return err
	})
}
