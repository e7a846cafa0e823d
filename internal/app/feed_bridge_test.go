package app

import (
	"context"
	"iter"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// A later copy of a ledger has no events up to a checkpoint, as one that began
// with a snapshot; one that is behind has none after another.
type laterCopy struct {
	home
	begins, ends uint64
	undated      bool // it has no block yet
}

func (l *laterCopy) Status(ctx context.Context) (ledger.Status, error) {
	st, err := l.home.Status(ctx)
	if st.Begins = l.begins; l.undated {
		st.At = time.Time{}
	}
	return st, err
}

func (l *laterCopy) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		if after < l.begins {
			yield(ledger.Event{}, fault.New(fault.NotFound, "no events from before the snapshot"))
			return
		}
		for e, err := range l.home.Events(ctx, after) {
			if err == nil && l.ends > 0 && e.Checkpoint > l.ends {
				e = ledger.Event{Checkpoint: l.ends}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// A copy of the ledger that began with a snapshot younger than what this node has
// read lacks events; what they told is asked for, and nothing is missing.
func TestFeedBridgesASnapshot(t *testing.T) {
	h := settledResidence(t)
	feeds := func(l home) *feed {
		db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "9ten.db"), Now: h.now})
		h.ok(err)
		t.Cleanup(func() { _ = db.Close() })
		return &feed{node: h.cfg.NodeID(), ledger: &patient{home: l, patience: usual, wall: h.now, log: slog.New(slog.DiscardHandler)}, db: db, log: slog.New(slog.DiscardHandler), back: func(context.Context) error { return nil }}
	}
	own := h.ledger.home
	whole := feeds(own)
	h.ok(whole.catchUp(t.Context()))
	want := everything(t, whole)
	delete(want, statusFn+"()") // tells where its copy begins
	var all []uint64
	for e, err := range own.Events(t.Context(), 0) {
		h.ok(err)
		if e.Name == "" {
			break
		}
		all = append(all, e.Checkpoint)
	}
	if len(all) < 10 || len(want) < 10 {
		t.Fatalf("only %d events and %d answers", len(all), len(want))
	}
	for _, read := range []int{3, len(all) / 2, len(all) - 2} {
		for _, begins := range []int{read + 1, len(all) - 1} {
			l := &laterCopy{home: own, ends: all[read], undated: begins == len(all)-1}
			f := feeds(l)
			h.ok(f.catchUp(t.Context()))
			l.ends, l.begins = 0, all[begins]
			h.ok(f.catchUp(t.Context()))
			h.ok(f.catchUp(t.Context()))
			got := everything(t, f)
			delete(got, statusFn+"()")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("read up to %d, a copy from %d on (-want +got):\n%s", read, begins, diff)
			}
		}
	}
}
