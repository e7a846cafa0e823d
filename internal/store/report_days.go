package store

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/royalty"
)

// PeriodRows merges the days of the period. The rows of a day lie side by side
// in the order of their pseudonyms, those of a pseudonym all over the file: to
// read listener by listener would fetch a page of the database for every row.
func (tx reportTx) PeriodRows(ctx context.Context, p calendar.Period, yield func(royalty.Pseudonym, []byte) error) error {
	var days []*dayRows
	for d := p.Day(1); d <= p.LastDay(); d = d.Add(1) {
		r := &dayRows{tx: tx, day: d}
		if err := r.fill(ctx); err != nil {
			return err
		}
		days = append(days, r)
	}
	for {
		who, found := first(days)
		if !found {
			return nil
		}
		for _, r := range days {
			for !r.done() && r.who() == who {
				if err := yield(who, r.data()); err != nil {
					return err
				}
				if err := r.next(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// first returns the lowest pseudonym that is next on any day.
func first(days []*dayRows) (who royalty.Pseudonym, found bool) {
	for _, r := range days {
		if r.done() {
			continue
		}
		if w := r.who(); !found || bytes.Compare(w[:], who[:]) < 0 {
			who, found = w, true
		}
	}
	return who, found
}

// pageRows is how many rows of each day are held at a time.
const pageRows = 512

// dayRows walks over the rows of one day in order of pseudonym and sequence, a
// page at a time.
type dayRows struct {
	tx   reportTx
	day  calendar.Day
	page []dayRow
	text []byte // the rows of the page, one behind the other
	at   int    // in the page
}

// dayRow is a row of a page; its text ends where the next one's begins.
type dayRow struct {
	who      royalty.Pseudonym
	sequence int64
	from, to int
}

const dayRowsSQL = "select pseudonym, sequence, data from day_row where day = $1 and (pseudonym, sequence) > ($2, $3) and data is not null order by pseudonym, sequence limit $4 + 0"

// fill reads the page after the last row of the one at hand.
func (r *dayRows) fill(ctx context.Context) error {
	after, sequence := []byte{}, int64(-1)
	if n := len(r.page); n > 0 {
		after, sequence = bytes.Clone(r.page[n-1].who[:]), r.page[n-1].sequence
	}
	r.page, r.text, r.at = r.page[:0], r.text[:0], 0
	var who, data sql.RawBytes
	var row dayRow
	err := scan(ctx, r.tx.db, dayRowsSQL, []any{int64(r.day), after, sequence, pageRows}, []any{&who, &row.sequence, &data}, func() {
		row.from = len(r.text)
		copy(row.who[:], who)
		r.text = append(r.text, data...)
		row.to = len(r.text)
		r.page = append(r.page, row)
	})
	return wrap(err, "rows of the period")
}

func (r *dayRows) done() bool             { return r.at == len(r.page) }
func (r *dayRows) who() royalty.Pseudonym { return r.page[r.at].who }
func (r *dayRows) data() []byte           { return r.text[r.page[r.at].from:r.page[r.at].to] }

func (r *dayRows) next(ctx context.Context) error {
	if r.at++; r.done() && len(r.page) == pageRows {
		return r.fill(ctx)
	}
	return nil
}
