package social_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Followers are known by their server, of an act and of a person who lets them in.
func TestFollowersAt(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		ada := account.Account{ID: id.New[id.Account](w.Now()), Handle: "ada", Created: w.Now()}
		if err := w.AccountUpdate(ctx, func(tx account.Tx) error { return tx.InsertAccount(ctx, ada, "") }); err != nil {
			t.Fatal(err)
		}
		p, err := (&social.People{Store: w.DB, Federates: true}).Show(ctx, music.Viewer{Account: ada.ID}, social.PersonDraft{Handle: "wren", Approves: true})
		if err != nil {
			t.Fatal(err)
		}
		who := p.ID
		for _, host := range []string{"a.example", "b.a.example", "a.example:444"} {
			for i, state := range []social.FollowState{social.FollowsThem, social.FollowAsked} {
				actor := fmt.Sprintf("https://%s/u/%d", host, i)
				w.meet(actor, host)
				w.update(func(tx social.Tx) error {
					if _, err := social.Follow(ctx, tx, w.Act, actor, actor+"/follow"); err != nil {
						return err
					}
					return tx.PutFan(ctx, social.Fan{Person: who, Actor: actor, State: state, Activity: actor + "/asks", Since: tx.Now()})
				})
			}
		}
		w.update(func(tx social.Tx) error {
			list, err := social.FollowersAt(ctx, tx, w.Act, "", "a.example")
			if !slices.Equal(list, []string{"https://a.example/u/0", "https://a.example/u/1"}) || err != nil {
				t.Errorf("of the act: %q, %v", list, err)
			}
			list, err = social.FollowersAt(ctx, tx, "", who, "a.example:444")
			if !slices.Equal(list, []string{"https://a.example:444/u/0"}) || err != nil {
				t.Errorf("of the person: %q, %v", list, err)
			}
			return nil
		})
	})
}

// crowd has as many followers at a server as are asked for.
type crowd struct{ social.Tx }

func (crowd) ActFollowersAt(_ context.Context, _ id.Act, _ string, n int) ([]string, error) {
	return make([]string, n), nil
}

// Of more followers than a list has none is said.
func TestTooManyFollowersAt(t *testing.T) {
	if list, err := social.FollowersAt(t.Context(), crowd{}, "x", "", "a.example"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("%d, %v", len(list), err)
	}
}

// The digest is the one that the proposal has for an example, in whatever order.
func TestDigest(t *testing.T) {
	const want = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f" // FEP-8fcf, "Example"
	a, b := "https://testing.example.org/users/1", "https://testing.example.org/users/2"
	for _, list := range [][]string{{a, b}, {b, a}, {a, b, a, a}} {
		if got := social.Digest(list); got != want {
			t.Errorf("%q: %s", list, got)
		}
	}
	if got := social.Digest(nil); got != "0000000000000000000000000000000000000000000000000000000000000000" {
		t.Error(got)
	}
}
