package music_test

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// What a label has follows what acts and releases say, in both databases.
func TestLabelHasWhatNamesIt(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		n := fedtest.NewNodeOn(t, url)
		release, _ := n.Publish()
		db, house, ctx := n.DB.Music(), music.Viewer{Admin: true}, t.Context()
		studio, catalogue := &music.Studio{Store: db}, &music.Catalogue{Store: db}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		label, err := studio.CreateAct(ctx, house, music.Act{Name: "Ärger & Söhne", Label: true})
		ok(err)
		act, err := catalogue.Act(ctx, house, string(n.Act))
		ok(err)
		ok(studio.AskAct(ctx, house, label.ID, act.Act.Handle))
		on := func() bool {
			t.Helper()
			on, _, err := catalogue.OnLabel(ctx, label.ID, release)
			ok(err)
			_, releases, err := catalogue.LabelPage(ctx, &label)
			ok(err)
			full, err := catalogue.Release(ctx, house, release, "")
			ok(err)
			row, err := catalogue.LabelOf(ctx, &full.Release)
			if ok(err); on != (row.ID == label.ID) || on != (len(releases) == 1) {
				t.Errorf("%v, %+v, %+v", on, row, releases)
			}
			return on
		}
		says := func(name string) {
			t.Helper()
			ok(db.Update(ctx, func(tx music.Tx) error {
				r, err := tx.Release(ctx, release)
				if err != nil {
					return err
				}
				r.Facts.Label = name
				if err := tx.UpdateRelease(ctx, &r); err != nil {
					return err
				}
				row := music.ReleaseRow{ID: r.ID, Title: r.Facts.Title, Act: r.Act, Published: time.UnixMilli(1)}
				return tx.SetLines(ctx, r.ID, &row, 0, nil, nil)
			}))
		}
		if on() {
			t.Error("it names no label")
		}
		if says("ärger  & SÖHNE"); !on() {
			t.Error("it names the label")
		}
		if says("Ärger"); on() {
			t.Error("it names another")
		}
		says("Ärger & Söhne")
		ok(studio.EndLabel(ctx, house, n.Act, label.ID))
		if on() {
			t.Error("the act is on it no longer")
		}
		if err := studio.EndLabel(ctx, house, n.Act, label.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("ended twice: %v", err)
		}
	})
}
