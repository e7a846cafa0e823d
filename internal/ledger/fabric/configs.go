package fabric

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// The node keeps every configuration block of its channels: they are few, they
// lead from the first block to any other, and a peer that was restored from a
// snapshot has none from before it.

// configsFile is where a channel's configurations are kept, from the first
// block on.
func configsFile(name string) string { return filepath.Join("channels", name+".configs") }

// savedConfigs are those the node keeps; the first block alone at the start.
func (h *Home) savedConfigs(name string) ([]*cb.Block, error) {
	b, err := os.ReadFile(filepath.Join(h.cfg.Dir, configsFile(name)))
	if errors.Is(err, fs.ErrNotExist) {
		first, err := h.First(name)
		return []*cb.Block{first}, err
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The channel's configurations cannot be read.")
	}
	return block.ReadBlocks(bytes.NewReader(b))
}

// Configs are all configurations of a channel up to now, from its first block
// on. New ones are fetched from the peer that answers, checked by the one before, and
// kept.
func (h *Home) Configs(ctx context.Context, name string) ([]*cb.Block, error) {
	saved, err := h.savedConfigs(name)
	if err != nil {
		return nil, err
	}
	last := saved[len(saved)-1].GetHeader().GetNumber()
	c, err := h.Client(name)
	if err != nil {
		return nil, err
	}
	newest, err := h.configBlock(ctx, name)
	if err != nil {
		return nil, err
	}
	var fresh []*cb.Block
	for b := newest; b.GetHeader().GetNumber() > last; {
		fresh = append(fresh, b)
		// The block before a configuration names the one before it.
		before, err := c.Block(ctx, b.GetHeader().GetNumber()-1)
		if err != nil {
			return nil, err
		}
		n, err := block.LastConfig(before)
		if err != nil {
			return nil, err
		}
		if n <= last {
			break
		}
		if b, err = c.Block(ctx, n); err != nil {
			return nil, err
		}
	}
	if len(fresh) == 0 {
		return saved, nil
	}
	slices.Reverse(fresh)
	all := append(saved, fresh...)
	if _, err := block.Configs(all); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := block.WriteBlocks(&b, all); err != nil {
		return nil, err
	}
	return all, h.write(configsFile(name), b.Bytes())
}

// Chain collects what shows, to anybody and offline, that a transaction is on a
// channel: its block, and all configurations before it. It returns NotFound for
// a transaction the own peer does not know.
func (h *Home) Chain(ctx context.Context, name, tx string) (chain block.Chain, err error) {
	c, err := h.Client(name)
	if err != nil {
		return chain, err
	}
	if chain.Block, err = c.BlockOf(ctx, tx); err != nil {
		return chain, err
	}
	all, err := h.Configs(ctx, name)
	if err != nil {
		return chain, err
	}
	chain.First = all[0]
	for _, b := range all[1:] {
		if b.GetHeader().GetNumber() < chain.Block.GetHeader().GetNumber() {
			chain.Configs = append(chain.Configs, b)
		}
	}
	return chain, nil
}

// Verify walks a channel's blocks at the own peer from the first it has: that
// each is whole, follows the one before, and was signed by a quorum of those who
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
	all, err := h.Configs(ctx, name)
	if err != nil {
		return st, err
	}
	configs, err := block.Configs(all)
	if err != nil {
		return st, err
	}
	from, err := c.oldest(ctx)
	if err != nil {
		return st, err
	}
	var before [32]byte
	for n := max(from, 1); n < st.Height; n++ {
		b, err := c.Block(ctx, n)
		if err != nil {
			return st, err
		}
		follows := bytes.Equal(b.GetHeader().GetPreviousHash(), before[:])
		if n == 1 {
			first := block.Hash(all[0])
			follows = bytes.Equal(b.GetHeader().GetPreviousHash(), first[:])
		} else if n == from {
			follows = true // what was before is in a snapshot, whose files the peer checked
		}
		if b.GetHeader().GetNumber() != n || !follows {
			return st, fault.New(fault.Invalid, "Block %d of the ledger does not follow the one before.", n)
		}
		if err := block.Signed(b, inForce(configs, n)); err != nil {
			return st, err
		}
		before = block.Hash(b)
	}
	if st.Height > max(from, 1) {
		st.Head = before
	}
	return st, nil
}

// inForce is the configuration by which block n is signed: the last before it.
func inForce(configs []channel.Config, n uint64) channel.Config {
	out := configs[0]
	for _, c := range configs {
		if c.Block < n {
			out = c
		}
	}
	return out
}
