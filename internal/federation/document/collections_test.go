package document_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// documentAt reads one of the site's.
func documentAt(t *testing.T, mux *http.ServeMux, at string) *vocab.Object {
	t.Helper()
	r := get(mux, strings.TrimPrefix(at, "https://nine.example"), asked)
	o, err := vocab.Parse(r.Body.Bytes())
	if err != nil || r.Code != http.StatusOK || o.ID != at {
		t.Fatalf("%s: %d %s, %v", at, r.Code, r.Body, err)
	}
	return o
}

// walked are the items of a collection in their order, and how many pages had some. Each
// page says how to go on and back, and the last is where the collection says.
func walked(t *testing.T, mux *http.ServeMux, at string) (items []string, pages int) {
	t.Helper()
	c := documentAt(t, mux, at)
	if c.First.ID() == "" || c.Last.ID() == "" {
		t.Fatalf("%s: from %q to %q", at, c.First.ID(), c.Last.ID())
	}
	before := ""
	for next := c.First.ID(); next != ""; {
		p := documentAt(t, mux, next)
		if !p.Is("OrderedCollectionPage", "CollectionPage") || p.PartOf.ID() != at || p.Prev.ID() != before || p.TotalItems != c.TotalItems {
			t.Errorf("%s: %+v", next, p)
		}
		if p.Next.ID() == "" && p.ID != c.Last.ID() {
			t.Errorf("%s is the last, not %s", p.ID, c.Last.ID())
		}
		items, before, next = append(items, vocab.IDs(append(p.OrderedItems, p.Items...))...), p.ID, p.Next.ID()
		pages++
	}
	return items, pages
}

// What is only a number has a first and a last page, which is empty; pages of what is not
// there are none.
func TestNumbersHavePages(t *testing.T) {
	n := fedtest.NewNode(t)
	mux := serveOn(t, n, nil)
	r, track := n.Publish()
	for path, want := range map[string]int64{
		"acts/" + string(act) + "/followers": 3, "releases/" + string(r) + "/likes": 0, "releases/" + string(r) + "/shares": 0, "tracks/" + string(track) + "/likes": 0, "node/outbox": 0,
	} {
		at := "https://nine.example/ap/" + path
		if o := documentAt(t, mux, at); o.TotalItems != want {
			t.Errorf("%s: %d", path, o.TotalItems)
		}
		if items, pages := walked(t, mux, at); len(items) != 0 || pages != 1 {
			t.Errorf("%s: %q on %d pages", path, items, pages)
		}
		if got := get(mux, "/ap/"+path+"?page=0", asked).Code; got != http.StatusNotFound {
			t.Errorf("%s: page 0 is %d", path, got)
		}
	}
}

// Answers to music are listed by pages, all of them.
func TestRepliesHavePages(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	mux := serveOn(t, n, nil)
	r, _ := n.Publish()
	ada := s.Actor("ada")
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	const many = 2*form.PageSize + 3
	for i := range many {
		c := social.Comment{Thing: social.Thing{Release: r}, Author: social.Author{Actor: ada.ID, Host: "x"}, IRI: fmt.Sprintf("%s/notes/%d", ada.ID, i), HTML: "<p>x</p>", Position: -1}
		if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error { _, err := social.Say(t.Context(), tx, c); return err }); err != nil {
			t.Fatal(err)
		}
		n.Pass(10 * time.Minute) // so that it is not too often
	}
	items, pages := walked(t, mux, "https://nine.example/ap/releases/"+string(r)+"/replies")
	seen := map[string]bool{}
	for _, at := range items {
		seen[at] = true
	}
	if len(seen) != many || len(items) != many || pages != 3 {
		t.Errorf("%d on %d pages, %d of them one's own", len(items), pages, len(seen))
	}
}

// A playlist that is longer than a page has its tracks on pages alone; a shorter one has
// them in it, too. The activity about it leads there.
func TestPlaylistHasPages(t *testing.T) {
	for _, many := range []int{0, form.PageSize, form.PageSize + 1, 5000} {
		n := fedtest.NewNode(t)
		s := newShelf()
		var want []string
		for i := range many {
			track := id.Track(fmt.Sprintf("01KAZ000000000000000%06d", i))
			s.long = append(s.long, music.PlacedTrack{Row: music.TrackRow{ID: track, Act: act, Title: "x", Available: true}})
			want = append(want, "https://nine.example/ap/tracks/"+string(track))
		}
		if s.long == nil {
			s.long = []music.PlacedTrack{}
		}
		d := documents(n, s)
		mux := http.NewServeMux()
		d.Register(mux)
		at := "https://nine.example/ap/playlists/" + string(list)
		o := documentAt(t, mux, at)
		inside := many
		if many > form.PageSize {
			inside = 0
		}
		if len(o.OrderedItems) != inside || o.TotalItems != int64(many) || !o.Is("nineten:Playlist") {
			t.Errorf("%d: %d in it, %d in all", many, len(o.OrderedItems), o.TotalItems)
		}
		if got, pages := walked(t, mux, at); strings.Join(got, " ") != strings.Join(want, " ") || pages != max(1, (many+form.PageSize-1)/form.PageSize) {
			t.Errorf("%d: %d on %d pages", many, len(got), pages)
		}
		made := documentAt(t, mux, at+"/create").Object[0].Object
		if len(made.OrderedItems) != inside || made.First.ID() != at+"?page=1" {
			t.Errorf("%d: it was published with %d, from %q", many, len(made.OrderedItems), made.First.ID())
		}
	}
}

// Funkwhale's library lists all tracks of an act, page by page, as it reads them.
func TestLibraryHasPages(t *testing.T) {
	n := fedtest.NewNode(t)
	s := newShelf()
	for i := range 2*form.PageSize + 1 - len(s.full.Tracks) {
		x := s.full.Tracks[0]
		x.Track.ID = id.Track(fmt.Sprintf("01KAZ000000000000000%06d", i))
		s.full.Tracks = append(s.full.Tracks, x)
	}
	d := documents(n, s)
	mux := http.NewServeMux()
	d.Register(mux)
	at := "https://nine.example/ap/acts/" + string(act) + "/library"
	items, pages := walked(t, mux, at)
	if len(items) != 2*form.PageSize+1 || pages != 3 || items[0] != "https://nine.example/ap/tracks/"+string(track)+"/audio" {
		t.Errorf("%d on %d pages", len(items), pages)
	}
	p := documentAt(t, mux, at+"?page=2")
	if o := p.Items[0].Object; !p.Is("CollectionPage") || !o.Is("Audio") || o.Extra["track"] == nil || p.First.ID() == "" || p.Last.ID() == "" {
		t.Errorf("%+v", p)
	}
	if o := documentAt(t, mux, at); !o.Is("Library") || o.Actor.ID() != "https://nine.example/ap/acts/"+string(act) {
		t.Errorf("%+v", o)
	}
}
