package music

import (
	"context"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Library holds a listener's own things: likes, follows, history, the place
// where they stopped, playlists. Every method but Playlist returns an
// Unauthenticated fault for a guest.
type Library struct{ Store Store }

// update runs do for somebody who is signed in.
func (l *Library) update(ctx context.Context, v Viewer, do func(Tx) error) error {
	if err := v.signedIn(); err != nil {
		return err
	}
	return l.Store.Update(ctx, do)
}

// Like puts a track among the liked ones, or takes it out. Of one of another server
// nobody there learns, but from who is seen there. Faults: NotFound.
func (l *Library) Like(ctx context.Context, v Viewer, t id.Track, on bool) error {
	return l.update(ctx, v, func(tx Tx) error {
		c := notice.Cause{Kind: notice.Like, Person: v.Account, Track: t}
		if on {
			rows, err := tx.TrackRows(ctx, []id.Track{t})
			if err != nil || len(rows) == 0 {
				return unknown(orMissing(err), noTrack)
			}
			if c.Act, c.Release = rows[t].Act, rows[t].Release; c.Act == "" {
				return errors.Join(tx.SetLike(ctx, v.Account, t, on), tellLike(ctx, tx, v.Account, toldLike, string(t)))
			}
		}
		return errors.Join(tx.SetLike(ctx, v.Account, t, on), mentionLike(ctx, tx, c, on), tellLike(ctx, tx, v.Account, toldLike, string(t)))
	})
}

// LikeRelease puts a release among the liked ones, or takes it out; of one of another
// server as [Library.Like] does. Faults: NotFound.
func (l *Library) LikeRelease(ctx context.Context, v Viewer, r id.Release, on bool) error {
	return l.update(ctx, v, func(tx Tx) error {
		c := notice.Cause{Kind: notice.Like, Person: v.Account, Release: r}
		if on {
			if there, err := tx.ReleaseElsewhere(ctx, r); err != nil || there {
				return errors.Join(err, tx.SetReleaseLike(ctx, v.Account, r, on), tellLike(ctx, tx, v.Account, toldReleaseLike, string(r)))
			}
			rel, err := tx.Release(ctx, r)
			if err != nil {
				return unknown(err, noRelease)
			}
			if rel.State != Published {
				return fault.New(fault.NotFound, noRelease)
			}
			c.Act = rel.Act
		}
		return errors.Join(tx.SetReleaseLike(ctx, v.Account, r, on), mentionLike(ctx, tx, c, on), tellLike(ctx, tx, v.Account, toldReleaseLike, string(r)))
	})
}

// What is told of a like: of a track, of a release.
const (
	toldLike        = "like"
	toldReleaseLike = "like-release"
)

// tellLike has the act of a thing elsewhere told what somebody thinks of it who is seen
// on other servers. Of everybody else nothing is noted.
func tellLike(ctx context.Context, tx Tx, a id.Account, kind, name string) error {
	if seen, err := tx.SeenElsewhere(ctx, a); err != nil || !seen {
		return err
	}
	return tell(ctx, tx, kind, string(a)+" "+name)
}

// mentionLike tells an act's people of a like, where the act takes it: otherwise it stays
// with who likes.
func mentionLike(ctx context.Context, tx Tx, c notice.Cause, on bool) error {
	if on {
		if takes, err := tx.TakesLike(ctx, c.Person, c.Act, c.Release); err != nil || !takes {
			return err
		}
	}
	return mention(ctx, tx, c, on)
}

// mention tells an act's people how many like and follow it here, not who.
func mention(ctx context.Context, tx Tx, c notice.Cause, on bool) error {
	if on {
		return tx.Tell(ctx, c)
	}
	return tx.Untell(ctx, c)
}

// Follow follows an act, or no longer. Faults: NotFound; Conflict for one that moved.
func (l *Library) Follow(ctx context.Context, v Viewer, a id.Act, on bool) error {
	return l.update(ctx, v, func(tx Tx) error {
		if _, err := tx.Act(ctx, a); err != nil {
			return unknown(err, noAct)
		}
		if h, err := tx.Home(ctx, a); err != nil {
			return err
		} else if on && h.Moved.Actor != "" {
			return fault.New(fault.Conflict, "This act has moved to @%s. Follow it there.", h.Moved.Handle)
		}
		return errors.Join(tx.SetFollow(ctx, v.Account, a, on), mention(ctx, tx, notice.Cause{Kind: notice.Follower, Act: a, Person: v.Account}, on))
	})
}

// own reads one page of a listener's own list.
func own[T any](ctx context.Context, l *Library, v Viewer, p Page, read func(Tx, Cursor, int) ([]T, error), at func(*T) Cursor) (List[T], error) {
	if err := v.signedIn(); err != nil {
		return List[T]{}, err
	}
	return listed(ctx, l.Store, p, &Filter{}, read, at)
}

// Likes lists liked tracks, the latest like first; the key is when. A track
// that is not public any more is not Available. Faults: Invalid.
func (l *Library) Likes(ctx context.Context, v Viewer, p Page) (List[TrackRow], error) {
	return own(ctx, l, v, p, func(tx Tx, at Cursor, n int) ([]TrackRow, error) { return tx.Likes(ctx, v.Account, at, n) }, trackCursor)
}

// ReleaseLikes lists liked releases that are public, the latest like first.
// Faults: Invalid.
func (l *Library) ReleaseLikes(ctx context.Context, v Viewer, p Page) (List[ReleaseRow], error) {
	return own(ctx, l, v, p, func(tx Tx, at Cursor, n int) ([]ReleaseRow, error) { return tx.ReleaseLikes(ctx, v.Account, at, n) }, releaseCursor)
}

// Follows lists followed acts, the latest first. Faults: Invalid.
func (l *Library) Follows(ctx context.Context, v Viewer, p Page) (List[ActRow], error) {
	return own(ctx, l, v, p, func(tx Tx, at Cursor, n int) ([]ActRow, error) { return tx.Follows(ctx, v.Account, at, n) }, actCursor)
}

// FollowedReleases lists the newest releases of followed acts; nothing for a
// guest.
func (l *Library) FollowedReleases(ctx context.Context, v Viewer, n int) (rows []ReleaseRow, err error) {
	if v.Account == "" {
		return nil, nil
	}
	err = l.Store.Read(ctx, func(tx Tx) error {
		rows, err = tx.FollowedReleases(ctx, v.Account, begin(), n)
		return err
	})
	return rows, err
}

// Liked returns those of the tracks the viewer likes; none for a guest.
func (l *Library) Liked(ctx context.Context, v Viewer, tracks []id.Track) (liked map[id.Track]bool, err error) {
	if v.Account == "" || len(tracks) == 0 {
		return nil, nil
	}
	err = l.Store.Read(ctx, func(tx Tx) error {
		liked, err = tx.Liked(ctx, v.Account, tracks)
		return err
	})
	return liked, err
}

// LikesRelease reports whether the viewer likes a release; a guest likes none.
func (l *Library) LikesRelease(ctx context.Context, v Viewer, r id.Release) (liked bool, err error) {
	if v.Account == "" {
		return false, nil
	}
	err = l.Store.Read(ctx, func(tx Tx) error {
		liked, err = tx.LikesRelease(ctx, v.Account, r)
		return err
	})
	return liked, err
}

// History lists what the viewer heard, the latest first; the key is when.
// Listening writes it. Faults: Invalid.
func (l *Library) History(ctx context.Context, v Viewer, p Page) (List[TrackRow], error) {
	return own(ctx, l, v, p, func(tx Tx, at Cursor, n int) ([]TrackRow, error) { return tx.History(ctx, v.Account, at, n) }, trackCursor)
}

// apart is how long after an entry of the history [Library.Heard] writes the next.
const apart = 10 * time.Second

// Heard writes a track of another server into the history that is not counted, and
// so written nowhere else: what is counted is written when it is. Faults: NotFound.
func (l *Library) Heard(ctx context.Context, v Viewer, t id.Track) error {
	return l.update(ctx, v, func(tx Tx) error {
		rows, err := tx.TrackRows(ctx, []id.Track{t})
		if err != nil || !rows[t].Uncounted {
			return unknown(orMissing(err), noTrack)
		}
		last, err := tx.History(ctx, v.Account, begin(), 1)
		if err != nil || len(last) > 0 && last[0].Key > tx.Now().Add(-apart).UnixMilli() {
			return err
		}
		return tx.WriteHistory(ctx, v.Account, t)
	})
}

// PauseHistory stops the history, or lets it go on. Counting for the nine is
// not touched by it.
func (l *Library) PauseHistory(ctx context.Context, v Viewer, paused bool) error {
	return l.update(ctx, v, func(tx Tx) error { return tx.SetHistoryPaused(ctx, v.Account, paused) })
}

// DropHistory deletes the entry of that time, or everything with the zero
// time. What is gone already is no fault.
func (l *Library) DropHistory(ctx context.Context, v Viewer, at time.Time) error {
	return l.update(ctx, v, func(tx Tx) error { return tx.DropHistory(ctx, v.Account, at) })
}

// queueMax bounds the queue that is kept.
const queueMax = 1_000

// Keep remembers where the viewer stopped. An empty track forgets it.
// Faults: NotFound, Invalid.
func (l *Library) Keep(ctx context.Context, v Viewer, r Resume) error {
	if len(r.Queue) > queueMax {
		return fault.On("queue", fault.TooLarge, "A queue of %d tracks can be kept; this one has %d.", queueMax, len(r.Queue))
	}
	if r.PositionMS < 0 || r.PositionMS > int64(24*time.Hour/time.Millisecond) {
		return fault.On("position_ms", fault.Invalid, "That is no place in a track.")
	}
	return l.update(ctx, v, func(tx Tx) error {
		if r.Track == "" {
			return tx.SetResume(ctx, v.Account, nil)
		}
		if _, err := tx.Track(ctx, r.Track); err != nil { // one that is not public any more may be gone on with
			rows, there := tx.TrackRows(ctx, []id.Track{r.Track})
			if there != nil || len(rows) == 0 {
				return errors.Join(there, unknown(err, noTrack))
			}
		}
		r.At = tx.Now()
		return tx.SetResume(ctx, v.Account, &r)
	})
}

// Resume returns where the viewer stopped. Faults: NotFound when there is no
// such place.
func (l *Library) Resume(ctx context.Context, v Viewer) (r Resume, err error) {
	if err := v.signedIn(); err != nil {
		return Resume{}, err
	}
	err = l.Store.Read(ctx, func(tx Tx) error {
		r, err = tx.Resume(ctx, v.Account)
		return unknown(err, "There is nothing to go on with.")
	})
	return r, err
}

// Forget removes everything of an account that this package keeps: playlists,
// likes, follows, history, roles, uploads. Its acts stay with their other
// owners; one without any is the operator's to look after. It runs in the
// transaction that deletes the account.
func Forget(ctx context.Context, tx Tx, account id.Account) error {
	acts, err := tx.ActsOf(ctx, account)
	if err != nil {
		return err
	}
	lists, err := tx.PlaylistsOf(ctx, account)
	if err != nil {
		return err
	}
	for _, p := range lists {
		if err := tx.DropDoc(ctx, FoundPlaylist, string(p.ID)); err != nil {
			return err
		}
		if p.Act != "" {
			if err := tell(ctx, tx, "playlist", string(p.ID)); err != nil {
				return err
			}
		}
	}
	if err := tx.ForgetAccount(ctx, account); err != nil {
		return err
	}
	for _, o := range acts {
		places, err := tx.Places(ctx, o.Act.ID)
		if err != nil {
			return err
		}
		owned := false
		for _, p := range places {
			owned = owned || p.Role == Owner
		}
		if owned || o.Act.Orphaned {
			continue
		}
		o.Act.Orphaned = true
		if err := tx.UpdateAct(ctx, &o.Act); err != nil {
			return err
		}
	}
	return nil
}
