package activity_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

type world struct {
	*fedtest.Node
	sent int
	n    int          // of activities received
	log  *slog.Logger // of the applier, nil: nobody reads it
}

// receive keeps activities as the inbox does, and applies them.
func (w *world) receive(all ...*vocab.Object) {
	w.T.Helper()
	for _, o := range all {
		w.keep(o, fedtest.JSON(w.T, o))
	}
	w.apply(w)
}

// keep keeps an activity as it came.
func (w *world) keep(o *vocab.Object, body []byte) {
	w.T.Helper()
	w.n++
	r := social.Received{ID: fmt.Sprintf("%s?%d", o.ID, w.n), Host: "x", Actor: o.Actor.ID(), Body: body}
	if err := w.SocialUpdate(w.T.Context(), func(tx social.Tx) error {
		_, err := tx.Receive(w.T.Context(), r)
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
}

// apply runs the applier until nothing is left.
func (w *world) apply(store social.Store) {
	w.T.Helper()
	a := activity.New(activity.Applier{Site: w.Site, Store: store, Servers: w.Servers, AtOnce: w.DB.AtOnce(), Together: w.DB.Serial(), Log: cmp.Or(w.log, fedtest.Quiet()), Sent: func() { w.sent++ }})
	ctx, stop := context.WithTimeout(w.T.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for left := 1; left > 0 && ctx.Err() == nil; <-tick.C {
		a.Wake()
		w.view(func(tx social.Tx) error {
			list, err := tx.Unapplied(ctx, 1)
			if err != nil {
				return err
			}
			hosts, err := tx.ToAsk(ctx, tx.Now(), 1)
			left = len(list) + len(hosts)
			return err
		})
	}
	if ctx.Err() != nil {
		w.T.Error("something is never applied")
	}
	stop()
	if err := <-done; err != nil {
		w.T.Error(err)
	}
}

func (w *world) view(fn func(tx social.Tx) error) {
	w.T.Helper()
	if err := w.SocialView(w.T.Context(), fn); err != nil {
		w.T.Fatal(err)
	}
}

func (w *world) update(fn func(tx social.Tx) error) {
	w.T.Helper()
	if err := w.SocialUpdate(w.T.Context(), fn); err != nil {
		w.T.Fatal(err)
	}
}

func (w *world) followers() int64 {
	w.T.Helper()
	var n int64
	if err := w.DB.Music().View(w.T.Context(), func(tx music.Tx) error {
		a, err := tx.Act(w.T.Context(), w.Act)
		n = a.Followers
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	return n
}

// waiting is what is to be delivered to a host.
func (w *world) waiting(s *fedtest.Server) (d social.Delivery) {
	w.T.Helper()
	w.view(func(tx social.Tx) (err error) {
		hosts, err := tx.HostsDue(w.T.Context(), 9)
		if err != nil || len(hosts) == 0 {
			return err
		}
		d, err = tx.Next(w.T.Context(), hosts[0])
		return err
	})
	return d
}

func TestFollow(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	act := w.Site.Act(w.Act)
	follow := ada.Activity("Follow", "follows/1", vocab.At(act))
	w.receive(follow)
	if got := w.followers(); got != 1 || w.sent != 1 {
		t.Errorf("%d followers, sent %d", got, w.sent)
	}
	d := w.waiting(s)
	accept, err := vocab.Parse(d.Body)
	if err != nil || !accept.Is("Accept") || accept.Actor.ID() != act || accept.Object[0].ID() != follow.ID || d.Inbox != ada.ID+"/inbox" || d.Actor != act {
		t.Errorf("answer = %+v, %v", d, err)
	}
	w.receive(follow)
	if got := w.followers(); got != 1 || w.sent != 2 {
		t.Errorf("asked again: %d followers, sent %d", got, w.sent)
	}
}

// Who asks again takes back what they asked last: they follow once, and are told each time.
func TestFollowAgain(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	storetest.Both(t, func(t *testing.T, url string) {
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		at := vocab.At(w.Site.Act(w.Act))
		w.receive(ada.Activity("Follow", "1", at), ada.Activity("Follow", "2", at))
		if got := w.followers(); got != 1 || w.sent != 2 {
			t.Errorf("%d followers, sent %d", got, w.sent)
		}
		w.receive(ada.Activity("Undo", "u", vocab.At(ada.ID+"/2")))
		if got := w.followers(); got != 0 {
			t.Errorf("undone: %d followers", got)
		}
	})
}

// A library is followed as its act, as Funkwhale does, and the node is followed by nobody:
// each is answered.
func TestFollowOfOthers(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	library := ada.Activity("Follow", "library", vocab.At(w.Site.Library(w.Act)))
	answered := func(f *vocab.Object, kind, who string) {
		t.Helper()
		w.receive(f)
		d := w.waiting(s)
		o, err := vocab.Parse(d.Body)
		if err != nil || !o.Is(kind) || o.Actor.ID() != who || d.Actor != who || o.Object[0].ID() != f.ID || vocab.FirstID(o.Object[0].Object.Object) != vocab.FirstID(f.Object) {
			t.Fatalf("%s, %v", d.Body, err)
		}
		w.update(func(tx social.Tx) error { return tx.Delivered(t.Context(), d) })
	}
	answered(library, "Accept", w.Site.Act(w.Act))
	if got := w.followers(); got != 1 {
		t.Errorf("%d followers", got)
	}
	answered(ada.Activity("Follow", "node", vocab.At(w.Site.Node())), "Reject", w.Site.Node())
	other := *library
	other.ID += "again"
	if w.receive(ada.Activity("Undo", "u", vocab.Of(&other))); w.followers() != 0 {
		t.Error("undone, it follows yet")
	}
}

// What can end following, and what cannot.
func TestUnfollow(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, bo, mallory := s.Actor("ada"), s.Actor("bo"), evil.Actor("mallory")
	for _, tt := range []struct {
		what  string
		with  func(follow *vocab.Object, act string) *vocab.Object
		after int64
	}{
		{"undone", func(f *vocab.Object, _ string) *vocab.Object { return ada.Activity("Undo", "u", vocab.Of(f)) }, 0},
		{"undone by its address", func(f *vocab.Object, _ string) *vocab.Object { return ada.Activity("Undo", "u", vocab.At(f.ID)) }, 0},
		{"undone with another id", func(_ *vocab.Object, act string) *vocab.Object {
			return ada.Activity("Undo", "u", vocab.Of(ada.Activity("Follow", "other", vocab.At(act))))
		}, 0},
		{"blocked", func(_ *vocab.Object, act string) *vocab.Object { return ada.Activity("Block", "b", vocab.At(act)) }, 0},
		{"gone", func(*vocab.Object, string) *vocab.Object { return ada.Activity("Delete", "d", vocab.At(ada.ID)) }, 0},
		{"undone by a neighbour", func(f *vocab.Object, _ string) *vocab.Object { return bo.Activity("Undo", "u", vocab.Of(f)) }, 1},
		{"undone by a neighbour, by its address", func(f *vocab.Object, _ string) *vocab.Object { return bo.Activity("Undo", "u", vocab.At(f.ID)) }, 1},
		{"undone by a stranger", func(f *vocab.Object, _ string) *vocab.Object { return mallory.Activity("Undo", "u", vocab.Of(f)) }, 1},
		{"deleted by a stranger", func(*vocab.Object, string) *vocab.Object { return mallory.Activity("Delete", "d", vocab.At(ada.ID)) }, 1},
		{"deleted by a neighbour", func(*vocab.Object, string) *vocab.Object { return bo.Activity("Delete", "d", vocab.At(ada.ID)) }, 1},
		{"another undone", func(*vocab.Object, string) *vocab.Object { return ada.Activity("Undo", "u", vocab.At(ada.ID+"/never")) }, 1},
		{"a like undone", func(_ *vocab.Object, act string) *vocab.Object {
			return ada.Activity("Undo", "u", vocab.Of(ada.Activity("Like", "l", vocab.At(act))))
		}, 1},
		{"something unknown", func(_ *vocab.Object, act string) *vocab.Object { return ada.Activity("Dance", "x", vocab.At(act)) }, 1},
	} {
		t.Run(tt.what, func(t *testing.T) {
			w := &world{Node: fedtest.NewNode(t, s, evil)}
			follow := ada.Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act)))
			w.receive(follow)
			w.receive(tt.with(follow, w.Site.Act(w.Act)))
			if got := w.followers(); got != tt.after {
				t.Errorf("%d followers, want %d", got, tt.after)
			}
		})
	}
}

// What can never be applied is laid aside and stops nothing.
func TestLaidAside(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	two := ada.Activity("Follow", "1", vocab.At(w.Site.Act(w.Act)))
	two.Object = append(two.Object, vocab.At(w.Site.Act(w.Act)))
	w.receive(
		ada.Activity("Follow", "2", vocab.At(w.Site.Act(id.New[id.Act](fedtest.Moment)))),
		ada.Activity("Follow", "3", vocab.At(ada.ID)),
		ada.Activity("Follow", "4", vocab.Item{IRI: ""}),
		two,
		ada.Activity("Follow", "5", vocab.At(w.Site.Act(w.Act))),
	)
	if got := w.followers(); got != 1 {
		t.Errorf("%d followers", got)
	}
}

// What a stranger wrote stops nothing, though it cannot be kept.
func TestBadWords(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	storetest.Both(t, func(t *testing.T, url string) {
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		w.receive(ada.Activity("Follow", "1", vocab.At("\x00"+strings.Repeat("ä", 200))), ada.Activity("Follow", "2", vocab.At("https://"+strings.Repeat("ä", 200))))
		w.n++
		if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error {
			_, err := tx.Receive(t.Context(), social.Received{ID: "https://x.example/1", Host: "x", Actor: ada.ID, Body: []byte("{")})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.apply(bad{w.DB})
	})
}

// bad is a store that takes no reason but the one without a stranger's words.
type bad struct{ social.Store }

func (b bad) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	return b.Store.SocialUpdate(ctx, func(tx social.Tx) error { return fn(badTx{tx}) })
}

type badTx struct{ social.Tx }

func (b badTx) Applied(ctx context.Context, activity, trouble string) error {
	if trouble != "" && trouble != "The reason cannot be kept." {
		return errDisk
	}
	return b.Tx.Applied(ctx, activity, trouble)
}

// Who has gone since they were heard of is forgotten, and nobody's server is asked
// anything about who is known.
func TestGoneSince(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	w.receive(ada.Activity("Follow", "1", vocab.At(w.Site.Act(w.Act))))
	s.Fetches(http.StatusGone)
	w.Pass(48 * time.Hour)
	asked := s.Asked("/users/ada")
	w.receive(ada.Activity("Delete", "2", vocab.At(ada.ID)))
	if got := w.followers(); got != 0 || s.Asked("/users/ada") != asked {
		t.Errorf("%d followers, asked %d times more", got, s.Asked("/users/ada")-asked)
	}
}

// breaking is a store whose writes fail, before or after they are on the disk.
type breaking struct {
	social.Store
	mu    sync.Mutex
	left  int
	after bool
}

var errDisk = errors.New("the disk fails")

func (b *breaking) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	b.mu.Lock()
	b.left--
	breaks := b.left >= 0
	b.mu.Unlock()
	if breaks && !b.after {
		return errDisk
	}
	err := b.Store.SocialUpdate(ctx, fn)
	if err == nil && breaks {
		return errDisk
	}
	return err
}

// Whatever breaks between taking and applying: nothing is lost, nothing is done
// twice.
func TestBreaks(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	for _, after := range []bool{false, true} {
		w := &world{Node: fedtest.NewNode(t, s)}
		if _, err := w.Servers.Actor(t.Context(), ada.ID); err != nil {
			t.Fatal(err)
		}
		follow := ada.Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act)))
		if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error {
			_, err := tx.Receive(t.Context(), social.Received{ID: follow.ID, Host: "x", Actor: ada.ID, Body: fedtest.JSON(t, follow)})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b := &breaking{Store: w.DB, left: 1, after: after}
		a := activity.New(activity.Applier{Site: w.Site, Store: b, Servers: w.Servers, AtOnce: w.DB.AtOnce(), Together: w.DB.Serial(), Log: fedtest.Quiet(), Sent: func() {}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		tick := time.NewTicker(time.Millisecond)
		for tried := false; !tried; <-tick.C {
			w.view(func(tx social.Tx) error {
				list, err := tx.Unapplied(ctx, 1)
				tried = len(list) == 0 // applied, or tried again later
				return err
			})
		}
		tick.Stop()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.Pass(2 * time.Minute)
		w.apply(w.DB)
		if got := w.followers(); got != 1 {
			t.Errorf("broken after %v: %d followers", after, got)
		}
	}
}
