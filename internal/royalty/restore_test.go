package royalty

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/id"
)

// What a node keeps of a month is enough for every proof of it.
func TestRestoreTrees(t *testing.T) {
	m, err := NewMonth(202610, Rules{Params: Standard})
	if err != nil {
		t.Fatal(err)
	}
	acts := []id.Act{"01ARZ3NDEKTSV4RRFFQ69G5FAA", "01ARZ3NDEKTSV4RRFFQ69G5FAB", "01ARZ3NDEKTSV4RRFFQ69G5FAC"}
	var rows []MonthRow
	var salts []Salt
	for i := range 20 {
		who := Pseudonym{byte(i), 1}
		day := DayRow{Pseudonym: who, Day: 20261005, Total: 90_000, Acts: []ActDay{{acts[i%3], 90_000, 3}}, Claims: 1, ClaimsRoot: sha256.Sum256([]byte{byte(i)})}
		b, err := day.Encode()
		if err != nil {
			t.Fatal(err)
		}
		salt := Salt{byte(i), 2}
		row, _, err := m.Add(&Listener{Pseudonym: who, Pot: 9_000_000, Days: [][]byte{b}}, salt)
		if err != nil {
			t.Fatal(err)
		}
		rows, salts = append(rows, row), append(salts, salt)
	}
	want, err := m.Close(nil)
	if err != nil {
		t.Fatal(err)
	}
	var leaves []Leaf
	for _, l := range want.Lines {
		part, err := want.Leaves(l.Act)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, part...)
	}
	got, err := RestoreTrees(want.Rows, want.Lines, leaves)
	if err != nil || got.RootA != want.RootA || got.RootB != want.RootB {
		t.Fatalf("other roots: %v", err)
	}
	for i := range rows {
		proofs, err := got.ShareProofs(&rows[i], salts[i])
		if err != nil || len(proofs) != 1 {
			t.Fatalf("row %d: %v", i, err)
		}
		s := rows[i].Shares[0]
		leaf := Leaf{s.Act, Blind(salts[i], s.Act, rows[i].Pseudonym), s.Micro}
		if err := proofs[0].Check(leaf, uint32(len(got.Lines)), got.RootB); err != nil {
			t.Errorf("row %d: %v", i, err)
		}
	}
	for name, broken := range map[string]func() ([]Line, []Leaf){
		"a leaf is missing":    func() ([]Line, []Leaf) { return want.Lines, leaves[1:] },
		"lines are unsorted":   func() ([]Line, []Leaf) { l := slices.Clone(want.Lines); slices.Reverse(l); return l, leaves },
		"a line is missing":    func() ([]Line, []Leaf) { return want.Lines[:2], leaves },
		"a leaf is worth more": func() ([]Line, []Leaf) { l := slices.Clone(leaves); l[3].Micro++; return want.Lines, l },
	} {
		lines, parts := broken()
		if _, err := RestoreTrees(want.Rows, lines, parts); err == nil {
			t.Errorf("%s, and nobody notices", name)
		}
	}
}
