package fabric

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// Verify walks a channel's blocks at the own peer from the first one: that each
// is whole, follows the one before, and was signed by a quorum of those who
// ordered at the time. It returns the head it arrived at. Faults: Invalid names
// the first block that does not hold.
func (h *Home) Verify(ctx context.Context, name string) (ledger.Status, error) {
	c, err := h.Client(name)
	if err != nil {
		return ledger.Status{}, err
	}
	st, err := c.Status(ctx)
	if err != nil {
		return st, err
	}
	first, err := h.First(name)
	if err != nil {
		return st, err
	}
	before, cfg := block.Hash(first), channel.Config{}
	if cfg, err = channel.Read(first); err != nil {
		return st, err
	}
	for n := uint64(1); n < st.Height; n++ {
		b, err := c.Block(ctx, n)
		if err != nil {
			return st, err
		}
		if b.GetHeader().GetNumber() != n || [32]byte(append(b.GetHeader().GetPreviousHash(), make([]byte, 32)...)[:32]) != before {
			return st, fault.New(fault.Invalid, "Block %d of the ledger does not follow the one before.", n)
		}
		orderers, err := cfg.Consenters()
		if err != nil {
			return st, err
		}
		if err := block.Verify(b, orderers); err != nil {
			return st, err
		}
		before = block.Hash(b)
		if next, err := channel.Read(b); err == nil {
			cfg = next
		}
	}
	st.Head = before
	return st, nil
}
