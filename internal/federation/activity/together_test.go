package activity_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
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
		}, false, 40},
		{"one is a stranger", func(track vocab.Item, _ *world) []*vocab.Object {
			return []*vocab.Object{s.Actor("stranger").Activity("Like", "likes/1", track)}
		}, false, 41},
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
			for i, p := range append(people, odd) {
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
