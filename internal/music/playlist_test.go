package music

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/fault"
)

// TestMove: nothing is lost or doubled, the moved item stands where it was
// asked to, and the others keep their order.
func TestMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		items := make([]Item, n)
		for i := range items {
			items[i].ID = ItemID(fmt.Sprint("i", i))
		}
		before := slices.Clone(items)
		what := items[rapid.IntRange(0, n-1).Draw(t, "what")].ID
		to := ItemID("")
		if k := rapid.IntRange(0, n).Draw(t, "to"); k < n {
			to = items[k].ID
		}
		got, err := Move(items, what, to)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(items, before) {
			t.Fatal("the list given was changed")
		}
		others := func(l []Item) []Item {
			return slices.DeleteFunc(slices.Clone(l), func(i Item) bool { return i.ID == what })
		}
		if len(got) != n || !slices.Equal(others(got), others(items)) {
			t.Fatalf("the others moved: %v", got)
		}
		at := slices.IndexFunc(got, func(i Item) bool { return i.ID == what })
		switch {
		case to == "" && at != n-1:
			t.Fatalf("not at the end: %v", got)
		case to == what && !slices.Equal(got, items):
			t.Fatalf("before itself: %v", got)
		case to != "" && to != what && got[at+1].ID != to:
			t.Fatalf("%s is not before %s: %v", what, to, got)
		}
		back := ItemID("") // moving it back restores the list
		if i := slices.IndexFunc(items, func(i Item) bool { return i.ID == what }); i+1 < n {
			back = items[i+1].ID
		}
		if again, err := Move(got, what, back); err != nil || !slices.Equal(again, items) {
			t.Fatalf("moved back: %v, %v", again, err)
		}
		for _, gone := range [][2]ItemID{{"gone", to}, {what, "gone"}} {
			if _, err := Move(items, gone[0], gone[1]); !fault.Is(err, fault.NotFound) {
				t.Fatalf("Move(%v) = %v", gone, err)
			}
		}
	})
}

func TestPageCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cursor{rapid.Int64().Draw(t, "key"), rapid.StringMatching(`[0-9A-Z]{1,26}`).Draw(t, "id")}
		got, n, err := Page{After: c.String(), Limit: 7}.open()
		if got != c || n != 7 || err != nil {
			t.Fatalf("%v, %d, %v", got, n, err)
		}
	})
	if c, n, err := (Page{}).open(); c != begin() || n != pageDefault || err != nil {
		t.Errorf("the first page = %v, %d, %v", c, n, err)
	}
	for _, bad := range []Page{{After: "%"}, {After: "AAAA"}, {Limit: -1}, {Limit: pageMax + 1}} {
		if _, _, err := bad.open(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
