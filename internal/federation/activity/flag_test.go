package activity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
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
