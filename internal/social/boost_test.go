package social_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// What somebody shares is kept once, taken back also when it is here no more, and gone
// with who they are elsewhere.
func TestBoostsAreKept(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx, v := t.Context(), w.listener("jo")
		people := &social.People{Store: w.DB, Federates: true}
		release, track := w.Publish()
		boost := func(what social.Thing, yes bool, want fault.Kind) {
			t.Helper()
			if err := people.Boost(ctx, v, what, yes); fault.KindOf(err) != want {
				t.Errorf("%+v: %v", what, err)
			}
		}
		boost(social.Thing{Track: track}, true, fault.Conflict) // who is not seen
		p, err := people.Show(ctx, v, social.PersonDraft{Handle: "wren"})
		if err != nil {
			t.Fatal(err)
		}
		boost(social.Thing{Track: id.New[id.Track](w.Now())}, true, fault.NotFound)
		none := fault.KindOf(nil)
		for range 2 {
			boost(social.Thing{Track: track}, true, none)
			boost(social.Thing{Release: release}, true, none)
		}
		if list, err := people.BoostedOn(ctx, p.ID, release); err != nil || len(list) != 2 {
			t.Errorf("%v, %v", list, err)
		}
		w.Withdraw(release)
		boost(social.Thing{Release: release}, true, fault.NotFound)
		boost(social.Thing{Track: track}, false, none)
		if list, err := people.Boosted(ctx, v.Account); err != nil || len(list) != 1 || list[0].Track != "" || list[0].Release != release {
			t.Errorf("%+v, %v", list, err)
		}
		if err := people.Hide(ctx, v.Account); err != nil {
			t.Fatal(err)
		}
		if list, err := people.BoostedOn(ctx, p.ID, release); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}
