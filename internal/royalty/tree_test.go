package royalty

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestRootKnown are the trees of the Certificate Transparency reference tests.
func TestRootKnown(t *testing.T) {
	var leaves []Hash
	for i, c := range []struct{ leaf, root string }{
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	} {
		leaves = append(leaves, LeafHash(must[[]byte](t)(hex.DecodeString(c.leaf))))
		if got := Root(leaves); hex.EncodeToString(got[:]) != c.root {
			t.Errorf("%d leaves: root %x", i+1, got)
		}
		if NewTree(leaves).Root() != Root(leaves) {
			t.Errorf("%d leaves: the tree has another root", i+1)
		}
	}
	if (Root(nil) != Hash{}) || (NewTree(nil).Root() != Hash{}) {
		t.Error("the empty tree has a root")
	}
}

func anyLeaves(t *rapid.T, low int) []Hash {
	out := make([]Hash, rapid.IntRange(low, 130).Draw(t, "leaves"))
	for i := range out {
		binary.BigEndian.PutUint32(out[i][:], uint32(i))
	}
	return out
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

// TestTreeAgreesWithSumDB compares roots and proofs with another implementation.
func TestTreeAgreesWithSumDB(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := anyLeaves(t, 1)
		var ref stored
		for i, l := range leaves {
			more, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(l), ref)
			if err != nil {
				t.Fatal(err)
			}
			ref = append(ref, more...)
		}
		n, tree := int64(len(leaves)), NewTree(leaves)
		root, _ := tlog.TreeHash(n, ref)
		if tree.Root() != Hash(root) || Root(leaves) != Hash(root) {
			t.Fatal("roots differ")
		}
		i := rapid.Int64Range(0, n-1).Draw(t, "i")
		path, err := tree.Prove(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := tlog.ProveRecord(n, i, ref)
		if len(path) != len(want) || !slices.EqualFunc(path, want, func(a Hash, b tlog.Hash) bool { return a == Hash(b) }) {
			t.Fatalf("the proof of %d in %d differs", i, n)
		}
		if err := CheckInclusion(leaves[i], uint64(i), uint64(n), path, tree.Root()); err != nil {
			t.Fatal(err)
		}
		old := rapid.Int64Range(1, n).Draw(t, "old")
		proof, err := ProveConsistency(leaves, uint64(old))
		if err != nil {
			t.Fatal(err)
		}
		wantTree, _ := tlog.ProveTree(n, old, ref)
		if !slices.EqualFunc(proof, wantTree, func(a Hash, b tlog.Hash) bool { return a == Hash(b) }) {
			t.Fatalf("the consistency proof of %d in %d differs", old, n)
		}
		if err := CheckConsistency(uint64(old), uint64(n), proof, Root(leaves[:old]), tree.Root()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestInclusionRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := anyLeaves(t, 2)
		n, tree := uint64(len(leaves)), NewTree(leaves)
		i := rapid.Uint64Range(0, n-1).Draw(t, "i")
		path, _ := tree.Prove(i)
		bad := map[string]error{
			"another place": CheckInclusion(leaves[i], (i+1)%n, n, path, tree.Root()),
			"outside":       CheckInclusion(leaves[i], n, n, path, tree.Root()),
			"longer":        CheckInclusion(leaves[i], i, n, append(slices.Clone(path), Hash{}), tree.Root()),
			"shorter":       CheckInclusion(leaves[i], i, n, path[:len(path)-1], tree.Root()),
			"another leaf":  CheckInclusion(fill(9), i, n, path, tree.Root()),
			"another root":  CheckInclusion(leaves[i], i, n, path, fill(9)),
		}
		j := rapid.IntRange(0, len(path)-1).Draw(t, "step")
		path = slices.Clone(path)
		path[j][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		bad["flipped"] = CheckInclusion(leaves[i], i, n, path, tree.Root())
		for name, err := range bad {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func TestConsistencyEnds(t *testing.T) {
	leaves := []Hash{fill(1), fill(2), fill(3)}
	root := Root(leaves)
	if err := CheckConsistency(0, 3, nil, Hash{}, root); err != nil {
		t.Errorf("from empty: %v", err)
	}
	if err := CheckConsistency(3, 3, nil, root, root); err != nil {
		t.Errorf("the same: %v", err)
	}
	for name, err := range map[string]error{
		"shrunk":          CheckConsistency(3, 2, nil, root, Root(leaves[:2])),
		"another":         CheckConsistency(3, 3, nil, root, fill(1)),
		"empty with root": CheckConsistency(0, 3, nil, root, root),
		"no proof":        CheckConsistency(2, 3, nil, Root(leaves[:2]), root),
		"huge":            CheckConsistency(2, math.MaxUint64, nil, Root(leaves[:2]), root),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSumTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := make([]SumNode, rapid.IntRange(1, 100).Draw(t, "leaves"))
		var sum money.Micro
		var s sumStack
		for i := range nodes {
			nodes[i] = SumNode{fill(byte(i)), money.Micro(rapid.Int64Range(0, 1<<50).Draw(t, "sum"))}
			sum += nodes[i].Sum
			if err := s.push(nodes[i]); err != nil {
				t.Fatal(err)
			}
		}
		all, err := levels(nodes, SumOver)
		if err != nil {
			t.Fatal(err)
		}
		root := all[len(all)-1][0]
		if streamed, _ := s.root(); root != streamed || root.Sum != sum {
			t.Fatalf("streaming gives %v, levels %v, the sum is %d", streamed, root, sum)
		}
		i := rapid.IntRange(0, len(nodes)-1).Draw(t, "i")
		path := audit(all, i)
		n := uint64(len(nodes))
		if err := CheckSum(nodes[i], uint64(i), n, path, root); err != nil {
			t.Fatal(err)
		}
		if len(path) == 0 {
			return
		}
		j := rapid.IntRange(0, len(path)-1).Draw(t, "step")
		moved := slices.Clone(path)
		moved[j].Sum++ // money appears in a sibling
		less := root
		less.Sum--
		more := nodes[i]
		more.Sum++
		for name, err := range map[string]error{
			"a sibling with more": CheckSum(nodes[i], uint64(i), n, moved, root),
			"a smaller total":     CheckSum(nodes[i], uint64(i), n, path, less),
			"a leaf with more":    CheckSum(more, uint64(i), n, path, root),
		} {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func TestSumsDoNotOverflow(t *testing.T) {
	big := SumNode{fill(1), math.MaxInt64}
	if _, err := SumOver(big, SumNode{fill(2), 1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := SumOver(big, SumNode{fill(2), -1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("below zero: %v", err)
	}
	if n, err := SumOver(big, SumNode{fill(2), 0}); err != nil || n.Sum != math.MaxInt64 {
		t.Errorf("the largest sum: %v, %v", n, err)
	}
	if err := CheckSum(big, 0, 2, []SumNode{{fill(2), 1}}, SumNode{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("overflow on a path: %v", err)
	}
}
