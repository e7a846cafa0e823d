package social_test

import (
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Whom somebody blocks they hear nothing of, and everybody else does.
func TestPersonalBlocks(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		jo, kim := w.listener("jo").Account, w.listener("kim").Account
		p := &social.Personal{Store: w.DB, Host: "nine.example"}
		const rude, kind, other = "https://far.example/rude", "https://far.example/kind", "https://a.bad.example/u"
		w.update(func(tx social.Tx) error {
			for actor, host := range map[string]string{rude: "far.example", kind: "far.example", other: "a.bad.example:8443"} {
				if err := tx.PutActor(ctx, social.Actor{ID: actor, Host: host, Handle: actor[len(actor)-1:], Kind: "Person", Inbox: actor + "/inbox"}); err != nil {
					return err
				}
				if _, err := tx.FollowElsewhere(ctx, jo, actor, true); err != nil {
					return err
				}
			}
			return nil
		})
		heard := func(who id.Account) (out string) {
			t.Helper()
			w.update(func(tx social.Tx) error {
				list := []social.Comment{{HTML: "r", Author: social.Author{Actor: rude, Host: "far.example"}}, {HTML: "k", Author: social.Author{Actor: kind, Host: "far.example"}}, {HTML: "o", Author: social.Author{Actor: other, Host: "a.bad.example:8443"}}}
				list, err := social.Heard(ctx, tx, who, list)
				for _, c := range list {
					out += c.HTML
				}
				return err
			})
			return out
		}
		for _, name := range []string{rude, "Bad.example"} {
			if err := p.Block(ctx, jo, name); err != nil {
				t.Fatal(err)
			}
		}
		if a, b, c := heard(jo), heard(kim), heard(""); a != "k" || b != "rko" || c != "rko" {
			t.Errorf("who blocks hears %q, others %q and %q", a, b, c)
		}
		w.update(func(tx social.Tx) error {
			list, err := tx.ListFollows(ctx, jo)
			if len(list) != 1 || list[0].Actor.ID != kind {
				t.Errorf("still followed: %+v", list)
			}
			return err
		})
		all, err := p.Blocks(ctx, jo)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, b := range all {
			if err := p.Unblock(ctx, jo, b.Name); err != nil {
				t.Error(err)
			}
		}
		if got := heard(jo); got != "rko" {
			t.Errorf("heard again is %q", got)
		}
		if err := p.Unblock(ctx, jo, "bad.example"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if err := p.Block(ctx, jo, "nine.example"); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
		if err := p.Block(ctx, jo, "nobody@far.example"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// Somebody blocks a thousand, and one more once they have ended one.
func TestMostBlocked(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		jo := w.listener("jo").Account
		p := &social.Personal{Store: w.DB, Host: "nine.example"}
		const most = 1_000
		w.update(func(tx social.Tx) error {
			for i := range most {
				if err := tx.PutPersonalBlock(t.Context(), jo, social.PersonalBlock{Name: fmt.Sprintf("bad%d.example", i), Since: tx.Now()}); err != nil {
					return err
				}
			}
			return nil
		})
		if err := p.Block(t.Context(), jo, "worse.example"); !fault.Is(err, fault.Conflict) {
			t.Errorf("one more: %v", err)
		}
		if err := p.Unblock(t.Context(), jo, "bad7.example"); err != nil {
			t.Fatal(err)
		}
		if err := p.Block(t.Context(), jo, "worse.example"); err != nil {
			t.Error(err)
		}
	})
}
