package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// A feed keeps what the ledger tells this node: it follows the ledger's events
// from where it was the last time and writes each down together with how far it
// has come, so that a crash loses none and counts none twice.
type feed struct {
	node   string
	ledger *patient
	db     *store.DB
	log    *slog.Logger
	moved  atomic.Bool                 // something of what is only asked for has changed
	back   func(context.Context) error // called each time the ledger answers again
	now    chan struct{}               // holds one: it works, so it is read without waiting longer
}

// wake has the ledger read now where it was not there before.
func (f *feed) wake() {
	select {
	case f.now <- struct{}{}:
	default:
	}
}

// telling says what an event changes of what is kept. Its payload is the very
// answer of the function that reads it.
var telling = map[string]func(*feed, context.Context, *store.Tx, ledger.Event) error{
	"node":       (*feed).tellNode,
	"anchor":     (*feed).tellAnchor,
	"relay":      (*feed).tellRelay,
	"settlement": (*feed).tellSettlement,
	"final":      (*feed).tellSettlement,
	"fault":      (*feed).tellFault,
	"adoption":   (*feed).tellAdoption,
}

// asking are the events after which [kept] is asked for again.
var asking = []string{"act", "merge", "batch", "forfeit", "adoption", "node", "delegate"}

// kept are questions that no event answers: what this node owes, and who is in
// which cluster.
var kept = []string{"GetBalances", "GetActs", "GetForfeits", "GetClusters"}

// arguments of the questions in kept.
func (f *feed) arguments(fn string) []string {
	switch fn {
	case "GetForfeits":
		return []string{f.node, ""}
	case "GetClusters":
		return nil
	}
	return []string{f.node}
}

// tell writes one answer down.
func tell(ctx context.Context, tx *store.Tx, fn string, v any, list ...string) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.LedgerTell(ctx, fn, args(list...), b)
}

func (f *feed) tellNode(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var n contract.Node
	if err := json.Unmarshal(e.Payload, &n); err != nil {
		return unreadable{err}
	}
	return tell(ctx, tx, "GetNode", n, n.ID)
}

// tellAnchor keeps every day of this node, and the last one of all others.
func (f *feed) tellAnchor(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var a contract.Anchor
	if err := json.Unmarshal(e.Payload, &a); err != nil {
		return unreadable{err}
	}
	return f.keepAnchor(ctx, tx, a)
}

// tellRelay does so with the days of a cluster that came together.
func (f *feed) tellRelay(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var r contract.Relayed
	if err := json.Unmarshal(e.Payload, &r); err != nil {
		return unreadable{err}
	}
	for _, a := range r.Anchors {
		if err := f.keepAnchor(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) keepAnchor(ctx context.Context, tx *store.Tx, a contract.Anchor) error {
	if a.Node == f.node {
		if err := tell(ctx, tx, "GetAnchor", a, a.Node, a.Day.String()); err != nil {
			return err
		}
	}
	return tell(ctx, tx, "GetAnchor", a, a.Node, "")
}

func (f *feed) tellSettlement(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var s contract.Settled
	if err := json.Unmarshal(e.Payload, &s); err != nil {
		return unreadable{err}
	}
	return tell(ctx, tx, "GetSettlement", s, s.Node, s.Period.String())
}

// tellFault adds a fault, and reopens the settlement when it does.
func (f *feed) tellFault(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var x contract.Fault
	if err := json.Unmarshal(e.Payload, &x); err != nil {
		return unreadable{err}
	}
	at := args(x.Node, x.Period.String())
	var list []contract.Fault
	if err := recall(ctx, tx, "GetFaults", at, &list); err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(y contract.Fault) bool { return y.Tx == x.Tx }) {
		list = append(list, x)
	}
	if err := tell(ctx, tx, "GetFaults", list, at); err != nil || !x.Reopened {
		return err
	}
	var s contract.Settled
	if err := recall(ctx, tx, "GetSettlement", at, &s); err != nil || s.Node == "" {
		return err
	}
	s.State = contract.Faulted
	return tell(ctx, tx, "GetSettlement", s, at)
}

// recall reads what was told before; nothing leaves into as it is.
func recall(ctx context.Context, tx *store.Tx, fn, at string, into any) error {
	b, err := tx.LedgerTold(ctx, fn, at)
	if err != nil || b == nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// unreadable is an event of a later version of the contract.
type unreadable struct{ error }

// apply writes events and answers down, in one transaction with how far it has
// come. What was written before is not written again.
func (f *feed) apply(ctx context.Context, events []ledger.Event, now *answers) error {
	if err := f.unfold(ctx, events); err != nil {
		return err
	}
	return f.db.Update(ctx, func(tx *store.Tx) error {
		if err := f.applyTo(ctx, tx, events); err != nil || now == nil {
			return err
		}
		for i, b := range now.kept {
			if err := tx.LedgerTell(ctx, kept[i], args(f.arguments(kept[i])...), b); err != nil {
				return err
			}
		}
		return tell(ctx, tx, statusFn, now.status, "")
	})
}

func (f *feed) applyTo(ctx context.Context, tx *store.Tx, events []ledger.Event) error {
	at, err := tx.LedgerFeed(ctx)
	if err != nil || len(events) == 0 {
		return err
	}
	for _, e := range events {
		if e.Checkpoint <= at.Checkpoint {
			continue
		}
		if do := telling[e.Name]; do != nil {
			switch err := do(f, ctx, tx, e).(type) {
			case nil:
			case unreadable:
				f.log.Warn("an event of the ledger cannot be read", "name", e.Name, "tx", e.Tx, "err", err)
			default:
				return err
			}
		}
		at.Checkpoint, at.Tx, at.At = e.Checkpoint, e.Tx, e.At
	}
	return tx.SetLedgerFeed(ctx, at)
}

// answers are what no event says.
type answers struct {
	kept   [][]byte // in the order of the questions; none when nothing moved
	status ledger.Status
}

// ask asks where the ledger stands, and for what no event says where that may
// have moved.
func (f *feed) ask(ctx context.Context, moved bool) (a answers, err error) {
	for _, fn := range kept {
		if !moved {
			break
		}
		b, err := f.ledger.Evaluate(ctx, fn, f.arguments(fn)...)
		if err != nil {
			return a, err
		}
		a.kept = append(a.kept, b)
	}
	a.status, err = f.ledger.Status(ctx)
	return a, err
}

// begin returns where to go on. A ledger that does not hold the event that was
// read last is another one, or is older than it was: then everything that was
// told is forgotten and told again from the start.
func (f *feed) begin(ctx context.Context) (after uint64, err error) {
	st, err := f.ledger.Status(ctx)
	if err != nil {
		return 0, err
	}
	var at store.LedgerFeed
	if err := f.db.View(ctx, func(tx *store.Tx) error { at, err = tx.LedgerFeed(ctx); return err }); err != nil {
		return 0, err
	}
	same := at.Mode == st.Mode
	if same && at.Checkpoint >= st.Begins && at.Tx != "" {
		e, err := f.next(ctx, at.Checkpoint-1)
		if err != nil {
			return 0, err
		}
		same = e.Checkpoint == at.Checkpoint && e.Tx == at.Tx
	}
	if !same {
		f.log.Info("the ledger is read from its start", "mode", st.Mode, "was", at.Mode)
		at = store.LedgerFeed{Mode: st.Mode}
		err = f.db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.LedgerForget(ctx); err != nil {
				return err
			}
			return tx.SetLedgerFeed(ctx, at)
		})
	}
	if err != nil || at.Checkpoint >= st.Begins {
		return at.Checkpoint, err
	}
	return st.Begins, f.bridge(ctx, st)
}

// next is the first event after a checkpoint, nameless when there is none.
func (f *feed) next(ctx context.Context, after uint64) (e ledger.Event, err error) {
	return timed(ctx, f.ledger, f.ledger.evaluate, func(ctx context.Context) (ledger.Event, error) {
		for e, err := range f.ledger.Events(ctx, after) {
			return e, err
		}
		return ledger.Event{}, ctx.Err()
	})
}

// atOnce is how many events are written down together at most.
const atOnce = 500

// catchUp reads what has been recorded until now.
func (f *feed) catchUp(ctx context.Context) error {
	for more := true; more; {
		after, err := f.begin(ctx)
		if err != nil {
			return err
		}
		events, err := timed(ctx, f.ledger, f.ledger.submit, func(ctx context.Context) (out []ledger.Event, err error) {
			for e, err := range f.ledger.Events(ctx, after) {
				if err != nil || e.Name == "" {
					return out, err
				}
				if out = append(out, e); len(out) == atOnce {
					return out, nil
				}
			}
			return out, ctx.Err()
		})
		if err != nil {
			return errors.Join(err, f.apply(ctx, events, nil)) // what was read is kept
		}
		now, err := f.ask(ctx, true)
		if err != nil {
			return err
		}
		if err := f.apply(ctx, events, &now); err != nil {
			return err
		}
		more = len(events) == atOnce
	}
	return nil
}

// glance writes events down and looks where the ledger stands, and asks again
// where something moved. Events are kept also when the ledger does not answer.
func (f *feed) glance(ctx context.Context, events []ledger.Event) error {
	moved := f.moved.Swap(false)
	now, err := f.ask(ctx, moved)
	if err == nil && !moved && len(events) == 0 {
		if last, err := (told{f.db}).Status(ctx); err != nil || last == now.status {
			return err // nothing is written while nothing happens
		}
	}
	if err == nil {
		err = f.apply(ctx, events, &now)
	} else if len(events) > 0 {
		err = errors.Join(err, f.apply(ctx, events, nil))
	}
	if err != nil && moved {
		f.moved.Store(true)
	}
	return err
}

// How often an idle ledger is looked at, and how long to wait before one that
// is away is tried again: doubled each time.
const (
	glances              = time.Minute
	soonest, latestRetry = time.Second, 30 * time.Second
)

// follow keeps what the ledger tells until ctx ends.
func (f *feed) follow(ctx context.Context) error {
	f.moved.Store(true)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.watch(ctx) })
	g.Go(func() error {
		for pause := soonest; ; pause = min(2*pause, latestRetry) {
			began := time.Now()
			err := f.stream(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if time.Since(began) > latestRetry {
				pause = soonest
			}
			level := slog.LevelWarn
			if fault.Is(err, fault.Unavailable) && (pause == soonest || !f.ledger.Away().IsZero()) {
				level = slog.LevelDebug // that it is away is said already
			}
			f.log.Log(ctx, level, "the ledger's events cannot be read; it is tried again", "in", pause, "err", err)
			select {
			case <-ctx.Done():
				return nil
			case <-f.now:
				pause = soonest / 2 // doubled before the next
			case <-time.After(pause):
			}
		}
	})
	return g.Wait()
}

// stream applies events until reading them fails, those of a block together: a
// busy network records hundreds in one.
func (f *feed) stream(ctx context.Context) error {
	after, err := f.begin(ctx)
	if err != nil {
		return err
	}
	if err := f.back(ctx); err != nil {
		return err
	}
	var read []ledger.Event
	for e, err := range f.ledger.Events(ctx, after) {
		switch {
		case err != nil:
			return errors.Join(err, f.apply(ctx, read, nil)) // what was read is kept
		case e.Name == "":
			carried := slices.ContainsFunc(read, func(e ledger.Event) bool { return e.Name == "relay" })
			if err, read = f.glance(ctx, read), nil; err == nil && carried {
				err = f.back(ctx) // what waits for that goes on
			}
		default:
			read = append(read, e)
			if slices.Contains(asking, e.Name) {
				f.moved.Store(true)
			}
			if len(read) == atOnce {
				err, read = f.apply(ctx, read, nil), nil
			}
		}
		if err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, "The ledger's events cannot be read.")
}

// watch looks at a ledger from which nothing comes, which may hang. One that
// refused a call and answers again is back, though its events never ended.
func (f *feed) watch(ctx context.Context) error {
	tick := time.NewTicker(glances)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err = f.glance(ctx, nil)
		case <-f.ledger.returned:
			// Not at once again: a ledger may answer some calls and refuse others.
			if err = f.back(ctx); !sleep(ctx, soonest) {
				return nil
			}
		}
		if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Unavailable) { // of one that is away it is said already
			f.log.Warn("what the ledger says cannot be kept; it is tried again", "err", err)
		}
	}
}

// sleep waits, or returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
