package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	// longest bounds a sleep, so that a clock that was set is noticed.
	longest = 15 * time.Minute
	// unavailable is the pause after the store refused.
	unavailable = 5 * time.Second
)

// A Handler does one job. Its context ends when the job's time is up or the
// node stops; a job that was interrupted by the latter runs again and the try
// does not count. See [Stop] for errors that no try can mend, and [Later] for
// those of something that is away.
type Handler func(ctx context.Context, j Job) error

// Options say how jobs of a kind are run.
type Options struct {
	Parallel int           // how many at once; 0 means 1
	Tries    int           // runs before a job is given up; 0 means 8
	Timeout  time.Duration // of one run; 0 means 15 minutes
	// Aside has the jobs run beside all others, two at once of all kinds that are set aside:
	// what strangers cause waits for strangers, and nothing else waits for that.
	Aside bool
}

// aside is how many jobs of kinds that are set aside run at once.
const aside = 2

// Config is what a Runner needs.
type Config struct {
	Store    Store
	Log      *slog.Logger
	Now      func() time.Time // the node's clock; runs at the pace of the real one
	Parallel int              // how many jobs of all kinds at once, but those set aside; 0 means 4
}

type handler struct {
	Options
	run Handler
}

// A Runner runs jobs. Handle and At are called before Run.
type Runner struct {
	store    Store
	log      *slog.Logger
	now      func() time.Time
	parallel int
	handlers map[string]handler
	calendar []occasion
	kept     map[string]time.Time // last occurrence by kind; Run's own
	wake     chan struct{}        // holds one: something may have become possible
	misses   int                  // Run's own

	mu      sync.Mutex
	running map[string]int // by kind
	sum     map[bool]int   // of kinds that are set aside, and of the others
	hurried map[string]int // by kind: how often; see Hurry
	failed  func(Job, error)
	wg      sync.WaitGroup
}

// New returns a runner without handlers.
func New(c Config) *Runner {
	if c.Parallel == 0 {
		c.Parallel = 4
	}
	return &Runner{
		store: c.Store, log: c.Log, now: c.Now, parallel: c.Parallel, handlers: map[string]handler{},
		kept: map[string]time.Time{}, running: map[string]int{}, sum: map[bool]int{}, hurried: map[string]int{}, wake: make(chan struct{}, 1),
	}
}

// Handle sets who does the jobs of a kind. Jobs of a kind that nobody handles
// wait until somebody does. It panics when the kind is taken: a mistake in
// the wiring.
func (r *Runner) Handle(kind string, o Options, h Handler) {
	if _, taken := r.handlers[kind]; taken {
		panic("jobs: " + kind + " is handled twice")
	}
	if o.Parallel == 0 {
		o.Parallel = 1
	}
	if o.Tries == 0 {
		o.Tries = 8
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Minute
	}
	r.handlers[kind] = handler{o, h}
}

// Wake makes the runner look for work. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run takes back what a crash interrupted and then runs jobs until ctx ends;
// it returns once the last handler has. It returns an error only when it
// cannot begin.
func (r *Runner) Run(ctx context.Context) error {
	r.store.OnEnqueue(r.Wake)
	if err := r.takeBack(ctx); ctx.Err() != nil {
		return nil // told to stop before it began: what was under way is taken back by the next start
	} else if err != nil {
		return err
	}
	defer r.wg.Wait()
	for {
		wait, err := r.round(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			r.log.Error("jobs cannot be read", "err", err)
			wait = unavailable
		case wait == 0:
			continue
		}
		t := time.NewTimer(min(wait, longest))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-r.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// takeBack makes the jobs of a process that died wait again. The try counts:
// a job that brings the node down is given up in the end.
func (r *Runner) takeBack(ctx context.Context) error {
	return r.store.JobsUpdate(ctx, func(tx Tx) error {
		list, err := tx.Running(ctx)
		for _, j := range list {
			j.Error = "interrupted: the node stopped while it ran"
			if h, ok := r.handlers[j.Kind]; ok && j.Tries >= h.Tries {
				err = errors.Join(err, tx.Bury(ctx, j))
			} else {
				err = errors.Join(err, tx.Again(ctx, j, tx.Now()))
			}
		}
		return err
	})
}

// round starts what can be started and returns how long nothing else can, 0
// when it should look again at once.
func (r *Runner) round(ctx context.Context) (time.Duration, error) {
	next, err := r.keepCalendar(ctx)
	if err != nil {
		return 0, err
	}
	var due map[string]time.Time
	if err := r.store.JobsView(ctx, func(tx Tx) (err error) { due, err = tx.Due(ctx); return err }); err != nil {
		return 0, err
	}
	now := r.now()
	wait, started, missed := longest, false, false
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(now), time.Millisecond))
	}
	for kind, at := range due {
		h, ok := r.handlers[kind]
		if !ok || !r.room(kind, h) {
			continue // the end of a running job wakes the runner
		}
		if d := at.Sub(now); d > 0 {
			wait = min(wait, d+time.Millisecond)
			continue
		}
		ok, err := r.start(ctx, kind, h)
		if err != nil {
			return 0, err
		}
		started, missed = started || ok, missed || !ok
	}
	switch {
	case started:
		r.misses = 0
		return 0, nil
	case missed: // the queue's clock is a little behind ours
		wait = min(wait, 2*time.Millisecond<<min(r.misses, 9))
		r.misses++
	default:
		r.misses = 0
	}
	return wait, nil
}

func (r *Runner) room(kind string, h handler) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := r.parallel
	if h.Aside {
		most = aside
	}
	return r.running[kind] < h.Parallel && r.sum[h.Aside] < most
}

func (r *Runner) count(kind string, h handler, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[kind] += by
	r.sum[h.Aside] += by
}

// Hurry has the jobs of some kinds that wait run now: what they wait for is back.
// One that runs meanwhile may have asked before it was, so it waits no longer for
// its next run than after its first.
func (r *Runner) Hurry(ctx context.Context, kinds ...string) error {
	r.mu.Lock()
	for _, kind := range kinds { // before the jobs are looked at: who ends later knows
		r.hurried[kind]++
	}
	r.mu.Unlock()
	return r.store.JobsUpdate(ctx, func(tx Tx) error {
		for _, kind := range kinds {
			list, err := tx.Pending(ctx, kind)
			if err != nil {
				return err
			}
			for _, j := range list {
				if j.State == Waiting && j.Key != "" {
					if err := tx.Enqueue(ctx, kind, j.Key, nil, tx.Now()); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func (r *Runner) hurries(kind string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hurried[kind]
}

// start receives a job of the kind and runs it; false when there was none.
func (r *Runner) start(ctx context.Context, kind string, h handler) (bool, error) {
	var j *Job
	err := r.store.JobsUpdate(ctx, func(tx Tx) (err error) { j, err = tx.Receive(ctx, kind); return err })
	if err != nil || j == nil {
		return false, err
	}
	r.count(kind, h, 1)
	hurries := r.hurries(kind)
	r.wg.Go(func() {
		defer r.Wake()
		defer r.count(kind, h, -1)
		began := time.Now()
		err := r.call(ctx, h, *j)
		r.report(ctx, *j, err, time.Since(began))
		r.settle(ctx, h, *j, err, hurries)
	})
	return true, nil
}

// call runs the handler; a panic is an error like any other, with its stack.
func (r *Runner) call(ctx context.Context, h handler, j Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h.run(ctx, j)
}

func (r *Runner) report(ctx context.Context, j Job, err error, took time.Duration) {
	log := r.log.With("job", j.Kind, "key", j.Key, "try", j.Tries, "took", took.Round(time.Millisecond))
	switch {
	case err == nil:
		log.Debug("done")
	case ctx.Err() != nil:
		log.Info("interrupted")
	case wasAway(err): // whoever finds that something is away says so, once for all that wait
		log.Debug("waits", "err", err)
	default:
		log.Warn("failed", "err", err)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.failed != nil {
			r.failed(j, err)
		}
	}
}

// Watch has f told of each run that fails from now on, before the job waits
// for its next one; nil ends it. f must not wait.
func (r *Runner) Watch(f func(Job, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = f
}

// settle writes down how a run ended. It insists: a job that ran and is not
// marked would wait for the next start. hurries is how often its kind was hurried
// before it ran.
func (r *Runner) settle(ctx context.Context, h handler, j Job, failed error, hurries int) {
	steady := context.WithoutCancel(ctx)
	for try := 1; ; try++ {
		err := r.store.JobsUpdate(steady, func(tx Tx) error {
			switch {
			case failed == nil:
				return tx.Done(steady, j)
			case ctx.Err() != nil:
				j := j
				j.Tries--
				return tx.Again(steady, j, tx.Now())
			}
			j.Error = clip(failed)
			if wasAway(failed) {
				j.Tries--
				wait := patience(tx.Now().Sub(j.Made))
				if r.hurries(j.Kind) > hurries {
					wait = patience(0)
				}
				return tx.Again(steady, j, tx.Now().Add(wait))
			}
			if j.Tries >= h.Tries || stopped(failed) {
				return tx.Bury(steady, j)
			}
			return tx.Again(steady, j, tx.Now().Add(pause(j.Tries)))
		})
		if err == nil {
			return
		}
		r.log.Error("the end of a job cannot be written", "job", j.Kind, "key", j.Key, "err", err)
		select {
		case <-ctx.Done():
			return // it is taken back at the next start
		case <-time.After(min(time.Duration(try)*time.Second, time.Minute)):
		}
	}
}

// clip keeps an error's text short enough for a table.
func clip(err error) string {
	const most = 2000
	if s := err.Error(); len(s) > most {
		return s[:most]
	}
	return err.Error()
}

// Dead returns the jobs that were given up, the newest first, at most 200.
func (r *Runner) Dead(ctx context.Context) (list []Job, err error) {
	err = r.store.JobsView(ctx, func(tx Tx) error { list, err = tx.Dead(ctx, 200); return err })
	return list, err
}

// Counts returns how many jobs of each kind are in each state.
func (r *Runner) Counts(ctx context.Context) (list []Count, err error) {
	err = r.store.JobsView(ctx, func(tx Tx) error { list, err = tx.Counts(ctx); return err })
	return list, err
}

// Retry runs a job that was given up as if it were new. Faults: NotFound;
// Conflict when it was not given up.
func (r *Runner) Retry(ctx context.Context, id string) error {
	return r.store.JobsUpdate(ctx, func(tx Tx) error { return tx.Revive(ctx, id) })
}

// ExpireDead forgets jobs of a kind that were given up before a time.
func (r *Runner) ExpireDead(ctx context.Context, kind string, before time.Time) error {
	return r.store.JobsUpdate(ctx, func(tx Tx) error { return tx.ExpireDead(ctx, kind, before) })
}

// Drop forgets a job that was given up. Faults: NotFound.
func (r *Runner) Drop(ctx context.Context, id string) error {
	err := r.store.JobsUpdate(ctx, func(tx Tx) error { return tx.Drop(ctx, id) })
	if fault.Is(err, fault.Internal) {
		return fmt.Errorf("drop job: %w", err)
	}
	return err
}
