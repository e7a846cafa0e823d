package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A label is an organization that others find and follow. What its acts publish under its
// name it announces once, and takes back when it is so no longer.
func TestLabelIsFollowed(t *testing.T) {
	far := fedtest.NewServer(t)
	ada := far.Actor("ada")
	w := newWatched(t, fedtest.Moment, far)
	s := &suite{watched: w}
	ctx, house := t.Context(), music.Viewer{Admin: true}
	act := id.New[id.Act](fedtest.Moment)
	release, _ := w.publishes(act, "First")
	label, err := w.studio.CreateAct(ctx, house, music.Act{Name: "Reef Records", Label: true})
	w.ok(err)
	at := fedtest.Origin + "/ap/acts/" + string(label.ID)
	if code, _, d := s.get("/.well-known/webfinger?resource=acct:reef-records@nine.example", "application/jrd+json"); code != http.StatusOK || d.text("subject") == "" {
		t.Errorf("webfinger: %d %v", code, d)
	}
	if _, _, d := s.get(at, ""); d.text("type") != "Organization" || d.text("preferredUsername") != "reef-records" {
		t.Errorf("%v", d)
	}
	stop := w.runs()
	defer func() { stop() }()
	s.sends(ada, "Follow", vocab.At(at))
	w.arrives("the label takes followers", func() bool { return has(far, "Accept") })
	w.exec("update release set label = 'REEF records' where id = ?", string(release))
	w.ok(w.studio.AskAct(ctx, house, label.ID, "low-tide"))
	w.set(w.now().Add(time.Hour))
	w.exec(dueNow)
	w.arrives("it is announced", func() bool { return has(far, "Announce") })
	note := fedtest.Origin + "/ap/releases/" + string(release) + "/note"
	if x := got(far, "Announce").Object; x.Actor.ID() != at || x.Object[0].ID() != note {
		t.Errorf("%+v", x)
	}
	if n := s.number(at + "/outbox"); n != 1 {
		t.Errorf("the outbox has %v", n)
	}
	w.ok(w.studio.EndLabel(ctx, house, act, label.ID))
	w.set(w.now().Add(time.Hour))
	w.exec(dueNow)
	w.arrives("it is taken back", func() bool { return has(far, "Undo") })
	if x := got(far, "Undo").Object; x.Actor.ID() != at || !strings.HasPrefix(x.Object[0].Object.ID, at+"/announces/") {
		t.Errorf("%+v", x)
	}
	if n := s.number(at + "/outbox"); n != 0 {
		t.Errorf("the outbox has %v", n)
	}
	announced := 0
	for _, p := range far.Got() {
		if p.Object.Is("Announce") {
			announced++
		}
	}
	if announced != 1 {
		t.Errorf("announced %d times", announced)
	}
}
