package social_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// listener makes somebody who listens here.
func (w world) listener(handle string) music.Viewer {
	w.t.Helper()
	a := account.Account{ID: id.New[id.Account](w.Now()), Handle: handle, Name: "Somebody", Created: w.Now()}
	if err := w.AccountUpdate(w.t.Context(), func(tx account.Tx) error { return tx.InsertAccount(w.t.Context(), a, "") }); err != nil {
		w.t.Fatal(err)
	}
	return music.Viewer{Account: a.ID}
}

// What a listener reports waits for the moderators; its server learns what they
// say and not who they are.
func TestReports(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		const rude = "https://far.example/users/rude"
		w.meet(rude, "far.example")
		release, _ := w.Publish()
		var comment social.Comment
		w.update(func(tx social.Tx) (err error) {
			comment, err = social.Say(ctx, tx, social.Comment{Thing: social.Thing{Release: release}, Author: social.Author{Actor: rude, Host: "far.example"}, IRI: rude + "/1", HTML: "<p>rude words</p>", Position: -1})
			return err
		})
		jo, staff := w.listener("jo"), w.listener("kim")
		staff.Moderator = true
		var told []string
		d := &social.Reports{Store: w.DB, Sent: func() { told = append(told, "sent") }, Flag: func(_ context.Context, _ social.Tx, to social.Actor, about []string, words string) error {
			told = append(told, to.ID, strings.Join(about, " "), words)
			return nil
		}}
		if _, err := d.Report(ctx, music.Viewer{}, social.AComment, string(comment.ID), "x", false); !fault.Is(err, fault.Unauthenticated) {
			t.Error(err)
		}
		for kind, target := range map[social.Kind]string{social.AComment: "x", social.ARelease: "x", social.AnAct: "x", social.ActThere: "x", social.ReleaseThere: "x"} {
			if _, err := d.Report(ctx, jo, kind, target, "x", false); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if _, err := d.Report(ctx, jo, social.ARelease, string(release), " ", false); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
		if _, err := d.Report(ctx, jo, social.ARelease, string(release), "x", true); !fault.Is(err, fault.Invalid) {
			t.Errorf("a release of here is passed on: %v", err)
		}
		r, err := d.Report(ctx, jo, social.AComment, string(comment.ID), "They are\u202e rude.", true)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(told); got != fmt.Sprint([]string{rude, rude + "/1", "They are rude.", "sent"}) {
			t.Errorf("told: %s", got)
		}
		if _, err := d.Report(ctx, jo, social.AComment, string(comment.ID), "Again", false); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		if _, err := d.List(ctx, jo, false, ""); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		page, err := d.List(ctx, staff, false, "")
		if err != nil || page.Open != 1 || len(page.Rows) != 1 || page.Rows[0].By.Said() != "@jo" || page.Rows[0].Told.IsZero() || page.Rows[0].About[0].Words != "rude words" {
			t.Errorf("%+v, %v", page, err)
		}
		if err := d.Forward(ctx, staff, r.ID, "x"); !fault.Is(err, fault.Conflict) {
			t.Errorf("told twice: %v", err)
		}
		w.update(func(tx social.Tx) error { return social.Forget(ctx, tx, rude) })
		if err := d.Close(ctx, staff, r.ID, true, "The comment is gone."); err != nil {
			t.Fatal(err)
		}
		got, err := d.Get(ctx, staff, r.ID)
		if err != nil || got.Closer != "kim" || got.Note != "The comment is gone." || got.About[0].Words != "rude words" {
			t.Errorf("%+v, %v", got, err)
		}
		if err := w.AccountUpdate(ctx, func(tx account.Tx) error { return w.EraseTalk(ctx, tx, jo.Account) }); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Get(ctx, staff, r.ID); err != nil || got.By.Said() != "" {
			t.Errorf("%+v, %v", got.By, err)
		}
		if err := d.Close(ctx, staff, r.ID, false, ""); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(ctx, staff, r.ID, true, ""); err != nil {
			t.Fatal(err)
		}
		w.Pass(social.ReportKept + time.Hour)
		if _, err := social.Expire(ctx, w.DB); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Get(ctx, staff, r.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("kept for ever: %v", err)
		}
	})
}

// Strangers who report without end keep nobody here from reporting, and when their
// server is blocked, or they are gone, nothing of theirs waits any more.
func TestStrangersDoNotCloseTheDesk(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		jo := w.listener("jo")
		d := &social.Reports{Store: w.DB, Sent: func() {}}
		waiting := func(want int64) {
			t.Helper()
			page, err := d.List(ctx, music.Viewer{Moderator: true}, false, "")
			if err != nil || page.Open != want {
				t.Errorf("%d reports wait, not %d: %v", page.Open, want, err)
			}
		}
		about := []social.Subject{{Kind: social.AnAct, Target: string(w.Act)}}
		by := func(name, host string) social.Author {
			return social.Author{Actor: "https://" + host + "/" + name, Host: host}
		}
		for _, host := range []string{"far.example", "a.bad.example", "b.bad.example"} {
			w.meet(by("one", host).Actor, host)
		}
		w.update(func(tx social.Tx) error {
			for i := range 4_999 {
				a := by("one", []string{"a.bad.example", "b.bad.example"}[i%2])
				if _, err := social.Complain(ctx, tx, social.Report{By: a, About: about}); err != nil {
					return err
				}
			}
			return tx.PutPeer(ctx, social.Peer{Host: "a.bad.example"})
		})
		w.update(func(tx social.Tx) error { return tx.PutPeer(ctx, social.Peer{Host: "b.bad.example"}) })
		far := by("one", "far.example")
		w.update(func(tx social.Tx) error {
			if err := social.MayReport(ctx, tx, far); err != nil {
				return err
			}
			_, err := social.Complain(ctx, tx, social.Report{By: far, About: about})
			if err == nil && !fault.Is(social.MayReport(ctx, tx, far), fault.Conflict) {
				t.Error("reports of other servers have no bound")
			}
			return err
		})
		if _, err := d.Report(ctx, jo, social.AnAct, string(w.Act), "x", false); err != nil {
			t.Errorf("somebody here: %v", err)
		}
		waiting(5_001)
		w.decide(w.desk(false), "bad.example", social.Block)
		waiting(2)
		w.update(func(tx social.Tx) error { return social.MayReport(ctx, tx, far) })
		w.update(func(tx social.Tx) error { return social.Forget(ctx, tx, far.Actor) })
		waiting(1)
	})
}

// A report shows nobody what they do not find where it was said: no hidden comment
// nor an answer to it, none of whom is silenced, none of what is withdrawn.
func TestReportsShowNothingHidden(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		const rude = "https://far.example/users/rude"
		w.meet(rude, "far.example")
		release, _ := w.Publish()
		say := func(iri string, under id.Comment) (c social.Comment) {
			w.update(func(tx social.Tx) (err error) {
				c, err = social.Say(ctx, tx, social.Comment{Thing: social.Thing{Release: release}, Parent: under, Author: social.Author{Actor: rude, Host: "far.example"}, IRI: iri, HTML: "<p>x</p>", Position: -1})
				return err
			})
			return c
		}
		first := say(rude+"/1", "")
		answer := say(rude+"/2", first.ID)
		other := say(rude+"/3", "")
		jo, staff := w.listener("jo"), w.listener("kim")
		staff.Moderator = true
		d := &social.Reports{Store: w.DB, Sent: func() {}}
		look := func(v music.Viewer, want string) {
			t.Helper()
			got := ""
			for _, c := range []social.Comment{first, answer, other} {
				_, err := d.Look(ctx, v, social.AComment, string(c.ID))
				if err != nil && !fault.Is(err, fault.NotFound) {
					t.Fatal(err)
				}
				if err == nil {
					got += strings.TrimPrefix(c.IRI, rude)
				}
			}
			if got != want {
				t.Errorf("finds %q, not %q", got, want)
			}
		}
		look(jo, "/1/2/3")
		w.update(func(tx social.Tx) error { return tx.HideComment(ctx, first.ID, true) })
		look(jo, "/3")
		look(staff, "/1/2/3")
		if _, err := d.Report(ctx, jo, social.AComment, string(answer.ID), "x", false); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		w.decide(w.desk(false), "far.example", social.Silence)
		look(jo, "")
		if err := w.desk(false).UndecideBy(ctx, music.Viewer{Moderator: true}, "far.example"); err != nil {
			t.Fatal(err)
		}
		w.Withdraw(release)
		look(jo, "")
		look(staff, "")
	})
}

// A listener reports no more than a moderator can read.
func TestManyReports(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		jo := w.listener("jo")
		d := &social.Reports{Store: w.DB, Sent: func() {}}
		for i := range 20 {
			r, _ := w.Publish()
			if _, err := d.Report(t.Context(), jo, social.ARelease, string(r), "x", false); err != nil {
				t.Fatal(i, err)
			}
		}
		if _, err := d.Report(t.Context(), jo, social.AnAct, string(w.Act), "x", false); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		w.Pass(25 * time.Hour)
		if _, err := d.Report(t.Context(), jo, social.AnAct, string(w.Act), "x", false); err != nil {
			t.Error(err)
		}
	})
}
