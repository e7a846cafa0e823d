package activity_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// counting counts transactions.
type counting struct {
	social.Store
	updates atomic.Int64
}

func (c *counting) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	c.updates.Add(1)
	return c.Store.SocialUpdate(ctx, fn)
}

// What many like is applied in few transactions. One activity that cannot be, that is of
// somebody who is not known, that is long or of another kind is no matter of the others, and
// who says several things says them in their order.
func TestTogether(t *testing.T) {
	s := fedtest.NewServer(t)
	people := make([]*fedtest.Actor, 40)
	for i := range people {
		people[i] = s.Actor(fmt.Sprintf("fan%d", i))
	}
	odd := s.Actor("odd")
	for _, tt := range []struct {
		what     string
		says     func(track vocab.Item, w *world) []*vocab.Object
		together bool // the others are
		likes    int64
	}{
		{"all like it", func(vocab.Item, *world) []*vocab.Object { return nil }, true, 40},
		{"one likes nothing", func(_ vocab.Item, w *world) []*vocab.Object {
			return []*vocab.Object{odd.Activity("Like", "likes/1", vocab.At(w.Site.Track("01ARZ3NDEKTSV4RRFFQ69G5FAV")))}
		}, true, 40},
		{"five like nothing", func(_ vocab.Item, w *world) (all []*vocab.Object) {
			for i := range 5 {
				a := s.Actor(fmt.Sprintf("odd%d", i))
				if _, err := w.Servers.Actor(t.Context(), a.ID); err != nil {
					t.Fatal(err)
				}
				all = append(all, a.Activity("Like", "likes/1", vocab.At(w.Site.Track("01ARZ3NDEKTSV4RRFFQ69G5FAV"))))
			}
			return all
		}, false, 40},
		{"one is a stranger", func(track vocab.Item, _ *world) []*vocab.Object {
			return []*vocab.Object{s.Actor("stranger").Activity("Like", "likes/1", track)}
		}, true, 41},
		{"one is blocked", func(track vocab.Item, w *world) []*vocab.Object {
			w.update(func(tx social.Tx) error {
				return tx.PutRule(t.Context(), social.Rule{Host: "odd@x", Actor: odd.ID, Verdict: social.Block, Since: w.Now()})
			})
			return []*vocab.Object{odd.Activity("Like", "likes/1", track)}
		}, true, 40},
		{"one is long", func(track vocab.Item, _ *world) []*vocab.Object {
			o := odd.Activity("Like", "likes/1", track)
			o.Summary = strings.Repeat("x", 10_000)
			return []*vocab.Object{o}
		}, true, 41},
		{"one is no like in the first place", func(track vocab.Item, _ *world) []*vocab.Object {
			o := odd.Activity("Like", "likes/1", track)
			o.Type = []string{"Follow", "Like"}
			return []*vocab.Object{o}
		}, true, 40},
		{"one takes it back, and likes it again, and takes it back", func(track vocab.Item, _ *world) []*vocab.Object {
			like, again := odd.Activity("Like", "likes/1", track), odd.Activity("Like", "likes/2", track)
			return []*vocab.Object{like, odd.Activity("Undo", "undos/1", vocab.Of(like)), again, odd.Activity("Undo", "undos/2", vocab.Of(again))}
		}, true, 40},
		{"one takes it back, and likes it again", func(track vocab.Item, _ *world) []*vocab.Object {
			like := odd.Activity("Like", "likes/1", track)
			return []*vocab.Object{like, odd.Activity("Undo", "undos/1", vocab.Of(like)), odd.Activity("Like", "likes/2", track)}
		}, true, 41},
		{"one likes it and is no more", func(track vocab.Item, w *world) []*vocab.Object {
			gone := s.Actor("gone")
			if _, err := w.Servers.Actor(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			s.Withdraw(gone.ID)
			return []*vocab.Object{gone.Activity("Like", "likes/1", track), gone.Activity("Delete", "deletes/1", vocab.At(gone.ID)), gone.Activity("Like", "likes/2", track)}
		}, true, 40},
	} {
		t.Run(tt.what, func(t *testing.T) {
			w := &world{Node: fedtest.NewNode(t, s)}
			release, one := w.Publish()
			track := vocab.At(w.Site.Track(one))
			var all []*vocab.Object
			for i, p := range append([]*fedtest.Actor{odd}, people...) {
				if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
					t.Fatal(err)
				}
				if i == len(people)/2 {
					all = append(all, tt.says(track, w)...)
				}
				if p != odd {
					all = append(all, p.Activity("Like", "likes/1", track))
				}
			}
			for _, o := range all {
				w.keep(o, fedtest.JSON(t, o))
				w.Pass(time.Millisecond) // they came one after the other
			}
			c := &counting{Store: w.DB}
			w.apply(c)
			if _, got := w.counts(release, one); got.Likes != tt.likes {
				t.Errorf("%d like it, not %d", got.Likes, tt.likes)
			}
			if n := c.updates.Load(); tt.together != (n < 20) {
				t.Errorf("it took %d transactions", n)
			}
		})
	}
}

// What waits is read a part at a time: who says things in several parts says them in their
// order, and nothing is left.
func TestTogetherInParts(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	people := make([]*fedtest.Actor, 30)
	for i := range people {
		people[i] = s.Actor(fmt.Sprintf("fan%d", i))
	}
	back, again := s.Actor("back"), s.Actor("again")
	for _, p := range append([]*fedtest.Actor{back, again}, people...) {
		if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
	}
	release, one := w.Publish()
	track := vocab.At(w.Site.Track(one))
	say := func(o *vocab.Object) {
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	fill := func(part string) { // some more than half of what is read at once
		_, other := w.Publish()
		for i := range 150 {
			say(people[i%len(people)].Activity("Like", fmt.Sprintf("likes/%s%d", part, i), vocab.At(w.Site.Track(other))))
		}
	}
	first, second := back.Activity("Like", "likes/1", track), again.Activity("Like", "likes/1", track)
	say(first)
	say(second)
	fill("a")
	fill("b")
	say(back.Activity("Undo", "undos/1", vocab.Of(first)))
	say(again.Activity("Undo", "undos/1", vocab.Of(second)))
	say(s.Actor("stranger").Activity("Like", "likes/1", track))
	fill("c")
	fill("d")
	say(again.Activity("Like", "likes/2", track))
	for _, p := range people {
		say(p.Activity("Like", "likes/1", track))
	}
	w.apply(w.DB)
	if _, got := w.counts(release, one); got.Likes != int64(len(people))+2 {
		t.Errorf("%d like it, not all %d, the stranger and who did so again", got.Likes, len(people))
	}
}

// Of what is long less is read at once, and all of it is applied without another word.
func TestLongOnes(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	release, one := w.Publish()
	const all = 2*social.MostRead/900_000 + 2
	for i := range all {
		p := s.Actor(fmt.Sprintf("fan%d", i))
		if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		o := p.Activity("Like", "likes/1", vocab.At(w.Site.Track(one)))
		o.Summary = strings.Repeat("x", 900_000)
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	w.view(func(tx social.Tx) error {
		list, err := tx.Unapplied(t.Context(), 100)
		size := 0
		for _, r := range list {
			size += len(r.Body)
		}
		if last := 1 << 20; size < social.MostRead || size > social.MostRead+last {
			t.Errorf("%d bytes are read at once", size)
		}
		return err
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a := activity.New(activity.Applier{Site: w.Site, Store: w.DB, Servers: w.Servers, AtOnce: w.DB.AtOnce(), Together: w.DB.Serial(), Log: fedtest.Quiet(), Sent: func() {}})
	go func() { _ = a.Run(ctx) }()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, got := w.counts(release, one)
		if got.Likes == all {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d are applied", got.Likes, all)
		}
	}
}

// Who an act does not let react is refused by what it says of just that release, and of just
// that, and whom it blocks, where many react at once.
func TestTogetherByPolicy(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	open, one := w.Publish()
	closed, two := w.Publish()
	w.update(func(tx social.Tx) error {
		return errors.Join(
			tx.SetPolicy(t.Context(), w.Act, "", social.Liking, social.Everybody),
			tx.SetPolicy(t.Context(), w.Act, "", social.Boosting, social.Nobody),
			tx.SetPolicy(t.Context(), w.Act, open, social.Boosting, social.Everybody),
			tx.SetPolicy(t.Context(), w.Act, closed, social.Liking, social.Followers),
		)
	})
	fan := s.Actor("fan")
	for i, r := range []struct {
		of    *fedtest.Actor
		kind  string
		track id.Track
	}{
		{s.Actor("bo"), "Like", one}, {s.Actor("cy"), "Like", two}, {fan, "Like", two},
		{s.Actor("di"), "Announce", one}, {s.Actor("ed"), "Announce", two}, {s.Actor("flo"), "Like", one}, {s.Actor("gus"), "Like", one},
	} {
		if _, err := w.Servers.Actor(t.Context(), r.of.ID); err != nil {
			t.Fatal(err)
		}
		o := r.of.Activity(r.kind, fmt.Sprintf("reactions/%d", i), vocab.At(w.Site.Track(r.track)))
		o.Published = w.Now().Add(-time.Hour)
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	w.update(func(tx social.Tx) error {
		_, err := social.Follow(t.Context(), tx, w.Act, fan.ID, fan.ID+"/follow")
		return errors.Join(err, tx.PutActBlock(t.Context(), &social.Fan{Act: w.Act, Actor: s.Actor("gus").ID, Since: w.Now()}))
	})
	c := &counting{Store: w.DB}
	w.apply(c)
	_, ones := w.counts(open, one)
	_, twos := w.counts(closed, two)
	if want := (social.Counts{Likes: 2, Boosts: 1}); ones != want {
		t.Errorf("%+v, not %+v", ones, want)
	}
	if want := (social.Counts{Likes: 1}); twos != want {
		t.Errorf("%+v, not %+v", twos, want)
	}
	if n := c.updates.Load(); n != 4+3*2 { // three are left out, tried and laid aside
		t.Errorf("it took %d transactions", n)
	}
}

// What many say at once is in the notice that their like would be in by itself: who said it
// before counts once, who took it back counts again on that day, each kind and thing has its
// own, and who is not told at all is not.
func TestTogetherIsTold(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	ada, bo, cy, di, ed := s.Actor("ada"), s.Actor("bo"), s.Actor("cy"), s.Actor("di"), s.Actor("ed")
	for _, p := range []*fedtest.Actor{ada, bo, cy, di, ed} {
		if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
	}
	owner, quiet := w.owns("owner"), w.owns("quiet")
	if err := w.NoticeUpdate(t.Context(), func(tx notice.Tx) error {
		return tx.Choose(t.Context(), quiet, notice.Choice{Kind: notice.Like, Way: notice.Never})
	}); err != nil {
		t.Fatal(err)
	}
	_, one := w.Publish()
	_, two := w.Publish()
	likes := func(who *fedtest.Actor, name string, track id.Track) *vocab.Object {
		return who.Activity("Like", "likes/"+name, vocab.At(w.Site.Track(track)))
	}
	back := likes(bo, "1", one)
	w.receive(likes(ada, "1", one), back, bo.Activity("Undo", "undos/1", vocab.Of(back)))
	yesterday := calendar.DayOf(w.Now()).String()
	w.Pass(24 * time.Hour)
	today := calendar.DayOf(w.Now()).String()
	w.receive(likes(cy, "1", one))
	boost := cy.Activity("Announce", "boosts/1", vocab.At(w.Site.Track(one)))
	boost.Published = w.Now().Add(-time.Hour)
	for _, o := range []*vocab.Object{likes(ada, "2", one), likes(bo, "2", one), likes(di, "2", one), boost, likes(ed, "2", one), likes(cy, "3", two), likes(bo, "3", two)} {
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	c := &counting{Store: w.DB}
	w.apply(c)
	if n := c.updates.Load(); n != 1 {
		t.Errorf("it took %d transactions", n)
	}
	boosts := map[string]int64{"boost/" + string(one) + "/" + today: 1}
	if got := w.toldOf(quiet); !maps.Equal(got, boosts) {
		t.Errorf("who is not told of likes was told %v", got)
	}
	want := map[string]int64{"like/" + string(one) + "/" + yesterday: 2, "like/" + string(one) + "/" + today: 3, "like/" + string(two) + "/" + today: 2}
	maps.Copy(want, boosts)
	if got := w.toldOf(owner); !maps.Equal(got, want) {
		t.Errorf("told %v, not %v", got, want)
	}
}

// owns makes somebody of the act's people.
func (w *world) owns(handle string) id.Account {
	w.T.Helper()
	a := account.Account{ID: id.New[id.Account](w.Now()), Handle: handle, Name: handle, Created: w.Now()}
	if err := w.AccountUpdate(w.T.Context(), func(tx account.Tx) error { return tx.InsertAccount(w.T.Context(), a, "") }); err != nil {
		w.T.Fatal(err)
	}
	if err := w.Music().Update(w.T.Context(), func(tx music.Tx) error { return tx.SetRole(w.T.Context(), w.Act, a.ID, music.Owner) }); err != nil {
		w.T.Fatal(err)
	}
	return a.ID
}

// toldOf are the notices of an account, with how many each is of.
func (w *world) toldOf(a id.Account) map[string]int64 {
	w.T.Helper()
	told := map[string]int64{}
	if err := w.NoticeView(w.T.Context(), func(tx notice.Tx) error {
		list, err := tx.Notices(w.T.Context(), a, w.Now().Add(time.Hour), "", "", 10)
		for _, n := range list {
			told[n.Name] = n.N
		}
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	return told
}

// mute is a store in which several things cannot be told at once.
type mute struct{ social.Store }

func (m mute) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	return m.Store.SocialUpdate(ctx, func(tx social.Tx) error { return fn(muteTx{tx}) })
}

type muteTx struct{ social.Tx }

func (muteTx) TellAll(context.Context, []notice.Cause) error { return errors.New("not now") }

// What cannot be told of several likes is told of each, and all of them count once.
func TestTogetherCannotBeTold(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	owner := w.owns("owner")
	release, one := w.Publish()
	for i := range 5 {
		p := s.Actor(fmt.Sprintf("fan%d", i))
		if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		o := p.Activity("Like", "likes/1", vocab.At(w.Site.Track(one)))
		w.keep(o, fedtest.JSON(t, o))
		w.Pass(time.Millisecond)
	}
	c := &counting{Store: mute{w.DB}}
	w.apply(c)
	if _, got := w.counts(release, one); got.Likes != 5 {
		t.Errorf("%d like it", got.Likes)
	}
	if got := w.toldOf(owner)["like/"+string(one)+"/"+calendar.DayOf(w.Now()).String()]; got != 5 {
		t.Errorf("told of %d", got)
	}
	if n := c.updates.Load(); n != 6 {
		t.Errorf("it took %d transactions", n)
	}
}

// Whatever breaks before or after what was said together is on the disk: all of it counts, once,
// and its server is noted as heard of.
func TestTogetherBreaks(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	for _, after := range []bool{false, true} {
		w := &world{Node: fedtest.NewNode(t, s)}
		release, one := w.Publish()
		track := vocab.At(w.Site.Track(one))
		boost := bo.Activity("Announce", "boosts/1", track)
		boost.Published = w.Now().Add(-time.Hour)
		for _, o := range []*vocab.Object{ada.Activity("Like", "likes/1", track), bo.Activity("EmojiReact", "likes/1", track), boost} {
			if _, err := w.Servers.Actor(t.Context(), o.Actor.ID()); err != nil {
				t.Fatal(err)
			}
			w.keep(o, fedtest.JSON(t, o))
		}
		c := &counting{Store: &breaking{Store: w.DB, left: 1, after: after}}
		w.apply(c)
		if _, got := w.counts(release, one); got != (social.Counts{Likes: 2, Boosts: 1}) {
			t.Errorf("broken after %v: %+v", after, got)
		}
		if n := c.updates.Load(); after != (n == 1) {
			t.Errorf("broken after %v: %d transactions", after, n)
		}
		w.view(func(tx social.Tx) error {
			p, err := tx.Peer(t.Context(), "x")
			if p.Received.IsZero() {
				t.Errorf("broken after %v: its server was not heard of", after)
			}
			return err
		})
	}
}
