package activity_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// burst keeps that somebody is no more, and many likes of theirs after that.
func (w *world) burst(by *fedtest.Actor, n int) {
	w.T.Helper()
	if _, err := w.Servers.Actor(w.T.Context(), by.ID); err != nil {
		w.T.Fatal(err)
	}
	list := []*vocab.Object{by.Activity("Delete", "gone", vocab.At(by.ID))}
	for i := range n {
		list = append(list, by.Activity("Like", fmt.Sprintf("like/%d", i), vocab.At(w.Site.Act(w.Act))))
	}
	for _, o := range list {
		w.keep(o, fedtest.JSON(w.T, o))
		w.Pass(time.Millisecond)
	}
}

// Who has their own server be asked, and has that not answer, holds up nobody else.
func TestSlowServer(t *testing.T) {
	s, slow := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), slow.Actor("mallory")
	w := &world{Node: fedtest.NewNode(t, s, slow)}
	if _, err := w.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	w.burst(mallory, 30)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	asked, answer := make(chan struct{}, 100), make(chan struct{})
	slow.Before(mallory.ID, func() { asked <- struct{}{}; <-answer })
	a := activity.New(activity.Applier{Site: w.Site, Store: w.DB, Servers: w.Servers, AtOnce: w.DB.AtOnce(), Together: w.DB.Serial(), Log: fedtest.Quiet(), Sent: func() {}})
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	<-asked
	follow := ada.Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act)))
	w.keep(follow, fedtest.JSON(t, follow))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ; w.followers() == 0 && ctx.Err() == nil; <-tick.C {
		a.Wake()
	}
	if w.followers() != 1 {
		t.Error("ada waits for a server that is not hers")
	}
	close(answer)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A server that does not answer is asked once for all that waits for it, ever more rarely,
// and in the end no more.
func TestServerThatIsAway(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		mallory := s.Actor("mallory")
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		w.burst(mallory, 20)
		s.Fetches(http.StatusServiceUnavailable)
		before := s.Asked("/users/mallory")
		asked := func() int { return s.Asked("/users/mallory") - before }
		w.apply(w.DB)
		if asked() != 1 {
			t.Errorf("it was asked %d times at once", asked())
		}
		late := mallory.Activity("Like", "late", vocab.At(w.Site.Act(w.Act)))
		w.keep(late, fedtest.JSON(t, late))
		w.apply(w.DB)
		if asked() != 1 {
			t.Errorf("it was asked for what came meanwhile")
		}
		waiting := func() (hosts []string) {
			w.view(func(tx social.Tx) (err error) {
				hosts, err = tx.ToAsk(t.Context(), w.Now().Add(24*time.Hour), 9)
				return err
			})
			return hosts
		}
		for i := 2; i <= 11; i++ {
			if len(waiting()) != 1 {
				t.Fatalf("after %d times nothing waits", i-1)
			}
			w.Pass(90 * time.Minute)
			w.apply(w.DB)
			if asked() != i {
				t.Fatalf("asked %d times, not %d", asked(), i)
			}
		}
		if got := waiting(); len(got) != 0 {
			t.Errorf("it is asked for ever: %v", got)
		}
	})
}

// Where a server is back before that, everything is applied in the order in which it came.
func TestServerThatIsBack(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	s.Fetches(http.StatusServiceUnavailable)
	follow := ada.Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act)))
	for _, o := range []*vocab.Object{follow, ada.Activity("Undo", "undo", vocab.Of(follow)), ada.Activity("Follow", "follows/2", vocab.At(w.Site.Act(w.Act)))} {
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	w.apply(w.DB)
	if w.followers() != 0 {
		t.Fatal("it counts before it is known whose it is")
	}
	s.Fetches(0)
	w.Pass(2 * time.Minute)
	w.apply(w.DB)
	if w.followers() != 1 || w.sent != 2 {
		t.Errorf("%d followers, %d answers", w.followers(), w.sent)
	}
}

// Whose word does not count has nobody asked whether it is a node's.
func TestNoNodeIsNotAsked(t *testing.T) {
	s := fedtest.NewServer(t)
	mallory := s.Actor("mallory")
	w := &world{Node: fedtest.NewNode(t, s)}
	if _, err := w.Servers.Actor(t.Context(), mallory.ID); err != nil {
		t.Fatal(err)
	}
	o := mallory.Activity("nineten:SubscriptionActivity", "paid", vocab.At(w.Site.Act(w.Act)))
	w.keep(o, mallory.ProvedUntil(o, w.Now(), w.Now().Add(time.Hour)))
	w.apply(w.DB)
	if n := s.Asked("/.well-known/nodeinfo"); n != 0 {
		t.Errorf("the server was asked %d times what it runs", n)
	}
}
