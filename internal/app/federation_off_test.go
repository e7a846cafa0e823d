package app

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// What is to be told while federation is off is told when it is on again, but for what
// somebody listened to in between.
func TestToldOnceFederationIsOnAgain(t *testing.T) {
	general := fedtest.NewServer(t)
	ada := general.Actor("ada")
	w := newWatched(t, fedtest.Moment, general)
	s := &suite{watched: w, ada: ada}
	stop := w.runs()
	wren := w.joins(1)
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "name": "Wren", "listens": true}, &me)
	at := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(ada, "Follow", vocab.At(at))
	stop()
	w.again("off")
	what := music.Telling("listen", me.ID+" 01KAZ0000000000000000000T2")
	w.ok(w.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return tx.Enqueue(t.Context(), music.JobTell, what, []byte(what), tx.Now())
	}))
	w.ok(w.federation.people.Hide(t.Context(), wren.account))
	w.idles()
	w.ok(w.db.JobsView(t.Context(), func(tx jobs.Tx) error {
		list, err := tx.Pending(t.Context(), music.JobTell)
		if len(list) != 2 {
			t.Errorf("while it is off %d wait", len(list))
		}
		return err
	}))
	w.set(w.now().Add(2 * time.Hour))
	w.again("on")
	stop = w.runs()
	defer stop()
	w.arrives("the end is told", func() bool { return has(general, "Delete") })
	if x := got(general, "Delete").Object; x.Actor.ID() != at || has(general, "Listen") {
		t.Errorf("%+v", x)
	}
}

// idles lets the node do what waits, until what was made last is done.
func (w *watched) idles() {
	w.t.Helper()
	const last = "test.last"
	ctx, stop := context.WithTimeout(w.t.Context(), time.Minute)
	defer stop()
	rounds := 0
	again := func(ctx context.Context) error {
		return w.db.JobsUpdate(ctx, func(tx jobs.Tx) error { return tx.Enqueue(ctx, last, "", nil, tx.Now()) })
	}
	w.jobs.Handle(last, jobs.Options{}, func(ctx context.Context, _ jobs.Job) error {
		if rounds++; rounds == 3 { // whatever was due before has begun, and what it was is marked
			stop()
			return nil
		}
		return again(ctx)
	})
	w.ok(again(ctx))
	if err := w.runJobs(ctx); err != nil && !errors.Is(err, context.Canceled) {
		w.t.Error(err)
	}
	if rounds < 3 {
		w.t.Error("the jobs do not end")
	}
}
