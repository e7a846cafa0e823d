package social_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// signsUp makes an account.
func (w world) signsUp(s *account.Service, handle string) id.Account {
	w.t.Helper()
	in, err := s.SignUp(w.t.Context(), account.SignUp{Handle: handle, Password: "a long enough password"}, account.Client{})
	if err != nil {
		w.t.Fatal(err)
	}
	return in.Account
}

// A handle is one's alone: of acts, accounts, people seen elsewhere, and of who was.
func TestHandlesOfPeople(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		accounts := account.New(account.Config{Store: w.DB, Now: w.Now, Erase: []account.Eraser{w.ErasePerson}})
		if _, err := accounts.SetupHere(t.Context(), account.Setup{SignUp: account.SignUp{Handle: "grace", Password: "a long enough password"}, Settings: account.Settings{Name: "N", OpenSignUp: true}}); err != nil {
			t.Fatal(err)
		}
		people := &social.People{Store: w.DB, Federates: true}
		ada, bo := music.Viewer{Account: w.signsUp(accounts, "ada")}, music.Viewer{Account: w.signsUp(accounts, "bo")}
		for handle, want := range map[string]fault.Kind{
			"low-tide": fault.Conflict, "lowtide": fault.Conflict, "l-owtide": fault.Conflict, "bo": fault.Conflict, "grace": fault.Conflict,
			"": fault.Invalid, "operator": fault.Invalid, "a": fault.Invalid, "-x": fault.Invalid, "a b": fault.Invalid, "nine.example": fault.Invalid, "\u0430da": fault.Invalid, "x\u202ey": fault.Invalid, "x/../y": fault.Invalid, "x@far.example": fault.Invalid,
		} {
			if _, err := people.Show(t.Context(), ada, social.PersonDraft{Handle: handle}); fault.KindOf(err) != want {
				t.Errorf("%q: %v, want %v", handle, err, want)
			}
		}
		if _, err := people.Show(t.Context(), music.Viewer{}, social.PersonDraft{Handle: "guest"}); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a guest: %v", err)
		}
		p, err := people.Show(t.Context(), ada, social.PersonDraft{Handle: "wren", About: "Birds"})
		if err != nil {
			t.Fatal(err)
		}
		taken := func(when string) {
			t.Helper()
			if _, err := people.Show(t.Context(), bo, social.PersonDraft{Handle: "Wren"}); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: another listener: %v", when, err)
			}
			studio := &music.Studio{Store: w.Music()}
			if _, err := studio.CreateAct(t.Context(), bo, music.Act{Name: "Wren", Handle: "wren"}); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: an act: %v", when, err)
			}
			if _, err := accounts.SignUp(t.Context(), account.SignUp{Handle: "wren", Password: "a long enough password"}, account.Client{}); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: an account: %v", when, err)
			}
		}
		taken("seen")
		w.meet("https://far.example/bo", "far.example")
		w.update(func(tx social.Tx) error {
			from, err := tx.Actor(t.Context(), "https://far.example/bo")
			if err != nil {
				return err
			}
			state, err := social.FollowPerson(t.Context(), tx, &p, from, "https://far.example/bo/1")
			if state != social.FollowsThem {
				t.Errorf("%q", state)
			}
			return err
		})
		if err := accounts.Delete(t.Context(), account.Principal{Account: ada.Account}, "a long enough password"); err != nil {
			t.Fatal(err)
		}
		taken("gone")
		w.update(func(tx social.Tx) error {
			gone, err := tx.Person(t.Context(), p.ID)
			if err != nil || gone.Gone.IsZero() || gone.Account != "" || gone.Handle+gone.Name+gone.About != "" {
				t.Errorf("%+v, %v", gone, err)
			}
			return nil
		})
		// There is no such activity, so it fails where anybody is to be told: who that is
		// was kept for the job.
		if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error {
			_, err := tx.DeliverToReach(t.Context(), "x", p.ID)
			return err
		}); err == nil {
			t.Error("nobody would be told")
		}
	})
}

// Who is blocked does not come back by asking again; who waits is let in or not.
func TestFollowersOfPeople(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		accounts := account.New(account.Config{Store: w.DB, Now: w.Now})
		if _, err := accounts.SetupHere(t.Context(), account.Setup{SignUp: account.SignUp{Handle: "grace", Password: "a long enough password"}, Settings: account.Settings{Name: "N", OpenSignUp: true}}); err != nil {
			t.Fatal(err)
		}
		ada := w.signsUp(accounts, "ada")
		var answers []string
		people := &social.People{Store: w.DB, Federates: true, Post: told{answers: &answers}}
		p, err := people.Show(t.Context(), music.Viewer{Account: ada}, social.PersonDraft{Handle: "wren", Approves: true})
		if err != nil {
			t.Fatal(err)
		}
		const bo = "https://far.example/bo"
		w.meet(bo, "far.example")
		asks := func(want social.FollowState) {
			t.Helper()
			w.update(func(tx social.Tx) error {
				from, err := tx.Actor(t.Context(), bo)
				if err != nil {
					return err
				}
				got, err := social.FollowPerson(t.Context(), tx, &p, from, bo+"/1")
				if got != want {
					t.Errorf("%q, want %q", got, want)
				}
				return err
			})
		}
		judge := func(state social.FollowState) {
			t.Helper()
			if err := people.Judge(t.Context(), ada, bo, state); err != nil {
				t.Error(err)
			}
		}
		asks(social.FollowAsked)
		judge(social.FollowsThem)
		asks(social.FollowsThem) // who asks again does not wait again
		judge(social.FollowBlock)
		asks("")
		w.update(func(tx social.Tx) error { return social.UnfollowPerson(t.Context(), tx, p.ID, bo) })
		asks("") // an Undo ends no block
		judge("")
		asks(social.FollowAsked)
		w.update(func(tx social.Tx) error { return social.Forget(t.Context(), tx, bo) })
		if list, _, err := people.Fans(t.Context(), ada, social.FollowAsked, ""); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if strings.Join(answers, ", ") != "follows: true, follows: false, blocks, unblocks" {
			t.Errorf("told %v", answers)
		}
	})
}

// told notes what somebody elsewhere is told.
type told struct {
	social.Correspondence
	answers *[]string
}

func (p told) Answer(_ context.Context, _ social.Tx, _ social.Fan, yes bool) error {
	*p.answers = append(*p.answers, fmt.Sprintf("follows: %v", yes))
	return nil
}

func (p told) Block(_ context.Context, _ social.Tx, f *social.Fan) error {
	f.Activity = "https://nine.example/ap/activities/1"
	*p.answers = append(*p.answers, "blocks")
	return nil
}

func (p told) Unblock(_ context.Context, _ social.Tx, f social.Fan) error {
	if f.Activity != "https://nine.example/ap/activities/1" {
		return fmt.Errorf("%q is no block", f.Activity)
	}
	*p.answers = append(*p.answers, "unblocks")
	return nil
}
