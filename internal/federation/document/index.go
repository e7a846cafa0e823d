package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
)

// pageOfIndex is how many releases a page of the index names.
const pageOfIndex = 200

// index names the node's public releases, by their ids, so that who reads page
// after page misses none that is taken away meanwhile: whose each is, and when it
// was changed last.
func (d *Documents) index(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	if d.Index == nil {
		return f, fault.New(fault.NotFound, "This node does not offer an index of its music.")
	}
	f.page = s.Origin + "/"
	at := func(after id.Release) string { return s.Index() + "?after=" + string(after) }
	if !r.URL.Query().Has("after") {
		total, last, err := d.Index.IndexEnd(ctx, pageOfIndex)
		f.doc = &vocab.Object{ID: s.Index(), Type: []string{"OrderedCollection"}, AttributedTo: vocab.One(s.Node()), TotalItems: total, First: vocab.At(at("")), Last: vocab.At(at(last))}
		return f, err
	}
	var after id.Release
	if text := r.URL.Query().Get("after"); text != "" {
		if after, err = id.Parse[id.Release](text); err != nil {
			return f, err
		}
	}
	list, err := d.Index.Index(ctx, after, pageOfIndex+1)
	if err != nil {
		return f, err
	}
	f.doc = &vocab.Object{ID: at(after), Type: []string{"OrderedCollectionPage"}, PartOf: vocab.At(s.Index()), OrderedItems: []vocab.Item{}}
	if len(list) > pageOfIndex {
		list = list[:pageOfIndex]
		f.doc.Next = vocab.At(at(list[pageOfIndex-1].Release))
	}
	for _, x := range list {
		f.doc.OrderedItems = append(f.doc.OrderedItems, vocab.Of(&vocab.Object{
			ID: s.Release(x.Release), Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(s.Act(x.Act)), Updated: x.Changed,
		}))
	}
	return f, nil
}
