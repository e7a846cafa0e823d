package store

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Acts whose music was kept before they were found by their names are found by these, and
// not by those of artists whom their releases name.
func TestActsKeptBefore(t *testing.T) {
	before, err := migrations.ReadFile("migrations/0104_act_found.sql")
	if err != nil {
		t.Fatal(err)
	}
	both(t, func(t *testing.T, open opener) {
		db := open(t, Config{})
		ctx := t.Context()
		put := func(tx social.Tx, handle, name string, artists ...string) error {
			at := "https://shore.example/" + handle
			err := tx.PutActor(ctx, social.Actor{ID: at, Host: "shore.example", Handle: handle, Name: name, Inbox: at + "/inbox"})
			for _, a := range artists {
				if err == nil {
					err = tx.PutRelease(ctx, &social.Release{IRI: at + "/" + a, Actor: at, Title: "Ebb", Artist: a, Published: db.now()})
				}
			}
			return err
		}
		if err := db.SocialUpdate(ctx, func(tx social.Tx) error {
			for _, err := range []error{put(tx, "cafe", "Café Noir", "Guests", ""), put(tx, "reef", "Reef", "Guests"), put(tx, "bo", "Guests")} {
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(ctx, func(tx *Tx) error {
			if _, err := tx.db.ExecContext(ctx, "delete from search_doc where kind = 8"); err != nil {
				return err
			}
			_, err := tx.db.ExecContext(ctx, string(before))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"cafe": "cafe", "noir": "cafe", "reef": "reef", "guests": "", "shore": "", "e": ""}
		if err := db.SocialView(ctx, func(tx social.Tx) error {
			for q, handles := range want {
				list, err := tx.SearchActs(ctx, music.Terms(q), 9)
				if err != nil {
					return err
				}
				var got []string
				for i := range list {
					got = append(got, list[i].Actor.Handle)
				}
				if strings.Join(got, " ") != handles {
					t.Errorf("%q finds %q, not %q", q, got, handles)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.SocialUpdate(ctx, func(tx social.Tx) error { return put(tx, "spit", "Spit", "") }); err != nil {
			t.Error("the next act:", err)
		}
	})
}
