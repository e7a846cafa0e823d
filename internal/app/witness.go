package app

import (
	"bytes"
	"context"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// witness answers for what any node recorded on the ledger, from what this
// node's own peer holds.
type witness struct{ n *node }

var _ api.Witness = witness{}

func (w witness) Settled(ctx context.Context, node string, p calendar.Period) (api.LedgerSettlement, error) {
	s, err := w.n.recorder.contract.Settlement(ctx, node, p)
	return api.LedgerSettlement{Period: p.String(), Settlement: s.Settlement, Review: s.Review, Tx: s.Tx}, err
}

func (w witness) Anchored(ctx context.Context, node string, d calendar.Day) (api.AnchoredDay, error) {
	a, err := w.n.recorder.contract.Anchor(ctx, node, d)
	return api.AnchoredDay{Node: a.Node, Day: d.String(), Size: a.Size, Root: a.Root[:], Tx: a.Tx}, err
}

func (w witness) Blocks(ctx context.Context, tx string) ([]byte, error) {
	if w.n.fabric == nil {
		return nil, fault.New(fault.Unsupported, "This node keeps its ledger for itself: there are no blocks that others signed.")
	}
	c, err := w.n.fabric.Chain(ctx, channel.Name, tx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = c.Write(&b)
	return b.Bytes(), err
}
