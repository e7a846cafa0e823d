package block

import (
	"bufio"
	"errors"
	"io"

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

// A Proved is what a chain shows.
type Proved struct {
	// First is the hash of the channel's first block: who trusts that trusts the
	// rest. The pages of every member's node show it.
	First [32]byte
	// Txs are the block's transactions that enough validators endorsed.
	Txs []Tx
}

// Verify checks each configuration by the orderers of the one before, the block
// by those of the last, and which of its transactions enough validators
// endorsed. What it cannot see is that a transaction came too late, because
// another one had changed the same key: that is not signed but found by every
// peer. It returns Invalid with what does not hold.
func (c Chain) Verify() (p Proved, err error) {
	configs, err := Configs(append([]*cb.Block{c.First}, c.Configs...))
	if err != nil {
		return p, err
	}
	p.First = Hash(c.First)
	cfg := configs[len(configs)-1]
	if n := c.Block.GetHeader().GetNumber(); n <= cfg.Block {
		return p, fault.New(fault.Invalid, "Block %d is no younger than the configuration it is to be checked by.", n)
	}
	if err := Signed(c.Block, cfg); err != nil {
		return p, err
	}
	txs, err := Transactions(c.Block)
	if err != nil {
		return p, err
	}
	for i, t := range txs {
		ok, err := Endorsed(c.Block.Data.Data[i], cfg)
		if err != nil {
			return p, err
		}
		if ok {
			p.Txs = append(p.Txs, t)
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
