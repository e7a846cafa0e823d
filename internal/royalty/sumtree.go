package royalty

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/michaelperna/9ten/internal/money"
)

// SumNode is a node of a sum tree: what it hashes and what it adds up to.
type SumNode struct {
	Hash Hash
	Sum  money.Micro
}

// SumLeaf is the leaf over the canonical bytes of something worth sum.
func SumLeaf(data []byte, sum money.Micro) SumNode { return SumNode{LeafHash(data), sum} }

// SumOver joins two nodes: SHA-256(0x01 || hL || sumL || hR || sumR), the sum
// being both sums. It returns Invalid when that does not fit 63 bits.
func SumOver(l, r SumNode) (SumNode, error) {
	sum, err := total(l.Sum, r.Sum)
	if err != nil {
		return SumNode{}, err
	}
	var b [81]byte
	b[0] = 1
	copy(b[1:], l.Hash[:])
	binary.BigEndian.PutUint64(b[33:], uint64(l.Sum))
	copy(b[41:], r.Hash[:])
	binary.BigEndian.PutUint64(b[73:], uint64(r.Sum))
	return SumNode{sha256.Sum256(b[:]), sum}, nil
}

// sumStack computes the root of a sum tree in the memory of its right edge.
type sumStack struct {
	n     uint64
	nodes []SumNode
}

func (s *sumStack) push(n SumNode) (err error) {
	for range bits.TrailingZeros64(^s.n) {
		if n, err = SumOver(s.nodes[len(s.nodes)-1], n); err != nil {
			return err
		}
		s.nodes = s.nodes[:len(s.nodes)-1]
	}
	s.nodes = append(s.nodes, n)
	s.n++
	return nil
}

func (s *sumStack) root() (n SumNode, err error) {
	if s.n == 0 {
		return SumNode{}, nil
	}
	n = s.nodes[len(s.nodes)-1]
	for i := len(s.nodes) - 2; i >= 0; i-- {
		if n, err = SumOver(s.nodes[i], n); err != nil {
			return SumNode{}, err
		}
	}
	return n, nil
}

// CheckSum refuses (Invalid) a path that does not lead from leaf i to the root
// and its sum, or on which a sum overflows.
func CheckSum(leaf SumNode, i, size uint64, path []SumNode, root SumNode) error {
	got, err := climb(leaf, i, size, path, SumOver)
	if err != nil {
		return err
	}
	if got != root {
		return invalid("The proof does not lead to the root and its sum.")
	}
	return nil
}

// LineProof shows a line to be in tree B.
type LineProof struct {
	Line  Line
	Index uint32
	Path  []SumNode
}

// Check refuses (Invalid) a line that is not in a tree B of so many lines.
func (p *LineProof) Check(lines uint32, root SumNode) error {
	b, err := p.Line.Encode()
	if err != nil {
		return err
	}
	return CheckSum(SumLeaf(b, p.Line.Sum()), uint64(p.Index), uint64(lines), p.Path, root)
}

// ShareProof shows what one listener gave one act to be in tree B: the leaf is
// in the act's subtree, whose root and sum are in the line.
type ShareProof struct {
	Index uint32 // in the subtree
	Path  []SumNode
	Line  LineProof
}

// Check refuses (Invalid) a leaf that is not in a tree B of so many lines.
func (p *ShareProof) Check(leaf Leaf, lines uint32, root SumNode) error {
	if leaf.Act != p.Line.Line.Act {
		return invalid("The proof for %s ends in the line of %s.", leaf.Act, p.Line.Line.Act)
	}
	b, err := leaf.Encode()
	if err != nil {
		return err
	}
	l := &p.Line.Line
	if err := CheckSum(SumLeaf(b, leaf.Micro), uint64(p.Index), uint64(l.Count), p.Path, SumNode{l.Subroot, l.Micro}); err != nil {
		return err
	}
	return p.Line.Check(lines, root)
}

// subtree adds up an act's leaves, which must be its own and strictly ascending
// by blind, into the count, sum and root of its line.
func subtree(leaves []Leaf) (SumNode, error) {
	var s sumStack
	buf := make([]byte, 0, 128)
	for i := range leaves {
		l := &leaves[i]
		if i > 0 && (l.Act != leaves[0].Act || compare(l.Blind, leaves[i-1].Blind) <= 0) {
			return SumNode{}, invalid("The leaves of an act are not its own, or not in order.")
		}
		b, err := l.encode(buf)
		if err != nil {
			return SumNode{}, err
		}
		if err := s.push(SumLeaf(b, l.Micro)); err != nil {
			return SumNode{}, err
		}
	}
	return s.root()
}
