package royalty

import "math/bits"

// Root is the RFC 6962 section 2.1 tree hash over leaf hashes, the zero Hash
// for none. It leaves the argument alone.
func Root(leaves []Hash) Hash {
	var s rootStack
	for _, l := range leaves {
		s.push(l)
	}
	return s.root()
}

// rootStack computes a root in the memory of its right edge: one hash for each
// bit that is set in the number of leaves.
type rootStack struct {
	n     uint64
	nodes []Hash
}

func (s *rootStack) push(h Hash) {
	for range bits.TrailingZeros64(^s.n) {
		h = NodeHash(s.nodes[len(s.nodes)-1], h)
		s.nodes = s.nodes[:len(s.nodes)-1]
	}
	s.nodes = append(s.nodes, h)
	s.n++
}

func (s *rootStack) root() Hash {
	if s.n == 0 {
		return Hash{}
	}
	h := s.nodes[len(s.nodes)-1]
	for i := len(s.nodes) - 2; i >= 0; i-- {
		h = NodeHash(s.nodes[i], h)
	}
	return h
}
