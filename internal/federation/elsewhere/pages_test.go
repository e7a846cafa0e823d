package elsewhere_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// lists has the act have a playlist whose items its server gives by pages, n to a page, and
// the node know of it.
func (s *scene) lists(n int, items ...vocab.Item) *vocab.Object {
	s.t.Helper()
	at := s.act.ID + "/lists/1"
	p := &vocab.Object{ID: at, Type: []string{"OrderedCollection", "nineten:Playlist"}, AttributedTo: vocab.One(s.act.ID), Name: "Long way", Published: fedtest.Moment, Updated: s.Now(), To: []string{vocab.Public}, TotalItems: int64(len(items)), First: vocab.At(at + "/p0")}
	s.server.Publish(p, "")
	for i := 0; i*n < len(items); i++ {
		page := &vocab.Object{ID: fmt.Sprintf("%s/p%d", at, i), Type: []string{"OrderedCollectionPage"}, PartOf: vocab.At(at), OrderedItems: items[i*n : min(len(items), i*n+n)]}
		if i*n+n < len(items) {
			page.Next = vocab.At(fmt.Sprintf("%s/p%d", at, i+1))
		}
		s.server.Publish(page, "")
	}
	s.shelves(p)
	return p
}

// shelves keeps a playlist as its document says, and does what follows of it.
func (s *scene) shelves(o *vocab.Object) {
	s.t.Helper()
	if _, err := s.Servers.Actor(s.t.Context(), o.Author()); err != nil {
		s.t.Fatal(err)
	}
	p, ok := record.Playlist(o, o.Author())
	if !ok {
		s.t.Fatalf("%+v is no playlist", o)
	}
	if err := s.SocialUpdate(s.t.Context(), func(tx social.Tx) error { return social.KeepPlaylist(s.t.Context(), tx, &p) }); err != nil {
		s.t.Fatal(err)
	}
	s.work()
}

// entries are the items of a playlist that is known here.
func (s *scene) entries(iri string) (list []social.Entry) {
	s.t.Helper()
	if err := s.SocialView(s.t.Context(), func(tx social.Tx) error {
		p, err := tx.PlaylistByIRI(s.t.Context(), iri)
		list = p.Items
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return list
}

func many(n int) (items []vocab.Item) {
	for i := range n {
		items = append(items, vocab.At(fmt.Sprintf("https://far.example/%d", i)))
	}
	return items
}

// The items of a playlist that comes without them are read page by page, as many as are
// kept, in their order; when it changes they are read anew.
func TestPagesOfAPlaylist(t *testing.T) {
	s := newScene(t)
	p := s.lists(50, many(120)...)
	got := s.entries(p.ID)
	if len(got) != 120 || got[0].IRI != "https://far.example/0" || got[119].IRI != "https://far.example/119" {
		t.Fatalf("%d items", len(got))
	}
	s.Pass(time.Hour)
	s.lists(50, many(60)...)
	if got := s.entries(p.ID); len(got) != 60 {
		t.Errorf("%d items are left", len(got))
	}
	s.Pass(time.Hour)
	s.lists(90, many(social.MostEntries+200)...)
	if got := s.entries(p.ID); len(got) != social.MostEntries {
		t.Errorf("%d items are kept", len(got))
	}
}

// Pages of another server, pages that lead back, and those of a list that turns out to be
// another's change nothing of what was known.
func TestPagesThatLie(t *testing.T) {
	for name, lie := range map[string]func(s *scene, p, page *vocab.Object){
		"of another server": func(_ *scene, p, _ *vocab.Object) { p.First = vocab.At("https://other.example/p0") },
		"back":              func(_ *scene, _, page *vocab.Object) { page.Next = vocab.At(page.ID) },
		"on to a stranger":  func(_ *scene, _, page *vocab.Object) { page.Next = vocab.At("https://other.example/p1") },
		"another's":         func(s *scene, p, _ *vocab.Object) { p.AttributedTo = vocab.One(s.server.Actor("mallory").ID) },
		"no list":           func(_ *scene, p, _ *vocab.Object) { p.Type = []string{"Note"} },
	} {
		s := newScene(t)
		p := s.lists(50, many(3)...)
		s.Pass(time.Hour)
		now, page := *p, &vocab.Object{ID: p.ID + "/p0", Type: []string{"OrderedCollectionPage"}, OrderedItems: many(9)}
		now.Updated = s.Now()
		shown := now
		lie(s, &shown, page)
		s.server.Publish(&shown, "")
		s.server.Publish(page, "")
		if s.shelves(&now); len(s.entries(p.ID)) != 3 {
			t.Errorf("%s: %d items", name, len(s.entries(p.ID)))
		}
	}
}

// shape is a document of the shapes of other software, as if it were of the scene's server.
func (s *scene) shape(name, host string) *vocab.Object {
	s.t.Helper()
	b, err := os.ReadFile("../vocab/testdata/" + name + ".json")
	if err != nil {
		s.t.Fatal(err)
	}
	o, err := vocab.Parse([]byte(strings.NewReplacer("https://"+host, s.server.URL, "?page=", "/page").Replace(string(b))))
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// Elements of PeerTube's and of Funkwhale's lists lead to what they are about: to a track
// of this node, to one that is known under the name of its song, to one that is not known.
func TestElementsOfOthers(t *testing.T) {
	s := newScene(t)
	_, mine := s.Publish()
	dee := s.server.Actor("federation/actors/dee")
	dee.ID = s.server.URL + "/federation/actors/dee"
	doc := dee.Document()
	s.server.Publish(doc, "")
	upload := s.shape("funkwhale_audio", "whale.example")
	if _, err := s.Servers.Actor(t.Context(), dee.ID); err != nil {
		t.Fatal(err)
	}
	r, ok := record.Of(record.In(upload), dee.ID)
	if !ok {
		t.Fatal("it is no release")
	}
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return social.Keep(t.Context(), tx, &r) }); err != nil {
		t.Fatal(err)
	}
	list := record.In(s.shape("funkwhale_playlist", "whale.example"))
	bare := *list
	bare.Published, bare.Updated, bare.Audience, bare.To = time.Time{}, time.Time{}, nil, nil // as its address says of it
	s.server.Publish(&bare, "")
	page := s.shape("funkwhale_playlist_page", "whale.example")
	page.Items[1].Object.Extra["track"] = s.Site.Track(mine)
	s.server.Publish(page, "")
	s.shelves(list)
	got := s.entries(list.ID)
	if len(got) != 2 || got[0].Track == "" || got[0].Track == mine || got[1].Track != mine {
		t.Errorf("Funkwhale's: %+v", got)
	}

	s.catalogue(1)
	harbour := s.server.Actor("video-channels/harbour")
	harbour.ID = s.server.URL + "/video-channels/harbour"
	s.server.Publish(harbour.Document(), "")
	tube := s.shape("peertube_playlist_paged", "tube.example")
	s.server.Publish(tube, "")
	second := s.shape("peertube_playlist_page", "tube.example")
	first := &vocab.Object{ID: tube.First.ID(), Type: []string{"OrderedCollectionPage"}, Next: vocab.At(second.ID)}
	for i, about := range []string{s.act.ID + "/releases/r00/1", s.Site.Track(mine), s.server.URL + "/video-playlists/12"} {
		e := s.shape("peertube_element", "tube.example")
		e.ID, e.URL = fmt.Sprintf("%s/videos/%d", tube.ID, i), vocab.One(about)
		s.server.Publish(e, "")
		first.OrderedItems = append(first.OrderedItems, vocab.At(e.ID))
	}
	song := &vocab.Object{ID: s.act.ID + "/releases/r00/1", Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(s.act.ID), Name: "r00 1"}
	song.Put("nineten:album", s.act.ID+"/releases/r00")
	s.server.Publish(song, "")
	s.server.Publish(first, "")
	s.server.Publish(second, "")
	s.shelves(tube)
	var tracks []id.Track
	for _, e := range s.entries(tube.ID) {
		tracks = append(tracks, e.Track)
	}
	if len(tracks) != 4 || tracks[0] == "" || slices.Contains(tracks[:1], mine) || tracks[1] != mine || tracks[2] != "" || tracks[3] != "" {
		t.Errorf("PeerTube's: %q", tracks)
	}
}
