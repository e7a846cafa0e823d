package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"maragu.dev/goqite"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

var _ jobs.Store = (*DB)(nil)

// lease is how long the queue hides a message that was received. One process
// has the directory, and its runner takes back at its start what was running
// when the last one died, so no lease ever ends by itself.
const lease = 10 * 365 * 24 * time.Hour

// JobsView runs fn on a snapshot for the job runner.
func (db *DB) JobsView(ctx context.Context, fn func(jobs.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(jobsTx{tx}) })
}

// JobsUpdate runs fn in a write transaction for the job runner.
func (db *DB) JobsUpdate(ctx context.Context, fn func(jobs.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(jobsTx{tx}) })
}

// messages is the queue of one kind of job.
func (tx *Tx) messages(kind string) *goqite.Queue {
	pool := tx.home.pool
	if tx.home.writer != nil {
		pool = tx.home.writer.pool // never used: every call brings its transaction
	}
	return goqite.New(goqite.NewOpts{DB: pool, Name: kind, SQLFlavor: tx.dialect.flavor(), MaxReceive: math.MaxInt32, Timeout: lease})
}

// delay is how long from now at is, never less than nothing.
func (tx *Tx) delay(at time.Time) time.Duration { return max(0, at.Sub(tx.home.now())) }

// Enqueue makes a job that is there if and only if the transaction is. key,
// unless empty, is unique among the waiting jobs of its kind: a second one
// changes nothing, except that an earlier at counts. A zero at means now.
func (tx *Tx) Enqueue(ctx context.Context, kind, key string, payload []byte, at time.Time) error {
	if tx.sql == nil {
		return errors.New("a job is made in a write transaction only")
	}
	ctx = context.WithoutCancel(ctx)
	if at.Before(tx.Now) {
		at = tx.Now
	}
	tx.enqueued = true
	if key != "" {
		row, err := tx.Q.JobWaiting(ctx, sqlgen.JobWaitingParams{Kind: kind, Key: key})
		if err == nil {
			return tx.advance(ctx, kind, row, at)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return wrap(err, "enqueue")
		}
	}
	n, err := tx.messages(kind).SendAndGetIDTx(ctx, tx.sql, goqite.Message{Body: []byte{}, Delay: tx.delay(at)})
	if err != nil {
		return wrap(err, "enqueue")
	}
	if payload == nil {
		payload = []byte{}
	}
	return wrap(tx.Q.JobInsert(ctx, sqlgen.JobInsertParams{
		ID: string(n), Kind: kind, Key: key, Payload: payload, Made: tx.Ms(), Due: at.UnixMilli(),
	}), "enqueue")
}

// advance makes a waiting job due earlier.
func (tx *Tx) advance(ctx context.Context, kind string, row sqlgen.JobWaitingRow, at time.Time) error {
	if at.UnixMilli() >= row.Due {
		return nil
	}
	if err := tx.messages(kind).ExtendTx(ctx, tx.sql, goqite.ID(row.ID), tx.delay(at)); err != nil {
		return wrap(err, "enqueue")
	}
	return wrap(tx.Q.JobAdvance(ctx, sqlgen.JobAdvanceParams{Due: at.UnixMilli(), ID: row.ID}), "enqueue")
}

type jobsTx struct{ *Tx }

func (tx jobsTx) Now() time.Time { return tx.Tx.Now }

func (tx jobsTx) Due(ctx context.Context) (map[string]time.Time, error) {
	rows, err := tx.Q.JobDue(ctx)
	out := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		out[r.Kind] = utc(r.Due)
	}
	return out, wrap(err, "jobs due")
}

func (tx jobsTx) Receive(ctx context.Context, kind string) (*jobs.Job, error) {
	ctx = context.WithoutCancel(ctx)
	m, err := tx.messages(kind).ReceiveTx(ctx, tx.sql)
	if err != nil || m == nil {
		return nil, wrap(err, "receive")
	}
	row, err := tx.Q.JobStart(ctx, string(m.ID))
	if err != nil {
		return nil, wrap(err, "receive")
	}
	j := job(row)
	return &j, nil
}

func (tx jobsTx) Done(ctx context.Context, j jobs.Job) error {
	if err := tx.messages(j.Kind).DeleteTx(context.WithoutCancel(ctx), tx.sql, goqite.ID(j.ID)); err != nil {
		return wrap(err, "job done")
	}
	_, err := tx.Q.JobDelete(ctx, j.ID)
	return wrap(err, "job done")
}

func (tx jobsTx) Again(ctx context.Context, j jobs.Job, at time.Time) error {
	// One with the same key that was made meanwhile does its work.
	_, err := tx.Q.JobWaiting(ctx, sqlgen.JobWaitingParams{Kind: j.Kind, Key: j.Key})
	if err == nil {
		return tx.Done(ctx, j)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return wrap(err, "job again")
	}
	tx.enqueued = true
	if err := tx.messages(j.Kind).ExtendTx(context.WithoutCancel(ctx), tx.sql, goqite.ID(j.ID), tx.delay(at)); err != nil {
		return wrap(err, "job again")
	}
	return wrap(tx.Q.JobWait(ctx, sqlgen.JobWaitParams{Tries: int64(j.Tries), Due: at.UnixMilli(), Error: j.Error, ID: j.ID}), "job again")
}

func (tx jobsTx) Bury(ctx context.Context, j jobs.Job) error {
	if err := tx.messages(j.Kind).DeleteTx(context.WithoutCancel(ctx), tx.sql, goqite.ID(j.ID)); err != nil {
		return wrap(err, "job given up")
	}
	return wrap(tx.Q.JobBury(ctx, sqlgen.JobBuryParams{Ended: tx.Ms(), Error: j.Error, ID: j.ID}), "job given up")
}

func (tx jobsTx) Revive(ctx context.Context, jobID string) error {
	row, err := tx.Q.JobByID(ctx, jobID)
	if err == nil && row.State != jobs.Dead {
		return fault.New(fault.Conflict, "That job has not been given up: it will run by itself.")
	}
	if err != nil {
		return missing(err, "There is no such job.")
	}
	if _, err := tx.Q.JobDelete(ctx, jobID); err != nil {
		return wrap(err, "revive")
	}
	return tx.Enqueue(ctx, row.Kind, row.Key, row.Payload, tx.Tx.Now)
}

func (tx jobsTx) ExpireDead(ctx context.Context, kind string, before time.Time) error {
	return wrap(tx.Q.JobExpireDead(ctx, sqlgen.JobExpireDeadParams{Kind: kind, Before: ms(before)}), "jobs")
}

func (tx jobsTx) Drop(ctx context.Context, jobID string) error {
	row, err := tx.Q.JobByID(ctx, jobID)
	if err != nil || row.State != jobs.Dead {
		return missing(errors.Join(err, sql.ErrNoRows), "There is no such job among those that were given up.")
	}
	_, err = tx.Q.JobDelete(ctx, jobID)
	return wrap(err, "drop")
}

func (tx jobsTx) Running(ctx context.Context) ([]jobs.Job, error) {
	rows, err := tx.Q.JobRunning(ctx)
	return list(rows), wrap(err, "jobs running")
}

// Pending returns the jobs of a kind that wait or run, the oldest first.
func (tx *Tx) Pending(ctx context.Context, kind string) ([]jobs.Job, error) {
	rows, err := tx.Q.JobPending(ctx, kind)
	return list(rows), wrap(err, "jobs pending")
}

func (tx jobsTx) Dead(ctx context.Context, n int) ([]jobs.Job, error) {
	rows, err := tx.Q.JobDead(ctx, int32(min(n, math.MaxInt32)))
	return list(rows), wrap(err, "dead jobs")
}

func (tx jobsTx) Counts(ctx context.Context) ([]jobs.Count, error) {
	rows, err := tx.Q.JobCounts(ctx)
	out := make([]jobs.Count, len(rows))
	for i, r := range rows {
		out[i] = jobs.Count{Kind: r.Kind, State: r.State, N: r.N}
	}
	return out, wrap(err, "job counts")
}

func (tx jobsTx) Last(ctx context.Context, name string) (time.Time, error) {
	ms, err := tx.Q.OccasionLast(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return utc(ms), wrap(err, "occasion")
}

func (tx jobsTx) SetLast(ctx context.Context, name string, at time.Time) error {
	return wrap(tx.Q.OccasionSet(ctx, sqlgen.OccasionSetParams{Name: name, Last: at.UnixMilli()}), "occasion")
}

func list(rows []sqlgen.Job) []jobs.Job {
	out := make([]jobs.Job, len(rows))
	for i, r := range rows {
		out[i] = job(r)
	}
	return out
}

func job(r sqlgen.Job) jobs.Job {
	return jobs.Job{
		ID: r.ID, Kind: r.Kind, Key: r.Key, Payload: r.Payload, State: r.State, Tries: int(r.Tries),
		Made: utc(r.Made), Due: utc(r.Due), Ended: utc(r.Ended), Error: r.Error,
	}
}
