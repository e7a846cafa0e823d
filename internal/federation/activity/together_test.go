package activity_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

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

// What many said is applied in few transactions. One activity that cannot be, that is of
// somebody who is not known, or that is long, is no matter of the others.
func TestTogether(t *testing.T) {
	s := fedtest.NewServer(t)
	people := make([]*fedtest.Actor, 40)
	for i := range people {
		people[i] = s.Actor(fmt.Sprintf("fan%d", i))
	}
	for _, tt := range []struct {
		what  string
		odd   func(w *world) []*vocab.Object
		few   bool
		wants int64
	}{
		{"all are well", func(*world) []*vocab.Object { return nil }, true, 40},
		{"one is about nothing here", func(w *world) []*vocab.Object {
			return []*vocab.Object{people[0].Activity("Follow", "follows/lost", vocab.At(w.Site.Origin+"/ap/acts/01ARZ3NDEKTSV4RRFFQ69G5FAV"))}
		}, false, 40},
		{"one is of a stranger", func(w *world) []*vocab.Object {
			return []*vocab.Object{s.Actor("stranger").Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act)))}
		}, false, 41},
		{"one is long", func(w *world) []*vocab.Object {
			o := people[0].Activity("Follow", "follows/again", vocab.At(w.Site.Act(w.Act)))
			o.Summary = strings.Repeat("x", 40_000)
			return []*vocab.Object{o}
		}, false, 40},
		{"somebody is no more, and said something before and after", func(w *world) []*vocab.Object {
			gone := s.Actor("gone")
			if _, err := w.Servers.Actor(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			s.Withdraw(gone.ID)
			follow := vocab.At(w.Site.Act(w.Act))
			return []*vocab.Object{gone.Activity("Follow", "follows/1", follow), gone.Activity("Delete", "deletes/1", vocab.At(gone.ID)), gone.Activity("Follow", "follows/2", follow)}
		}, false, 40},
	} {
		t.Run(tt.what, func(t *testing.T) {
			w := &world{Node: fedtest.NewNode(t, s)}
			var all []*vocab.Object
			for i, p := range people {
				if _, err := w.Servers.Actor(t.Context(), p.ID); err != nil {
					t.Fatal(err)
				}
				if i == len(people)/2 {
					all = append(all, tt.odd(w)...)
				}
				all = append(all, p.Activity("Follow", "follows/1", vocab.At(w.Site.Act(w.Act))))
			}
			for _, o := range all {
				w.keep(o, fedtest.JSON(t, o))
			}
			c := &counting{Store: w.DB}
			w.apply(c)
			if got := w.followers(); got != tt.wants {
				t.Errorf("%d follow, not %d", got, tt.wants)
			}
			if n := c.updates.Load(); tt.few != (n < 5) {
				t.Errorf("it took %d transactions", n)
			}
		})
	}
}
