package fabrictest

import (
	"io"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
)

// A Chain is what [block.Prove] reads, in parts that a test can spoil.
type Chain struct {
	First   *cb.Block
	Configs []*cb.Block
	Block   *cb.Block
}

func (c Chain) blocks() []*cb.Block {
	return append(append([]*cb.Block{c.First}, c.Configs...), c.Block)
}

// Verify proves it.
func (c Chain) Verify(contract string) (block.Proved, error) {
	return block.Prove(func(yield func(*cb.Block, error) bool) {
		for _, b := range c.blocks() {
			if !yield(b, nil) {
				return
			}
		}
	}, contract)
}

// Write writes it as a node does.
func (c Chain) Write(w io.Writer) error { return block.WriteBlocks(w, c.blocks()) }
