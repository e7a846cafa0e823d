package listen

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"math"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Seal makes the rows that are to go into the log with a day and yields them
// in order of day and pseudonym, each with its salt: those of the day itself,
// and of earlier days the ones that late claims or plays past the sealing have
// changed, with the next sequence. params is the version of the split's
// parameters.
//
// It marks what it yields as sealed in the caller's transaction, so that each
// row is yielded exactly once by the transactions that commit. An error of
// yield ends it. Faults: Conflict when a day would need a 257th row.
func Seal(ctx context.Context, tx Tx, day calendar.Day, params uint32, yield func(royalty.DayRow, royalty.Salt) error) error {
	rows, err := unsealed(ctx, tx, day)
	if err != nil {
		return err
	}
	var book sheets
	for _, r := range rows {
		row, err := dayRow(ctx, tx, &book, r, params)
		if err != nil {
			return wrap(err, "row of "+r.Day.String())
		}
		fresh, err := sequence(ctx, tx, r.AccountDay, &row)
		if err != nil {
			return err
		}
		if fresh {
			if err := yield(row, royalty.DaySalt(r.MonthKey, r.Day)); err != nil {
				return err
			}
		}
		if err := tx.MarkSealed(ctx, r.Account, r.Day); err != nil {
			return wrap(err, "mark sealed")
		}
	}
	return nil
}

// pending is a listener's day that waits for a row.
type pending struct {
	AccountDay
	Keys
}

func unsealed(ctx context.Context, tx Tx, until calendar.Day) ([]pending, error) {
	days, err := tx.Unsealed(ctx, until)
	if err != nil {
		return nil, wrap(err, "unsealed days")
	}
	out := make([]pending, len(days))
	for i, d := range days {
		keys, err := tx.ListenerKeys(ctx, d.Account, d.Day.Period())
		if err != nil {
			return nil, wrap(err, "listener's keys")
		}
		out[i] = pending{d, keys}
	}
	slices.SortFunc(out, func(a, b pending) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), bytes.Compare(a.Pseudonym[:], b.Pseudonym[:]))
	})
	return out, nil
}

// dayRow counts one listener's day from its plays, not from running totals.
func dayRow(ctx context.Context, tx Tx, book *sheets, d pending, params uint32) (row royalty.DayRow, err error) {
	stored, err := tx.PlaysBetween(ctx, d.Account, d.Day.Add(-1).Start().UnixMilli(), d.Day.End().UnixMilli())
	if err != nil {
		return row, err
	}
	plays := make(map[id.Bytes16]*Play, len(stored))
	for i := range stored {
		plays[stored[i].ID] = &stored[i]
	}
	_, tally, err := count(ctx, tx, book, d.Day, plays)
	if err != nil {
		return row, err
	}
	claims, err := tx.ClaimsOf(ctx, d.Account, d.Day)
	if err != nil {
		return row, err
	}
	row, err = tally.Row(d.Day, claims, params)
	row.Pseudonym = d.Pseudonym
	return row, err
}

// sequence numbers a row after the last one of its day and remembers it. It
// is false when the last one says the same.
func sequence(ctx context.Context, tx Tx, d AccountDay, row *royalty.DayRow) (fresh bool, err error) {
	b, err := row.Encode()
	if err != nil {
		return false, err
	}
	hash := royalty.Hash(sha256.Sum256(b))
	last, known, err := tx.SealedRow(ctx, d.Account, d.Day)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return false, wrap(err, "last row")
	case known == hash:
		return false, nil
	case last == math.MaxUint8:
		return false, fault.New(fault.Conflict, "The day %v of a listener was corrected 255 times already.", d.Day)
	default:
		row.Sequence = last + 1
	}
	return true, wrap(tx.SetSealed(ctx, d.Account, d.Day, row.Sequence, hash), "remember row")
}

// Pseudonym returns an account's pseudonym of a period, made when missing in
// an update.
func Pseudonym(ctx context.Context, tx Tx, a id.Account, p calendar.Period) (royalty.Pseudonym, error) {
	k, err := tx.ListenerKeys(ctx, a, p)
	return k.Pseudonym, err
}

// MonthSalt returns the salt of an account's month row, made when missing in
// an update.
func MonthSalt(ctx context.Context, tx Tx, a id.Account, p calendar.Period) (royalty.Salt, error) {
	k, err := tx.ListenerKeys(ctx, a, p)
	if err != nil {
		return royalty.Salt{}, err
	}
	return royalty.MonthSalt(k.MonthKey, p), nil
}
