package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// A chronicle is a ledger of a network of others: it tells events, and answers
// what no event says.
type chronicle struct {
	home
	mode   string
	events []ledger.Event
	broken error
}

func (c *chronicle) add(t *testing.T, name string, payload any) {
	t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(len(c.events) + 1)
	c.events = append(c.events, ledger.Event{Checkpoint: 10 * n, Tx: fmt.Sprintf("%s-%d", c.mode, n), At: time.UnixMilli(int64(n)).UTC(), Name: name, Payload: b})
}

func (c *chronicle) Status(context.Context) (ledger.Status, error) {
	return ledger.Status{Mode: c.mode, Height: uint64(len(c.events))}, nil
}

func (c *chronicle) Evaluate(_ context.Context, _ string, _ ...string) ([]byte, error) {
	return []byte("[]"), nil
}

func (c *chronicle) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		for _, e := range c.events {
			if e.Checkpoint <= after {
				continue
			}
			if !yield(e, nil) {
				return
			}
			after = e.Checkpoint
		}
		if c.broken != nil {
			yield(ledger.Event{}, c.broken)
			return
		}
		if yield(ledger.Event{Checkpoint: after}, nil) {
			<-ctx.Done()
		}
	}
}

func newFeed(t *testing.T, c *chronicle) *feed {
	t.Helper()
	return newFeedOn(t, c, store.Config{})
}

func newFeedOn(t *testing.T, c *chronicle, s store.Config) *feed {
	t.Helper()
	s.Path, s.Now = filepath.Join(t.TempDir(), "9ten.db"), time.Now
	db, err := store.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &feed{node: "a.example", ledger: &patient{home: c, patience: usual, wall: time.Now, log: slog.New(slog.DiscardHandler)}, db: db, log: slog.New(slog.DiscardHandler), back: func(context.Context) error { return nil }}
}

// story is what three nodes recorded.
func story(t *testing.T, c *chronicle) {
	t.Helper()
	for _, n := range []string{"a.example", "b.example", "c.example"} {
		c.add(t, "node", contract.Node{ID: n, Name: "Node " + n[:1]})
	}
	for d := calendar.Day(100); d < 103; d++ {
		for _, n := range []string{"a.example", "b.example"} {
			c.add(t, "anchor", contract.Anchor{Node: n, Day: d, Size: uint64(d) * 10})
		}
	}
	c.add(t, "settlement", contract.Settled{Node: "a.example", Period: 202510, State: contract.Published, Settlement: []byte("bytes")})
	c.add(t, "settlement", contract.Settled{Node: "b.example", Period: 202510, State: contract.Published})
	c.add(t, "final", contract.Settled{Node: "b.example", Period: 202510, State: contract.Final})
	c.add(t, "something new", "of a later version")
	c.add(t, "fault", contract.Fault{FaultClaim: contract.FaultClaim{Node: "a.example", Period: 202510, Kind: contract.WrongSplit}, By: "b.example", Tx: "f1", Reopened: true})
	c.add(t, "node", 17) // which nobody understands
	c.add(t, "node", contract.Node{ID: "c.example", Name: "Renamed"})
}

// everything is what a feed has told.
func everything(t *testing.T, f *feed) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := f.db.View(t.Context(), func(tx *store.Tx) error {
		for _, fn := range []string{"GetNode", "GetAnchor", "GetSettlement", "GetFaults", "GetBalances", "GetActs", "GetForfeits", statusFn} {
			rows, err := tx.LedgerToldOf(t.Context(), fn)
			if err != nil {
				return err
			}
			for _, r := range rows {
				out[fn+"("+r.Args+")"] = string(r.Answer)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What others recorded is known here: their nodes, anchors and settlements, and
// the faults they proved, against this node too.
func TestWhatOthersRecorded(t *testing.T) {
	c := &chronicle{mode: "fabric"}
	story(t, c)
	f := newFeed(t, c)
	if err := f.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	nodes, err := told{f.db}.nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, fmt.Sprintf("%s %q day %d, %d %s, %d faults", n.ID, n.Name, n.Anchor.Day, n.Settled.Period, n.Settled.State, len(n.Faults)))
	}
	want := []string{
		`a.example "Node a" day 102, 202510 faulted, 1 faults`,
		`b.example "Node b" day 102, 202510 final, 0 faults`,
		`c.example "Renamed" day 0, 0 , 0 faults`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	known := recorder{node: "a.example"}.told(f.db)
	if x, err := known.Challenge(t.Context(), 202510); err != nil || !x.Reopened || !slices.Equal(x.Faults, []string{"split, shown by b.example"}) {
		t.Errorf("%+v, %v", x, err)
	}
	if b, err := known.Settled(t.Context(), 202510); err != nil || string(b) != "bytes" {
		t.Errorf("%q, %v", b, err)
	}
	if a, err := known.Anchored(t.Context(), 101); err != nil || a.Size != 1010 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := known.Anchored(t.Context(), 99); !fault.Is(err, fault.NotFound) {
		t.Errorf("a day that was not anchored: %v", err)
	}
	if _, err := known.contract.Ledger.Submit(t.Context(), ledger.Call{}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a copy records: %v", err)
	}
}

// Wherever it was interrupted, however often an event comes, what is told is
// the same in the end; another ledger, or one that lost its end, is told anew.
func TestFeedGoesOn(t *testing.T) {
	c := &chronicle{mode: "fabric"}
	story(t, c)
	all := c.events
	whole := newFeed(t, c)
	if err := whole.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := everything(t, whole)
	for n := range all {
		f := newFeed(t, c)
		c.events, c.broken = all[:n], errors.New("gone")
		if err := f.catchUp(t.Context()); n > 0 && err == nil {
			t.Fatal("a broken stream is no error")
		}
		c.events, c.broken = all[:n], nil
		if err := f.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.events = all
		if err := errors.Join(f.apply(t.Context(), all[:n], nil), f.catchUp(t.Context()), f.catchUp(t.Context()), f.apply(t.Context(), all, nil)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, everything(t, f)); diff != "" {
			t.Errorf("interrupted after %d (-want +got):\n%s", n, diff)
		}
	}
	for name, other := range map[string]*chronicle{"of another mode": {mode: "embedded"}, "cut short": {mode: "fabric", events: all[:4:4]}, "of another history": {mode: "fabric"}} {
		if name == "of another history" {
			for range 20 {
				other.add(t, "node", contract.Node{ID: "d.example"})
				other.events[len(other.events)-1].Tx += " of others"
			}
		}
		whole.ledger.home = other
		if err := whole.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		fresh := newFeed(t, other)
		if err := fresh.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(everything(t, fresh), everything(t, whole)); diff != "" {
			t.Errorf("a ledger %s (-want +got):\n%s", name, diff)
		}
		whole.ledger.home = c
		if err := whole.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// While a node serves, it hears of what others record as they do.
func TestFeedFollows(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-10T12:00:00Z"), 0)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.feed.follow(ctx) }()
	for _, name := range []string{"Quayside", "Riverside"} {
		h.ok(h.recorder.register(t.Context(), h.recorder.contract, name, "Ada"))
		until(t, func() bool {
			list, err := told{h.db}.nodes(t.Context())
			h.ok(err)
			st, err := told{h.db}.Status(t.Context())
			h.ok(err)
			now, err := h.ledger.Status(t.Context())
			h.ok(err)
			return len(list) == 1 && list[0].Name == name && st == now
		})
	}
	stop()
	h.ok(<-done)
}

// A busy network records hundreds of things in a block: they are written down
// together, and those that came before the ledger broke off are kept.
func TestFeedWritesABlockAtOnce(t *testing.T) {
	for name, broken := range map[string]error{"a block": nil, "one that broke off": fault.New(fault.Unavailable, "It broke off.")} {
		var commits atomic.Int32
		c := &chronicle{mode: "fabric", broken: broken}
		story(t, c)
		f := newFeedOn(t, c, store.Config{AfterCommit: func() error { commits.Add(1); return nil }})
		f.now = make(chan struct{}, 1)
		began := commits.Load()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.follow(ctx) }()
		until(t, func() bool {
			var at store.LedgerFeed
			err := f.db.View(ctx, func(tx *store.Tx) (err error) { at, err = tx.LedgerFeed(ctx); return err })
			return err == nil && at.Checkpoint == c.events[len(c.events)-1].Checkpoint
		})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := int(commits.Load() - began); n > len(c.events)/3 {
			t.Errorf("%s: %d events took %d commits", name, len(c.events), n)
		}
	}
}

// until waits for a condition.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to be within a minute")
		}
	}
}

// A ledger that begins to work is read at once, however long it was away.
func TestALedgerThatBeginsToWorkIsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chronicle{mode: "fabric", broken: fault.New(fault.Unavailable, "It is away.")}
		f := newFeed(t, c)
		f.now = make(chan struct{}, 1)
		began, back := time.Now(), make(chan time.Duration)
		f.back = func(ctx context.Context) error {
			select {
			case back <- time.Since(began):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.follow(ctx) }()
		at := func(want time.Duration) {
			t.Helper()
			if got := <-back; got != want {
				t.Errorf("it is tried after %v, want %v", got, want)
			}
		}
		for _, s := range []time.Duration{0, 1, 3, 7, 15} { // and then after 31 seconds
			at(s * time.Second)
		}
		synctest.Wait()
		f.wake()
		at(15 * time.Second)
		at(16 * time.Second) // one that is away again is tried soon
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
