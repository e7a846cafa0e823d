package social_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
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
		if err != nil || len(c.Comments) != 2 || c.Comments[0].Author.Address() != "@ada@far.example" || c.Comments[1].Depth != 1 || c.Writes || c.Keeps {
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
			if err := talk.SetPolicy(t.Context(), staff, w.Act, r, p); err != nil {
				t.Fatal(err)
			}
			if _, err := talk.Write(t.Context(), music.Viewer{Account: "jo"}, social.Draft{Thing: whole, Position: -1, Text: "me too"}); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", p, err)
			}
		}
		if _, err := talk.Write(t.Context(), music.Viewer{}, social.Draft{Thing: whole, Text: "x"}); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a guest: %v", err)
		}
		if err := talk.SetPolicy(t.Context(), staff, w.Act, "", ""); err != nil {
			t.Fatal(err)
		}
		if err := talk.SetPolicy(t.Context(), staff, w.Act, r, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Write(t.Context(), music.Viewer{Account: "jo"}, social.Draft{Thing: whole, Text: strings.Repeat("x", 5_001)}); !fault.Is(err, fault.TooLarge) {
			t.Errorf("too long: %v", err)
		}
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
