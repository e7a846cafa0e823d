package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// unfold gives events that a node brought its own ledger all that came along as
// their payload: no other event tells of it.
func (f *feed) unfold(ctx context.Context, events []ledger.Event) error {
	for i, e := range events {
		var a contract.Adoption
		if e.Name != "adoption" || json.Unmarshal(e.Payload, &a) != nil || a.State != contract.Adopted {
			continue
		}
		b, err := contract.Client{Ledger: f.ledger}.Brought(ctx, a.Node)
		if err != nil {
			return err
		}
		if events[i].Payload, err = json.Marshal(b); err != nil {
			return err
		}
	}
	return nil
}

// tellAdoption keeps what a node brought as [feed.tellAnchor] and the others do.
func (f *feed) tellAdoption(ctx context.Context, tx *store.Tx, e ledger.Event) error {
	var b contract.Brought
	if err := json.Unmarshal(e.Payload, &b); err != nil {
		return unreadable{err}
	}
	if b.Entry.ID == "" {
		return nil // it is on its way
	}
	node := b.Entry.ID
	if err := tell(ctx, tx, "GetAdoption", b.Adoption, node); err != nil {
		return err
	}
	if err := tell(ctx, tx, "GetNode", b.Entry, node); err != nil {
		return err
	}
	for i, a := range b.Anchors {
		if node == f.node {
			if err := tell(ctx, tx, "GetAnchor", a, node, a.Day.String()); err != nil {
				return err
			}
		}
		if i == len(b.Anchors)-1 {
			if err := tell(ctx, tx, "GetAnchor", a, node, ""); err != nil {
				return err
			}
		}
	}
	for _, s := range b.Settlements {
		if err := tell(ctx, tx, "GetSettlement", s, node, s.Period.String()); err != nil {
			return err
		}
	}
	faults := map[calendar.Period][]contract.Fault{}
	for _, x := range b.Faults {
		faults[x.Period] = append(faults[x.Period], x)
	}
	for p, list := range faults {
		if err := tell(ctx, tx, "GetFaults", list, node, p.String()); err != nil {
			return err
		}
	}
	return nil
}

// OwnUntil is until when the node recorded on a ledger of its own.
func (r recorder) OwnUntil(ctx context.Context) (time.Time, error) { return r.ownUntil(ctx, r.node) }

// ownUntil is until when a node did, zero if never.
func (r recorder) ownUntil(ctx context.Context, node string) (time.Time, error) {
	a, err := r.contract.Adoption(ctx, node)
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(a.At)).UTC(), nil
}
