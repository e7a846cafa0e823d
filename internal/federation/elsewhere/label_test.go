package elsewhere_test

import (
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// What a label of another server has announced is read in its outbox, of whatever server it
// is, with whose it is, also where nobody here follows the label; what its outbox has no
// more is forgotten when it is read again. An act's outbox tells of nothing it shared.
func TestOutboxOfALabel(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		third := fedtest.NewServer(t)
		s := newSceneOn(t, url, third)
		s.Servers.Store = s
		gale := third.Actor("gale")
		gale.Plays("gale", "Gale", "Squall")
		here, _ := s.published()
		reef := s.server.Actor("reef")
		reef.Kind = "Organization"
		doc := reef.Document()
		doc.Name, doc.PreferredUsername = "Reef", "reef"
		doc.Put("nineten:releases", reef.ID+"/releases")
		s.server.Publish(doc, "")
		s.server.Publish(&vocab.Object{ID: reef.ID + "/releases", Type: []string{"OrderedCollection"}}, "")
		outbox := func(by *fedtest.Actor, what ...string) {
			t.Helper()
			o := &vocab.Object{ID: by.ID + "/outbox", Type: []string{"OrderedCollection"}}
			for i, at := range what {
				x := by.Activity("Announce", "said"+at[len(at)-1:], vocab.At(at))
				x.Published = fedtest.Moment.Add(-time.Duration(i+1) * time.Hour)
				if x.To = []string{vocab.Public}; i == 2 {
					x.To = []string{by.ID + "/followers"}
				}
				o.OrderedItems = append(o.OrderedItems, vocab.Of(x))
			}
			if len(what) == 0 {
				o.First = vocab.At(o.ID + "/1")
				s.server.Publish(&vocab.Object{ID: o.ID + "/1", Type: []string{"OrderedCollectionPage"}}, "")
			}
			s.server.Publish(o, "")
		}
		outbox(reef, gale.ID+"/r/1", s.Site.ReleaseNote(here), s.act.ID+"/releases/r00", s.Site.Release("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
		s.catalogue(2)
		solo := s.server.Actor("solo")
		outbox(solo, gale.ID+"/r/1") // an act's own list does not ask third servers

		find := func(who string) social.Full {
			t.Helper()
			f, err := s.desk.Find(t.Context(), s.ada, who)
			if err != nil {
				t.Fatal(err)
			}
			s.work()
			return f
		}
		feed := &social.Feed{Store: s}
		shown := func(actor string) (titles, acts []string) {
			t.Helper()
			for p := (music.Page{Limit: 1}); ; {
				l, err := feed.Announced(t.Context(), s.ada, actor, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range l.Rows {
					titles = append(titles, n.Release.Title)
				}
				if p.After = l.Next; p.After == "" {
					break
				}
			}
			local, there, err := feed.Signed(t.Context(), s.ada, actor)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range local {
				acts = append(acts, a.Name)
			}
			for _, a := range there {
				acts = append(acts, a.Actor.Name)
			}
			return titles, acts
		}
		wants := func(actor string, want, whose []string) {
			t.Helper()
			if titles, acts := shown(actor); !slices.Equal(titles, want) || !slices.Equal(acts, whose) {
				t.Errorf("%q of %q, not %q of %q", titles, acts, want, whose)
			}
		}
		find(reef.ID)
		both, acts := []string{"Squall", "Arithmetic"}, []string{"Low Tide", "Gale"}
		wants(reef.ID, both, acts)
		find(solo.ID)
		wants(solo.ID, nil, nil)
		if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.ForgetShares(t.Context(), s.Now()) }); err != nil {
			t.Fatal(err)
		}
		wants(reef.ID, both, acts) // a night has passed
		rule := social.Rule{Host: "gale@127.0.0.1", Actor: gale.ID, Verdict: social.Silence}
		if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutRule(t.Context(), rule) }); err != nil {
			t.Fatal(err)
		}
		wants(reef.ID, both[1:], acts[:1])
		if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.DropRule(t.Context(), rule.Host) }); err != nil {
			t.Fatal(err)
		}
		again := func(want, whose []string) {
			t.Helper()
			s.Pass(25 * time.Hour)
			if _, err := s.desk.Act(t.Context(), s.ada, "reef@"+s.host()); err != nil {
				t.Fatal(err)
			}
			s.work()
			wants(reef.ID, want, whose)
		}
		outbox(reef)
		again(both, acts) // it may hide what it has
		outbox(reef, gale.ID+"/r/1")
		again(both[:1], acts[1:])
	})
}
