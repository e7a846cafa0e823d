package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/store"
)

// A bench is a runner on real SQLite inside a bubble whose clock jumps to the
// next timer when nothing else can happen.
type bench struct {
	*jobs.Runner
	t    *testing.T
	ctx  context.Context
	db   *store.DB
	stop func()

	mu   sync.Mutex
	runs []string
}

func open(t *testing.T, path string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// within runs a test in a bubble.
func within(t *testing.T, test func(b *bench)) {
	path := filepath.Join(t.TempDir(), "9ten.db")
	synctest.Test(t, func(t *testing.T) {
		db := open(t, path)
		b := newBench(t, db)
		test(b)
		b.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func newBench(t *testing.T, db *store.DB) *bench {
	b := &bench{t: t, ctx: t.Context(), db: db, stop: func() {}}
	b.Runner = jobs.New(jobs.Config{Store: db, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	return b
}

// start runs the runner until stop.
func (b *bench) start() {
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
		b.stop = func() {}
	}
}

func (b *bench) note(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs = append(b.runs, s)
}

func (b *bench) enqueue(kind, key string, at time.Time) {
	b.t.Helper()
	err := b.db.Update(b.ctx, func(tx *store.Tx) error { return tx.Enqueue(b.ctx, kind, key, []byte(key), at) })
	if err != nil {
		b.t.Fatal(err)
	}
}

// wantRuns lets everything settle and compares what ran.
func (b *bench) wantRuns(want ...string) {
	b.t.Helper()
	quiet()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.runs, want) {
		b.t.Errorf("ran %q, want %q", b.runs, want)
	}
}

func (b *bench) counts() map[string]int64 {
	b.t.Helper()
	list, err := b.Counts(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	m := map[string]int64{}
	for _, c := range list {
		m[c.Kind+" "+c.State] = c.N
	}
	return m
}

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// quiet waits until nothing goes on, with what writes that meet wait for each other.
func quiet() {
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
}

// until lets time go by until the given instant and everything settle.
func (b *bench) until(s string) {
	time.Sleep(time.Until(at(s)))
	quiet()
}

func TestJobRunsWhenItsTransactionCommits(t *testing.T) {
	within(t, func(b *bench) {
		var ran time.Time
		b.Handle("greet", jobs.Options{}, func(_ context.Context, j jobs.Job) error {
			ran = time.Now()
			b.note(j.Key + " " + string(j.Payload))
			return nil
		})
		b.start()
		undone := errors.New("undone")
		err := b.db.Update(b.ctx, func(tx *store.Tx) error {
			if err := tx.Enqueue(b.ctx, "greet", "a", nil, time.Time{}); err != nil {
				t.Error(err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Error(err)
		}
		b.wantRuns()
		began := time.Now()
		b.enqueue("greet", "b", time.Time{})
		b.wantRuns("b b")
		if d := ran.Sub(began); d > 0 {
			t.Errorf("it waited %v", d)
		}
		if c := b.counts(); len(c) != 0 {
			t.Errorf("left: %v", c)
		}
	})
}

func TestViewMakesNoJob(t *testing.T) {
	within(t, func(b *bench) {
		err := b.db.View(b.ctx, func(tx *store.Tx) error { return tx.Enqueue(b.ctx, "x", "", nil, time.Time{}) })
		if err == nil {
			t.Error("a snapshot took a job")
		}
	})
}

func TestJobWaitsForItsTime(t *testing.T) {
	within(t, func(b *bench) {
		began := time.Now()
		b.Handle("later", jobs.Options{}, func(_ context.Context, j jobs.Job) error {
			if d := time.Since(began) - 3*time.Hour; d < 0 || d > 10*time.Millisecond {
				t.Errorf("%v off", d)
			}
			b.note(j.Key)
			return nil
		})
		b.start()
		b.enqueue("later", "x", began.Add(3*time.Hour))
		b.wantRuns()
		time.Sleep(3*time.Hour + 10*time.Millisecond)
		b.wantRuns("x")
	})
}

func TestKeysAreUniqueAmongWhatWaits(t *testing.T) {
	within(t, func(b *bench) {
		gate := make(chan struct{})
		b.Handle("work", jobs.Options{}, func(_ context.Context, j jobs.Job) error {
			b.note(j.Key)
			<-gate
			return nil
		})
		hour := time.Now().Add(time.Hour)
		b.enqueue("work", "a", hour)
		b.enqueue("work", "a", hour.Add(time.Hour))
		b.enqueue("other", "a", hour)
		if c := b.counts(); c["work waiting"] != 1 || c["other waiting"] != 1 {
			t.Errorf("waiting: %v", c)
		}
		b.start()
		b.wantRuns()
		b.enqueue("work", "a", time.Now()) // earlier: the one that waits is due now
		b.wantRuns("a")
		b.enqueue("work", "a", time.Now()) // while it runs: what changed since is not lost
		b.enqueue("work", "a", time.Now())
		close(gate)
		b.wantRuns("a", "a")
	})
}

func TestRetriesThenGivesUp(t *testing.T) {
	within(t, func(b *bench) {
		var times []time.Time
		b.Handle("fail", jobs.Options{Tries: 4}, func(_ context.Context, j jobs.Job) error {
			times = append(times, time.Now())
			if j.Tries == 2 {
				panic("a bug")
			}
			return errors.New("no luck")
		})
		b.start()
		b.enqueue("fail", "x", time.Time{})
		time.Sleep(time.Hour)
		quiet()
		if len(times) != 4 {
			t.Fatalf("%d tries", len(times))
		}
		for i, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
			if d := times[i+1].Sub(times[i]) - want; d < 0 || d > 10*time.Millisecond {
				t.Errorf("pause %d is %v", i, times[i+1].Sub(times[i]))
			}
		}
		dead, err := b.Dead(b.ctx)
		if err != nil || len(dead) != 1 || dead[0].Error != "no luck" || dead[0].Tries != 4 || dead[0].Ended.IsZero() {
			t.Fatalf("dead = %+v, %v", dead, err)
		}
		if err := b.Retry(b.ctx, dead[0].ID); err != nil {
			t.Fatal(err)
		}
		quiet()
		if len(times) != 5 {
			t.Errorf("%d tries after a retry by hand", len(times))
		}
		if err := b.Retry(b.ctx, dead[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("retry of one that is gone = %v", err)
		}
		time.Sleep(time.Hour)
		quiet()
		dead, err = b.Dead(b.ctx)
		if err != nil || len(dead) != 1 {
			t.Fatalf("dead = %+v, %v", dead, err)
		}
		if err := b.Drop(b.ctx, dead[0].ID); err != nil {
			t.Error(err)
		}
		if err := b.Drop(b.ctx, dead[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("drop of one that is gone = %v", err)
		}
	})
}

func TestStopGivesUpAtOnce(t *testing.T) {
	within(t, func(b *bench) {
		b.Handle("hopeless", jobs.Options{}, func(context.Context, jobs.Job) error {
			b.note("ran")
			return jobs.Stop(fault.New(fault.Invalid, "This file is no music."))
		})
		b.start()
		b.enqueue("hopeless", "", time.Time{})
		time.Sleep(24 * time.Hour)
		b.wantRuns("ran")
		if c := b.counts(); c["hopeless dead"] != 1 {
			t.Errorf("counts = %v", c)
		}
	})
}

// To be away is not to fail: the job waits in pauses that grow to five minutes,
// however long it takes, and what fails afterwards has all its tries.
func TestLaterIsNeverGivenUp(t *testing.T) {
	within(t, func(b *bench) {
		var away atomic.Bool
		away.Store(true)
		pauses := make(chan time.Duration, 1000)
		last := time.Now()
		b.Handle("away", jobs.Options{Tries: 2}, func(_ context.Context, j jobs.Job) error {
			if away.Load() {
				pauses <- time.Since(last)
				last = time.Now()
				return jobs.Later(fault.New(fault.Unavailable, "away since %d", j.Tries))
			}
			b.note("ran")
			return errors.New("no luck")
		})
		b.start()
		b.enqueue("away", "", time.Time{})
		time.Sleep(72 * time.Hour)
		quiet()
		b.wantRuns()
		n := len(pauses)
		first, second, latest := <-pauses, <-pauses, time.Duration(0)
		for len(pauses) > 0 {
			latest = <-pauses
		}
		if n < 72*12 || n > 80*12 || second > 11*time.Second || latest > 5*time.Minute+time.Second || latest < 5*time.Minute {
			t.Errorf("%d runs, the first pauses %v and %v, the last %v", n, first, second, latest)
		}
		away.Store(false)
		time.Sleep(time.Hour)
		b.wantRuns("ran", "ran")
		if c := b.counts(); c["away dead"] != 1 || len(c) != 1 {
			t.Errorf("counts = %v", c)
		}
	})
}

// What waits for something that is back runs at once. What runs at that moment, and
// asked before, runs again soon, however long the pauses have grown.
func TestHurry(t *testing.T) {
	within(t, func(b *bench) {
		began := time.Now()
		var last atomic.Int64 // when it ran, since began
		b.Handle("away", jobs.Options{}, func(context.Context, jobs.Job) error {
			last.Store(int64(time.Since(began)))
			time.Sleep(time.Second)
			return jobs.Later(errors.New("nobody is there"))
		})
		hurry := func() {
			t.Helper()
			if err := b.Hurry(b.ctx, "else", "away"); err != nil {
				t.Error(err)
			}
			quiet()
		}
		since := func(at time.Time) time.Duration { return began.Add(time.Duration(last.Load())).Sub(at) }
		b.start()
		b.enqueue("away", "one", time.Time{})
		time.Sleep(3 * time.Hour) // which is in a pause of five minutes
		at := time.Now()
		if hurry(); since(at) != 0 {
			t.Errorf("it waits although it was hurried: it ran %v ago", -since(at))
		}
		time.Sleep(500 * time.Millisecond)
		hurry()
		at = time.Now()
		time.Sleep(time.Minute)
		if d := since(at); d < time.Second || d > 12*time.Second {
			t.Errorf("it was hurried while it ran, and ran again %v later", d)
		}
		at = time.Now()
		time.Sleep(4 * time.Minute)
		if since(at) > 0 {
			t.Errorf("nobody hurried it, and it ran after %v", since(at))
		}
	})
}

func TestTimeout(t *testing.T) {
	within(t, func(b *bench) {
		b.Handle("hang", jobs.Options{Timeout: time.Minute, Tries: 1}, func(ctx context.Context, _ jobs.Job) error {
			<-ctx.Done()
			return ctx.Err()
		})
		b.start()
		b.enqueue("hang", "", time.Time{})
		time.Sleep(time.Minute + time.Second)
		quiet()
		if c := b.counts(); c["hang dead"] != 1 {
			t.Errorf("counts = %v", c)
		}
	})
}

func TestParallelIsBounded(t *testing.T) {
	within(t, func(b *bench) {
		var mu sync.Mutex
		running, most := map[string]int{}, map[string]int{}
		for kind, n := range map[string]int{"heavy": 1, "light": 8} {
			b.Handle(kind, jobs.Options{Parallel: n}, func(context.Context, jobs.Job) error {
				mu.Lock()
				running[kind]++
				running[""]++
				most[kind], most[""] = max(most[kind], running[kind]), max(most[""], running[""])
				mu.Unlock()
				time.Sleep(time.Minute)
				mu.Lock()
				running[kind]--
				running[""]--
				mu.Unlock()
				return nil
			})
		}
		b.start()
		for range 12 {
			b.enqueue("heavy", "", time.Time{})
			b.enqueue("light", "", time.Time{})
		}
		time.Sleep(time.Hour)
		quiet()
		if most["heavy"] != 1 || most[""] != 4 || most["light"] < 3 {
			t.Errorf("at once: %v", most)
		}
		if c := b.counts(); len(c) != 0 {
			t.Errorf("left: %v", c)
		}
	})
}

// A node that stops takes its jobs back, and the try does not count.
// What is set aside never keeps the rest waiting, however much there is of it.
func TestAside(t *testing.T) {
	within(t, func(b *bench) {
		var strangers atomic.Int64
		end := make(chan struct{})
		for _, kind := range []string{"renew", "comment", "followers"} {
			b.Handle(kind, jobs.Options{Parallel: 3, Aside: true}, func(context.Context, jobs.Job) error {
				strangers.Add(1)
				<-end
				return nil
			})
			for range 5 {
				b.enqueue(kind, "", time.Time{})
			}
		}
		for _, kind := range []string{"a", "b", "c", "d", "e"} {
			b.Handle(kind, jobs.Options{}, func(context.Context, jobs.Job) error {
				if kind != "e" {
					<-end
				}
				b.note(kind)
				return nil
			})
		}
		b.enqueue("e", "", time.Time{})
		b.start()
		b.wantRuns("e")
		if n := strangers.Load(); n != 2 {
			t.Errorf("%d set aside at once", n)
		}
		for _, kind := range []string{"a", "b", "c"} {
			b.enqueue(kind, "", time.Time{})
		}
		b.enqueue("e", "", time.Time{})
		b.wantRuns("e", "e")
		close(end)
		quiet()
		if n := strangers.Load(); n != 15 {
			t.Errorf("%d of those set aside ran", n)
		}
	})
}

func TestShutdown(t *testing.T) {
	within(t, func(b *bench) {
		b.Handle("long", jobs.Options{Tries: 1}, func(ctx context.Context, j jobs.Job) error {
			b.note("begun")
			<-ctx.Done()
			return ctx.Err()
		})
		b.start()
		b.enqueue("long", "x", time.Time{})
		b.wantRuns("begun")
		b.stop()
		if c := b.counts(); c["long waiting"] != 1 || len(c) != 1 {
			t.Errorf("counts = %v", c)
		}
		next := newBench(b.t, b.db)
		next.Handle("long", jobs.Options{Tries: 1}, func(_ context.Context, j jobs.Job) error {
			next.note(j.Key)
			return nil
		})
		next.start()
		next.wantRuns("x")
		next.stop()
	})
}

// A node that is told to stop while it starts ends well.
func TestStopBeforeStart(t *testing.T) {
	within(t, func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
}

// What a process that died was running runs again; a job that brings the node
// down each time is given up.
func TestCrash(t *testing.T) {
	within(t, func(b *bench) {
		b.enqueue("deadly", "x", time.Time{})
		for try := 1; try <= 3; try++ {
			// A process receives the job and is gone.
			err := b.db.JobsUpdate(b.ctx, func(tx jobs.Tx) error {
				j, err := tx.Receive(b.ctx, "deadly")
				if err != nil || j == nil || j.Tries != try {
					t.Errorf("try %d: %+v, %v", try, j, err)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			next := newBench(b.t, b.db)
			if try == 3 { // only a runner that knows the kind knows when it is enough
				next.Handle("deadly", jobs.Options{Tries: 3}, func(context.Context, jobs.Job) error { next.note("ran"); return nil })
			}
			next.start()
			next.wantRuns()
			next.stop()
		}
		if c := b.counts(); c["deadly dead"] != 1 || len(c) != 1 {
			t.Errorf("counts = %v", c)
		}
	})
}

func TestUnknownKindWaits(t *testing.T) {
	within(t, func(b *bench) {
		b.start()
		b.enqueue("tomorrow's", "", time.Time{})
		time.Sleep(time.Hour)
		b.stop()
		if c := b.counts(); c["tomorrow's waiting"] != 1 {
			t.Errorf("counts = %v", c)
		}
	})
}

func TestCalendar(t *testing.T) {
	within(t, func(b *bench) { // the bubble's clock begins at 2000-01-01 00:00 UTC
		dates := map[string]jobs.Date{"day": {Hour: 0, Minute: 10}, "first": {Day: 1, Hour: 1}, "payout": {Day: 25}, "week": {Weekday: 1}}
		plan := func(b *bench) {
			for kind, d := range dates {
				b.Handle(kind, jobs.Options{}, func(_ context.Context, j jobs.Job) error {
					b.note(kind + " " + string(j.Payload))
					return nil
				})
				b.At(kind, d)
			}
		}
		b.until("2000-01-22 12:00")
		plan(b)
		b.start()
		b.wantRuns() // nothing was missed before the first start
		b.until("2000-01-23 00:09")
		b.wantRuns()
		b.until("2000-01-25 00:11")
		b.wantRuns("day 2000-01-23", "week 2000-01-24", "day 2000-01-24", "payout 2000-01-25", "day 2000-01-25")
		b.stop()

		// Down for two weeks: each date is made up for once, for its latest.
		b.until("2000-02-08 09:00")
		next := newBench(b.t, b.db)
		plan(next)
		next.start()
		quiet()
		next.mu.Lock()
		slices.Sort(next.runs)
		next.mu.Unlock()
		next.wantRuns("day 2000-02-08", "first 2000-02-01", "week 2000-02-07")
		next.stop()

		// A restart makes nothing twice.
		third := newBench(b.t, b.db)
		plan(third)
		third.start()
		third.wantRuns()
		third.until("2000-02-09 00:11")
		third.wantRuns("day 2000-02-09")
		third.stop()
	})
}

// An idle runner sleeps: it looks at most every quarter of an hour.
func TestIdle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "9ten.db")
	synctest.Test(t, func(t *testing.T) {
		db := open(t, path)
		s := &counted{DB: db}
		r := jobs.New(jobs.Config{Store: s, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(24 * time.Hour)
		cancel()
		if err := errors.Join(<-done, db.Close()); err != nil {
			t.Error(err)
		}
		if s.views > 100 || s.updates > 1 {
			t.Errorf("%d reads and %d writes in an idle day", s.views, s.updates)
		}
	})
}

// counted counts transactions, and refuses writes while it is broken.
type counted struct {
	*store.DB
	mu             sync.Mutex
	views, updates int
	broken         bool
}

func (s *counted) JobsView(ctx context.Context, fn func(jobs.Tx) error) error {
	s.mu.Lock()
	s.views++
	s.mu.Unlock()
	return s.DB.JobsView(ctx, fn)
}

func (s *counted) JobsUpdate(ctx context.Context, fn func(jobs.Tx) error) error {
	s.mu.Lock()
	s.updates++
	broken := s.broken
	s.mu.Unlock()
	if broken {
		return fault.New(fault.Unavailable, "The disk is full.")
	}
	return s.DB.JobsUpdate(ctx, fn)
}

// A disk that is full for a while neither loses the end of a job nor spins.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "9ten.db")
	synctest.Test(t, func(t *testing.T) {
		db := open(t, path)
		s := &counted{DB: db}
		b := newBench(t, db)
		b.Runner = jobs.New(jobs.Config{Store: s, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		full := func(yes bool) { s.mu.Lock(); s.broken = yes; s.mu.Unlock() }
		b.Handle("work", jobs.Options{}, func(_ context.Context, j jobs.Job) error {
			b.note(j.Key)
			full(true)
			return nil
		})
		b.start()
		b.enqueue("work", "a", time.Time{})
		time.Sleep(10 * time.Minute)
		b.wantRuns("a")
		b.enqueue("work", "b", time.Time{})
		time.Sleep(10 * time.Minute)
		b.wantRuns("a")
		if s.updates > 300 {
			t.Errorf("%d tries to write in twenty minutes", s.updates)
		}
		full(false)
		time.Sleep(2 * time.Minute)
		b.wantRuns("a", "b")
		full(false)
		time.Sleep(2 * time.Minute)
		quiet()
		b.stop()
		if c := b.counts(); len(c) != 0 {
			t.Errorf("left: %v", c)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What waits for something that is away is no failure to the log either: whoever
// found it away has said so.
func TestWaitingIsNoWarning(t *testing.T) {
	var log bytes.Buffer
	within(t, func(b *bench) {
		b.Runner = jobs.New(jobs.Config{Store: b.db, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now})
		b.Handle("away", jobs.Options{}, func(context.Context, jobs.Job) error {
			b.note("asked")
			return jobs.Later(errors.New("nobody is there"))
		})
		b.Handle("fail", jobs.Options{Tries: 1}, func(context.Context, jobs.Job) error { return errors.New("no luck") })
		b.start()
		b.enqueue("away", "", time.Time{})
		time.Sleep(25 * time.Second)
		b.wantRuns("asked", "asked", "asked")
		b.enqueue("fail", "", time.Time{})
		quiet()
	})
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "no luck") {
		t.Errorf("the log says %s", got)
	}
}
