package social

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// mostSigned is how many acts of a label elsewhere are shown.
const mostSigned = 200

// Announced is what a label of another server has announced, as far as it is known here,
// the latest first. Faults: Invalid for a cursor that is none.
func (f *Feed) Announced(ctx context.Context, who id.Account, label string, p music.Page) (music.List[News], error) {
	return paged(ctx, f.Store, who, p, func(tx Tx, after music.Cursor, n int) ([]News, error) { return tx.Announced(ctx, label, after, n) })
}

// Signed are the acts whose music a label of another server has announced, here and there:
// what is known of who is on it.
func (f *Feed) Signed(ctx context.Context, who id.Account, label string) (here []music.ActRow, there []Full, err error) {
	err = f.Store.SocialView(ctx, func(tx Tx) error {
		if here, err = tx.AnnouncedHere(ctx, label, mostSigned); err != nil {
			return err
		}
		list, err := tx.AnnouncedActs(ctx, label, mostSigned)
		if err != nil {
			return err
		}
		for i := range list {
			ok, err := Hears(ctx, tx, who, list[i].Actor.ID, list[i].Actor.Host)
			if err != nil {
				return err
			}
			if ok {
				there = append(there, list[i])
			}
		}
		return nil
	})
	return here, there, err
}
