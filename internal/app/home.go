package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

// A home is where the node's ledger runs, as the node's own identity uses it.
// What the node does with it is the same wherever it is; only the functions of
// homes know which one they open.
type home interface {
	ledger.Ledger
	// Verify checks what this node holds of the ledger as far as the node can by
	// itself, and returns the head it arrived at. Faults: Invalid names the first
	// thing that does not hold, Unavailable when it cannot be looked at.
	Verify(ctx context.Context) (ledger.Status, error)
	// Close ends what opening began; calls under way are answered first.
	Close() error
}

// homes open a ledger by its mode.
var homes = map[string]func(context.Context, *node, world) (home, error){
	"embedded": openEmbedded,
	"fabric":   openFabric,
}

func (n *node) openLedger(ctx context.Context, w world) (err error) {
	open, ok := homes[n.cfg.Ledger.Mode]
	if !ok {
		return fmt.Errorf("no ledger runs in mode %q", n.cfg.Ledger.Mode)
	}
	h, err := open(ctx, n, w)
	if err != nil {
		return err
	}
	if w.around != nil {
		h = w.around(h)
	}
	if n.cfg.Ledger.Mode != "embedded" {
		if n.mover, err = bringing(n.cfg.NodeID(), n.dir, h, n.logger("ledger")); err != nil {
			return errors.Join(err, h.Close())
		}
		if n.mover != nil {
			h = n.mover
		}
	}
	n.ledger = &patient{home: h, patience: usual, wall: time.Now, returned: make(chan struct{}, 1), log: n.logger("ledger")}
	n.closers = append(n.closers, n.ledger.Close)
	n.feed = &feed{node: n.cfg.NodeID(), ledger: n.ledger, db: n.db, log: n.logger("ledger"), back: n.hurry, now: make(chan struct{}, 1)}
	if n.fabric != nil {
		n.fabric.OnReady(n.feed.wake)
	}
	n.recorder = recorder{node: n.cfg.NodeID(), contract: contract.Client{Ledger: n.ledger}, keys: n.keys, feed: n.feed, homes: n.db.Homes, now: n.now}
	n.openCluster(ctx)
	return nil
}

// inside is the embedded ledger as the node uses it.
type inside struct {
	*embedded.Client
	*embedded.Ledger
}

// openEmbedded opens the node's own ledger, a file in the data directory.
func openEmbedded(ctx context.Context, n *node, w world) (_ home, err error) {
	if err := stillOwn(n.dir); err != nil {
		return nil, err
	}
	cc, err := contract.New()
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	l, err := embedded.Open(ctx, embedded.Config{File: n.dir.join(ownLedger), Contract: cc, Now: n.now, Step: w.within("ledger")})
	if err != nil {
		return nil, err
	}
	who, err := embedded.KeepIdentity(n.dir.join("keys", "ledger-identity.pem"), n.cfg.NodeID(), n.now())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	c, err := l.As(who, n.now)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return inside{c, l}, nil
}
