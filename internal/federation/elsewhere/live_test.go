package elsewhere_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// The node of an event is told every minute how many people here are there, from five
// on; nobody is named, no other is told, and what was not delivered in time is dropped.
func TestAudiences(t *testing.T) {
	s := newScene(t)
	s.find()
	s.waiting = nil
	s.server.Runs("9ten")
	lives := &social.Lives{Store: s.DB}
	l := social.Live{ID: id.New[id.Live](fedtest.Moment), IRI: s.act.ID + "/live/1", Actor: s.act.ID, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
	if err := s.DB.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutLive(t.Context(), l) }); err != nil {
		t.Fatal(err)
	}
	tell := func() []*vocab.Object {
		t.Helper()
		if err := s.desk.Audiences(t.Context(), lives); err != nil {
			t.Fatal(err)
		}
		return s.sentOut()
	}
	for i := range 5 {
		if out := tell(); len(out) != 0 {
			t.Errorf("of %d: %+v", i, out)
		}
		if _, err := lives.Join(t.Context(), id.Account(fmt.Sprint(i)), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	out := tell()
	if len(out) != 1 || out[0].Type[0] != "View" || !out[0].Is("nineten:StreamActivity") || vocab.FirstID(out[0].Object) != l.IRI || out[0].IsPublic() || len(out[0].Addressed()) != 1 || !out[0].Expires.Equal(s.Now().Add(time.Minute)) {
		t.Fatalf("%+v", out)
	}
	fedtest.Means(t, fedtest.JSON(t, out[0]), fedtest.AS+"View", fedtest.Nine+"StreamActivity", fedtest.SC+"InteractionCounter", fedtest.SC+"userInteractionCount", fedtest.SC+"expires")
	if n := fmt.Sprint(out[0].Result[0].Object.Extra["userInteractionCount"]); n != "5" {
		t.Errorf("%s", n)
	}
	if err := s.desk.Audiences(t.Context(), lives); err != nil { // which the server does not take in time
		t.Fatal(err)
	}
	s.Pass(6 * time.Minute)
	if out := tell(); len(out) != 0 {
		t.Errorf("what has expired waits, or those are told who went away: %+v", out)
	}
	s.Pass(time.Hour)
	if _, err := lives.Join(t.Context(), "1", l.ID); err == nil {
		t.Error("it is over")
	}
}
