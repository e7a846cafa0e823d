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
	"google.golang.org/protobuf/proto"

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

// mostConfigs bounds a channel's configurations: they change a few times a month
// at most.
const mostConfigs = 10_000

// Configs are all configurations of a channel up to now, from its first block
// on. New ones are fetched from the peer that is used, each checked by the
// orderers of the one before, and kept. Faults: Invalid for a peer that shows
// another channel than this node is in.
func (h *Home) Configs(ctx context.Context, name string) ([]*cb.Block, error) {
	newest, err := h.configBlock(ctx, name)
	if err != nil {
		return nil, err
	}
	return h.verified(ctx, name, newest)
}

// verified are all configurations up to one that a peer shows as its newest. A
// peer that is behind is believed that it is, and the newer ones are returned.
func (h *Home) verified(ctx context.Context, name string, newest *cb.Block) ([]*cb.Block, error) {
	saved, err := h.savedConfigs(name)
	if err != nil {
		return nil, err
	}
	n, last := newest.GetHeader().GetNumber(), saved[len(saved)-1].GetHeader().GetNumber()
	if n > last {
		saved, err = h.prolong(ctx, name, saved, n)
	} else if !slices.ContainsFunc(saved, func(b *cb.Block) bool { return same(b, newest) }) {
		err = fault.New(fault.Invalid, "The peer shows another configuration in block %d than the channel has.", n)
	}
	if fault.Is(err, fault.Invalid) && h.far(name) {
		h.shunned(name)
	}
	return saved, err
}

// same reports whether two blocks are one. What is beside the header and the data
// each orderer and each peer write for themselves.
func same(a, b *cb.Block) bool {
	return proto.Equal(a.GetHeader(), b.GetHeader()) && proto.Equal(a.GetData(), b.GetData())
}

// prolong fetches the configurations up to block n, checks and keeps them.
func (h *Home) prolong(ctx context.Context, name string, all []*cb.Block, n uint64) ([]*cb.Block, error) {
	configs, err := block.Configs(all)
	if err != nil {
		return nil, err
	}
	c, err := h.Client(name)
	if err != nil {
		return nil, err
	}
	now := configs[len(configs)-1]
	numbers, err := c.between(ctx, now.Block, n, mostConfigs-len(all))
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		b, err := c.Block(ctx, n)
		if err != nil {
			return nil, err
		}
		if now, err = block.Next(now, b); err != nil {
			return nil, err
		}
		txs, err := block.Transactions(b)
		if err != nil {
			return nil, err
		}
		if len(txs) != 1 || txs[0].Channel != name {
			return nil, fault.New(fault.Invalid, "Block %d that the peer shows is of another channel.", n)
		}
		all = append(all, b)
	}
	var b bytes.Buffer
	if err := block.WriteBlocks(&b, all); err != nil {
		return nil, err
	}
	return all, h.write(configsFile(name), b.Bytes())
}

// between are the numbers of the configurations after block last up to block n,
// the oldest first, at most as many as that: the block before a configuration
// names the one before it. Nothing of it is believed yet, so nothing more is kept.
func (c *Client) between(ctx context.Context, last, n uint64, most int) ([]uint64, error) {
	var out []uint64
	for n > last {
		if len(out) >= most {
			return nil, fault.New(fault.Invalid, "The peer shows more configurations than a channel can have.")
		}
		out = append(out, n)
		b, err := c.Block(ctx, n-1)
		if err != nil {
			return nil, err
		}
		before, err := block.LastConfig(b)
		if err != nil {
			return nil, err
		}
		if before >= n {
			return nil, fault.New(fault.Invalid, "Block %d that the peer shows names a later configuration.", n-1)
		}
		n = before
	}
	slices.Reverse(out)
	return out, nil
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
