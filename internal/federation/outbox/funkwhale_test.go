package outbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Funkwhale is told of each track: of one that is new, that changed with the release,
// that is no more, and of all when the release is taken back.
func TestTellsFunkwhale(t *testing.T) {
	n := fedtest.NewNode(t)
	act := music.Act{ID: n.Act, Handle: "low-tide", Name: "Low Tide", Created: fedtest.Moment}
	release := music.Release{ID: id.New[id.Release](fedtest.Moment), Act: n.Act, Facts: music.Facts{Title: "Arithmetic", Artist: "Low Tide", Kind: music.Album, Date: "2026-11-26"}, State: music.Published, Published: fedtest.Moment, Changed: fedtest.Moment}
	names := map[string]string{}
	song := func(name string) form.Song {
		s := form.Song{Track: music.Track{ID: id.New[id.Track](fedtest.Moment), Release: release.ID, Title: name, Number: 1, Disc: 1}, Release: release, Act: act, Asset: music.Asset{DurationMS: 200_700, Bytes: 9_000_000}, MediaType: "audio/flac"}
		names[n.Site.Upload(s.Track.ID)] = name
		return s
	}
	one, two, three := song("one"), song("two"), song("three")
	s := &shelf{act: act, album: &form.Album{Release: release, Act: act, Songs: []form.Song{one, two}}}
	b := &outbox.Outbox{Site: func(context.Context) form.Site { return n.Site }, Albums: s, Acts: s, Store: n.DB, Sent: func() {}}
	for _, step := range []struct {
		what string
		do   func()
		want []string
	}{
		{"published", func() {}, []string{"Create one", "Create two"}},
		{"another track for one of them", func() {
			s.album = &form.Album{Release: release, Act: act, Songs: []form.Song{two, three}}
		}, []string{"Create three", "Delete one", "Update two"}},
		{"taken back", func() { s.album = nil }, []string{"Delete three", "Delete two"}},
		{"published again", func() { s.album = &form.Album{Release: release, Act: act, Songs: []form.Song{two}} }, []string{"Create two"}},
	} {
		n.Pass(time.Minute)
		step.do()
		if err := b.Release(t.Context(), release.ID); err != nil {
			t.Fatal(err)
		}
		var told social.Outgoing
		if err := n.SocialView(t.Context(), func(tx social.Tx) (err error) {
			told, err = tx.Told(t.Context(), n.Site.ReleaseNote(release.ID))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, body := range told.Songs {
			o, err := vocab.Parse(body)
			if err != nil || len(o.Object) != 1 || o.Object[0].Object == nil {
				t.Fatalf("%s: %s, %v", step.what, body, err)
			}
			x := o.Object[0].Object
			got = append(got, o.Type[0]+" "+names[x.ID])
			if !strings.Contains(string(body), `"https://funkwhale.audio/ns"`) || x.Type[0] != "Audio" || o.Actor.ID() != n.Site.Act(n.Act) || !o.IsPublic() {
				t.Errorf("%s: %s", step.what, body)
			}
			if o.Is("Delete") {
				continue
			}
			// What its code reads, as it stands in a document of its own.
			var track struct {
				Type, ID, Name string
				Credit         []struct {
					Type   string
					Artist struct{ Type, ID, Name string }
				} `json:"artist_credit"`
				Album struct{ Type, ID, Name, Released, Published string }
			}
			whole := strings.Contains(string(body), `"duration":200,`) && strings.Contains(string(body), `"type":"Audio"`)
			if !x.Get("track", &track) || !whole || track.Type != "Track" || track.Album.Type != "Album" || track.Album.Name != "Arithmetic" || track.Album.Released != "2026-11-26" || track.Album.Published == "" ||
				len(track.Credit) != 1 || track.Credit[0].Type != "ArtistCredit" || track.Credit[0].Artist.Name != "Low Tide" || x.Extra["library"] != n.Site.Library(n.Act) {
				t.Errorf("%s: %s", step.what, body)
			}
			if len(x.URL) != 2 || x.URL[1].Object.MediaType != "audio/flac" || !strings.HasSuffix(x.URL[1].Object.Href, "/original") || x.Context != nil {
				t.Errorf("%s: %+v", step.what, x.URL)
			}
		}
		if slices.Sort(got); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v", step.what, got)
		}
	}
}
