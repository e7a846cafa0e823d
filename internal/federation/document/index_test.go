package document_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// The index leads through all public releases, each once and in order, and there
// is none where the operator did not want it.
func TestIndexDocument(t *testing.T) {
	n := fedtest.NewNode(t)
	if r := get(serveOn(t, n, nil), "/ap/index", asked); r.Code != http.StatusNotFound {
		t.Errorf("%d", r.Code)
	}
	want := map[string]bool{}
	for range 3 {
		r, _ := n.Publish()
		lists(n, r, &music.ReleaseRow{ID: r, Published: n.Now()})
		want["https://nine.example/ap/releases/"+string(r)] = true
	}
	hidden, _ := n.Publish()
	n.Withdraw(hidden)
	lists(n, hidden, nil)

	d := documents(n, newShelf())
	c := &music.Catalogue{Store: n.DB.Music()}
	d.Index = short{c}
	mux := http.NewServeMux()
	d.Register(mux)
	read := func(at string) *vocab.Object {
		r := get(mux, strings.TrimPrefix(at, "https://nine.example"), asked)
		o, err := vocab.Parse(r.Body.Bytes())
		if err != nil || r.Code != http.StatusOK || o.ID != at {
			t.Fatalf("%s: %d %s", at, r.Code, r.Body)
		}
		return o
	}
	whole := read("https://nine.example/ap/index")
	if end := read(whole.Last.ID()); whole.TotalItems != 3 || len(end.OrderedItems) != 1 {
		t.Errorf("it has %d, and %d on the last page", whole.TotalItems, len(end.OrderedItems))
	}
	first := whole.First.ID()
	last := ""
	for len(want) > 0 {
		p := read(first)
		if len(p.OrderedItems) == 0 {
			t.Fatalf("left %v", want)
		}
		for _, i := range p.OrderedItems {
			o := i.Object
			if !want[o.ID] || o.ID <= last || o.Author() != "https://nine.example/ap/acts/"+string(n.Act) || o.Updated.IsZero() {
				t.Errorf("%+v", o)
			}
			delete(want, o.ID)
			last = o.ID
		}
		first = "https://nine.example/ap/index?after=" + strings.TrimPrefix(last, "https://nine.example/ap/releases/")
	}
	if r := get(mux, "/ap/index?after=x", asked); r.Code/100 != 4 {
		t.Errorf("%d", r.Code)
	}
}

// A short index has two releases on a page, so that what is left over is seen.
type short struct{ *music.Catalogue }

func (s short) Index(ctx context.Context, after id.Release, most int) ([]music.Indexed, error) {
	return s.Catalogue.Index(ctx, after, min(most, 2))
}

func (s short) IndexEnd(ctx context.Context, _ int) (int64, id.Release, error) {
	return s.Catalogue.IndexEnd(ctx, 2)
}

// lists has a release in lists as its row says, or not.
func lists(n *fedtest.Node, r id.Release, row *music.ReleaseRow) {
	n.T.Helper()
	if err := n.DB.Music().Update(n.T.Context(), func(tx music.Tx) error { return tx.SetLines(n.T.Context(), r, row, 0, nil, nil) }); err != nil {
		n.T.Fatal(err)
	}
}
