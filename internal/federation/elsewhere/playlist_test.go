package elsewhere_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// A playlist that an act lists is found with the act. Its tracks are asked for at their
// own servers, in releases of those that they are by; nothing else becomes one.
func TestPlaylistElsewhere(t *testing.T) {
	third := fedtest.NewServer(t)
	s := newSceneOn(t, "", third)
	s.catalogue(1)
	shore := third.Actor("shore")
	mine := s.act.ID + "/releases/r00/1"
	// song is one of shore's: it says that it is of a release.
	song := func(name, album string, by *fedtest.Actor) *vocab.Object {
		x := &vocab.Object{ID: shore.ID + "/" + name, Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(by.ID), Name: name, Published: fedtest.Moment, To: []string{vocab.Public},
			URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: third.URL + "/sound.flac"})}}
		if album != "" {
			x.Put("nineten:album", album)
		}
		third.Publish(x, "")
		return x
	}
	album := shore.ID + "/album"
	good := song("good", album, shore)
	release := &vocab.Object{ID: album, Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(shore.ID), Name: "Shore", Published: fedtest.Moment, To: []string{vocab.Public}, OrderedItems: []vocab.Item{vocab.Of(good)}}
	third.Publish(release, "")
	list := s.act.ID + "/lists"
	p := &vocab.Object{ID: list + "/1", Type: []string{"OrderedCollection", "nineten:Playlist"}, AttributedTo: vocab.One(s.act.ID), Name: "Late trains", Summary: "<p>For the way home.</p>", Published: fedtest.Moment, To: []string{vocab.Public}}
	for _, at := range []string{
		good.ID, mine,
		song("astray", album, shore).ID,               // its release does not have it
		song("claimed", mine[:len(mine)-2], shore).ID, // of another server
		song("foreign", "", s.act).ID,                 // by an act of another server
		list + "/1", album, shore.ID,                  // lists and people are no tracks
		third.URL + "/nothing",
	} {
		p.OrderedItems = append(p.OrderedItems, vocab.At(at))
	}
	// What a list says of another's track counts for nothing.
	fake := *good
	fake.Name = "forged"
	p.OrderedItems = append(p.OrderedItems, vocab.Of(&fake))
	s.server.Publish(p, "")
	s.server.Publish(&vocab.Object{ID: list, Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{vocab.At(p.ID)}}, "")
	doc := s.act.Document()
	doc.PreferredUsername = "tide"
	doc.Put("nineten:releases", s.act.ID+"/releases")
	doc.Put("nineten:playlists", list)
	s.server.Publish(doc, "")
	s.find()
	s.work()
	f := s.find()
	if len(f.Playlists) != 1 || f.Playlists[0].Title != "Late trains" || f.Playlists[0].Count != 10 || f.Playlists[0].Home() != "tide@"+s.host() {
		t.Fatalf("%+v", f.Playlists)
	}
	got, rows, err := s.desk.Playlist(t.Context(), f.Playlists[0].ID)
	if err != nil || got.Description != "For the way home." || len(rows) != 3 {
		t.Fatalf("%+v, %+v, %v", got, rows, err)
	}
	for i, want := range []string{"good", "r00 1", "good"} {
		if rows[i].Title != want || !rows[i].Available || !rows[i].Elsewhere() {
			t.Errorf("%d: %+v", i, rows[i])
		}
	}
	if rows[0].ActHandle != "x@"+third.Host() {
		t.Errorf("%+v", rows[0])
	}
	asked := third.Asked("/nothing")
	if asked == 0 || asked > 3 {
		t.Errorf("what is not there was asked for %d times", asked)
	}
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return social.SeekTracks(t.Context(), tx, got.ID, s.Now()) }); err != nil {
		t.Fatal(err)
	}
	if s.work(); third.Asked("/nothing") != asked {
		t.Error("it is asked for again")
	}
}
