package document_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// An event has a document in each form and the activities with which they were
// published; one of another server has none here.
func TestLiveDocuments(t *testing.T) {
	n := fedtest.NewNode(t)
	mux := serveOn(t, n, nil)
	l := social.Live{ID: id.New[id.Live](fedtest.Moment), Act: n.Act, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
	away := l
	away.ID, away.Act, away.Actor, away.IRI = id.New[id.Live](fedtest.Moment), "", "https://far.example/ap/acts/1", "https://far.example/ap/live/1"
	if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutActor(t.Context(), social.Actor{ID: away.Actor, Host: "far.example", Inbox: away.Actor + "/inbox"}); err != nil {
			return err
		}
		for _, x := range []social.Live{l, away} {
			if err := tx.PutLive(t.Context(), x); err != nil {
				return err
			}
		}
		return tx.PutAudience(t.Context(), l.ID, "far.example", 6, n.Now().Add(time.Minute))
	}); err != nil {
		t.Fatal(err)
	}
	at := "/ap/live/" + string(l.ID)
	for path, types := range map[string]string{at: "Event nineten:LiveStream", at + "/create": "Create", at + "/note": "Note", at + "/note/create": "Create"} {
		r := get(mux, path, asked)
		o, err := vocab.Parse(r.Body.Bytes())
		if err != nil || r.Code != http.StatusOK || strings.Join(o.Type, " ") != types || o.ID != "https://nine.example"+path {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
		}
		if want := path == at; want != strings.Contains(r.Body.String(), `"nineten:audience":6`) {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	if r := get(mux, at, "text/html"); r.Code != http.StatusSeeOther || r.Header().Get("Location") != "https://nine.example/act/low-tide#live" {
		t.Errorf("%d %v", r.Code, r.Header())
	}
	for _, path := range []string{"/ap/live/" + string(away.ID), "/ap/live/x", at + "x"} {
		if r := get(mux, path, asked); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
}
