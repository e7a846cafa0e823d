package social_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// on runs a test on both databases.
func on(t *testing.T, test func(t *testing.T, w world)) {
	storetest.Both(t, func(t *testing.T, url string) {
		test(t, world{t, fedtest.NewNodeOn(t, url)})
	})
}

type world struct {
	t *testing.T
	*fedtest.Node
}

func (w world) update(fn func(tx social.Tx) error) {
	w.t.Helper()
	if err := w.SocialUpdate(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) followers() int64 {
	w.t.Helper()
	var n int64
	if err := w.Music().View(w.t.Context(), func(tx music.Tx) error {
		a, err := tx.Act(w.t.Context(), w.Act)
		n = a.Followers
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// meet makes somebody known whose server has an inbox for everybody.
func (w world) meet(actor, host string) {
	w.t.Helper()
	w.update(func(tx social.Tx) error {
		return tx.PutActor(w.t.Context(), social.Actor{ID: actor, Host: host, Kind: "Person", Inbox: actor + "/inbox", SharedInbox: "https://" + host + "/inbox", Fetched: tx.Now()})
	})
}

func (w world) queued() (n int64) {
	w.t.Helper()
	w.update(func(tx social.Tx) error {
		all, err := tx.Queues(w.t.Context())
		for _, q := range all {
			n += q.N
		}
		return err
	})
	return n
}

// However often somebody follows and is forgotten, they are counted once.
func TestFollowersAreCounted(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		for i := range 3 {
			actor := fmt.Sprintf("https://a.example/u/%d", i)
			w.meet(actor, "a.example")
			w.update(func(tx social.Tx) error {
				for try := range 2 {
					is, err := social.Follow(ctx, tx, w.Act, actor, fmt.Sprintf("%s/follow/%d", actor, try))
					if is != (try == 0) || err != nil {
						t.Errorf("follows anew: %v, %v", is, err)
					}
				}
				return nil
			})
		}
		w.update(func(tx social.Tx) error { return social.Unfollow(ctx, tx, w.Act, "https://a.example/u/0") })
		w.update(func(tx social.Tx) error { return social.Unfollow(ctx, tx, w.Act, "https://a.example/u/0") })
		w.update(func(tx social.Tx) error { return social.Forget(ctx, tx, "https://a.example/u/1") })
		w.update(func(tx social.Tx) error { return social.Forget(ctx, tx, "https://a.example/never") })
		if n := w.followers(); n != 1 {
			t.Errorf("%d followers, one is left", n)
		}
	})
}

// One server hears of a thing once, however many follow there.
func TestOneDeliveryAServer(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		for _, host := range []string{"a.example", "b.example"} {
			for i := range 3 {
				actor := fmt.Sprintf("https://%s/u/%d", host, i)
				w.meet(actor, host)
				w.update(func(tx social.Tx) error {
					_, err := social.Follow(ctx, tx, w.Act, actor, actor+"/follow")
					return err
				})
			}
		}
		w.update(func(tx social.Tx) error {
			if err := tx.Send(ctx, social.Outgoing{ID: "https://nine.example/1", Kind: "Create", Body: []byte("{}")}); err != nil {
				return err
			}
			n, err := tx.DeliverToFollowers(ctx, "https://nine.example/1", w.Act)
			if n != 2 {
				t.Errorf("%d deliveries to two servers", n)
			}
			return err
		})
		w.update(func(tx social.Tx) error { return social.Gone(ctx, tx, "https://a.example/inbox") })
		if n := w.queued(); n != 1 {
			t.Errorf("%d wait when one inbox is gone", n)
		}
	})
}

// What came is known for thirty days, what does not arrive is tried for seven.
// What went out is forgotten once nobody asks for it any more, and so are strangers
// who are nobody here. What was said last of a thing, what asks somebody and what
// still waits stay.
func TestWhatWentOutIsForgotten(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		const follows, asked, nobody, at = "https://a.example/follows", "https://a.example/asked", "https://a.example/nobody", "https://nine.example/"
		for _, a := range []string{follows, asked, nobody} {
			w.meet(a, "a.example")
		}
		w.update(func(tx social.Tx) error {
			for i, about := range []string{"", "thing", "thing", "other", ""} {
				if err := tx.Send(ctx, social.Outgoing{ID: fmt.Sprint(at, i), About: about, Kind: "Update", Body: []byte("{}")}); err != nil {
					return err
				}
			}
			if _, err := social.Follow(ctx, tx, w.Act, follows, follows+"/1"); err != nil {
				return err
			}
			return tx.PutFollowing(ctx, social.Following{Actor: asked, Activity: at + "4", State: social.Asked, Asked: tx.Now()})
		})
		left := func() (out string) {
			t.Helper()
			w.update(func(tx social.Tx) error {
				for i := range 5 {
					if _, err := tx.Activity(ctx, fmt.Sprint(at, i)); err == nil {
						out += fmt.Sprint(i)
					}
				}
				for _, a := range []string{follows, asked, nobody} {
					if _, err := tx.Actor(ctx, a); err == nil {
						out += a[len("https://a.example/"):][:1]
					}
				}
				return nil
			})
			return out
		}
		expire := func() {
			t.Helper()
			if _, err := social.Expire(ctx, w.DB); err != nil {
				t.Fatal(err)
			}
		}
		if expire(); left() != "01234fan" {
			t.Errorf("at once: %s", left())
		}
		w.Pass(social.ReceivedKept + time.Hour)
		if expire(); left() != "234fa" {
			t.Errorf("after a month: %s", left())
		}
	})
}

// Strangers' words are kept by both databases, whatever is in them.
func TestWordsOfStrangersAreKept(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		w.update(func(tx social.Tx) error {
			return tx.PutActor(t.Context(), social.Actor{ID: "https://a.example/u", Host: "a.example", Kind: "Person", Inbox: "https://a.example/in", Name: "A\x00d\xffa \U0001f3b5", Summary: "\xc3"})
		})
		w.update(func(tx social.Tx) error {
			a, err := tx.Actor(t.Context(), "https://a.example/u")
			if a.Name != "Ada \U0001f3b5" || a.Summary != "" {
				t.Errorf("%q, %q", a.Name, a.Summary)
			}
			return err
		})
	})
}

// Titles and names of a release elsewhere are one line each: they stand in subjects
// of letters.
func TestTitlesAreOneLine(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		w.meet("https://a.example/u", "a.example")
		r := social.Release{IRI: "https://a.example/r", Actor: "https://a.example/u", Title: "Low\nTide", Artist: "A\tB", Published: w.Now(),
			Tracks: []social.Track{{IRI: "https://a.example/t", Title: "One\r\nTwo", Artist: "\x1bC"}}}
		w.update(func(tx social.Tx) error { return social.Keep(t.Context(), tx, &r) })
		w.update(func(tx social.Tx) error {
			got, err := tx.ReleaseByIRI(t.Context(), r.IRI)
			if err != nil {
				return err
			}
			got, err = tx.Release(t.Context(), got.ID)
			if err == nil && (got.Title != "Low Tide" || got.Artist != "A B" || got.Tracks[0].Title != "One Two" || got.Tracks[0].Artist != "C") {
				t.Errorf("%+v", got)
			}
			return err
		})
	})
}

func TestExpire(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		arrives := func(id string) (is bool) {
			w.update(func(tx social.Tx) (err error) {
				is, err = tx.Receive(ctx, social.Received{ID: id, Host: "a.example", Actor: "https://a.example/u", Body: []byte("{}")})
				return err
			})
			return is
		}
		expire := func() int64 {
			lost, err := social.Expire(ctx, w.DB)
			if err != nil {
				t.Fatal(err)
			}
			return lost
		}
		arrives("old")
		arrives("waits")
		w.update(func(tx social.Tx) error {
			if err := tx.Send(ctx, social.Outgoing{ID: "https://nine.example/1", Kind: "Create", Body: []byte("{}")}); err != nil {
				return err
			}
			if err := tx.Deliver(ctx, "https://nine.example/1", "https://a.example/inbox", "a.example"); err != nil {
				return err
			}
			return tx.Applied(ctx, "old", "")
		})
		w.Pass(social.DeliveryTried - time.Hour)
		if lost := expire(); lost != 0 || w.queued() != 1 {
			t.Errorf("given up early: %d, %d wait", lost, w.queued())
		}
		w.Pass(2 * time.Hour)
		if lost := expire(); lost != 1 || w.queued() != 0 {
			t.Errorf("not given up: %d, %d wait", lost, w.queued())
		}
		if arrives("old") {
			t.Error("applied twice within thirty days")
		}
		w.Pass(social.ReceivedKept)
		expire()
		if !arrives("old") {
			t.Error("known for longer than thirty days")
		}
		if arrives("waits") {
			t.Error("what was never applied is forgotten")
		}
	})
}
