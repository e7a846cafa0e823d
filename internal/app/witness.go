package app

import (
	"context"
	"io"
	"time"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// witness answers for what any node recorded on the ledger, from what this
// node's own peer holds.
type witness struct {
	n    *node
	turn turn // who asks for blocks
}

var _ api.Witness = witness{}

// A turn is one at a time.
type turn chan struct{}

// turnWithin is how long a request waits for its turn.
const turnWithin = 10 * time.Second

// take does something when its turn has come. It returns Limited where others take
// too long.
func (t turn) take(ctx context.Context, within time.Duration, do func() error) error {
	wait, stop := context.WithTimeout(ctx, within)
	defer stop()
	select {
	case t <- struct{}{}:
		defer func() { <-t }()
		return do()
	case <-wait.Done():
		return fault.Later(within, "This node is busy with what others ask of the ledger. Ask again in a moment.")
	}
}

func (w witness) Settled(ctx context.Context, node string, p calendar.Period) (api.LedgerSettlement, error) {
	s, err := w.n.recorder.contract.Settlement(ctx, node, p)
	return api.LedgerSettlement{Period: p.String(), Settlement: s.Settlement, Review: s.Review, Tx: s.Tx}, err
}

func (w witness) Anchored(ctx context.Context, node string, d calendar.Day) (api.AnchoredDay, error) {
	a, err := w.n.recorder.contract.Anchor(ctx, node, d)
	return api.AnchoredDay{Node: a.Node, Day: d.String(), Size: a.Size, Root: a.Root[:], Tx: a.Tx}, err
}

// Blocks asks the peer, and anybody may ask for them: so it is done for one at a
// time.
func (w witness) Blocks(ctx context.Context, tx string) (out io.ReadCloser, err error) {
	if w.n.fabric == nil {
		return nil, fault.New(fault.Unsupported, "This node keeps its ledger for itself: there are no blocks that others signed.")
	}
	err = w.turn.take(ctx, turnWithin, func() error {
		out, err = w.n.fabric.Chain(ctx, channel.Name, tx)
		return err
	})
	return out, err
}
