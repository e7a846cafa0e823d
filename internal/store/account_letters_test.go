package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
)

// Links and invitations are found by their hash until their time is over, and
// go with their account.
func TestLinksAndInvitations(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		db, ctx := open(t, Config{Now: func() time.Time { return now }}), t.Context()
		a := account.Account{ID: "A", Handle: "ada", Name: "Ada", Role: account.Admin, Created: now, Pending: "ada@example.org", Lang: "de"}
		hash, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		in := account.Invitation{ID: "I", Maker: "A", Email: "bo@example.org", Role: account.Artist, Lang: "en", Made: now, Until: now.Add(time.Hour)}
		err := db.AccountUpdate(ctx, func(tx account.Tx) error {
			return errors.Join(
				tx.InsertAccount(ctx, a, "secret"),
				tx.InsertLink(ctx, hash, "A", "reset", "ada@example.org", now.Add(time.Hour)), tx.InsertLink(ctx, hash, "A", "reset", "ada@example.org", now.Add(time.Hour)),
				tx.InsertLink(ctx, other, "A", "confirm", "ada@example.org", now.Add(time.Hour)),
				tx.InsertInvitation(ctx, in, nil), tx.InsertInvitation(ctx, account.Invitation{ID: "J", Maker: "operator", Role: account.Listener, Made: now, Until: now.Add(time.Hour)}, nil),
				tx.SetInvitation(ctx, "I", hash),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		look := func(want bool) {
			t.Helper()
			err := db.AccountView(ctx, func(tx account.Tx) error {
				got, email, err := tx.ByLink(ctx, "confirm", other)
				if want && (got != a || email != "ada@example.org" || err != nil) || !want && !fault.Is(err, fault.NotFound) {
					t.Errorf("%+v, %s, %v", got, email, err)
				}
				if _, _, err := tx.ByLink(ctx, "reset", other); !fault.Is(err, fault.NotFound) {
					t.Errorf("a link of another kind: %v", err)
				}
				back, err := tx.ByInvitation(ctx, hash)
				if want && (back != in || err != nil) || !want && !fault.Is(err, fault.NotFound) {
					t.Errorf("%+v, %v", back, err)
				}
				all, err := tx.Invitations(ctx, "")
				own, err2 := tx.Invitations(ctx, "A")
				if want && (len(all) != 2 || len(own) != 1 || own[0] != in) || !want && len(all) != 0 {
					t.Errorf("%v, %v", all, own)
				}
				return errors.Join(err, err2)
			})
			if err != nil {
				t.Error(err)
			}
		}
		look(true)
		now = now.Add(time.Hour)
		look(false)
		err = db.AccountUpdate(ctx, func(tx account.Tx) error {
			if err := tx.DeleteInvitation(ctx, "J", "A"); !fault.Is(err, fault.NotFound) {
				t.Errorf("another's invitation: %v", err)
			}
			return errors.Join(tx.ExpireLetters(ctx), tx.SetAddress(ctx, "A", "ada@example.org", now), tx.SetProfile(ctx, "A", "Ada", "ada@example.org"), tx.DeleteAccount(ctx, a))
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
