package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

// A node that kept a ledger of its own and goes to a network brings what it
// recorded before it records anything there. The name of the old file says how
// far that is, so it goes on wherever it was broken off.
const (
	ownLedger    = "ledger.db"          // the node's own ledger; not brought yet
	movingLedger = "ledger.moving.db"   // being brought: it must not grow any more
	movedLedger  = "ledger.embedded.db" // brought, and kept to be looked at
)

// jobMove brings the node's own ledger to the network.
const jobMove = "ledger.move"

// unhurried is how long the calls that bring a ledger may take: behind them
// waits nobody, and one of them verifies everything at once.
var unhurried = patience{submit: 5 * time.Minute, evaluate: time.Minute, status: 10 * time.Second, verify: 10 * time.Minute}

// A mover is the network's ledger of a node whose own is to be brought there
// first. Until that is done it is Unavailable to everybody else, so whatever is
// to be recorded waits, nothing is asked that would be answered without the
// past, and pages show what was told last.
type mover struct {
	home // the network's
	node string
	dir  *dir
	log  *slog.Logger
	done atomic.Bool
	why  atomic.Pointer[string] // it cannot be brought
}

// bringing returns the mover of a directory with a ledger that is to be brought,
// nil where there is none.
func bringing(node string, d *dir, network home, log *slog.Logger) (*mover, error) {
	for _, name := range []string{movingLedger, ownLedger} {
		if there, err := exists(d.join(name)); err != nil || there {
			return &mover{home: network, node: node, dir: d, log: log}, err
		}
	}
	return nil, seal(d)
}

// stillOwn refuses a directory whose own ledger went to a network: a new one
// would begin empty and contradict what is recorded there.
func stillOwn(d *dir) error {
	for _, name := range []string{movingLedger, movedLedger} {
		if there, err := exists(d.join(name)); err != nil || there {
			return errors.Join(err, fault.On("ledger.mode", fault.Conflict, "This node's own ledger went to its network and cannot be continued (%s). Set ledger.mode to \"fabric\".", d.join(name)))
		}
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, fault.Wrap(err, fault.Unavailable, "%s cannot be looked at.", path)
}

// held is what everybody else is told until it is done.
func (m *mover) held() error {
	switch why := m.why.Load(); {
	case m.done.Load():
		return nil
	case why != nil:
		return fault.New(fault.Unavailable, "What this node recorded on its own ledger could not be brought to the network, so nothing else is recorded there. %s", *why)
	}
	return fault.New(fault.Unavailable, "What this node recorded on its own ledger is brought to the network first. What else is to be recorded waits for that and is sent by itself.")
}

func (m *mover) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	if err := m.held(); err != nil {
		return ledger.Result{}, err
	}
	return m.home.Submit(ctx, c)
}

func (m *mover) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	if err := m.held(); err != nil {
		return nil, err
	}
	return m.home.Evaluate(ctx, fn, args...)
}

func (m *mover) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	if err := m.held(); err != nil {
		return func(yield func(ledger.Event, error) bool) { yield(ledger.Event{}, err) }
	}
	return m.home.Events(ctx, after)
}

func (m *mover) Status(ctx context.Context) (ledger.Status, error) {
	if err := m.held(); err != nil {
		return ledger.Status{}, err
	}
	return m.home.Status(ctx)
}

func (m *mover) Verify(ctx context.Context) (ledger.Status, error) {
	if err := m.held(); err != nil {
		return ledger.Status{}, err
	}
	return m.home.Verify(ctx)
}

// bring brings the old ledger, from wherever it was broken off. It returns
// Unavailable while the network is away, and otherwise what keeps the ledger
// from being brought.
func (m *mover) bring(ctx context.Context) error {
	if m.done.Load() {
		return nil
	}
	err := m.send(ctx)
	if err != nil && !fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		why := plain(err)
		m.why.Store(&why)
		return err
	}
	m.why.Store(nil)
	if err == nil {
		m.done.Store(true)
	}
	return err
}

func (m *mover) send(ctx context.Context) error {
	client := contract.Client{Ledger: &patient{home: m.home, patience: unhurried, wall: time.Now, log: slog.New(slog.DiscardHandler)}}
	if err := ready(ctx, client); err != nil {
		return err
	}
	began := time.Now()
	packed, err := m.pack(ctx)
	if err != nil {
		return err
	}
	if err := m.rename(ctx, ownLedger, movingLedger); err != nil {
		return err
	}
	if len(packed.Chunks) > 0 { // the ledger of a node that was never named is empty
		a, err := client.Adopt(ctx, packed)
		if err != nil {
			return err
		}
		m.log.Info("the node's own ledger is on the network", "transactions", a.Height, "head", a.Head.String(), "chunks", a.Chunks, "took", time.Since(began).Round(time.Millisecond))
	}
	if err := m.rename(ctx, movingLedger, movedLedger); err != nil {
		return err
	}
	return seal(m.dir)
}

// seal makes the old ledger read-only, also where the node ended before it did.
func seal(d *dir) error {
	err := os.Chmod(d.join(movedLedger), 0o400)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fault.Wrap(err, fault.Unavailable, "The old ledger cannot be made read-only.")
}

// ready waits until the network's contract answers.
func ready(ctx context.Context, c contract.Client) error {
	for {
		_, err := c.Nodes(ctx)
		if !fault.Is(err, fault.Unavailable) || !sleep(ctx, time.Second) {
			return err
		}
	}
}

// pack reads the old ledger whole. Faults: Invalid names what does not hold.
func (m *mover) pack(ctx context.Context) (p contract.Packed, err error) {
	name := movingLedger
	if there, err := exists(m.dir.join(name)); err != nil {
		return p, err
	} else if !there {
		name = ownLedger
	}
	cc, err := contract.New()
	if err != nil {
		return p, fmt.Errorf("contract: %w", err)
	}
	var damaged error
	old, err := embedded.Open(ctx, embedded.Config{File: m.dir.join(name), Contract: cc, Now: time.Now})
	if damaged = err; err == nil {
		p, err = contract.Pack(m.node, func(call func(string, []string) error, value func(string, []byte) error) (st ledger.Status, err error) {
			st, damaged = old.Export(ctx, call, value)
			return st, damaged
		})
		err = errors.Join(err, old.Close())
	}
	switch at := time.UnixMilli(int64(p.Filing.At)); {
	case ctx.Err() != nil:
	case damaged != nil: // a file does not come back by itself
		err = fault.Wrap(err, fault.Invalid, "%s: %s Restore it from a backup, then run the job again or start the node again.", name, plain(err))
	case err != nil:
		err = fault.Wrap(err, fault.Invalid, "%s is whole, but no network takes it: %s Nothing was sent. The node can go on alone with ledger.mode = \"embedded\".", name, plain(err))
	case at.After(time.Now()):
		err = fault.New(fault.Invalid, "%s holds dates of the future, up to %s, and a network keeps to the real time. Start the node again once that day has come, or go on alone with ledger.mode = \"embedded\".", name, at.UTC().Format(time.RFC3339))
	}
	return p, err
}

// rename gives the closed file its next name, unless it has it.
func (m *mover) rename(ctx context.Context, from, to string) error {
	there, err := exists(m.dir.join(from))
	if err != nil || !there {
		return err
	}
	if err := embedded.Seal(ctx, m.dir.join(from)); err != nil {
		return err
	}
	if err = os.Rename(m.dir.join(from), m.dir.join(to)); err == nil {
		err = file.Sync(m.dir.path)
	}
	return fault.Wrap(err, fault.Unavailable, "The old ledger cannot be renamed to %s.", to)
}

// move is the handler of [jobMove].
func (n *node) move(ctx context.Context) error {
	if n.mover == nil {
		return nil
	}
	if err := n.mover.bring(ctx); err != nil {
		if fault.Is(err, fault.NotFound) {
			return err // see the BUG of [fabric.Client.Submit]: it is there at the next try
		}
		if fault.Is(err, fault.Unavailable) || ctx.Err() != nil {
			return jobs.Later(err)
		}
		return jobs.Stop(err)
	}
	if err := n.feed.catchUp(ctx); err != nil {
		n.log.Warn("what the network's ledger says is read later", "err", err)
	}
	return n.hurry(ctx)
}

// toMove makes the job, afresh where it was given up.
func (n *node) toMove(ctx context.Context) error {
	if n.mover == nil {
		return nil
	}
	return n.db.JobsUpdate(ctx, func(tx jobs.Tx) error {
		dead, err := tx.Dead(ctx, 1000)
		if err != nil {
			return err
		}
		for _, j := range dead {
			if j.Kind != jobMove {
				continue
			}
			if err := tx.Drop(ctx, j.ID); err != nil {
				return err
			}
		}
		return tx.Enqueue(ctx, jobMove, "move", nil, time.Time{})
	})
}
