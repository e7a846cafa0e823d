package elsewhere_test

import (
	"fmt"
	"slices"
	"strings"
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

// A label that announces many addresses of a server has it asked for 30 of them an hour, and
// for what it did not have not again within a week, also when it says it another way.
func TestOutboxOfAddresses(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		third := fedtest.NewServer(t)
		s := newSceneOn(t, url, third)
		s.Servers.Store = s
		reef := s.label()
		o := &vocab.Object{ID: reef.ID + "/outbox", Type: []string{"OrderedCollection"}}
		for i := range 70 {
			x := announce(reef, fmt.Sprintf("%s/x/%d", third.URL, i))
			o.OrderedItems = append(o.OrderedItems, vocab.Of(x))
		}
		s.server.Publish(o, "")
		looks := func(want ...int) {
			t.Helper()
			if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return social.WantLook(t.Context(), tx, reef.ID, time.Time{}) }); err != nil {
				t.Fatal(err)
			}
			var got []int
			s.workAfter(func(j job) {
				if hour := max(0, int(j.at.Sub(s.Now())/time.Hour)); j.kind == social.JobShare {
					got = append(got, make([]int, max(0, hour+1-len(got)))...)
					got[hour]++
				}
			})
			if !slices.Equal(got, want) {
				t.Errorf("asked for an hour: %v, not %v", got, want)
			}
		}
		if _, err := s.Servers.Actor(t.Context(), reef.ID); err != nil {
			t.Fatal(err)
		}
		looks(30, 30, 10)
		if n := third.Asked("/x/69"); n != 1 {
			t.Errorf("it is asked %d times", n)
		}
		s.Pass(25 * time.Hour)
		looks()
		if err := s.desk.Follow(t.Context(), s.ada, reef.ID, true); err != nil {
			t.Fatal(err)
		}
		s.work()
		if err := s.takes(announce(reef, third.URL+"/x/3"), reef); err != nil {
			t.Fatal(err)
		}
		s.work()
		if n := third.Asked("/x/3"); n != 1 {
			t.Errorf("it is asked %d times", n)
		}
		s.Pass(social.Unfound)
		if err := s.desk.Mend(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.waiting = nil
		looks(30, 30, 10)
	})
}

// What a label announced long ago is looked for as long as what it announces now: a night
// that passes meanwhile forgets nothing. What of its outbox cannot be read is not taken back.
func TestOutboxIsNotHad(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		third := fedtest.NewServer(t)
		s := newSceneOn(t, url, third)
		s.Servers.Store = s
		gale, cold := third.Actor("gale"), third.Actor("cold")
		gale.Plays("gale", "Gale", "Squall")
		cold.Plays("cold", "Cold", "Front")
		reef := s.label()
		o := &vocab.Object{ID: reef.ID + "/outbox", Type: []string{"OrderedCollection"}}
		var said []string
		for _, by := range []*fedtest.Actor{gale, cold} {
			x := announce(reef, by.ID+"/r/1")
			s.server.Publish(x, "")
			said = append(said, x.ID)
			o.OrderedItems = append(o.OrderedItems, vocab.At(x.ID))
		}
		s.server.Publish(o, "")
		if _, err := s.desk.Find(t.Context(), s.ada, reef.ID); err != nil {
			t.Fatal(err)
		}
		s.workAfter(func(j job) {
			if j.kind == social.JobShare {
				if err := s.desk.Mend(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
		shows := func(want ...string) {
			t.Helper()
			l, err := (&social.Feed{Store: s}).Announced(t.Context(), s.ada, reef.ID, music.Page{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range l.Rows {
				got = append(got, n.Release.Title)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%q, not %q", got, want)
			}
		}
		shows("Front", "Squall")
		again := func() {
			t.Helper()
			s.Pass(25 * time.Hour)
			if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return social.WantLook(t.Context(), tx, reef.ID, time.Time{}) }); err != nil {
				t.Fatal(err)
			}
			s.work()
		}
		s.server.Serve(strings.TrimPrefix(said[0], s.server.URL), "text/html", []byte("We are at rest."))
		again()
		shows("Front", "Squall")
		s.server.Leads(strings.TrimPrefix(said[0], s.server.URL), s.server.URL+"/nowhere")
		again()
		shows("Front") // it is not there
	})
}

// label is a label of the act's server that has nothing but its outbox.
func (s *scene) label() *fedtest.Actor {
	reef := s.server.Actor("reef")
	reef.Kind = "Organization"
	doc := reef.Document()
	doc.Name, doc.PreferredUsername = "Reef", "reef"
	s.server.Publish(doc, "")
	return reef
}

// announce is what somebody says who shared a thing a year ago.
func announce(by *fedtest.Actor, what string) *vocab.Object {
	x := by.Activity("Announce", "said"+strings.ReplaceAll(strings.TrimPrefix(what, "https://"), "/", "-"), vocab.At(what))
	x.To, x.Published = []string{vocab.Public}, fedtest.Moment.Add(-365*24*time.Hour)
	return x
}
