package music

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// Work is what the job [JobPrepare] has to read: the track's pending file if
// there is one, else the one it has. Original is "" when there is nothing to
// do any more.
type Work struct {
	Track    id.Track
	Act      id.Act
	Original string
	SHA256   string
	Filename string
	Bytes    int64
	WithArt  bool // an embedded cover would be used
}

// Work returns what is to be prepared of a track. Trusted. It returns a
// NotFound fault when the track is gone: the job is then done.
func (s *Studio) Work(ctx context.Context, t id.Track) (w Work, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		track, err := tx.Track(ctx, t)
		if err != nil {
			return unknown(err, noTrack)
		}
		rel, err := tx.Release(ctx, track.Release)
		if err != nil {
			return err
		}
		original := track.Original
		if track.Pending != "" {
			original = track.Pending
		}
		if track.State == Refused || track.State == Removed {
			return nil
		}
		a, err := tx.Asset(ctx, t, original)
		if err != nil {
			return unknown(err, noTrack)
		}
		w = Work{t, track.Act, original, a.SHA256, track.Filename, a.Bytes, rel.wantsCover()}
		return nil
	})
	return w, err
}

func (r *Release) wantsCover() bool {
	return r.Cover.ID == "" && !slices.Contains(r.Edited, "cover")
}

// Prepared takes what media found out about a file of a track, step by step.
// Trusted. A result of a file that was replaced meanwhile is dropped without
// a fault. It returns a NotFound fault when the track is gone, and Invalid for
// figures no file can have.
func (s *Studio) Prepared(ctx context.Context, t id.Track, res Result) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		track, err := tx.Track(ctx, t)
		if err != nil {
			return unknown(err, noTrack)
		}
		if res.Original == "" || res.Original != track.Original && res.Original != track.Pending {
			return nil
		}
		rel, err := tx.Release(ctx, track.Release)
		if err != nil {
			return err
		}
		if res.Refusal != "" {
			return refuse(ctx, tx, &track, &rel, res)
		}
		if err := measure(ctx, tx, &track, res); err != nil {
			return err
		}
		if res.Started && track.State == Uploaded {
			track.State = Preparing
		}
		public := rel.State == Published
		if res.Playable {
			if err := play(ctx, tx, &track, res.Original); err != nil {
				return err
			}
			if rel.State == Scheduled && !rel.PublishAt.After(tx.Now()) {
				if err := rel.publish(ctx, tx, ""); err != nil { // its time came while nothing could be played
					return err
				}
			}
		}
		track.Changed = tx.Now()
		if err := s.describe(ctx, tx, &track, &rel, res); err != nil {
			return err
		}
		return save(ctx, tx, &rel, public)
	})
}

// refuse ends the preparation of a file. A track that has another one goes on
// playing that, with the reason beside it.
func refuse(ctx context.Context, tx Tx, t *Track, r *Release, res Result) error {
	t.Refusal, t.Changed = cut(OneLine(res.Refusal), textMax), tx.Now()
	if res.Original == t.Pending {
		t.Pending = ""
		if err := forgetFile(ctx, tx, t.ID, res.Original); err != nil {
			return err
		}
		return tx.UpdateTrack(ctx, t)
	}
	t.State = Refused
	if err := tidy(ctx, tx); err != nil {
		return err
	}
	if err := tx.UpdateTrack(ctx, t); err != nil {
		return err
	}
	return save(ctx, tx, r, r.State == Published)
}

// measure stores the parts of a result that belong to the file.
func measure(ctx context.Context, tx Tx, t *Track, res Result) error {
	a, err := tx.Asset(ctx, t.ID, res.Original)
	if err != nil {
		return unknown(err, noTrack)
	}
	if res.Probe != nil {
		if err := res.Probe.check(); err != nil {
			return err
		}
		res.Probe.apply(&a)
	}
	if res.Tags != nil {
		a.Tags = res.Tags.clean()
	}
	if l := res.Loudness; l != nil {
		a.Measured, a.Loudness, a.Peak = true, clamp(l.Integrated, -70_000, 20_000), clamp(l.Peak, -200_000, 40_000)
		a.Gain, a.Gates = Gain(a.Loudness), l.Gates
	}
	if res.Peaks != nil {
		a.Peaks = res.Peaks[:min(len(res.Peaks), 256)]
	}
	if res.Waveform != "" {
		a.Waveform = res.Waveform
	}
	if err := tx.SetAsset(ctx, &a); err != nil {
		return err
	}
	for _, r := range res.Renditions {
		r.Track, r.Original = t.ID, res.Original
		if err := tx.SetRendition(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// play lets the file be heard from now on, in the place of the one before.
func play(ctx context.Context, tx Tx, t *Track, original string) error {
	if t.State == Removed {
		return nil
	}
	t.State = Ready
	if original != t.Pending {
		return nil
	}
	before := t.Original
	t.Original, t.Pending = original, ""
	return forgetFile(ctx, tx, t.ID, before)
}

// describe fills the draft from what the files say, and brings the release's
// album gain up to date.
func (s *Studio) describe(ctx context.Context, tx Tx, t *Track, r *Release, res Result) error {
	if res.Cover != nil && r.wantsCover() {
		r.Cover = *res.Cover
	}
	if err := tx.UpdateTrack(ctx, t); err != nil {
		return err
	}
	if res.Tags == nil && res.Loudness == nil && !res.Playable {
		return nil
	}
	assets, err := tx.AssetsOf(ctx, r.ID)
	if err != nil {
		return err
	}
	if res.Tags != nil && t.Pending == "" {
		if err := fillDraft(ctx, tx, r, assets); err != nil {
			return err
		}
	}
	album, err := s.albumGain(assets)
	if err != nil {
		return err
	}
	for i := range assets {
		if a := &assets[i]; a.AlbumGain != album {
			a.AlbumGain = album
			if err := tx.SetAsset(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// albumGain is the gain of a release as a whole, 0 while nothing of it is
// measured.
func (s *Studio) albumGain(assets []Asset) (int64, error) {
	var gates [][]byte
	for _, a := range assets {
		if len(a.Gates) > 0 {
			gates = append(gates, a.Gates)
		}
	}
	if len(gates) == 0 {
		return 0, nil
	}
	loudness, err := s.Together(gates)
	return Gain(clamp(loudness, -70_000, 20_000)), err
}

// fillDraft fills a draft and its tracks from all files' tags. What is public
// is no draft any more: its words change by hand only, save for a new track.
func fillDraft(ctx context.Context, tx Tx, r *Release, assets []Asset) error {
	said := make(map[id.Track]FileTags, len(assets))
	files := make([]FileTags, len(assets))
	for i, a := range assets {
		files[i], said[a.Track] = a.Tags, a.Tags
	}
	if r.Published.IsZero() {
		r.fill(files)
		if err := r.Facts.check(); err != nil {
			return fault.Wrap(err, fault.Invalid, "The tags of a file cannot be used.")
		}
	}
	tracks, err := tx.TracksOf(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, t := range tracks {
		if !r.Published.IsZero() && t.State == Ready || t.State == Removed {
			continue
		}
		was := t
		if t.fill(said[t.ID], r.Facts.Artist); sameWords(&was, &t) {
			continue
		}
		if err := tx.UpdateTrack(ctx, &t); err != nil {
			return err
		}
	}
	return nil
}

func sameWords(a, b *Track) bool {
	return a.Title == b.Title && a.Artist == b.Artist && a.Disc == b.Disc && a.Number == b.Number &&
		a.ISRC == b.ISRC && a.Recording == b.Recording && a.Lyrics == b.Lyrics && a.Explicit == b.Explicit
}
