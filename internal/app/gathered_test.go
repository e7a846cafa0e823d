package app

import (
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// What people say elsewhere of a release elsewhere is asked for when somebody here looks at
// it, each at its own server, and stands once with what is said here.
func TestGathered(t *testing.T) {
	far, general := fedtest.NewServer(t), fedtest.NewServer(t)
	far.Node()
	ada, bo := general.Actor("ada"), general.Actor("bo")
	w := newWatched(t, fedtest.Moment, far, general)
	stop := w.runs()
	defer stop()
	s := &suite{watched: w, ada: ada, bo: bo}
	wren := w.joins(1)
	there := w.elsewhereOf([]*visitor{wren}, far)
	s.asked()

	release, track := far.URL+"/ap/releases/"+fedtest.PaidRelease, far.URL+"/ap/tracks/"+fedtest.PaidTrack
	number := func(at string, n int64) vocab.Item {
		far.Publish(&vocab.Object{ID: at, Type: []string{"OrderedCollection"}, TotalItems: n}, "")
		return vocab.At(at)
	}
	doc := &vocab.Object{ID: release, Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(far.URL + "/ap/acts/" + fedtest.PaidAct), Likes: number(release+"/likes", 7), Shares: number(release+"/shares", 2), Replies: vocab.At(release + "/replies"),
		OrderedItems: []vocab.Item{vocab.Of(&vocab.Object{ID: track, Type: []string{"Audio"}, Likes: number(track+"/likes", 3), Shares: number(track+"/shares", 1)})}}
	far.Publish(doc, "")
	note := func(by *fedtest.Actor, name, to string, at time.Time) *vocab.Object {
		n := &vocab.Object{ID: by.ID + "/" + name, Type: []string{"Note"}, AttributedTo: vocab.One(by.ID), InReplyTo: vocab.One(to), Content: "<p>" + name + "</p>", To: []string{vocab.Public}, Published: at}
		general.Publish(n, "")
		return n
	}
	now := w.now()
	first := note(ada, "first", release+"/note", now.Add(-3*time.Hour))
	answer := note(bo, "answer", first.ID, now.Add(-2*time.Hour))
	deep := note(ada, "deep", answer.ID, now.Add(-time.Hour))
	answer.Replies = vocab.At(answer.ID + "/replies")
	general.Publish(&vocab.Object{ID: answer.ID + "/replies", Type: []string{"Collection"}, Items: []vocab.Item{vocab.At(deep.ID)}}, "")
	onTrack := note(bo, "on-track", track, now.Add(-time.Minute))
	old := note(bo, "old", release, now.AddDate(-2, 0, 0))
	astray := note(bo, "astray", general.URL+"/n/1", now)
	lies := note(bo, "lies", release, now)
	lies.AttributedTo = vocab.One(far.URL + "/users/x") // of another server than its address
	page := func(at string, next string, notes ...*vocab.Object) {
		o := &vocab.Object{ID: at, Type: []string{"OrderedCollectionPage"}}
		if next != "" {
			o.Next = vocab.At(next)
		}
		for _, n := range notes {
			o.OrderedItems = append(o.OrderedItems, vocab.At(n.ID))
		}
		far.Publish(o, "")
	}
	far.Publish(&vocab.Object{ID: release + "/replies", Type: []string{"OrderedCollection"}, First: vocab.At(release + "/replies/1")}, "")
	page(release+"/replies/1", release+"/replies/2", lies, onTrack, answer)
	early := note(ada, "early", first.ID, now.Add(-150*time.Minute))
	held := note(general.Actor("eve"), "held", release, now)
	w.ok(w.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		eve := general.URL + "/users/eve"
		return tx.PutRule(t.Context(), social.Rule{Host: eve, Actor: eve, Verdict: social.Quarantine, Since: w.now()})
	}))
	page(release+"/replies/2", release+"/replies/1", astray, held, old, early, first) // and in a circle

	type row struct {
		HTML, Track string
		Depth       int
		At          int64 `json:"at_ms"`
	}
	listed := func() (rows []row) {
		var list struct{ Rows []row }
		wren.do(http.MethodGet, "/api/v1/releases/"+there.release+"/comments", nil, &list)
		return list.Rows
	}
	var full struct {
		Likes, Boosts int64
		Tracks        []struct{ Likes, Boosts int64 }
	}
	look := func() {
		t.Helper()
		wren.do(http.MethodGet, "/api/v1/elsewhere/releases/"+there.release, nil, &full)
		s.arrives("all was asked", func() bool {
			w.set(w.now().Add(3 * time.Second))
			w.exec(dueNow)
			return !s.askedYet()
		})
	}
	w.set(w.now().Add(2 * social.TalkAgain))
	guest := &visitor{watched: w, ip: "203.0.113.9"}
	asked := far.Asked("/ap/releases/" + fedtest.PaidRelease + "/replies")
	guest.do(http.MethodGet, "/api/v1/elsewhere/releases/"+there.release, nil, nil)
	s.asked()
	if far.Asked("/ap/releases/"+fedtest.PaidRelease+"/replies") != asked {
		t.Error("a guest makes the node ask")
	}
	for range 2 {
		look()
		want := []row{{"<p>on-track</p>", there.track, 0, onTrack.Published.UnixMilli()}, {"<p>first</p>", "", 0, first.Published.UnixMilli()}, {"<p>early</p>", "", 1, early.Published.UnixMilli()}, {"<p>answer</p>", "", 1, answer.Published.UnixMilli()}, {"<p>deep</p>", "", 2, deep.Published.UnixMilli()}}
		got := listed()
		if len(got) != len(want) {
			t.Fatalf("%+v", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%+v, want %+v", got[i], want[i])
			}
		}
		w.set(w.now().Add(2 * social.TalkAgain)) // it is asked again, and nothing is there twice
	}
	wren.do(http.MethodGet, "/api/v1/elsewhere/releases/"+there.release, nil, &full)
	if full.Likes != 7 || full.Boosts != 2 || full.Tracks[0].Likes != 3 || full.Tracks[0].Boosts != 1 {
		t.Errorf("%+v", full)
	}
	general.Withdraw(onTrack.ID)
	w.set(w.now().Add(2 * social.TalkAgain))
	look()
	if got := listed(); len(got) != 4 {
		t.Errorf("what is no more there is here: %+v", got)
	}
}
