package store

import (
	"context"
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
