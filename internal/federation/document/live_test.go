package document_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
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

// owner is a shelf of an act that the node has.
type owner struct {
	shelf
	act   id.Act
	label bool
}

func (o owner) Act(context.Context, music.Viewer, string) (music.FullAct, error) {
	return music.FullAct{Act: music.Act{ID: o.act, Handle: "low-tide", Label: o.label}}, nil
}

func (owner) LabelPage(context.Context, *music.Act) ([]music.ActRow, []music.ReleaseRow, error) {
	return nil, nil, nil
}

// The outbox of an act begins with its events that are not over, that of a label too.
func TestLiveInOutbox(t *testing.T) {
	t.Run("act", func(t *testing.T) { liveInOutbox(t, false) })
	t.Run("label", func(t *testing.T) { liveInOutbox(t, true) })
}

func liveInOutbox(t *testing.T, label bool) {
	n := fedtest.NewNode(t)
	d := documents(n, newShelf())
	o := owner{newShelf(), n.Act, label}
	d.Catalogue, d.Labels = o, o
	mux := http.NewServeMux()
	d.Register(mux)
	var posts []string
	for hours := time.Duration(1); hours <= 2; hours++ {
		l := social.Live{ID: id.New[id.Live](n.Now().Add(-hours)), Act: n.Act, Title: "Ebb", Link: "https://tube.example/", Starts: n.Now().Add(hours * time.Minute), Ends: n.Now().Add(hours * time.Hour), Published: n.Now(), Updated: n.Now()}
		if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutLive(t.Context(), l) }); err != nil {
			t.Fatal(err)
		}
		posts = append(posts, "https://nine.example/ap/live/"+string(l.ID)+"/note/create")
	}
	if !label {
		posts = append(posts, "https://nine.example/ap/releases/"+string(release)+"/note/create")
	}
	for range 3 { // one after the other is over
		page, whole := get(mux, "/ap/acts/"+string(n.Act)+"/outbox?page=1", asked), get(mux, "/ap/acts/"+string(n.Act)+"/outbox", asked)
		o, err := vocab.Parse(page.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var has []string
		for _, i := range o.OrderedItems {
			has = append(has, i.ID())
		}
		if !slices.Equal(has, posts) || !strings.Contains(whole.Body.String(), fmt.Sprintf(`"totalItems":%d`, len(posts))) {
			t.Errorf("it has %q, not %q: %s", has, posts, whole.Body)
		}
		n.Pass(61 * time.Minute)
		posts = posts[min(1, len(posts)):]
	}
}
