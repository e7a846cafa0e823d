// Package jobs runs work that outlives the request that asked for it.
//
// A job is made in its caller's transaction, so that it exists if and only if
// what it is about does. It runs at least once: a handler that was
// interrupted by a crash is run again and must not do harm the second time.
// What fails is tried again with growing pauses and, in the end, laid aside
// for the operator to look at. The package knows dates of the calendar but
// nothing of what the jobs do.
package jobs

import (
	"context"
	"errors"
	"time"
)

// The states of a job. One that is done is gone.
const (
	Waiting = "waiting"
	Running = "running"
	Dead    = "dead" // given up; kept until the operator retries or drops it
)

// A Job is one piece of work.
type Job struct {
	ID      string
	Kind    string // chooses the handler, such as "media.prepare"
	Key     string // "" or unique among the waiting jobs of the kind
	Payload []byte
	State   string
	Tries   int       // runs begun, this one included
	Made    time.Time // all times UTC, to the millisecond
	Due     time.Time // not run before
	Ended   time.Time // when it was given up, else zero
	Error   string    // of the last run; for the operator, not for the public
}

// A Count is the number of jobs of a kind in a state.
type Count struct {
	Kind, State string
	N           int64
}

// A Store keeps jobs. Its two methods are those of every store: a snapshot,
// and a transaction that is durable once it returns.
type Store interface {
	JobsView(ctx context.Context, fn func(Tx) error) error
	JobsUpdate(ctx context.Context, fn func(Tx) error) error
	// OnEnqueue sets what is called after each commit that holds a new job.
	OnEnqueue(f func())
}

// A Tx is a transaction on jobs.
type Tx interface {
	Now() time.Time
	// Enqueue makes a job; see the store for keys.
	Enqueue(ctx context.Context, kind, key string, payload []byte, at time.Time) error
	// Due returns for each kind when its earliest waiting job is due.
	Due(ctx context.Context) (map[string]time.Time, error)
	// Receive marks the kind's next due job as running and returns it, nil
	// when there is none.
	Receive(ctx context.Context, kind string) (*Job, error)
	// Done removes a job that ran.
	Done(ctx context.Context, j Job) error
	// Again puts a job back with its Tries and Error, to run at the given time.
	Again(ctx context.Context, j Job, at time.Time) error
	// Bury gives a job up, with its Error.
	Bury(ctx context.Context, j Job) error
	// Revive makes a fresh job of one that was given up.
	Revive(ctx context.Context, id string) error
	// ExpireDead forgets those of a kind that were given up before a time.
	ExpireDead(ctx context.Context, kind string, before time.Time) error
	// Drop forgets a job that was given up.
	Drop(ctx context.Context, id string) error
	Running(ctx context.Context) ([]Job, error)
	// Pending returns the jobs of a kind that wait or run, the oldest first.
	Pending(ctx context.Context, kind string) ([]Job, error)
	// Dead returns at most n jobs that were given up, the newest first.
	Dead(ctx context.Context, n int) ([]Job, error)
	Counts(ctx context.Context) ([]Count, error)
	// Last and SetLast keep the last occurrence of a date of the calendar for
	// which a job was made; zero when there is none yet.
	Last(ctx context.Context, name string) (time.Time, error)
	SetLast(ctx context.Context, name string, at time.Time) error
}

// errStop marks an error that another try cannot mend.
type errStop struct{ cause error }

func (e errStop) Error() string { return e.cause.Error() }
func (e errStop) Unwrap() error { return e.cause }

// Stop wraps what a handler returns when another try cannot help: the job is
// given up at once.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return errStop{err}
}

func stopped(err error) bool {
	_, ok := errors.AsType[errStop](err)
	return ok
}

// errLater marks an error of something that is away.
type errLater struct{ cause error }

func (e errLater) Error() string { return e.cause.Error() }
func (e errLater) Unwrap() error { return e.cause }

// Later wraps what a handler returns when what it needs is away: to be away is
// not to fail, so the try does not count, and the job waits for as long as it
// takes.
func Later(err error) error {
	if err == nil {
		return nil
	}
	return errLater{err}
}

func wasAway(err error) bool {
	_, ok := errors.AsType[errLater](err)
	return ok
}

// patience is how long a job waits for what is away: an eighth of the time it
// has waited already, at least ten seconds, at most five minutes.
func patience(waited time.Duration) time.Duration {
	return min(max(waited/8, 10*time.Second), 5*time.Minute)
}

// pause is how long to wait after the given number of runs: ten seconds,
// doubled each time, at most an hour.
func pause(tries int) time.Duration {
	const first, most = 10 * time.Second, time.Hour
	if tries > 9 {
		return most
	}
	return min(first<<max(0, tries-1), most)
}
