package outbox_test

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// shelf is what is public.
type shelf struct {
	album *form.Album // nil: it is not
	act   music.Act
	list  *form.Selection
}

func (s *shelf) Selection(context.Context, id.Playlist) (form.Selection, error) {
	if s.list == nil {
		return form.Selection{}, fault.New(fault.NotFound, "There is no such playlist.")
	}
	return *s.list, nil
}

func (*shelf) Opinion(context.Context, id.Comment) (form.Opinion, error) {
	return form.Opinion{}, fault.New(fault.NotFound, "gone")
}

func (s *shelf) Album(context.Context, id.Release) (form.Album, error) {
	if s.album == nil {
		return form.Album{}, fault.New(fault.NotFound, "There is no such release.")
	}
	return *s.album, nil
}

func (s *shelf) Act(context.Context, music.Viewer, string) (music.FullAct, error) {
	return music.FullAct{Act: s.act}, nil
}

func TestTells(t *testing.T) {
	server := fedtest.NewServer(t)
	n := fedtest.NewNode(t, server)
	var followers []*fedtest.Actor
	for _, name := range []string{"ada", "bo"} {
		a := server.Actor(name)
		followers = append(followers, a)
		if _, err := n.Servers.Actor(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
			_, err := social.Follow(t.Context(), tx, n.Act, a.ID, a.ID+"/1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	act := music.Act{ID: n.Act, Handle: "low-tide", Name: "Low Tide", Created: fedtest.Moment}
	release := music.Release{ID: id.New[id.Release](fedtest.Moment), Act: n.Act, Facts: music.Facts{Title: "Arithmetic", Artist: "Low Tide", Kind: music.Album}, State: music.Published, Published: fedtest.Moment, Changed: fedtest.Moment}
	s := &shelf{act: act}
	sent := 0
	_, proof, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &outbox.Outbox{Site: func(context.Context) form.Site { return n.Site }, Albums: s, Acts: s, Store: n.DB, Sent: func() { sent++ },
		Keys: func(id.Act) form.Keys {
			return form.Keys{HTTP: n.Servers.As.Private.Public(), Proof: proof.Public().(ed25519.PublicKey)}
		}}
	about := n.Site.ReleaseNote(release.ID)
	var own *vocab.Object // the same in 9ten's own form
	// told is the activity that waits, once for the two on one server; it is taken away.
	told := func() *vocab.Object {
		t.Helper()
		var out *vocab.Object
		own = nil
		if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
			queues, err := tx.Queues(t.Context())
			if err != nil || len(queues) == 0 {
				return err
			}
			d, err := tx.Next(t.Context(), queues[0].Host)
			if err != nil {
				return err
			}
			if queues[0].N != 1 || d.Inbox != server.URL+"/inbox" || d.Actor != n.Site.Act(n.Act) {
				t.Errorf("%d wait, the first to %s by %s", queues[0].N, d.Inbox, d.Actor)
			}
			if out, err = vocab.Parse(d.Body); err != nil {
				return err
			}
			if len(d.Own) > 0 {
				if own, err = vocab.Parse(d.Own); err != nil {
					return err
				}
			}
			return tx.Delivered(t.Context(), d)
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	seen := map[string]bool{}
	for _, step := range []struct {
		what string
		do   func()
		kind string // "" nothing is said
	}{
		{"a draft", func() {}, ""},
		{"published", func() {
			s.album = &form.Album{Release: release, Act: act, Songs: []form.Song{{Release: release, Act: act}}}
		}, "Create"},
		{"another title in the same moment", func() { n.Pass(-time.Minute); s.album.Release.Facts.Title = "Algebra" }, "Update"},
		{"again in the same moment", func() { n.Pass(-time.Minute) }, ""},
		{"and another title", func() { n.Pass(-time.Minute); s.album.Release.Facts.Title = "Analysis" }, "Update"},
		{"another, by a clock that was set back", func() { n.Pass(-3 * time.Hour); s.album.Release.Facts.Title = "Algebra" }, "Update"},
		{"again", func() {}, ""},
		{"the title before", func() { s.album.Release.Facts.Title = "Analysis" }, "Update"},
		{"taken back in the same moment", func() { n.Pass(-time.Minute); s.album = nil }, "Delete"},
		{"again in the same moment", func() { n.Pass(-time.Minute) }, ""},
		{"published again in the same moment", func() {
			n.Pass(-time.Minute)
			s.album = &form.Album{Release: release, Act: act, Songs: []form.Song{{Release: release, Act: act}}}
		}, "Create"},
		{"by a clock that is right again", func() { n.Pass(3 * time.Hour) }, ""},
		{"saved without a change", func() { s.album.Release.Changed = n.Now() }, ""},
		{"another title", func() { s.album.Release.Facts.Title = "Geometry" }, "Update"},
		{"again", func() {}, ""},
		{"something that only nodes are told", func() { s.album.Release.Facts.Label = "Shore" }, "Update"},
		{"saved without a change", func() { s.album.Songs[0].Track.Changed = n.Now() }, ""},
		{"taken back", func() { s.album = nil }, "Delete"},
		{"again", func() {}, ""},
		{"published again", func() { s.album = &form.Album{Release: release, Act: act} }, "Create"},
	} {
		n.Pass(time.Minute)
		step.do()
		before := sent
		if err := b.Release(t.Context(), release.ID); err != nil {
			t.Fatal(err)
		}
		o := told()
		if step.kind == "" {
			if o != nil || sent != before {
				t.Errorf("%s: %+v was said", step.what, o)
			}
			continue
		}
		if o == nil || !o.Is(step.kind) || vocab.FirstID(o.Object) != about || !strings.HasPrefix(o.ID, about+"/") || sent != before+1 || !o.IsPublic() {
			t.Errorf("%s: %+v", step.what, o)
		}
		if own == nil || !own.Is(step.kind) || vocab.FirstID(own.Object) != n.Site.Release(release.ID) || !own.IsPublic() || (step.kind != "Delete") != own.Object[0].Object.Is("nineten:Release") {
			t.Errorf("%s, to nodes: %+v", step.what, own)
		}
		if seen[o.ID] || seen[own.ID] {
			t.Errorf("%s: %s was said before", step.what, o.ID)
		}
		seen[o.ID], seen[own.ID] = true, true
	}
	n.Pass(time.Minute)
	another := release
	another.ID = id.New[id.Release](n.Now())
	for _, title := range []string{"Tides", "Time and Tide"} {
		another.Facts.Title = title
		s.album = &form.Album{Release: another, Act: act}
		if err := b.Release(t.Context(), another.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"Create", "Update"} {
		var d social.Delivery
		if err := n.SocialUpdate(t.Context(), func(tx social.Tx) (err error) {
			if d, err = tx.Next(t.Context(), server.Host()); err != nil {
				return err
			}
			return tx.Delivered(t.Context(), d)
		}); err != nil || d.Kind != kind {
			t.Errorf("of what was said in one moment comes %s, not %s (%v)", d.Kind, kind, err)
		}
	}
	n.Pass(time.Minute)
	for _, kind := range []string{"Update", ""} {
		if err := b.Act(t.Context(), n.Act); err != nil {
			t.Fatal(err)
		}
		if o := told(); (o != nil) != (kind != "") || o != nil && (!o.Is(kind) || o.Object[0].Object.PreferredUsername != "low-tide") {
			t.Errorf("the act: %+v", o)
		}
	}
	if len(followers) != 2 {
		t.Fatal(followers)
	}
}
