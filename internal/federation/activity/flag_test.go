package activity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

func (w *world) reports() []social.Report {
	w.T.Helper()
	page, err := (&social.Reports{Store: w.DB}).List(w.T.Context(), music.Viewer{Moderator: true}, false, "")
	if err != nil {
		w.T.Fatal(err)
	}
	return page.Rows
}

// report makes a Flag of things.
func report(a *fedtest.Actor, name, content string, things ...string) *vocab.Object {
	f := a.Activity("Flag", "flags/"+name, vocab.At(things[0]))
	for _, t := range things[1:] {
		f.Object = append(f.Object, vocab.At(t))
	}
	f.Content = content
	return f
}

// A report of another server is one for the moderators, about what of it is here.
func TestFlag(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	r, track := w.Publish()
	w.receive(reply(ada, "1", w.Site.Release(r), "<p>rude</p>"))
	w.receive(report(ada, "1", "<b>Not</b> theirs\x00", w.Site.Act(w.Act), w.Site.ReleaseNote(r), w.Site.Track(track), ada.ID+"/notes/1", ada.ID+"/notes/2", "https://other.example/x"))
	all := w.reports()
	if len(all) != 1 || len(all[0].About) != 3 {
		t.Fatalf("%+v", all)
	}
	got := ""
	for _, a := range all[0].About {
		got += fmt.Sprintf("%s %s %q %s\n", a.Kind, a.Name, a.Words, a.Host)
	}
	if want := "act Low Tide \"\" \nrelease Arithmetic \"\" \ncomment @x@" + s.Host() + " \"rude\" " + s.Host() + "\n"; got != want || all[0].Words != "Not theirs" || all[0].By.Host != s.Host() {
		t.Errorf("%q by %s:\n%s want\n%s", all[0].Words, all[0].By.Host, got, want)
	}
	if w.sent != 0 {
		t.Error("something is sent for it")
	}
	w.receive(ada.Activity("Undo", "u", vocab.At(ada.ID+"/flags/1")))
	if all := w.reports(); len(all) != 0 {
		t.Errorf("taken back: %+v", all)
	}
}

// What is not here is not reported here, and a flood ends before anything is
// looked up for it.
func TestFlagsOfNoWorth(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	w := &world{Node: fedtest.NewNode(t, s, evil)}
	r, _ := w.Publish()
	draft, _ := w.Publish()
	w.Withdraw(draft)
	w.receive(report(ada, "1", "x", w.Site.Act("01KAZ0000000000000000000AC")), report(ada, "2", "x", w.Site.Release(draft)), report(ada, "3", "x", "https://other.example/"), report(ada, "4", "x", w.Site.Node()))
	if all := w.reports(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	var flood []*vocab.Object
	for i := range 120 {
		flood = append(flood, report(mallory, fmt.Sprint(i), strings.Repeat("x", 9_000), w.Site.Release(r)))
	}
	w.receive(flood...)
	w.receive(report(ada, "5", "x", w.Site.Release(r)))
	var open int64
	w.view(func(tx social.Tx) (err error) {
		_, open, err = tx.CountReports(t.Context(), social.Author{}, w.Now())
		return err
	})
	if open != 101 {
		t.Errorf("%d reports are taken: 100 of the flood, and one of another server", open)
	}
	if all := w.reports(); len(all[1].Words) > 2_010 {
		t.Errorf("%d bytes of words", len(all[1].Words))
	}
	w.receive(ada.Activity("Undo", "u", vocab.At(mallory.ID+"/flags/1")))
	var after int64
	w.view(func(tx social.Tx) (err error) {
		_, after, err = tx.CountReports(t.Context(), social.Author{}, w.Now())
		return err
	})
	if after != open {
		t.Error("another's report is taken back")
	}
}

// The account of a listener who is seen, a playlist and a live event are reported, too; not
// one who is seen no more, nor a playlist that is its owner's alone.
func TestFlagOfAPerson(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server := fedtest.NewServer(t)
		ada := server.Actor("ada")
		s := newStudio(t, url, server)
		list := s.list(s.Act, s.song())
		l := social.Live{ID: id.New[id.Live](fedtest.Moment), Act: s.Act, Title: "Ebb, live", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
		s.update(func(tx social.Tx) error { return tx.PutLive(t.Context(), l) })
		s.receive(report(ada, "1", "x", s.Site.Person(s.wren)))
		s.Pass(time.Second)
		s.receive(report(ada, "2", "x", s.Site.Playlist(list), s.Site.PlaylistNote(list), s.Site.Live(l.ID), s.Site.LiveNote(l.ID)))
		got := ""
		for _, r := range s.reports() {
			for _, a := range r.About {
				got += string(a.Kind) + " " + a.Name + " " + a.Page + "\n"
			}
		}
		if want := "playlist Late trains /playlist/" + string(list) + "\nlive Ebb, live /act/low-tide#live\nperson wren /person/wren\n"; got != want {
			t.Errorf("%s want\n%s", got, want)
		}
		_, err := s.together.Library.EditPlaylist(t.Context(), s.ada, list, func(p *music.Playlist) { p.Act, p.Access = "", music.Private })
		s.must(err)
		s.must((&social.People{Store: s, Federates: true}).Hide(t.Context(), s.ada.Account))
		s.receive(report(ada, "3", "x", s.Site.Person(s.wren), s.Site.Playlist(list)))
		if n := len(s.reports()); n != 2 {
			t.Errorf("%d reports", n)
		}
	})
}
