package outbox_test

import (
	"context"
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A server is told again of what it lost: of a thing as it is now, Create of one that it
// never heard of, and nobody else hears it twice, but of what they were not told yet. What is no thing comes as it was.
func TestAgain(t *testing.T) { storetest.Both(t, again) }

func again(t *testing.T, url string) {
	lossy, other := fedtest.NewServer(t), fedtest.NewServer(t)
	n := fedtest.NewNodeOn(t, url, lossy, other)
	update := func(fn func(social.Tx) error) {
		t.Helper()
		if err := n.SocialUpdate(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*fedtest.Server{lossy, other} {
		a := s.Actor("ada")
		if _, err := n.Servers.Actor(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		update(func(tx social.Tx) error {
			_, err := social.Follow(t.Context(), tx, n.Act, a.ID, a.ID+"/1")
			return err
		})
	}
	_, proof, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	act := music.Act{ID: n.Act, Handle: "low-tide", Name: "Low Tide", Created: fedtest.Moment}
	releases := []music.Release{}
	for i := range 3 {
		releases = append(releases, music.Release{ID: id.New[id.Release](fedtest.Moment.Add(time.Duration(i) * time.Second)), Act: n.Act, Facts: music.Facts{Title: "Arithmetic", Kind: music.Album}, State: music.Published, Published: fedtest.Moment, Changed: fedtest.Moment})
	}
	s := &shelf{act: act}
	b := &outbox.Outbox{Site: func(context.Context) form.Site { return n.Site }, Albums: s, Acts: s, Store: n.DB, Sent: func() {},
		Keys: func(id.Act) form.Keys {
			return form.Keys{HTTP: n.Servers.As.Private.Public(), Proof: proof.Public().(ed25519.PublicKey)}
		}}
	tell := func(r music.Release) {
		t.Helper()
		n.Pass(time.Minute)
		s.album = &form.Album{Release: r, Act: act, Songs: []form.Song{{Release: r, Act: act, Track: music.Track{ID: id.Track(r.ID)}}}}
		if err := b.Release(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	// arrive has all that waits arrive, and be lost at one of the two.
	arrive := func(lost bool) (kinds []string) {
		t.Helper()
		update(func(tx social.Tx) error {
			for _, host := range []string{lossy.Host(), other.Host()} {
				for {
					d, err := tx.Next(t.Context(), host)
					if err != nil {
						break
					}
					if host == lossy.Host() && lost {
						err = tx.Lose(t.Context(), d, "422")
					} else if err = tx.Arrived(t.Context(), d); err == nil {
						err = tx.Delivered(t.Context(), d)
					}
					if err != nil {
						return err
					}
					o, err := vocab.Parse(d.Body)
					if err != nil {
						return err
					}
					what := d.Kind + " " + o.Object[0].ID()
					if o.Object[0].Object != nil {
						what += " " + o.Object[0].Object.Name + " " + d.Inbox
					}
					if len(d.Songs) > 0 {
						song, err := vocab.Parse(d.Songs[0])
						if err != nil || !song.Is(d.Kind) {
							t.Errorf("%s, and of its track %v", what, song.Type)
						}
					}
					kinds = append(kinds, what)
				}
			}
			return nil
		})
		return kinds
	}
	tell(releases[0]) // lost, and changed since
	tell(releases[1]) // there, but its change is lost
	arrive(false)
	releases[2].Facts.Title = "New"
	tell(releases[2])
	releases[1].Facts.Title = "Other"
	tell(releases[1])
	n.Pass(time.Minute)
	update(func(tx social.Tx) error {
		if err := tx.Send(t.Context(), social.Outgoing{ID: n.Site.Origin + "/ap/activities/1", Actor: n.Site.Act(n.Act), Kind: "Accept", Body: []byte(`{"id":"https://nine.example/1","type":"Accept","object":"https://x.example/follow"}`)}); err != nil {
			return err
		}
		return tx.Deliver(t.Context(), n.Site.Origin+"/ap/activities/1", lossy.URL+"/inbox", lossy.Host())
	})
	if got := arrive(true); len(got) != 5 {
		t.Fatal(got)
	}
	releases[2].Facts.Title = "Newer"
	tell(releases[2])
	if got := arrive(false); len(got) != 2 {
		t.Fatal(got)
	}
	n.Pass(time.Minute)
	b.Albums = shelves{s, func(r id.Release) music.Release {
		i := slices.IndexFunc(releases, func(x music.Release) bool { return x.ID == r })
		return releases[i]
	}}
	releases[2].Facts.Title = "Newest" // of which nobody was told yet
	if err := b.Again(t.Context(), lossy.Host()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Accept https://x.example/follow",
		"Create " + n.Site.ReleaseNote(releases[2].ID) + "  " + lossy.URL + "/inbox",
		"Update " + n.Site.ReleaseNote(releases[1].ID) + "  " + lossy.URL + "/inbox",
		"Update " + n.Site.ReleaseNote(releases[2].ID) + "  " + lossy.URL + "/inbox",
		"Update " + n.Site.ReleaseNote(releases[2].ID) + "  " + other.URL + "/inbox",
	}
	slices.Sort(want)
	got := arrive(false)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	update(func(tx social.Tx) error {
		all, err := tx.Lost(t.Context(), lossy.Host())
		if len(all) != 0 {
			t.Errorf("%+v", all)
		}
		return err
	})
}

// shelves have several releases.
type shelves struct {
	*shelf
	find func(id.Release) music.Release
}

func (s shelves) Album(_ context.Context, r id.Release) (form.Album, error) {
	x := s.find(r)
	return form.Album{Release: x, Act: s.act, Songs: []form.Song{{Release: x, Act: s.act, Track: music.Track{ID: id.Track(x.ID)}}}}, nil
}
