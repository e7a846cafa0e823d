package elsewhere_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
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

// The node of an event says how many are there in all: it is asked every five minutes at
// most, whether anybody of this node is there or not, and those of this node, whom it knows
// of, do not count twice.
func TestTotals(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.find()
		ctx, lives := t.Context(), &social.Lives{Store: s.DB}
		l := social.Live{ID: id.New[id.Live](fedtest.Moment), IRI: s.act.ID + "/live/1", Actor: s.act.ID, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(3 * time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
		later := l
		later.ID, later.IRI, later.Starts = id.New[id.Live](fedtest.Moment.Add(time.Second)), s.act.ID+"/live/2", fedtest.Moment.Add(2*time.Hour)
		if err := s.DB.SocialUpdate(ctx, func(tx social.Tx) error {
			if err := tx.PutLive(ctx, l); err != nil {
				return err
			}
			return tx.PutLive(ctx, later)
		}); err != nil {
			t.Fatal(err)
		}
		says := func(n any) {
			o := &vocab.Object{ID: l.IRI, Type: []string{"Event", "nineten:LiveStream"}, AttributedTo: vocab.One(s.act.ID), Name: "Ebb", Published: fedtest.Moment, To: []string{vocab.Public}, StartTime: l.Starts, EndTime: l.Ends}
			o.Put("nineten:stream", l.Link)
			o.Put("nineten:audience", n)
			s.server.Publish(o, "")
		}
		path := strings.TrimPrefix(l.IRI, s.server.URL)
		there := func(after time.Duration, want int64, asked int) {
			t.Helper()
			s.Pass(after)
			if err := s.desk.Totals(ctx); err != nil {
				t.Fatal(err)
			}
			if n, err := lives.Audience(ctx, l.ID); err != nil || n != want || s.server.Asked(path) != asked {
				t.Errorf("%d are there, not %d; asked %d times, not %d; %v", n, want, s.server.Asked(path), asked, err)
			}
		}
		says(40)
		there(0, 40, 1) // nobody of this node is there
		says(50)
		for i := range 6 {
			if _, err := lives.Join(ctx, id.Account(fmt.Sprint(i)), l.ID); err != nil {
				t.Fatal(err)
			}
		}
		there(4*time.Minute, 40, 1)
		there(time.Minute, 50, 2)
		s.server.Fetches(http.StatusServiceUnavailable)
		there(5*time.Minute, 50, 3) // what it said last is good for a while
		there(4*time.Minute, 50, 3)
		there(2*time.Minute, 0, 4)
		s.server.Fetches(0)
		for _, n := range []any{4, -1, "many", 10_000_001} {
			says(n)
			there(5*time.Minute, 0, s.server.Asked(path)+1)
		}
		for i := range 6 { // of whom it does not know yet
			if _, err := lives.Join(ctx, id.Account(fmt.Sprint(i)), l.ID); err != nil {
				t.Fatal(err)
			}
		}
		says(5)
		there(5*time.Minute, 6, s.server.Asked(path)+1)
		if n := s.server.Asked(strings.TrimPrefix(later.IRI, s.server.URL)); n != 0 {
			t.Errorf("before it began it is asked %d times", n)
		}
		desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: s.Servers.Policy}
		if err := desk.Decide(ctx, social.Rule{Host: s.server.Host(), Verdict: social.Block}); err != nil {
			t.Fatal(err)
		}
		before := s.server.Asked(path)
		s.Pass(5 * time.Minute)
		if err := s.desk.Totals(ctx); err != nil || s.server.Asked(path) != before {
			t.Errorf("it is asked though it is blocked: %v", err)
		}
	})
}
