package app

import (
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store"
)

// What a listener who is seen shares is told who follows them and its act, and when they
// share it no longer, by the posts that other software shows, which each server names; who is not seen shares nothing.
func TestBoostsOfAPerson(t *testing.T) {
	far, general := fedtest.NewServer(t), fedtest.NewServer(t)
	far.Node()
	ada := general.Actor("ada")
	w := newWatched(t, fedtest.Moment, far, general)
	act := id.New[id.Act](w.now())
	release, track := w.publishes(act, "Two people and a piano.")
	stop := w.runs()
	defer stop()
	s := &suite{watched: w, ada: ada, bo: ada}
	wren, robin := w.joins(1), w.joins(2)
	there := w.elsewhereOf([]*visitor{wren, robin}, far)
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	at := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(ada, "Follow", vocab.At(at))
	boosts := func(method, what string) {
		t.Helper()
		wren.do(method, "/api/v1/boosts/"+what, nil, nil)
		w.set(w.now().Add(time.Minute)) // several changes in a row are one
	}
	boosts(http.MethodPut, there.track)
	w.arrives("the act and who follows are told", func() bool { return has(far, "Announce") && has(general, "Announce") })
	x := got(general, "Announce").Object
	if x.Actor.ID() != at || x.Object[0].ID() != far.URL+"/posts/track" || !x.IsPublic() || len(x.CC) != 2 || x.CC[0] != at+"/followers" || x.CC[1] != far.URL+"/ap/acts/"+fedtest.PaidAct || x.Published.IsZero() {
		t.Errorf("%+v", x)
	}
	boosts(http.MethodDelete, there.track)
	w.arrives("both are told that it is taken back", func() bool { return has(far, "Undo") && has(general, "Undo") })
	if u := got(far, "Undo").Object; u.Object[0].ID() != x.ID || !u.Object[0].Object.Is("Announce") || u.Actor.ID() != at {
		t.Errorf("%+v", u)
	}
	for what, want := range map[string]string{"releases/" + there.release: far.URL + "/posts/release", "releases/" + string(release): fedtest.Origin + "/ap/releases/" + string(release) + "/note", string(track): fedtest.Origin + "/ap/tracks/" + string(track) + "/note"} {
		boosts(http.MethodPut, what)
		w.arrives(what+" is told", func() bool { return got(general, "Announce").Object.Object[0].ID() == want })
	}
	w.arrives("the other server is told of its own two", func() bool {
		n := 0
		for _, p := range far.Got() {
			if p.Object.Is("Announce") {
				n++
			}
		}
		return n == 2
	})
	var list []struct{ Release, Track string }
	if wren.do(http.MethodGet, "/api/v1/boosts", nil, &list); len(list) != 3 || list[0].Release == "" {
		t.Errorf("%+v", list)
	}
	wren.do(http.MethodDelete, "/api/v1/me/person", nil, nil)
	w.arrives("the act's server hears that the person is gone", func() bool { return has(far, "Delete") })
}

// Who shares a thing and takes it back over and over tells others of it once an hour, and
// nothing when it is in the end as they were told.
func TestBoostsWithoutEnd(t *testing.T) {
	general := fedtest.NewServer(t)
	ada := general.Actor("ada")
	w := newWatched(t, fedtest.Moment, general)
	release, _ := w.publishes(id.New[id.Act](w.now()), "Two people and a piano.")
	stop := w.runs()
	defer stop()
	s := &suite{watched: w, ada: ada, bo: ada}
	wren := w.joins(1)
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	s.sends(ada, "Follow", vocab.At(fedtest.Origin+"/ap/people/"+me.ID))
	told := func() (shared, taken int) {
		for _, p := range general.Got() {
			switch {
			case p.Object.Is("Announce"):
				shared++
			case p.Object.Is("Undo"):
				taken++
			}
		}
		return shared, taken
	}
	// settles lets time pass until what was to be told by then is.
	settles := func(d time.Duration) {
		t.Helper()
		w.set(w.now().Add(d))
		s.arrives("all that is due is told", func() bool {
			due := 0
			w.exec(dueNow)
			s.ok(s.db.View(t.Context(), func(tx *store.Tx) error {
				rows, err := tx.Q.JobPending(t.Context(), music.JobTell)
				for _, r := range rows {
					if r.State != "waiting" || r.Due <= w.now().UnixMilli() {
						due++
					}
				}
				return err
			}))
			return due == 0
		})
		s.applied()
	}
	toggle := func(method string) {
		t.Helper()
		wren.do(method, "/api/v1/boosts/releases/"+string(release), nil, nil)
		settles(time.Minute)
	}
	for range 10 {
		toggle(http.MethodPut)
		toggle(http.MethodDelete)
	}
	if shared, taken := told(); shared != 1 || taken != 1 {
		t.Errorf("told %d times, and %d times that it is taken back", shared, taken)
	}
	settles(time.Hour)
	if shared, taken := told(); shared != 1 || taken != 1 {
		t.Errorf("what is as it was told is told: %d, %d", shared, taken)
	}
	toggle(http.MethodPut)
	toggle(http.MethodDelete)
	toggle(http.MethodPut)
	settles(time.Hour)
	if shared, taken := told(); shared != 3 || taken != 2 {
		t.Errorf("what is shared in the end is not told: %d, %d", shared, taken)
	}
}
