package elsewhere_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// news is what is new for ada, in pages of two: who shared what, or that it came out.
func (s *scene) news() (out []string) {
	s.t.Helper()
	feed := &social.Feed{Store: s}
	for p := (music.Page{Limit: 2}); ; {
		l, err := feed.News(s.t.Context(), music.Viewer{Account: s.ada}, p)
		if err != nil || len(l.Rows) > 2 {
			s.t.Fatalf("%d rows, %v", len(l.Rows), err)
		}
		for _, n := range l.Rows {
			line := n.Release.Title
			if n.Track != "" {
				line += ": " + n.Title
			}
			var by []string
			for _, x := range n.Sharers {
				by = append(by, x.Name)
			}
			switch {
			case n.IsShared:
				line = strings.Join(by, ", ") + " shares " + line
			case len(by) > 0:
				line += ", shared by " + strings.Join(by, ", ")
			}
			out = append(out, line)
		}
		if p.After = l.Next; p.After == "" {
			return out
		}
	}
}

// takes applies an activity of somebody, and returns why it is not.
func (s *scene) takes(x *vocab.Object, by *fedtest.Actor) error {
	s.t.Helper()
	return s.SocialUpdate(s.t.Context(), func(tx social.Tx) error {
		from, err := tx.Actor(s.t.Context(), by.ID)
		if err != nil {
			return err
		}
		_, err = activity.Apply(s.t.Context(), tx, activity.In{Object: x, From: from, Site: s.Site})
		return err
	})
}

// published is a release of the act here with a track, as lists have it.
func (s *scene) published() (id.Release, id.Track) {
	s.t.Helper()
	r, t := s.Publish()
	row := music.ReleaseRow{ID: r, Title: "Arithmetic", Act: s.Act, ActHandle: "low-tide", ActName: "Low Tide", Published: s.Now(), Tracks: 1}
	line := music.Line{Row: music.TrackRow{ID: t, Title: "Safari", Act: s.Act, Release: r, ReleaseTitle: "Arithmetic", Available: true, Published: s.Now()}}
	if err := s.DB.Music().Update(s.t.Context(), func(tx music.Tx) error { return tx.SetLines(s.t.Context(), r, &row, 0, nil, []music.Line{line}) }); err != nil {
		s.t.Fatal(err)
	}
	return r, t
}

// meets has somebody be known, and followed by ada.
func (s *scene) meets(who *fedtest.Actor) {
	s.t.Helper()
	if _, err := s.Servers.Actor(s.t.Context(), who.ID); err != nil {
		s.t.Fatal(err)
	}
	if err := s.desk.Follow(s.t.Context(), s.ada, who.ID, true); err != nil {
		s.t.Fatal(err)
	}
	s.waiting = nil
}

// shares has somebody share a thing, which is found.
func (s *scene) shares(by *fedtest.Actor, name, what string) {
	s.t.Helper()
	x := by.Activity("Announce", name, vocab.At(what))
	x.To, x.Published = []string{vocab.Public}, s.Now()
	if err := s.takes(x, by); err != nil {
		s.t.Fatal(err)
	}
	s.work()
}

// What acts that somebody follows publish, here and elsewhere, and what those elsewhere
// share of whatever server, is theirs in the order in which it came, a page at a time.
// What is no music, what is taken back, and what somebody shares whom nobody follows is
// not in it.
func TestNews(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		third := fedtest.NewServer(t)
		s := newSceneOn(t, url, third)
		s.Servers.Store = s
		s.catalogue(1)
		s.find()
		s.follow(s.ada, true)
		s.work()
		if err := s.DB.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetFollow(t.Context(), s.ada, s.Act, true) }); err != nil {
			t.Fatal(err)
		}
		here, track := s.published() // as old as what is elsewhere
		other := third.Actor("gale")
		other.Plays("gale", "Gale", "Squall")
		s.Pass(time.Hour)
		s.shares(s.act, "s1", other.ID+"/r/1")
		s.Pass(time.Hour)
		s.shares(s.act, "s2", s.Site.TrackNote(track))
		s.Pass(time.Hour)
		s.shares(s.act, "s3", s.Site.Release(here))
		s.shares(s.act, "s4", third.URL+"/users/gale") // no music
		if _, err := s.Servers.Actor(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
		s.shares(other, "s5", other.ID+"/r/1") // nobody follows them
		got := s.news()
		want := []string{"Tide shares Arithmetic: Safari", "Tide shares Squall"}
		if len(got) != 4 || !slices.Equal(got[:2], want) || !slices.Contains(got[2:], "r00") || !slices.Contains(got[2:], "Arithmetic, shared by Tide") {
			t.Errorf("%q, not %q", got, want)
		}
		cold := third.Actor("cold")
		cold.Plays("cold", "Cold", "Front")
		s.meets(cold)
		s.Pass(time.Hour)
		s.shares(cold, "s6", other.ID+"/r/1")
		if got := s.news(); len(got) != 4 || got[0] != "Cold, Tide shares Squall" || got[1] != want[0] {
			t.Errorf("shared by two: %q", got)
		}
		if err := s.takes(cold.Activity("Undo", "u0", vocab.At(cold.ID+"/s6")), cold); err != nil {
			t.Fatal(err)
		}
		if err := s.DB.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetFollow(t.Context(), s.ada, s.Act, false) }); err != nil {
			t.Fatal(err)
		}
		if got := s.news(); len(got) != 4 || got[0] != "Tide shares Arithmetic" {
			t.Errorf("shared by one, and published by whom nobody follows: %q", got)
		}
		if err := s.takes(s.act.Activity("Undo", "u1", vocab.At(s.act.ID+"/s2")), s.act); err != nil {
			t.Fatal(err)
		}
		if err := s.takes(s.act.Activity("Undo", "u2", vocab.Of(s.act.Activity("Announce", "of-another-id", vocab.At(other.ID+"/r/1")))), s.act); err != nil {
			t.Fatal(err)
		}
		if got := s.news(); len(got) != 2 || got[0] != "Tide shares Arithmetic" {
			t.Errorf("taken back: %q", got)
		}
		feed := &social.Feed{Store: s}
		if _, err := feed.News(t.Context(), music.Viewer{}, music.Page{}); !fault.Is(err, fault.Unauthenticated) {
			t.Error(err)
		}
		if l, err := feed.News(t.Context(), music.Viewer{Account: s.bo}, music.Page{}); err != nil || len(l.Rows) != 0 {
			t.Errorf("who follows nobody: %v, %v", l.Rows, err)
		}
	})
}

// What a listener who is seen shares is for everybody who looks at their page, the latest
// first: music of here and of elsewhere, but of whom one does not want to hear.
func TestSharedByAPerson(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.Servers.Store = s
		s.catalogue(2)
		s.find()
		s.work()
		here, track := s.published()
		people, ctx, ada := &social.People{Store: s, Federates: true}, t.Context(), music.Viewer{Account: s.ada}
		if _, err := people.Show(ctx, ada, social.PersonDraft{Handle: "wren"}); err != nil {
			t.Fatal(err)
		}
		there := s.open("").Releases
		for _, x := range []social.Thing{{Release: there[0].ID}, {Track: track}, {Release: here}} {
			if err := people.Boost(ctx, ada, x, true); err != nil {
				t.Fatal(err)
			}
		}
		all := func() (out []string) {
			t.Helper()
			for p := (music.Page{Limit: 1}); ; {
				l, err := people.Shared(ctx, "", "wren", p)
				if err != nil || len(l.Rows) > 1 {
					t.Fatalf("%d rows, %v", len(l.Rows), err)
				}
				for _, n := range l.Rows {
					out = append(out, n.Release.Title+"/"+n.Title)
				}
				if p.After = l.Next; p.After == "" {
					slices.Sort(out) // all at one moment
					return out
				}
			}
		}
		want := []string{"Arithmetic/", "Arithmetic/Safari", there[0].Title + "/"}
		if got := all(); !slices.Equal(got, want) {
			t.Errorf("%q, not %q", got, want)
		}
		rule := social.Rule{Host: "tide@127.0.0.1", Actor: s.act.ID, Verdict: social.Silence}
		if err := s.SocialUpdate(ctx, func(tx social.Tx) error { return tx.PutRule(ctx, rule) }); err != nil {
			t.Fatal(err)
		}
		if got := all(); !slices.Equal(got, want[:2]) {
			t.Errorf("who is silenced is shared: %q", got)
		}
		if _, err := people.Show(ctx, ada, social.PersonDraft{Handle: "wren", Approves: true}); err != nil {
			t.Fatal(err)
		}
		if got := all(); len(got) != 0 {
			t.Errorf("of who wants to be asked: %q", got)
		}
		if _, err := people.Shared(ctx, "", "nobody", music.Page{}); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// Of whom somebody does not want to hear nothing is shared with them either, and what one
// act shares within an hour is bounded.
func TestNewsOfWhomNobodyHears(t *testing.T) {
	third := fedtest.NewServer(t)
	s := newSceneOn(t, "", third)
	s.Servers.Store = s
	s.find()
	s.follow(s.ada, true)
	s.waiting = nil
	other := third.Actor("gale")
	other.Plays("gale", "Gale", "Squall")
	s.shares(s.act, "s1", other.ID+"/r/1")
	if got := s.news(); len(got) != 1 {
		t.Fatalf("%q", got)
	}
	rule := social.Rule{Host: "gale@127.0.0.1", Actor: other.ID, Verdict: social.Silence}
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutRule(t.Context(), rule) }); err != nil {
		t.Fatal(err)
	}
	if got := s.news(); len(got) != 0 {
		t.Errorf("who is silenced is shared: %q", got)
	}
	s.waiting = nil
	for i := range 40 {
		x := s.act.Activity("Announce", fmt.Sprintf("m%d", i), vocab.At(fmt.Sprintf("%s/users/gale/r/x%d", third.URL, i)))
		x.To = []string{vocab.Public}
		if i%2 > 0 {
			x.Published = s.Now().Add(-365 * 24 * time.Hour) // as they say
		}
		if err := s.takes(x, s.act); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, j := range s.waiting {
		if j.kind == social.JobShare && strings.Contains(j.key, "/r/x") {
			n++
		}
	}
	if n != 29 {
		t.Errorf("%d are asked for within an hour", n)
	}
}
