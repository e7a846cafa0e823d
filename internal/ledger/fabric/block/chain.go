package block

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A Proved is what a chain shows, to who trusts one of its configurations.
type Proved struct {
	Block  uint64 // its number
	Signed Count  // orderers of its configuration that signed it
	// Txs are the block's transactions of the contract that enough validators
	// endorsed.
	Txs    []Proof
	config channel.Config
	passed []Passed
}

// Passed is a configuration on the way, from the one the channel began with to the
// one the block was made by. Nodes show the hashes of the first and the newest.
type Passed struct {
	Sequence uint64
	Block    uint64   // that brought it
	Hash     [32]byte // of that
}

// A Proof is a transaction with how many of the validators endorsed it.
type Proof struct {
	Tx
	Endorsed Count
}

// Config is the one the block was made by.
func (p Proved) Config() channel.Config { return p.config }

// First is the hash of the channel's first block.
func (p Proved) First() [32]byte { return p.passed[0].Hash }

// Through is the configuration with a hash, false when the chain does not go
// through it. Who trusts one trusts those that follow, as its own orderers signed
// them; those who ordered before, and may order no longer, have no part in that.
func (p Proved) Through(hash [32]byte) (Passed, bool) {
	i := slices.IndexFunc(p.passed, func(c Passed) bool { return c.Hash == hash })
	if i < 0 {
		return Passed{}, false
	}
	return p.passed[i], true
}

// Prove checks a chain: a channel's first block, every configuration block after it
// in order, and the block that is to be checked. It checks each configuration by the
// orderers of the one before, the block by those of the last, that they made it by
// that very configuration, and which of its transactions of a contract enough
// validators endorsed. Two things it cannot see. A transaction may have come too late,
// because another one had changed the same key: that is not signed but found by every
// peer. And who could order alone at some configuration can sign another history from
// there on for ever: so one holds the chain against a later configuration, see
// [Proved.Through]. It returns Invalid with what does not hold.
func Prove(blocks iter.Seq2[*cb.Block, error], contract string) (p Proved, err error) {
	var last *cb.Block
	for b, err := range blocks {
		if err != nil {
			return p, err
		}
		if last != nil {
			if err := p.follow(last); err != nil {
				return p, err
			}
		}
		last = b
	}
	if len(p.passed) == 0 {
		return p, fault.New(fault.Invalid, "The file is no chain of blocks: it holds one alone.")
	}
	return p, p.prove(last, contract)
}

// follow takes the next configuration.
func (p *Proved) follow(b *cb.Block) (err error) {
	if len(p.passed) == 0 {
		p.config, err = First(b)
	} else {
		p.config, err = Next(p.config, b)
	}
	p.passed = append(p.passed, Passed{p.config.Sequence, p.config.Block, p.config.Hash})
	return err
}

// prove takes the block.
func (p *Proved) prove(b *cb.Block, contract string) (err error) {
	cfg := p.config
	if p.Block = b.GetHeader().GetNumber(); p.Block <= cfg.Block {
		return fault.New(fault.Invalid, "Block %d is no younger than the configuration it is to be checked by.", p.Block)
	}
	if p.Signed, err = signed(b, cfg); err != nil {
		return err
	}
	switch last, err := LastConfig(b); {
	case err != nil:
		return err
	case last != cfg.Block:
		return fault.New(fault.Invalid, "Block %d was made by the configuration of block %d; the last before it in the file is that of block %d.", p.Block, last, cfg.Block)
	}
	txs, err := Transactions(b)
	if err != nil {
		return err
	}
	for i, t := range txs {
		if t.Channel != cfg.Channel || t.Chaincode != contract {
			continue
		}
		count, err := endorsed(b.Data.Data[i], cfg)
		if err != nil {
			return err
		}
		if count.Met() {
			p.Txs = append(p.Txs, Proof{t, count})
		}
	}
	return nil
}

// First reads the configuration that a channel began with. It returns Invalid for
// what is no first block.
func First(b *cb.Block) (channel.Config, error) {
	if b.GetHeader() == nil || b.GetHeader().GetNumber() != 0 || !whole(b) {
		return channel.Config{}, fault.New(fault.Invalid, "The chain does not begin with a channel's first block.")
	}
	return channel.Read(b)
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

// maxBlock bounds one block in a file: a channel takes no transaction of more than
// 10 MiB, and what is signed of a block comes to little.
const maxBlock = 16 << 20

var errNoBlocks = fault.New(fault.Invalid, "The file holds no blocks of a Fabric channel.")

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

// Blocks reads what WriteBlocks wrote, one after the other. It ends with Invalid
// where there is anything else.
func Blocks(r io.Reader) iter.Seq2[*cb.Block, error] {
	return func(yield func(*cb.Block, error) bool) {
		in, opt := bufio.NewReader(r), protodelim.UnmarshalOptions{MaxSize: maxBlock}
		for {
			b := new(cb.Block)
			err := opt.UnmarshalFrom(in, b)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, fault.Wrap(err, fault.Invalid, "The file holds no blocks of a Fabric channel."))
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}
