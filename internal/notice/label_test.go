package notice_test

import (
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// Who owns an act is told that a label asks it, and who owns the label what became of that:
// the latest step stands in the place of the one before, and nobody is told of their own.
func TestSigningsAreTold(t *testing.T) {
	on(t, func(w *world) {
		ctx, studio := w.Context(), &music.Studio{Store: w.Music()}
		boss := music.Viewer{Account: w.jo}
		label, err := studio.CreateAct(ctx, boss, music.Act{Name: "Reef Records", Label: true})
		w.ok(err)
		partner := w.person()
		w.ok(studio.SetRole(ctx, boss, label.ID, partner, music.Owner))
		owner := music.Viewer{Account: w.owner}
		told := func(step notice.Step, to ...id.Account) {
			t.Helper()
			for _, a := range []id.Account{w.owner, w.editor, w.jo, partner} {
				l, err := w.desk.List(ctx, a, "", 10)
				w.ok(err)
				var got, want []notice.Step
				for _, n := range l.Rows {
					if got = append(got, n.Step); n.Kind != notice.Label || n.Act != w.Act || n.Label != label.ID || n.LabelName != "Reef Records" || n.ActName == "" || n.Seen {
						t.Errorf("%+v", n)
					}
				}
				if slices.Contains(to, a) {
					want = []notice.Step{step}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s is told %q, not %q", a, got, want)
				}
			}
		}
		ask := func() { t.Helper(); w.ok(studio.AskAct(ctx, boss, label.ID, w.handle())) }
		ask()
		told(notice.Asked, w.owner)
		w.ok(studio.EndLabel(ctx, boss, w.Act, label.ID))
		told("") // it asks no more
		ask()
		w.ok(studio.EndLabel(ctx, owner, w.Act, label.ID))
		told(notice.Declined, w.jo, partner)
		ask()
		told(notice.Asked, w.owner)
		w.ok(studio.JoinLabel(ctx, owner, w.Act, label.ID))
		told(notice.Joined, w.jo, partner)
		w.ok(w.desk.Read(ctx, partner, time.Time{}, ""))
		w.ok(studio.JoinLabel(ctx, owner, w.Act, label.ID)) // a second click is no news
		if n, err := w.desk.Unread(ctx, partner); err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		w.ok(studio.EndLabel(ctx, boss, w.Act, label.ID))
		told(notice.Parted, w.owner, partner)
		ask()
		w.ok(studio.JoinLabel(ctx, owner, w.Act, label.ID))
		w.ok(studio.EndLabel(ctx, owner, w.Act, label.ID))
		told(notice.Parted, w.jo, partner)
		w.ok(studio.SetRole(ctx, music.Viewer{Admin: true}, w.Act, w.jo, music.Owner))
		ask() // its own act
		told(notice.Joined, w.owner, partner)
	})
}

// handle is the name of the act in addresses.
func (w *world) handle() string {
	w.Helper()
	a, err := (&music.Catalogue{Store: w.Music()}).Act(w.Context(), music.Viewer{}, string(w.Act))
	w.ok(err)
	return a.Act.Handle
}
