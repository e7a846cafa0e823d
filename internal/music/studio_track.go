package music

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// EditTrack changes what is written about a track. edit may run more than
// once; only the title, artist, disc, number, ISRC, explicit, lyrics and
// people are kept. Needs an editor. Besides the common faults: Invalid.
func (s *Studio) EditTrack(ctx context.Context, v Viewer, t id.Track, edit func(*Track)) (Track, error) {
	var out Track
	err := s.Store.Update(ctx, func(tx Tx) error {
		track, rel, err := editableTrack(ctx, tx, v, t, Editor)
		if err != nil {
			return err
		}
		if out, err = editOne(ctx, tx, track, edit); err != nil {
			return err
		}
		return save(ctx, tx, &rel, rel.State == Published)
	})
	return out, err
}

// EditTracks does EditTrack for all tracks of a release at once.
func (s *Studio) EditTracks(ctx context.Context, v Viewer, r id.Release, edit func(*Track)) (Release, error) {
	return s.change(ctx, v, r, Editor, func(tx Tx, _ *Release) error {
		tracks, err := tx.TracksOf(ctx, r)
		if err != nil {
			return err
		}
		for _, t := range tracks {
			if t.State == Removed {
				continue
			}
			if _, err := editOne(ctx, tx, t, edit); err != nil {
				return err
			}
		}
		return nil
	})
}

// editOne applies an edit, keeps what a person may not change, and stores it.
func editOne(ctx context.Context, tx Tx, was Track, edit func(*Track)) (Track, error) {
	e := was
	e.People, e.Edited = slices.Clone(was.People), slices.Clone(was.Edited)
	edit(&e)
	t := was
	t.Title, t.Artist, t.Disc, t.Number, t.ISRC = e.Title, e.Artist, e.Disc, e.Number, e.ISRC
	t.Explicit, t.Lyrics, t.People = e.Explicit, e.Lyrics, e.People
	if err := t.check(); err != nil {
		return Track{}, err
	}
	t.Edited = slices.Clone(was.Edited)
	for _, c := range []struct {
		field   string
		changed bool
	}{
		{"title", t.Title != was.Title}, {"artist", t.Artist != was.Artist}, {"disc", t.Disc != was.Disc},
		{"number", t.Number != was.Number}, {"isrc", t.ISRC != was.ISRC}, {"explicit", t.Explicit != was.Explicit},
		{"lyrics", t.Lyrics != was.Lyrics}, {"people", !slices.Equal(t.People, was.People)},
	} {
		if c.changed && !slices.Contains(t.Edited, c.field) {
			t.Edited = append(t.Edited, c.field)
		}
	}
	t.Changed = tx.Now()
	return t, tx.UpdateTrack(ctx, &t)
}

// Reorder numbers the tracks of a release from 1 in the order given, on one
// disc. Needs an editor. Besides the common faults: Conflict when the list is
// not exactly the release's tracks.
func (s *Studio) Reorder(ctx context.Context, v Viewer, r id.Release, order []id.Track) (Release, error) {
	return s.change(ctx, v, r, Editor, func(tx Tx, _ *Release) error {
		tracks, err := tx.TracksOf(ctx, r)
		if err != nil {
			return err
		}
		tracks = slices.DeleteFunc(tracks, func(t Track) bool { return t.State == Removed })
		seen := map[id.Track]bool{}
		for n, want := range order {
			i := slices.IndexFunc(tracks, func(t Track) bool { return t.ID == want })
			if i < 0 || seen[want] {
				return staleOrder()
			}
			seen[want] = true
			if _, err := editOne(ctx, tx, tracks[i], func(t *Track) { t.Disc, t.Number = 1, n+1 }); err != nil {
				return err
			}
		}
		if len(seen) != len(tracks) {
			return staleOrder()
		}
		return nil
	})
}

// MoveTrack swaps a track with the one before it (up) or after it; at the end
// of the list it stays. Needs an editor.
func (s *Studio) MoveTrack(ctx context.Context, v Viewer, t id.Track, up bool) (Release, error) {
	var rel Release
	err := s.Store.Update(ctx, func(tx Tx) error {
		track, r, err := editableTrack(ctx, tx, v, t, Editor)
		if err != nil {
			return err
		}
		rel = r
		list, err := tx.TracksOf(ctx, track.Release)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(x Track) bool { return x.State == Removed })
		from := slices.IndexFunc(list, func(x Track) bool { return x.ID == t })
		to := from + 1
		if up {
			to = from - 1
		}
		if from < 0 || to < 0 || to >= len(list) {
			return nil
		}
		if err := swap(ctx, tx, list, from, to); err != nil {
			return err
		}
		return save(ctx, tx, &rel, rel.State == Published)
	})
	return rel, err
}

// swap exchanges two places of a list. Tracks that share a number, as files
// without tags do, are numbered anew, each disc from 1.
func swap(ctx context.Context, tx Tx, list []Track, a, b int) error {
	type place struct{ disc, number int }
	places := make([]place, len(list))
	for i, t := range list {
		places[i] = place{t.Disc, t.Number}
		if i > 0 && places[i].disc == places[i-1].disc {
			places[i].number = max(places[i].number, places[i-1].number+1)
		}
	}
	list[a], list[b] = list[b], list[a]
	for i, t := range list {
		p := places[i]
		if t.Disc == p.disc && t.Number == p.number {
			continue
		}
		if _, err := editOne(ctx, tx, t, func(x *Track) { x.Disc, x.Number = p.disc, p.number }); err != nil {
			return err
		}
	}
	return nil
}

func staleOrder() error {
	return fault.New(fault.Conflict, "The tracks of this release have changed meanwhile. Reload the page and order them again.")
}

// RemoveTrack takes a track out of its release. One that was public stays
// known, so that receipts naming it can be read. Needs an editor.
func (s *Studio) RemoveTrack(ctx context.Context, v Viewer, t id.Track) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		track, rel, err := editableTrack(ctx, tx, v, t, Editor)
		if err != nil {
			return err
		}
		if err := tidy(ctx, tx); err != nil {
			return err
		}
		if rel.Published.IsZero() {
			return tx.DeleteTrack(ctx, t)
		}
		track.State, track.Changed = Removed, tx.Now()
		if err := tx.UpdateTrack(ctx, &track); err != nil {
			return err
		}
		return save(ctx, tx, &rel, rel.State == Published)
	})
}
