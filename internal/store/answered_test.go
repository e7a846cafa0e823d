package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// A key is kept with the first transaction of a request, or not at all.
func TestAKeyIsKeptWithItsChange(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		ctx, now := t.Context(), time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		fails := error(nil)
		db := open(t, Config{Now: func() time.Time { return now }, BeforeCommit: func() error { return fails }})
		const ada = id.Account("01JD3ZKQ4Y8X5T2N7B6V9C1M00")
		if err := db.Update(ctx, func(tx *Tx) error {
			return tx.Q.AccountInsert(ctx, sqlgen.AccountInsertParams{ID: string(ada), Handle: "ada"})
		}); err != nil {
			t.Fatal(err)
		}
		a := account.Answered{Key: []byte{1}, Request: []byte{2}}
		known := func() bool {
			t.Helper()
			_, err := db.Answered(ctx, ada, a.Key)
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		with, marked := db.Marking(ctx, ada, a)
		fails = errors.New("disk")
		if err := set(with, db, "k", "v"); err == nil || marked() || known() {
			t.Fatalf("nothing was committed: %v, marked %v", err, marked())
		}
		fails = nil
		if err := db.Update(with, func(*Tx) error { return errors.New("refused") }); err == nil || marked() || known() {
			t.Fatalf("what is refused keeps nothing: %v, marked %v", err, marked())
		}
		if err := set(with, db, "k", "v"); err != nil || !marked() || !known() {
			t.Fatalf("%v, marked %v", err, marked())
		}
		if err := set(with, db, "k", "w"); err != nil {
			t.Fatal(err)
		}
		want := account.Answered{Key: a.Key, Request: a.Request, Status: 201, Type: "application/json", Body: []byte{0, 255}}
		if err := db.KeepAnswer(ctx, ada, want); err != nil {
			t.Fatal(err)
		}
		got, err := db.Answered(ctx, ada, a.Key)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		now = now.Add(account.RememberedFor)
		if known() {
			t.Error("a day later it is still known")
		}
		if err := db.KeepAnswer(ctx, ada, want); err != nil || !known() { // a key used anew, before the nightly job
			t.Error(err)
		}
		now = now.Add(account.RememberedFor)
		if err := db.ExpireAnswers(ctx); err != nil {
			t.Error(err)
		}
		if err := db.KeepAnswer(ctx, "01JD3ZKQ4Y8X5T2N7B6V9C1M01", want); err != nil { // an account that was just deleted
			t.Error(err)
		}
	})
}
