package elsewhere_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// Who works on a playlist of another server is shown by what is known of them: people and
// acts of this node too, and nobody who is blocked or silenced here, or who is no more.
func TestWhoWorksOnIt(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.find()
		p, err := (&social.People{Store: s, Federates: true}).Show(t.Context(), music.Viewer{Account: s.ada}, social.PersonDraft{Handle: "wren", Name: "Wren"})
		if err != nil {
			t.Fatal(err)
		}
		site := form.Site(s.Site)
		list := social.Playlist{IRI: s.act.ID + "/l/9", Actor: s.act.ID, Title: "Late", Page: s.act.ID, Published: fedtest.Moment, Updated: fedtest.Moment, Listed: true,
			Collaborators: []string{s.act.ID, site.Person(p.ID), site.Act(s.Act), "https://reef.example/users/bo", "https://bad.example/users/eve", site.Act("01KAZ0000000000000000000ZZ")}}
		if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error {
			if err := tx.PutRule(t.Context(), social.Rule{Host: "bad.example", Verdict: social.Block}); err != nil {
				return err
			}
			return tx.PutPlaylist(t.Context(), &list)
		}); err != nil {
			t.Fatal(err)
		}
		names := func() (out []string) {
			t.Helper()
			l, _, err := s.desk.Playlist(t.Context(), list.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range l.Working {
				out = append(out, c.Name)
			}
			return out
		}
		if got := names(); len(got) != 4 || !slices.Equal(got[1:], []string{"Wren", "Low Tide", "reef.example/users/bo"}) || strings.Contains(got[0], "/") {
			t.Errorf("%q", got)
		}
		if err := (&social.People{Store: s, Federates: true}).Hide(t.Context(), s.ada); err != nil {
			t.Fatal(err)
		}
		if got := names(); len(got) != 3 || slices.Contains(got, "Wren") {
			t.Errorf("who is no more: %q", got)
		}
	})
}
