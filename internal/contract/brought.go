package contract

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
)

// Brought is what others look at of what a node brought from its own ledger, as
// it was then (later events say what became of it), with its entry of today.
type Brought struct {
	Adoption    Adoption  `json:"adoption"`
	Entry       Node      `json:"entry"`
	Anchors     []Anchor  `json:"anchors"`     // by day
	Settlements []Settled `json:"settlements"` // by period
	Faults      []Fault   `json:"faults"`
}

// Brought reads it. Bringing announces only that it was done; nothing else on the
// ledger tells of the days and months that came along. Faults: NotFound.
func (c Client) Brought(ctx context.Context, node string) (b Brought, err error) {
	if b.Adoption, err = c.Adoption(ctx, node); err != nil {
		return b, err
	}
	if b.Entry, err = c.Node(ctx, node); err != nil {
		return b, err
	}
	if len(b.Adoption.Applied) != int(b.Adoption.Chunks) {
		return b, fault.New(fault.NotFound, "What %s brings is not all there yet.", node)
	}
	for i := range b.Adoption.Chunks {
		data, err := c.chunk(ctx, node, i)
		if err != nil {
			return b, err
		}
		entries, err := parseChunk(data, node, i)
		if err != nil {
			return b, err
		}
		for _, e := range entries {
			if err := b.take(&e, b.Adoption.Applied[i]); err != nil {
				return b, err
			}
		}
	}
	return b, nil
}

func (b *Brought) take(e *entry, tx string) error {
	k := carriers[e.kind]
	if k.value == nil {
		return nil
	}
	v, err := k.value(e.value, b.Adoption.Verified, tx)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case Anchor:
		b.Anchors = append(b.Anchors, v)
	case Settled:
		b.Settlements = append(b.Settlements, v)
	case Fault:
		b.Faults = append(b.Faults, v)
	}
	return nil
}
