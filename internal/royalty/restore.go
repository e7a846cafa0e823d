package royalty

import "cmp"

// RestoreTrees rebuilds the trees of a settled period from what a node keeps
// of them: the leaves of tree A by pseudonym, the lines by act, and the leaves
// of tree B by act and blind. It serves proofs; totals and payers stay zero.
// It returns Invalid when the parts do not fit each other.
func RestoreTrees(rows []Hash, lines []Line, leaves []Leaf) (*Trees, error) {
	t := &Trees{Rows: rows, RootA: Root(rows), Lines: lines, starts: make([]int, 1, len(lines)+1)}
	parts := make([]part, len(leaves))
	for i, l := range leaves {
		parts[i] = part{blind: l.Blind, micro: l.Micro}
	}
	t.at = func(i int) *part { return &parts[i] }
	upper := make([]SumNode, 0, len(lines))
	at := 0
	for i := range lines {
		l := &lines[i]
		if i > 0 && l.Act <= lines[i-1].Act {
			return nil, invalid("The lines of a month are not in order.")
		}
		for at < len(leaves) && leaves[at].Act == l.Act {
			at++
		}
		t.acts, t.starts = append(t.acts, l.Act), append(t.starts, at)
		root, err1 := subtree(t.leaves(i))
		b, err2 := l.Encode()
		if err := cmp.Or(err1, err2); err != nil {
			return nil, err
		}
		if root != (SumNode{l.Subroot, l.Micro}) {
			return nil, invalid("The line of %s does not belong to its leaves.", l.Act)
		}
		upper = append(upper, SumLeaf(b, l.Sum()))
	}
	if at != len(leaves) {
		return nil, invalid("There are leaves of an act that has no line.")
	}
	var err error
	if t.upper, err = levels(upper, SumOver); err != nil {
		return nil, err
	}
	if len(upper) > 0 {
		t.RootB = t.upper[len(t.upper)-1][0]
	}
	return t, nil
}
