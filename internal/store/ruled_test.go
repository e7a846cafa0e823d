package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/social"
)

// TestWhatIsDecidedCountsAtOnce: what is remembered of decisions is never older than
// the last one, also within the transaction that makes it.
func TestWhatIsDecidedCountsAtOnce(t *testing.T) {
	db := openSQLite(t, Config{})
	ctx := context.Background()
	said := func(tx social.Tx) (words int, person bool) {
		w, err := tx.Verdicts(ctx, []string{"bad.example"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ActorRule(ctx, "https://bad.example/u/1")
		if err != nil && !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		return len(w), err == nil
	}
	look := func() (words int, person bool) {
		if err := db.SocialView(ctx, func(tx social.Tx) error { words, person = said(tx); return nil }); err != nil {
			t.Fatal(err)
		}
		return words, person
	}
	for range 2 {
		if w, p := look(); w != 0 || p {
			t.Errorf("before anything was decided: %d, %t", w, p)
		}
	}
	rules := []social.Rule{{Host: "bad.example", Verdict: social.Block}, {Host: "1@bad.example", Actor: "https://bad.example/u/1", Verdict: social.Block}}
	err := db.SocialUpdate(ctx, func(tx social.Tx) error {
		for _, r := range rules {
			if err := tx.PutRule(ctx, r); err != nil {
				return err
			}
		}
		if w, p := said(tx); w != 1 || !p {
			t.Errorf("where it is decided: %d, %t", w, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w, p := look(); w != 1 || !p {
		t.Errorf("after it was decided: %d, %t", w, p)
	}
	if err := db.SocialUpdate(ctx, func(tx social.Tx) error { return tx.DropRule(ctx, "bad.example") }); err != nil {
		t.Fatal(err)
	}
	if w, p := look(); w != 0 || !p {
		t.Errorf("after it was dropped: %d, %t", w, p)
	}
}

// TestMoreDecidedThanIsRemembered: of a server in the longest of lists the same is known.
func TestMoreDecidedThanIsRemembered(t *testing.T) {
	db := openSQLite(t, Config{})
	ctx := context.Background()
	put := func(from, to int) {
		t.Helper()
		if err := db.SocialUpdate(ctx, func(tx social.Tx) error {
			for i := from; i < to; i++ {
				if err := tx.PutRule(ctx, social.Rule{Host: fmt.Sprintf("bad%d.example", i), Verdict: social.Silence}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	look := func(when string) {
		t.Helper()
		if err := db.SocialView(ctx, func(tx social.Tx) error {
			w, err := tx.Verdicts(ctx, []string{"bad7.example", "example", "bad9.example"})
			if len(w) != 2 || w[0].Verdict != social.Silence || !w[0].Own || w[0].Host == w[1].Host {
				t.Errorf("%s: %+v", when, w)
			}
			none, err2 := tx.Verdicts(ctx, []string{"good.example", "example"})
			if len(none) != 0 {
				t.Errorf("%s, of another: %+v", when, none)
			}
			return errors.Join(err, err2)
		}); err != nil {
			t.Fatal(err)
		}
	}
	put(0, mostWords)
	look("all that is remembered")
	put(mostWords, mostWords+1)
	look("one more")
}
