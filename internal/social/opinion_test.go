package social_test

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// Who is seen elsewhere says what they say as that person: nobody here is told whose
// account it is. However it ends, its address stays gone.
func TestCommentsAsAPerson(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		accounts := account.New(account.Config{Store: w.DB, Now: w.Now, Erase: []account.Eraser{w.EraseTalk, w.ErasePerson}})
		if _, err := accounts.SetupHere(ctx, account.Setup{SignUp: account.SignUp{Handle: "grace", Password: "a long enough password"}, Settings: account.Settings{Name: "N", OpenSignUp: true}}); err != nil {
			t.Fatal(err)
		}
		r, _ := w.Publish()
		ada, owner := w.signsUp(accounts, "ada"), w.signsUp(accounts, "owner")
		if err := w.Music().Update(ctx, func(tx music.Tx) error { return tx.SetRole(ctx, w.Act, owner, music.Owner) }); err != nil {
			t.Fatal(err)
		}
		talk, people := &social.Talk{Store: w.DB}, &social.People{Store: w.DB, Federates: true}
		says := func(text string, to id.Comment) social.Comment {
			t.Helper()
			w.Pass(time.Second)
			c, err := talk.Write(ctx, music.Viewer{Account: ada}, social.Draft{Thing: social.Thing{Release: r}, Parent: to, Position: -1, Text: text})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		before := says("before", "")
		seen := func() {
			t.Helper()
			if _, err := people.Show(ctx, music.Viewer{Account: ada}, social.PersonDraft{Handle: "wren"}); err != nil {
				t.Fatal(err)
			}
		}
		seen()
		first, under := says("first", ""), says("under", before.ID)
		deep := says("deep", under.ID)
		if a := first.Author; a.Address() != "@wren" || a.Page() != "/person/wren" || a.Name != "wren" || before.Author.Person != "" {
			t.Errorf("%+v, %+v", a, before.Author)
		}
		list, err := (&notice.Desk{Store: w.DB}).List(ctx, owner, "", 10)
		if err != nil || len(list.Rows) != 4 || list.Rows[2].Who[0] != "@wren" || list.Rows[3].Who[0] != "@ada" {
			t.Errorf("%+v, %v", list, err)
		}
		w.update(func(tx social.Tx) error {
			for c, want := range map[id.Comment]id.Comment{first.ID: "", under.ID: "", deep.ID: under.ID} { // what stays here is nothing to answer elsewhere
				one, err := tx.Comment(ctx, c)
				if err != nil {
					return err
				}
				if got, err := social.Answers(ctx, tx, one); err != nil || got.ID != want {
					t.Errorf("%s answers %q, %v", one.HTML, got.ID, err)
				}
			}
			return nil
		})
		gone := func(what string, c id.Comment, want bool) {
			t.Helper()
			w.update(func(tx social.Tx) error {
				_, err := tx.CommentGone(ctx, c)
				if err != nil && !fault.Is(err, fault.NotFound) || (err == nil) != want {
					t.Errorf("%s: %v", what, err)
				}
				return nil
			})
		}
		if _, err := talk.Delete(ctx, music.Viewer{Account: owner}, first.ID); err != nil {
			t.Fatal(err)
		}
		gone("deleted by the act's people", first.ID, true)
		gone("still there", under.ID, false)
		if err := accounts.Delete(ctx, account.Principal{Account: ada}, "a long enough password"); err != nil {
			t.Fatal(err)
		}
		gone("with the account", under.ID, true)
		gone("of nobody seen", before.ID, false)
	})
}

// What is edited is what was written.
func TestSource(t *testing.T) {
	for _, text := range []string{"one", "one\ntwo", "one\ntwo\n\nthree & <four>\n\nfive"} {
		if got := social.Source(social.Clean(social.Paragraphs(text))); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
