package app

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// patience is how long a call to the ledger may take.
type patience struct{ submit, evaluate, status, verify time.Duration }

// usual is what people bear. Behind Evaluate and Status an operator may wait for
// a page; behind Submit waits a job, and sometimes a listener who has the ledger
// compute a month again.
var usual = patience{submit: 30 * time.Second, evaluate: 5 * time.Second, status: 2 * time.Second, verify: 10 * time.Minute}

// pressing is how long nobody else waits for a ledger that has just let
// somebody wait in vain: one call in this time finds out whether it is back.
const pressing = 5 * time.Second

// A patient home gives every call a time of its own. A ledger that hangs is to
// its callers one that refuses with Unavailable, and only the first of them
// waits for it.
type patient struct {
	home
	patience
	wall     func() time.Time // of the machine: it measures waiting
	returned chan struct{}    // holds one: it answers again
	log      *slog.Logger

	mu    sync.Mutex
	since time.Time // it has not answered since then; zero while it does
	hung  time.Time // when a call was last given up
	said  silence
}

// A silence is what was logged of a ledger that is not there. Everything that
// waits for it asks again and again, and its log is for people: each reason is
// said once, and again only when it comes back after a while.
type silence struct {
	known bool                 // the ledger has answered since the node started
	told  bool                 // that it is away, and not yet that it is back
	last  map[string]time.Time // when a reason was said
}

// repeat is how long a ledger that comes and goes is not spoken of again.
const repeat = 10 * time.Minute

// Away is since when the ledger has not answered, zero while it does.
func (p *patient) Away() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since
}

// timed runs one call within its time.
func timed[T any](ctx context.Context, p *patient, most time.Duration, do func(context.Context) (T, error)) (out T, err error) {
	if err := p.admit(); err != nil {
		return out, err
	}
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	out, err = do(within)
	hung := err != nil && within.Err() != nil && ctx.Err() == nil && !errors.Is(err, ledger.ErrMet)
	if hung {
		err = fault.Wrap(err, fault.Unavailable, "The ledger did not answer within %v.", most)
	}
	if ctx.Err() != nil { // the caller left, which says nothing of the ledger
		return out, fault.Wrap(err, fault.Unavailable, "The ledger was not waited for.")
	}
	p.learn(err, hung)
	return out, err
}

// admit refuses at once while the ledger is known to let everybody wait.
func (p *patient) admit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.wall()
	if p.hung.IsZero() || now.Sub(p.hung) >= pressing {
		if !p.hung.IsZero() {
			p.hung = now // this caller finds out, the others need not wait
		}
		return nil
	}
	return fault.New(fault.Unavailable, "The ledger has not answered since %s. What is to be recorded waits and is sent by itself when it is back.", p.since.UTC().Format("2006-01-02 15:04 UTC"))
}

func (p *patient) learn(err error, hung bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !fault.Is(err, fault.Unavailable) || errors.Is(err, ledger.ErrMet) {
		p.present()
		if !p.since.IsZero() {
			select {
			case p.returned <- struct{}{}:
			default:
			}
		}
		p.since, p.hung = time.Time{}, time.Time{}
		return
	}
	now := p.wall()
	if p.since.IsZero() {
		p.since = now
	}
	if hung {
		p.hung = now
	}
	p.missing(err)
}

// missing says that the ledger is not there. Before it was there for the first
// time that is how a node starts, and no warning.
func (p *patient) missing(err error) {
	why := plain(err)
	last, was := p.said.last[why]
	if was && (!last.Before(p.since) || p.wall().Sub(last) < repeat) {
		return
	}
	if p.said.last == nil || len(p.said.last) > 100 {
		p.said.last = map[string]time.Time{}
	}
	p.said.last[why] = p.wall()
	if !p.said.known {
		p.log.Info("waiting for the ledger", "for", why)
		return
	}
	p.said.told = true
	p.log.Warn("the ledger does not answer; what is to be recorded waits", "err", err)
}

// present says that the ledger is back, where it was said that it is not.
func (p *patient) present() {
	if p.said.told {
		p.log.Info("the ledger answers again", "away", p.wall().Sub(p.since).Round(time.Second))
	}
	p.said.known, p.said.told = true, false
}

func (p *patient) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	return timed(ctx, p, p.submit, func(ctx context.Context) (ledger.Result, error) { return p.home.Submit(ctx, c) })
}

func (p *patient) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	return timed(ctx, p, p.evaluate, func(ctx context.Context) ([]byte, error) { return p.home.Evaluate(ctx, fn, args...) })
}

func (p *patient) Status(ctx context.Context) (ledger.Status, error) {
	return timed(ctx, p, p.status, p.home.Status)
}

func (p *patient) Verify(ctx context.Context) (ledger.Status, error) {
	return timed(ctx, p, p.verify, p.home.Verify)
}

// Events has no end of its own, so it has no time either: whoever reads it
// reads in the background.
func (p *patient) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return p.home.Events(ctx, after)
}
