package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// A LedgerFeed is how far the ledger's events have been read.
type LedgerFeed struct {
	Mode       string // of the ledger they were read from, "" before the first
	Checkpoint uint64
	Tx         string
	At         time.Time
}

// A Told is one answer of the ledger as it was last told.
type Told struct {
	Args   string
	Answer []byte
	At     time.Time
}

// LedgerFeed returns how far the ledger's events have been read.
func (tx *Tx) LedgerFeed(ctx context.Context) (LedgerFeed, error) {
	r, err := tx.Q.LedgerFeed(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return LedgerFeed{}, nil
	}
	return LedgerFeed{r.Mode, uint64(r.Checkpoint), r.Tx, utc(r.At)}, wrap(err, "ledger feed")
}

// SetLedgerFeed notes it.
func (tx *Tx) SetLedgerFeed(ctx context.Context, f LedgerFeed) error {
	return wrap(tx.Q.LedgerFeedSet(ctx, sqlgen.LedgerFeedSetParams{Mode: f.Mode, Checkpoint: int64(f.Checkpoint), Tx: f.Tx, At: ms(f.At)}), "ledger feed")
}

// LedgerTold returns what a function answers, nil when that was never told.
func (tx *Tx) LedgerTold(ctx context.Context, fn, args string) ([]byte, error) {
	b, err := tx.Q.LedgerTold(ctx, sqlgen.LedgerToldParams{Fn: fn, Args: args})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, wrap(err, "ledger told")
}

// LedgerToldOf returns all that was told of a function, by its arguments.
func (tx *Tx) LedgerToldOf(ctx context.Context, fn string) ([]Told, error) {
	rows, err := tx.Q.LedgerToldOf(ctx, fn)
	out := make([]Told, len(rows))
	for i, r := range rows {
		out[i] = Told{r.Args, r.Answer, utc(r.At)}
	}
	return out, wrap(err, "ledger told")
}

// LedgerTell notes what a function answers now.
func (tx *Tx) LedgerTell(ctx context.Context, fn, args string, answer []byte) error {
	return wrap(tx.Q.LedgerTell(ctx, sqlgen.LedgerTellParams{Fn: fn, Args: args, Answer: answer, At: tx.Ms()}), "ledger tell")
}

// LedgerForget forgets everything that was told.
func (tx *Tx) LedgerForget(ctx context.Context) error {
	return wrap(tx.Q.LedgerForget(ctx), "ledger forget")
}

// DaysLogged counts the days that wait to be anchored; the first of them was
// sealed at since.
func (tx *Tx) DaysLogged(ctx context.Context) (n int64, first calendar.Day, since time.Time, err error) {
	r, err := tx.Q.DaysLogged(ctx)
	return r.N, calendar.Day(r.Day), utc(r.Since), wrap(err, "days logged")
}
