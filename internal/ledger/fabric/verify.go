package fabric

import (
	"context"
	"slices"

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
		if err := block.Signed(b, cfg); err != nil {
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

// Chain collects what shows, to anybody and offline, that a transaction is on a
// channel: its block, and all configurations from the first block on. It returns
// NotFound for a transaction the own peer does not know.
func (h *Home) Chain(ctx context.Context, name, tx string) (chain block.Chain, err error) {
	c, err := h.Client(name)
	if err != nil {
		return chain, err
	}
	if chain.Block, err = c.BlockOf(ctx, tx); err != nil {
		return chain, err
	}
	if chain.First, err = h.First(name); err != nil {
		return chain, err
	}
	// Each block names the configuration in force; that of the block before a
	// configuration is the one before it.
	for b := chain.Block; ; {
		n, err := block.LastConfig(b)
		if err != nil {
			return chain, err
		}
		if n == b.GetHeader().GetNumber() && n > 0 {
			before, err := c.Block(ctx, n-1)
			if err != nil {
				return chain, err
			}
			if n, err = block.LastConfig(before); err != nil {
				return chain, err
			}
		}
		if n == 0 {
			slices.Reverse(chain.Configs)
			return chain, nil
		}
		if b, err = c.Block(ctx, n); err != nil {
			return chain, err
		}
		chain.Configs = append(chain.Configs, b)
	}
}
