package block

import (
	"bufio"
	"errors"
	"io"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A Chain is what leads from a channel's first block to one that is to be
// checked: every configuration block before it, in order.
type Chain struct {
	First   *cb.Block
	Configs []*cb.Block
	Block   *cb.Block
}

// A Proved is what a chain shows, to who trusts one of its configurations.
type Proved struct {
	// Configs are the channel's configurations, from the one it began with to the
	// one the block was made by. Nodes show the hashes of the first and the newest.
	Configs []channel.Config
	Signed  Count // orderers of the last that signed the block
	// Txs are the block's transactions of the contract that enough validators
	// endorsed.
	Txs []Proof
}

// A Proof is a transaction with how many of the validators endorsed it.
type Proof struct {
	Tx
	Endorsed Count
}

// Config is the one the block was made by.
func (p Proved) Config() channel.Config { return p.Configs[len(p.Configs)-1] }

// First is the hash of the channel's first block.
func (p Proved) First() [32]byte { return p.Configs[0].Hash }

// Through is the configuration with a hash, false when the chain does not go
// through it. Who trusts one trusts those that follow, as its own orderers signed
// them; those who ordered before, and may order no longer, have no part in that.
func (p Proved) Through(hash [32]byte) (channel.Config, bool) {
	i := slices.IndexFunc(p.Configs, func(c channel.Config) bool { return c.Hash == hash })
	if i < 0 {
		return channel.Config{}, false
	}
	return p.Configs[i], true
}

// Verify checks each configuration by the orderers of the one before, the block
// by those of the last, that they made it by that very configuration, and which of
// its transactions of a contract enough validators endorsed. Two things it cannot
// see. A transaction may have come too late, because another one had changed the
// same key: that is not signed but found by every peer. And who could order alone
// at some configuration can sign another history from there on for ever: so one
// holds the chain against a later configuration, see [Proved.Through]. It returns
// Invalid with what does not hold.
func (c Chain) Verify(contract string) (p Proved, err error) {
	if p.Configs, err = Configs(append([]*cb.Block{c.First}, c.Configs...)); err != nil {
		return p, err
	}
	cfg := p.Config()
	n := c.Block.GetHeader().GetNumber()
	if n <= cfg.Block {
		return p, fault.New(fault.Invalid, "Block %d is no younger than the configuration it is to be checked by.", n)
	}
	if p.Signed, err = signed(c.Block, cfg); err != nil {
		return p, err
	}
	switch last, err := LastConfig(c.Block); {
	case err != nil:
		return p, err
	case last != cfg.Block:
		return p, fault.New(fault.Invalid, "Block %d was made by the configuration of block %d; the last before it in the file is that of block %d.", n, last, cfg.Block)
	}
	txs, err := Transactions(c.Block)
	if err != nil {
		return p, err
	}
	for i, t := range txs {
		if t.Channel != cfg.Channel || t.Chaincode != contract {
			continue
		}
		count, err := endorsed(c.Block.Data.Data[i], cfg)
		if err != nil {
			return p, err
		}
		if count.Met() {
			p.Txs = append(p.Txs, Proof{t, count})
		}
	}
	return p, nil
}

// Configs reads a channel's configurations from its first block on, each checked
// by the orderers of the one before. It returns Invalid with what does not hold.
func Configs(all []*cb.Block) ([]channel.Config, error) {
	if len(all) == 0 || all[0].GetHeader().GetNumber() != 0 || !whole(all[0]) {
		return nil, fault.New(fault.Invalid, "The chain does not begin with a channel's first block.")
	}
	cfg, err := channel.Read(all[0])
	if err != nil {
		return nil, err
	}
	out := []channel.Config{cfg}
	for _, b := range all[1:] {
		if cfg, err = Next(cfg, b); err != nil {
			return nil, err
		}
		out = append(out, cfg)
	}
	return out, nil
}

// Next reads the configuration that follows another one, by whose orderers it is
// checked. It returns Invalid with what does not hold.
func Next(cfg channel.Config, b *cb.Block) (next channel.Config, err error) {
	if err := Signed(b, cfg); err != nil {
		return next, err
	}
	if next, err = channel.Read(b); err != nil {
		return next, err
	}
	if next.Channel != cfg.Channel {
		return next, fault.New(fault.Invalid, "Block %d is of the channel %s, not of %s.", next.Block, next.Channel, cfg.Channel)
	}
	if next.Sequence != cfg.Sequence+1 || next.Block <= cfg.Block {
		return next, fault.New(fault.Invalid, "Between configurations %d and %d of the channel something is missing.", cfg.Sequence, next.Sequence)
	}
	return next, nil
}

// maxBlock bounds one block in a file.
const maxBlock = 100 << 20

// maxBlocks bounds a file: a channel's configuration changes a few times a
// month at most.
const maxBlocks = 10_000

// Write writes a chain: the first block, the configurations, the block.
func (c Chain) Write(w io.Writer) error {
	return WriteBlocks(w, append(append([]*cb.Block{c.First}, c.Configs...), c.Block))
}

// ReadChain reads what Write wrote. It returns Invalid for anything else.
func ReadChain(r io.Reader) (Chain, error) {
	all, err := ReadBlocks(r)
	if err == nil && len(all) < 2 {
		err = fault.New(fault.Invalid, "The file is no chain of blocks: it holds one alone.")
	}
	if err != nil {
		return Chain{}, err
	}
	return Chain{all[0], all[1 : len(all)-1], all[len(all)-1]}, nil
}

// WriteBlocks writes blocks one after the other, each preceded by its length
// (protobuf, varint-delimited).
func WriteBlocks(w io.Writer, blocks []*cb.Block) error {
	for _, b := range blocks {
		if _, err := protodelim.MarshalTo(w, b); err != nil {
			return err
		}
	}
	return nil
}

// ReadBlocks reads what WriteBlocks wrote, at least one block. It returns Invalid
// for anything else.
func ReadBlocks(r io.Reader) (all []*cb.Block, err error) {
	in, opt := bufio.NewReader(r), protodelim.UnmarshalOptions{MaxSize: maxBlock}
	for len(all) < maxBlocks {
		b := new(cb.Block)
		err := opt.UnmarshalFrom(in, b)
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "The file holds no blocks of a Fabric channel.")
		}
		all = append(all, b)
	}
	return nil, fault.New(fault.TooLarge, "The file has more blocks than a chain can have.")
}
