package app

import (
	"context"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// bridged is how far back months are asked for: in as many a fault can be proved,
// and two more.
const bridged = 15

// bridge asks for what events told that this copy of the ledger does not have: it
// began with a snapshot that is younger than what this node has read. What was
// told before stays where the ledger answers nothing newer.
func (f *feed) bridge(ctx context.Context, st ledger.Status) error {
	f.log.Info("the ledger's copy began with a snapshot; what happened before is asked for", "after", st.Begins)
	c, now := contract.Client{Ledger: f.ledger}, st.At
	if now.IsZero() { // nothing is recorded after the snapshot yet
		now = f.ledger.wall()
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	var found []func(*store.Tx) error
	keep := func(fn string, v any, list ...string) {
		found = append(found, func(tx *store.Tx) error { return tell(ctx, tx, fn, v, list...) })
	}
	for _, n := range nodes {
		keep("GetNode", n, n.ID)
		if err := f.bridgeDays(ctx, c, n.ID, keep); err != nil {
			return err
		}
		last := calendar.PeriodOf(now)
		for p := last.Add(-bridged); p <= last; p = p.Add(1) {
			s, err := c.Settlement(ctx, n.ID, p)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			faults, err := c.Faults(ctx, n.ID, p)
			if err != nil {
				return err
			}
			keep("GetSettlement", s, s.Node, p.String())
			if len(faults) > 0 {
				keep("GetFaults", faults, s.Node, p.String())
			}
		}
	}
	said, err := f.ask(ctx, true)
	if err != nil {
		return err
	}
	if err := f.apply(ctx, nil, &said); err != nil {
		return err
	}
	return f.db.Update(ctx, func(tx *store.Tx) error {
		for _, do := range found {
			if err := do(tx); err != nil {
				return err
			}
		}
		return tx.SetLedgerFeed(ctx, store.LedgerFeed{Mode: st.Mode, Checkpoint: st.Begins})
	})
}

// bridgeDays asks for a node's last anchor, and for this node's days since the
// last that was told.
func (f *feed) bridgeDays(ctx context.Context, c contract.Client, node string, keep func(string, any, ...string)) error {
	last, err := c.LastAnchor(ctx, node)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		last, err = c.Anchor(ctx, node, last.Day) // as its event told it
	}
	if err != nil {
		return err
	}
	keep("GetAnchor", last, node, "")
	if node != f.node {
		return nil
	}
	keep("GetAnchor", last, node, last.Day.String())
	before, err := contract.Client{Ledger: told{f.db}}.LastAnchor(ctx, node)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	for d := before.Day.Add(1); err == nil && d < last.Day; d = d.Add(1) {
		var a contract.Anchor
		if a, err = c.Anchor(ctx, node, d); err == nil {
			keep("GetAnchor", a, node, d.String())
		} else if fault.Is(err, fault.NotFound) {
			err = nil
		}
	}
	return err
}
