package activity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// event is one of an act elsewhere, that begins in an hour.
func event(by *fedtest.Actor, name string) *vocab.Object {
	o := &vocab.Object{ID: by.ID + "/live/" + name, Type: []string{"Event", "nineten:LiveStream"}, AttributedTo: vocab.One(by.ID), Name: "Ebb, live", Published: fedtest.Moment, To: []string{vocab.Public},
		StartTime: fedtest.Moment.Add(time.Hour), EndTime: fedtest.Moment.Add(3 * time.Hour), URL: vocab.One(by.ID + "/page")}
	o.Put("nineten:stream", "https://tube.example/tide")
	return o
}

// followed has somebody here follow an actor elsewhere.
func (w *world) followed(by *fedtest.Actor) id.Account {
	w.T.Helper()
	if _, err := w.Servers.Actor(w.T.Context(), by.ID); err != nil {
		w.T.Fatal(err)
	}
	a := account.Account{ID: id.New[id.Account](fedtest.Moment), Handle: "jo", Name: "Jo", Created: fedtest.Moment}
	if err := w.AccountUpdate(w.T.Context(), func(tx account.Tx) error { return tx.InsertAccount(w.T.Context(), a, "") }); err != nil {
		w.T.Fatal(err)
	}
	w.update(func(tx social.Tx) error {
		_, err := tx.FollowElsewhere(w.T.Context(), a.ID, by.ID, true)
		return err
	})
	return a.ID
}

func (w *world) events(by *fedtest.Actor) (list []social.Live) {
	w.T.Helper()
	list, err := (&social.Lives{Store: w.DB}).Of(w.T.Context(), "", by.ID)
	if err != nil {
		w.T.Fatal(err)
	}
	return list
}

// An event that an act elsewhere announces is here until it is over, changed or taken
// back by that act alone.
func TestLive(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		tide, mallory := s.Actor("tide"), s.Actor("mallory")
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		jo := w.followed(tide)
		say := func(kind string, o *vocab.Object, by *fedtest.Actor) {
			t.Helper()
			w.receive(by.Activity(kind, fmt.Sprintf("say%d", w.n), vocab.Of(o)))
		}
		o := event(tide, "1")
		say("Create", o, tide)
		list := w.events(tide)
		if len(list) != 1 || list[0].Title != "Ebb, live" || list[0].Link != "https://tube.example/tide" || list[0].Host != s.Host() || !list[0].Starts.Equal(o.StartTime) || list[0].On(w.Now()) {
			t.Fatalf("%+v", list)
		}
		if mine, err := (&social.Lives{Store: w.DB}).Followed(t.Context(), jo); err != nil || len(mine) != 1 {
			t.Errorf("%+v, %v", mine, err)
		}
		theft := event(tide, "1")
		theft.AttributedTo, theft.Name = vocab.One(mallory.ID), "Mine"
		say("Update", theft, mallory)
		theft.AttributedTo = vocab.One(tide.ID)
		say("Update", theft, mallory)
		say("Delete", &vocab.Object{ID: o.ID, Type: []string{"Tombstone"}}, mallory)
		o.Name, o.Updated = "Ebb, later", fedtest.Moment.Add(time.Minute)
		say("Update", o, tide)
		o.Name, o.Updated = "Ebb, before", fedtest.Moment.Add(time.Second)
		say("Update", o, tide)
		if list = w.events(tide); len(list) != 1 || list[0].Title != "Ebb, later" {
			t.Errorf("%+v", list)
		}
		o.Updated, o.StartTime, o.EndTime = fedtest.Moment.Add(2*time.Minute), fedtest.Moment.Add(-2*time.Minute), fedtest.Moment.Add(-time.Minute)
		say("Update", o, tide)
		if list = w.events(tide); len(list) != 0 {
			t.Errorf("it is over: %+v", list)
		}
		say("Create", event(tide, "2"), tide)
		say("Delete", &vocab.Object{ID: tide.ID + "/live/2", Type: []string{"Tombstone"}}, tide)
		if list = w.events(tide); len(list) != 0 {
			t.Errorf("it was taken back: %+v", list)
		}
		say("Create", event(tide, "3"), tide)
		w.Pass(4 * time.Hour)
		if list = w.events(tide); len(list) != 0 {
			t.Errorf("after its time: %+v", list)
		}
		w.update(func(tx social.Tx) error { _, err := tx.ForgetLives(t.Context(), w.Now()); return err })
		w.update(func(tx social.Tx) error {
			if l, err := tx.LiveByIRI(t.Context(), tide.ID+"/live/3"); err == nil {
				t.Errorf("kept for ever: %+v", l)
			}
			return nil
		})
	})
}

// Who begins to follow an act is told of its events that are not over, a while after the
// answer and once; who follows it already is not, nor who is of a server for which much
// waits.
func TestFollowerCatchesUp(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		ada := s.Actor("ada")
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		lives, boss := &social.Lives{Store: w.DB}, music.Viewer{Account: "boss", Admin: true}
		out := &outbox.Outbox{Site: func(context.Context) form.Site { return w.Site }, Store: w.DB, Sent: func() {}}
		announce := func(title string, length time.Duration, told bool) string {
			l, err := lives.Announce(t.Context(), boss, w.Act, social.LiveDraft{Title: title, Link: "https://tube.example/", Starts: w.Now().Add(time.Minute), Ends: w.Now().Add(length)})
			if err == nil && told {
				err = out.Live(t.Context(), l.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			return w.Site.LiveNote(l.ID)
		}
		announce("Over by then", time.Hour, true)
		announce("Not told of yet", 9*time.Hour, false)
		coming := announce("To come", 9*time.Hour, true)
		w.Pass(2 * time.Hour)
		heard := func() (list []string) {
			w.update(func(tx social.Tx) error {
				for {
					d, err := tx.Next(t.Context(), s.Host())
					if fault.Is(err, fault.NotFound) {
						return nil
					}
					if err != nil {
						return err
					}
					list = append(list, strings.TrimSpace(d.Kind+" "+d.About))
					if d.About != "" && (len(d.Own) == 0 || d.Inbox != ada.ID+"/inbox") {
						t.Errorf("%+v", d)
					}
					if err := tx.Delivered(t.Context(), d); err != nil {
						return err
					}
				}
			})
			return list
		}
		follow := func(name string) []string {
			w.receive(ada.Activity("Follow", name, vocab.Item{IRI: w.Site.Act(w.Act)}))
			return heard()
		}
		later := func() []string {
			w.Pass(2 * time.Minute)
			return heard()
		}
		if got := follow("1"); !slices.Equal(got, []string{"Accept"}) {
			t.Errorf("who begins heard %q", got)
		}
		if got := later(); !slices.Equal(got, []string{"Create " + coming}) {
			t.Errorf("who begins heard %q", got)
		}
		if got := append(follow("2"), later()...); !slices.Equal(got, []string{"Accept"}) {
			t.Errorf("who follows already heard %q", got)
		}
		w.update(func(tx social.Tx) error {
			if err := social.Unfollow(t.Context(), tx, w.Act, ada.ID); err != nil {
				return err
			}
			for i := range 200 {
				if err := tx.DeliverAt(t.Context(), coming+"/create", fmt.Sprint(ada.ID, "/", i), s.Host(), w.Now().Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		if got := append(follow("3"), later()...); !slices.Equal(got, []string{"Accept"}) {
			t.Errorf("with much that waits it heard %q", got)
		}
	})
}

// Events of no sense, of strangers, and more than an act may have are not kept.
func TestLiveOfNoWorth(t *testing.T) {
	s := fedtest.NewServer(t)
	tide, stranger := s.Actor("tide"), s.Actor("stranger")
	w := &world{Node: fedtest.NewNode(t, s)}
	w.followed(tide)
	w.receive(stranger.Activity("Create", "s", vocab.Of(event(stranger, "s"))))
	for name, change := range map[string]func(*vocab.Object){
		"for few":     func(o *vocab.Object) { o.To = []string{tide.ID} },
		"of another":  func(o *vocab.Object) { o.AttributedTo = vocab.One(stranger.ID) },
		"without end": func(o *vocab.Object) { o.EndTime = time.Time{} },
		"of two days": func(o *vocab.Object) { o.EndTime = o.StartTime.Add(48 * time.Hour) },
		"in two years": func(o *vocab.Object) {
			o.StartTime, o.EndTime = o.StartTime.AddDate(2, 0, 0), o.EndTime.AddDate(2, 0, 0)
		},
		"of no name":    func(o *vocab.Object) { o.Name = " " },
		"with a script": func(o *vocab.Object) { o.Put("nineten:stream", "javascript:alert(1)") },
		"in the clear":  func(o *vocab.Object) { o.Put("nineten:stream", "http://tube.example/") },
		"with a name and a password": func(o *vocab.Object) {
			o.Put("nineten:stream", "https://bank.example@tube.example/")
		},
		"with a long address": func(o *vocab.Object) { o.Put("nineten:stream", "https://tube.example/"+strings.Repeat("x", 2048)) },
	} {
		o := event(tide, "n")
		change(o)
		w.receive(tide.Activity("Create", "n", vocab.Of(o)))
		if list := append(w.events(tide), w.events(stranger)...); len(list) != 0 {
			t.Fatalf("%s: %+v", name, list)
		}
	}
	for i := range social.MostLives + 2 {
		w.receive(tide.Activity("Create", fmt.Sprint(i), vocab.Of(event(tide, fmt.Sprint(i)))))
	}
	if n := len(w.events(tide)); n != social.MostLives {
		t.Errorf("%d are kept", n)
	}
}

// audience is what a node says of its people at an event here.
func (w *world) audience(by *fedtest.Actor, what string, n int, change func(*vocab.Object)) *vocab.Object {
	counter := &vocab.Object{Type: []string{"InteractionCounter"}}
	counter.Put("userInteractionCount", n)
	o := &vocab.Object{ID: by.ID + "/activities/1", Type: []string{"View", "nineten:StreamActivity"}, Actor: vocab.At(by.ID), Object: vocab.One(what), To: []string{w.Site.Act(w.Act)},
		Expires: w.Now().Add(time.Minute), Result: []vocab.Item{vocab.Of(counter)}}
	if change != nil {
		change(o)
	}
	return o
}

// How many people of another node are there counts for a minute, however often it is
// said, and only of a known node, of an event that is under way here.
func TestAudience(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s, other := fedtest.NewServer(t), fedtest.NewServer(t)
		node, ada, stranger := s.Application(), s.Actor("ada"), other.Application()
		w := &world{Node: fedtest.NewNodeOn(t, url, s, other)}
		lives := &social.Lives{Store: w.DB}
		l := social.Live{ID: id.New[id.Live](fedtest.Moment), Act: w.Act, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
		later := l
		later.ID, later.Starts = id.New[id.Live](fedtest.Moment.Add(time.Second)), fedtest.Moment.Add(30*time.Minute)
		w.update(func(tx social.Tx) error {
			for _, x := range []social.Live{l, later} {
				if err := tx.PutLive(t.Context(), x); err != nil {
					return err
				}
			}
			return tx.PutPeer(t.Context(), social.Peer{Host: s.Host(), Software: "9ten"})
		})
		there := func() int64 {
			t.Helper()
			n, err := lives.Audience(t.Context(), l.ID)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		at := w.Site.Live(l.ID)
		for range 50 {
			w.receive(w.audience(node, at, 7, nil)) // a flood is one word
		}
		if n := there(); n != 7 {
			t.Errorf("%d are there", n)
		}
		w.receive(w.audience(node, at, 9, func(o *vocab.Object) { o.Expires = w.Now().Add(4 * time.Minute) }))
		if n := there(); n != 9 {
			t.Errorf("%d are there", n)
		}
		w.Pass(61 * time.Second)
		if n := there(); n != 0 {
			t.Errorf("%d are there after a minute", n)
		}
		w.receive(w.audience(stranger, at, 7, nil), w.audience(ada, at, 7, nil), w.audience(node, w.Site.Live(later.ID), 7, nil))
		for name, o := range map[string]*vocab.Object{
			"expired":       w.audience(node, at, 7, func(o *vocab.Object) { o.Expires = w.Now().Add(-time.Second) }),
			"of long":       w.audience(node, at, 7, func(o *vocab.Object) { o.Expires = w.Now().Add(time.Hour) }),
			"for ever":      w.audience(node, at, 7, func(o *vocab.Object) { o.Expires = time.Time{} }),
			"for everybody": w.audience(node, at, 7, func(o *vocab.Object) { o.To = []string{vocab.Public} }),
			"of few":        w.audience(node, at, 4, nil),
			"of all":        w.audience(node, at, 100_001, nil),
			"of nothing":    w.audience(node, at+"x", 7, nil),
			"of no number":  w.audience(node, at, 7, func(o *vocab.Object) { o.Result = nil }),
		} {
			w.receive(o)
			if n := there(); n != 0 {
				t.Errorf("%s: %d are there", name, n)
			}
		}
		if n, err := lives.Audience(t.Context(), later.ID); err != nil || n != 0 {
			t.Errorf("before it began: %d, %v", n, err)
		}
		for i := range 5 { // people here
			if _, err := lives.Join(t.Context(), id.Account(fmt.Sprint(i%4)), l.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n := there(); n != 0 {
			t.Errorf("four are told: %d", n)
		}
		if _, err := lives.Join(t.Context(), "5", l.ID); err != nil || there() != 5 {
			t.Errorf("%d, %v", there(), err)
		}
		w.Pass(6 * time.Minute)
		if n := there(); n != 0 {
			t.Errorf("%d are there though nobody said so lately", n)
		}
	})
}
