package social_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// What people say and think is kept, counted, put under what it answers, and
// forgotten with them.
func TestTalk(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		const ada = "https://far.example/users/ada"
		r, track := w.Publish()
		whole := social.Thing{Release: r}
		talk, staff := &social.Talk{Store: w.DB}, music.Viewer{Account: "staff", Moderator: true}
		var first social.Comment
		w.update(func(tx social.Tx) error {
			if err := tx.PutActor(t.Context(), social.Actor{ID: ada, Host: "far.example", Kind: "Person", Handle: "ada", Inbox: ada + "/inbox", Fetched: tx.Now()}); err != nil {
				return err
			}
			for _, activity := range []string{ada + "/1", ada + "/2"} {
				if _, err := tx.React(t.Context(), social.Reacted{Actor: ada, Kind: social.Like, Thing: whole, Activity: activity, At: tx.Now()}); err != nil {
					return err
				}
			}
			var err error
			first, err = social.Say(t.Context(), tx, social.Comment{Thing: whole, Author: social.Author{Actor: ada, Host: "far.example"}, IRI: ada + "/notes/1", HTML: "<p>0:07 yes</p>", Position: -1})
			return err
		})
		if first.Position != 7_000 || first.Thing.Track != track {
			t.Errorf("the only track of a release, at its time: %+v", first)
		}
		if _, err := talk.Write(t.Context(), staff, social.Draft{Parent: first.ID, Position: -1, Text: "Thanks"}); err != nil {
			t.Fatal(err)
		}
		counts, err := talk.Reactions(t.Context(), r)
		if err != nil || counts[whole] != (social.Counts{Likes: 1}) {
			t.Errorf("%+v, %v", counts, err)
		}
		c, err := talk.Comments(t.Context(), music.Viewer{}, r, "", 10)
		if err != nil || len(c.Comments) != 2 || c.Comments[0].Author.Address() != "@ada@far.example" || c.Comments[1].Depth != 1 || c.May[social.Commenting] || c.Keeps {
			t.Errorf("%+v, %v", c, err)
		}
		if err := talk.Hide(t.Context(), staff, first.ID, true); err != nil {
			t.Error(err)
		}
		if c, err = talk.Comments(t.Context(), music.Viewer{}, r, "", 10); err != nil || len(c.Comments) != 0 {
			t.Errorf("hidden: %+v, %v", c, err)
		}
		w.update(func(tx social.Tx) error { return social.Forget(t.Context(), tx, ada) })
		if c, err = talk.Comments(t.Context(), music.Viewer{}, r, "", 10); err != nil || len(c.Comments) != 1 || c.Comments[0].Depth != 0 {
			t.Errorf("forgotten: %+v, %v", c, err)
		}
		if counts, err = talk.Reactions(t.Context(), r); err != nil || len(counts) != 0 {
			t.Errorf("forgotten: %+v, %v", counts, err)
		}
		for _, p := range []social.Policy{social.Nobody, social.Followers} {
			if err := talk.SetPolicies(t.Context(), staff, w.Act, r, social.Policies{social.Commenting: p}); err != nil {
				t.Fatal(err)
			}
			if _, err := talk.Write(t.Context(), music.Viewer{Account: "jo"}, social.Draft{Thing: whole, Position: -1, Text: "me too"}); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", p, err)
			}
		}
		if _, err := talk.Write(t.Context(), music.Viewer{}, social.Draft{Thing: whole, Text: "x"}); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a guest: %v", err)
		}
		if err := talk.SetPolicies(t.Context(), staff, w.Act, "", social.Policies{social.Commenting: ""}); err != nil {
			t.Fatal(err)
		}
		if err := talk.SetPolicies(t.Context(), staff, w.Act, r, social.Policies{social.Commenting: ""}); err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Write(t.Context(), music.Viewer{Account: "jo"}, social.Draft{Thing: whole, Text: strings.Repeat("x", 5_001)}); !fault.Is(err, fault.TooLarge) {
			t.Errorf("too long: %v", err)
		}
	})
}

// What an act says is kept by what is done, and nothing else is changed by it.
func TestPoliciesAreKept(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		r, track := w.Publish()
		talk, staff, ctx := &social.Talk{Store: w.DB}, music.Viewer{Account: "staff", Moderator: true}, t.Context()
		says := func(release id.Release, p social.Policies, want fault.Kind) {
			t.Helper()
			if err := talk.SetPolicies(ctx, staff, w.Act, release, p); fault.KindOf(err) != want {
				t.Errorf("%v: %v", p, err)
			}
		}
		none := fault.KindOf(nil)
		says("", social.Policies{social.Commenting: social.Followers, social.Boosting: social.Nobody}, none)
		says(r, social.Policies{social.Liking: social.Nobody}, none)
		says(r, social.Policies{social.Boosting: social.Everybody}, none)
		says(r, social.Policies{social.Liking: "friends"}, fault.Invalid)
		says(r, social.Policies{"sell": social.Nobody}, fault.Invalid)
		says(id.New[id.Release](fedtest.Moment), social.Policies{social.Liking: social.Nobody}, fault.NotFound)
		if err := talk.SetPolicies(ctx, staff, id.New[id.Act](fedtest.Moment), r, social.Policies{social.Liking: social.Nobody}); !fault.Is(err, fault.NotFound) {
			t.Errorf("of another act's release: %v", err)
		}
		if p, err := talk.Policies(ctx, staff, w.Act, r); err != nil || !maps.Equal(p, social.Policies{social.Liking: social.Nobody, social.Boosting: social.Everybody}) {
			t.Errorf("%v, %v", p, err)
		}
		c, err := talk.Comments(ctx, w.listener("jo"), r, "", 9)
		if err != nil || !maps.Equal(c.Policies, social.Policies{social.Commenting: social.Followers, social.Liking: social.Nobody, social.Boosting: social.Everybody}) ||
			!maps.Equal(c.May, map[social.Verb]bool{social.Commenting: false, social.Liking: false, social.Boosting: true}) {
			t.Errorf("%v, %v, %v", c.Policies, c.May, err)
		}
		if _, err := talk.Policies(ctx, w.listener("kim"), w.Act, r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("of others: %v", err)
		}

		jo, people := w.listener("al"), &social.People{Store: w.DB, Federates: true}
		if _, err := people.Show(ctx, jo, social.PersonDraft{Handle: "wren"}); err != nil {
			t.Fatal(err)
		}
		boosts := func(on bool, want fault.Kind) {
			t.Helper()
			if err := people.Boost(ctx, jo, social.Thing{Track: track}, on); fault.KindOf(err) != want {
				t.Errorf("shares it: %v", err)
			}
		}
		boosts(true, none)
		says(r, social.Policies{social.Boosting: social.Followers}, none)
		boosts(true, fault.Forbidden)
		boosts(false, none)
		if err := (&music.Library{Store: w.Music()}).Follow(ctx, jo, w.Act, true); err != nil {
			t.Fatal(err)
		}
		boosts(true, none)
	})
}

// Bounds are for those who come in: an act's own people answer as many as there are.
func TestTheActsPeopleAreNotBounded(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		r, _ := w.Publish()
		thing := social.Thing{Release: r}
		w.update(func(tx social.Tx) error {
			for i := range 101 { // as many as one server may say within an hour, and one more
				actor := fmt.Sprint("https://far.example/u/", i)
				_, err := social.Say(t.Context(), tx, social.Comment{Thing: thing, Author: social.Author{Actor: actor, Host: "far.example"}, IRI: actor + "/1", HTML: "x", Position: -1})
				if bounded := fault.Is(err, fault.Conflict); bounded != (i == 100) {
					t.Fatalf("comment %d: %v", i, err)
				}
			}
			return nil
		})
		says := func(who id.Account, n int) error {
			t.Helper()
			for range n {
				if _, err := (&social.Talk{Store: w.DB}).Write(t.Context(), music.Viewer{Account: who}, social.Draft{Thing: thing, Position: -1, Text: "Thanks"}); err != nil {
					return err
				}
			}
			return nil
		}
		if err := says("jo", 21); !fault.Is(err, fault.Conflict) {
			t.Errorf("a listener says more than 20 times within an hour: %v", err)
		}
		own := id.New[id.Account](w.Now())
		err := w.AccountUpdate(t.Context(), func(tx account.Tx) error {
			return tx.InsertAccount(t.Context(), account.Account{ID: own, Handle: "own", Name: "Own", Role: account.Artist, Created: w.Now()}, "secret")
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), w.Act, own, music.Owner) }); err != nil {
			t.Fatal(err)
		}
		if err := says(own, 21); err != nil {
			t.Errorf("the act's own: %v", err)
		}
	})
}
