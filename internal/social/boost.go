package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Boosted is what a listener who is seen elsewhere shares with who follows them there.
type Boosted struct {
	Thing
	At time.Time
}

// BoostTx is the part of a transaction that keeps what listeners who are seen share.
type BoostTx interface {
	// SetBoost reports whether that changed anything.
	SetBoost(ctx context.Context, p id.Person, t Thing, on bool) (bool, error)
	Boosts(ctx context.Context, p id.Person, t Thing) (bool, error)
	// BoostTold is when others were told last that a thing is shared, by what that was about;
	// zero for never.
	BoostTold(ctx context.Context, about string) (time.Time, error)
	CountBoosts(ctx context.Context, p id.Person, since time.Time) (int64, error)
	// BoostsOf are the latest n, BoostsOn those of a release: tracks, and "" for the
	// release as a whole.
	BoostsOf(ctx context.Context, p id.Person, n int) ([]Boosted, error)
	BoostsOn(ctx context.Context, p id.Person, r id.Release) ([]id.Track, error)
	// BoostedBy are up to n after a cursor, of what is public here or known of other servers.
	BoostedBy(ctx context.Context, p id.Person, after music.Cursor, n int) ([]News, error)
}

// Bounds of boosts.
const (
	boostsAnHour = 30    // of one person: each goes to all of their followers' servers
	mostBoosts   = 1_000 // in one list
	// boostSettles is how long a boost waits to be told: several changes in a row are one.
	boostSettles = 20 * time.Second
	// BoostAgain is how soon it is told again that a thing is shared which was taken back:
	// who changes their mind over and over tells it to everybody once in a while. That it is
	// taken back is told at once.
	BoostAgain = time.Hour
)

// Boost has a listener who is seen share a track or a release with who follows them
// elsewhere, or no longer. Its act is told. Faults: Unauthenticated, NotFound, Limited;
// Forbidden for whom the act does not let share it; Conflict for who is not seen.
func (s *People) Boost(ctx context.Context, v music.Viewer, t Thing, on bool) error {
	if v.Account == "" {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	return s.Store.SocialUpdate(ctx, func(tx Tx) error {
		p, err := tx.PersonOf(ctx, v.Account)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Conflict, "To share music with people on other servers, be seen there first, on the page of your account.")
		}
		if err != nil {
			return err
		}
		found, act, err := tx.Known(ctx, t)
		if err == nil {
			t = found
		} else if on || !fault.Is(err, fault.NotFound) { // what is gone can be shared no longer, and taken back
			return err
		}
		if on {
			if err := Permit(ctx, tx, Boosting, act, t.Release, Author{Account: v.Account}); err != nil {
				return err
			}
		}
		n, err := tx.CountBoosts(ctx, p.ID, tx.Now().Add(-time.Hour))
		if err != nil {
			return err
		}
		if on && n >= boostsAnHour {
			return fault.New(fault.Limited, "You have shared %d things within an hour. Go on in an hour.", boostsAnHour)
		}
		changed, err := tx.SetBoost(ctx, p.ID, t, on)
		if err != nil || !changed {
			return err
		}
		what := music.Telling("boost", string(p.ID)+" "+string(t.Release)+" "+string(t.Track))
		return tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now().Add(boostSettles))
	})
}

// Boosted are the latest things that a listener shares. Faults: NotFound for who is not
// seen.
func (s *People) Boosted(ctx context.Context, a id.Account) (list []Boosted, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		p, err := tx.PersonOf(ctx, a)
		if err != nil {
			return err
		}
		list, err = tx.BoostsOf(ctx, p.ID, mostBoosts)
		return err
	})
	return list, err
}

// Shared is what a listener who is seen shares, for everybody who looks at their page, the
// latest first. Of one who wants to be asked who follows them nobody else sees it there.
// Faults: NotFound; Invalid for a cursor that is none.
func (s *People) Shared(ctx context.Context, who id.Account, handle string, p music.Page) (music.List[News], error) {
	person, err := s.Called(ctx, handle)
	if err != nil || person.Approves {
		return music.List[News]{}, err
	}
	return paged(ctx, s.Store, who, p, func(tx Tx, after music.Cursor, n int) ([]News, error) { return tx.BoostedBy(ctx, person.ID, after, n) })
}

// BoostedOn are the tracks of a release that a person shares, and "" for the whole of it.
func (s *People) BoostedOn(ctx context.Context, p id.Person, r id.Release) (list []id.Track, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		list, err = tx.BoostsOn(ctx, p, r)
		return err
	})
	return list, err
}
