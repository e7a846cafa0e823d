package form

import (
	"strconv"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
)

// maxWords is how many bytes of lyrics and of people's names a release's document repeats
// of its tracks'; nobody reads documents of more than a megabyte.
const maxWords = 400_000

// OwnRelease is a release in 9ten's own form: its tracks in order.
func (s Site) OwnRelease(a *Album) *vocab.Object {
	r, f := &a.Release, &a.Release.Facts
	o := &vocab.Object{
		ID: s.Release(r.ID), Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(s.Act(a.Act.ID)), Name: f.Title, Summary: paragraphs(f.Description),
		Published: r.Published, Updated: r.Changed, To: []string{vocab.Public}, CC: []string{s.Act(a.Act.ID) + "/followers"}, URL: vocab.One(s.ReleasePage(r.ID)),
		Conversation: s.Conversation(r.ID), Image: s.picture(r.Cover, a.Act.Cover), Tag: s.tags(f.Tags), TotalItems: int64(len(a.Songs)),
		Replies: vocab.At(s.Release(r.ID) + "/replies"), Likes: vocab.At(s.Release(r.ID) + "/likes"), Shares: vocab.At(s.Release(r.ID) + "/shares"),
	}
	words := 0
	for i := range a.Songs {
		x := s.Own(&a.Songs[i])
		if words += wordsOf(&a.Songs[i].Track); words > maxWords {
			delete(x.Extra, "nineten:lyrics")
			delete(x.Extra, "nineten:people")
		}
		o.OrderedItems = append(o.OrderedItems, vocab.Of(x))
	}
	s.allow(o, a.Allowed)
	o.Put("nineten:artist", f.Artist)
	o.Put("nineten:kind", string(f.Kind))
	o.Put("nineten:post", s.ReleaseNote(r.ID))
	for name, value := range map[string]string{"nineten:date": f.Date, "nineten:label": f.Label, "nineten:licence": f.Licence.URL(), "nineten:language": f.Language} {
		if value != "" {
			o.Put(name, value)
		}
	}
	if f.Explicit {
		o.Put("nineten:explicit", true)
	}
	return o
}

// wordsOf is how long what a track repeats of its words is, with what stands around each name.
func wordsOf(t *music.Track) int {
	const around = 128 // as a document that is read may have of each of its things
	n := len(t.Lyrics)
	for _, p := range t.People {
		n += len(p.Name) + len(p.Role) + around
	}
	return n
}

// A Collection is paged when it is longer than a page: it then has a first and a
// last, as Funkwhale wants of all.
type Collection struct {
	ID    string
	By    string // whose it is, "" not said
	Total int
	// Items of the page that is asked for, newest first.
	Items []vocab.Item
	// Page is which one, from 1; 0 is the collection itself.
	Page int
	// Number says that only the number is told: the one page has no items.
	Number bool
}

// PageSize is how many items a page has.
const PageSize = 50

// Span is which items are on the page that is asked for, none for the collection itself.
func (c Collection) Span() (from, to int) {
	if c.Page == 0 || c.Number {
		return 0, 0
	}
	from = min(c.Total, (min(c.Page, c.Total+1)-1)*PageSize)
	return from, min(c.Total, from+PageSize)
}

// Document writes the collection, or a page of it.
func (c Collection) Document() *vocab.Object {
	pages := max(1, (c.Total+PageSize-1)/PageSize)
	if c.Number {
		pages = 1
	}
	page := func(n int) vocab.Item { return vocab.At(c.ID + "?page=" + strconv.Itoa(n)) }
	var by []vocab.Item
	if c.By != "" {
		by = vocab.One(c.By)
	}
	if c.Page == 0 {
		return &vocab.Object{ID: c.ID, Type: []string{"OrderedCollection"}, AttributedTo: by, TotalItems: int64(c.Total), First: page(1), Last: page(pages)}
	}
	o := &vocab.Object{ID: page(c.Page).IRI, Type: []string{"OrderedCollectionPage"}, AttributedTo: by, PartOf: vocab.At(c.ID), OrderedItems: c.Items, TotalItems: int64(c.Total)}
	if o.OrderedItems == nil {
		o.OrderedItems = []vocab.Item{}
	}
	if c.Page > 1 {
		o.Prev = page(min(c.Page-1, pages)) // from behind the end back to it
	}
	if c.Page < pages {
		o.Next = page(c.Page + 1)
	}
	return o
}

// FollowersThere is where an actor's followers of one server are listed, for that alone
// (FEP-8fcf).
func FollowersThere(actor string) string { return actor + "/followers/sync" }

// NoFollow is the address of a Follow that somebody here never sent.
func NoFollow(actor string) string { return actor + "#none" }

// Create is the activity with which a thing is published.
func Create(o *vocab.Object) *vocab.Object {
	return &vocab.Object{ID: o.ID + "/create", Type: []string{"Create"}, Actor: o.AttributedTo[0], Object: []vocab.Item{vocab.Of(o)}, Published: o.Published, To: o.To, CC: o.CC}
}
