package royalty

import (
	"math"
	"math/bits"

	"github.com/michaelperna/9ten/internal/fault"
	"golang.org/x/mod/sumdb/tlog"
)

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

// levels returns every level of a tree whose lowest is leaves, which it keeps.
// A node without a sibling moves up unchanged, as RFC 6962 has it.
func levels[T any](leaves []T, node func(l, r T) (T, error)) ([][]T, error) {
	all := [][]T{leaves}
	for below := leaves; len(below) > 1; below = all[len(all)-1] {
		level := make([]T, 0, (len(below)+1)/2)
		for i := 0; i+1 < len(below); i += 2 {
			n, err := node(below[i], below[i+1])
			if err != nil {
				return nil, err
			}
			level = append(level, n)
		}
		if len(below)%2 == 1 {
			level = append(level, below[len(below)-1])
		}
		all = append(all, level)
	}
	return all, nil
}

// audit collects the siblings from leaf i upwards (RFC 6962 section 2.1.1).
func audit[T any](levels [][]T, i int) []T {
	var path []T
	for _, level := range levels[:len(levels)-1] {
		if s := i ^ 1; s < len(level) {
			path = append(path, level[s])
		}
		i /= 2
	}
	return path
}

// climb computes the root that leaf i of size leads to along path (RFC 9162
// section 2.1.3.2). It returns Invalid when the path has not the length that
// the place has.
func climb[T any](at T, i, size uint64, path []T, node func(l, r T) (T, error)) (T, error) {
	if i >= size {
		return at, invalid("The proof is of a place outside its tree.")
	}
	fn, sn := i, size-1
	for _, p := range path {
		if sn == 0 {
			return at, invalid("The proof is longer than its place asks for.")
		}
		var err error
		if fn&1 == 1 || fn == sn {
			if at, err = node(p, at); err != nil {
				return at, err
			}
			skip := bits.TrailingZeros64(fn)
			fn, sn = fn>>skip, sn>>skip
		} else if at, err = node(at, p); err != nil {
			return at, err
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return at, invalid("The proof is shorter than its place asks for.")
	}
	return at, nil
}

// Tree holds every node over a list of leaf hashes, so that many proofs can be
// made: 64 bytes a leaf. For a root alone use [Root].
type Tree struct{ levels [][]Hash }

// NewTree builds the tree over leaves, which it keeps.
func NewTree(leaves []Hash) *Tree {
	l, _ := levels(leaves, hashNode) // hashing cannot fail
	return &Tree{l}
}

func hashNode(l, r Hash) (Hash, error) { return NodeHash(l, r), nil }

// Size returns the number of leaves.
func (t *Tree) Size() uint64 { return uint64(len(t.levels[0])) }

// Root returns the root, the zero Hash when there are no leaves.
func (t *Tree) Root() Hash {
	if t.Size() == 0 {
		return Hash{}
	}
	return t.levels[len(t.levels)-1][0]
}

// Prove returns the audit path of leaf i, or Invalid when there is none.
func (t *Tree) Prove(i uint64) ([]Hash, error) {
	if i >= t.Size() {
		return nil, invalid("There is no leaf %d in a tree of %d.", i, t.Size())
	}
	return audit(t.levels, int(i)), nil
}

// CheckInclusion refuses (Invalid) a path that does not lead from leaf i to the
// root of a tree of size leaves.
func CheckInclusion(leaf Hash, i, size uint64, path []Hash, root Hash) error {
	got, err := climb(leaf, i, size, path, hashNode)
	if err != nil {
		return err
	}
	if got != root {
		return invalid("The proof does not lead to the root.")
	}
	return nil
}

// CheckConsistency refuses (Invalid) a proof that does not show the tree of
// size leaves to begin with the older one (RFC 6962 section 2.1.2). Every tree
// begins with the empty one, whose proof is empty.
func CheckConsistency(old, size uint64, proof []Hash, oldRoot, root Hash) error {
	if size > math.MaxInt64 || old > size {
		return invalid("The older tree is larger than the newer one.")
	}
	if old == 0 {
		if len(proof) > 0 || (oldRoot != Hash{}) {
			return invalid("The empty tree needs no proof and has no root.")
		}
		return nil
	}
	p := make(tlog.TreeProof, len(proof))
	for i, h := range proof {
		p[i] = tlog.Hash(h)
	}
	if err := tlog.CheckTree(p, int64(size), tlog.Hash(root), int64(old), tlog.Hash(oldRoot)); err != nil {
		return fault.Wrap(err, fault.Invalid, "The tree does not continue the older one.")
	}
	return nil
}

// ProveConsistency returns the proof that the tree over leaves begins with the
// tree over its first old ones, or Invalid when it has not as many.
func ProveConsistency(leaves []Hash, old uint64) ([]Hash, error) {
	if old > uint64(len(leaves)) {
		return nil, invalid("The older tree is larger than the newer one.")
	}
	if old == 0 {
		return nil, nil
	}
	return subproof(leaves, old, true), nil
}

// subproof is SUBPROOF of RFC 6962 section 2.1.2.
func subproof(leaves []Hash, m uint64, whole bool) []Hash {
	n := uint64(len(leaves))
	if m == n {
		if whole {
			return nil
		}
		return []Hash{Root(leaves)}
	}
	k := uint64(1) << (bits.Len64(n-1) - 1)
	if m <= k {
		return append(subproof(leaves[:k], m, whole), Root(leaves[k:]))
	}
	return append(subproof(leaves[k:], m-k, false), Root(leaves[:k]))
}
