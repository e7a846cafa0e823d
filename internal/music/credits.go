package music

import (
	"context"
	"slices"
	"strconv"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// Propose gives tracks of one act a new credit sheet. It is in force at once
// where it names that act alone; otherwise as soon as every act it names has
// confirmed it, and until then the sheet before stays. Acts the viewer owns
// confirm by this. A sheet that was waiting is withdrawn. Needs an owner of
// the tracks' act. Besides the common faults: Invalid.
func (s *Studio) Propose(ctx context.Context, v Viewer, tracks []id.Track, shares []Share) ([]Sheet, error) {
	shares, err := CheckShares(shares)
	if err != nil {
		return nil, err
	}
	if len(tracks) == 0 || len(tracks) > tracksMax {
		return nil, fault.On("tracks", fault.Invalid, "Choose 1 to %d tracks.", tracksMax)
	}
	var out []Sheet
	err = s.Store.Update(ctx, func(tx Tx) error {
		out = nil
		agreed, err := agreement(ctx, tx, v, shares)
		if err != nil {
			return err
		}
		for _, t := range tracks {
			track, _, err := editableTrack(ctx, tx, v, t, Owner)
			if err != nil {
				return err
			}
			sheet, err := propose(ctx, tx, &track, agreed)
			if err != nil {
				return err
			}
			out = append(out, sheet)
			if err := tx.Audit(ctx, v.actor(), "track.credits", string(t), "version "+strconv.FormatInt(sheet.Version, 10)); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// agreement checks that the acts exist and confirms for those the viewer owns.
func agreement(ctx context.Context, tx Tx, v Viewer, shares []Share) ([]Share, error) {
	out := slices.Clone(shares)
	for i := range out {
		sh := &out[i]
		if _, err := tx.Act(ctx, sh.Act); err != nil {
			return nil, unknown(err, noAct)
		}
		sh.Confirmed = moment(0)
		r, err := role(ctx, tx, Viewer{Account: v.Account}, sh.Act) // an admin does not agree for others
		if err != nil {
			return nil, err
		}
		if r == Owner {
			sh.Confirmed = tx.Now()
		}
	}
	return out, nil
}

func propose(ctx context.Context, tx Tx, t *Track, shares []Share) (Sheet, error) {
	all, err := tx.Sheets(ctx, t.ID)
	if err != nil {
		return Sheet{}, err
	}
	next := Sheet{Track: t.ID, Version: 1, State: Waiting, Shares: slices.Clone(shares), Created: tx.Now()}
	if len(shares) == 1 && shares[0].Act == t.Act {
		next.Shares[0].Confirmed = tx.Now() // the act agrees with itself
	}
	for i := range all {
		old := &all[i]
		next.Version = max(next.Version, old.Version+1)
		if old.State == Waiting {
			old.State = Withdrawn
			if err := tx.UpdateSheet(ctx, old); err != nil {
				return Sheet{}, err
			}
		}
	}
	if err := tx.InsertSheet(ctx, &next); err != nil {
		return Sheet{}, err
	}
	return next, enforce(ctx, tx, t, &next)
}

// enforce puts a sheet in force when everybody has agreed.
func enforce(ctx context.Context, tx Tx, t *Track, next *Sheet) error {
	if !next.confirmed() || next.State != Waiting {
		return nil
	}
	if t.Sheet > 0 {
		old, err := tx.Sheet(ctx, t.ID, t.Sheet)
		if err != nil {
			return err
		}
		old.State, old.Until = Replaced, tx.Now()
		if err := tx.UpdateSheet(ctx, &old); err != nil {
			return err
		}
	}
	next.State, next.Since = InForce, tx.Now()
	if err := tx.UpdateSheet(ctx, next); err != nil {
		return err
	}
	t.Sheet, t.Changed = next.Version, tx.Now()
	return tx.UpdateTrack(ctx, t)
}

// Answer confirms or declines a waiting sheet for an act it names. Declined,
// it is withdrawn. Needs an owner of that act. Besides the common faults:
// Conflict when the sheet is not waiting any more.
func (s *Studio) Answer(ctx context.Context, v Viewer, t id.Track, version int64, a id.Act, yes bool) (Sheet, error) {
	var sheet Sheet
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		if sheet, err = tx.Sheet(ctx, t, version); err != nil {
			return unknown(err, noSheet)
		}
		if !sheet.names(a) {
			return fault.New(fault.NotFound, noSheet)
		}
		if err := may(ctx, tx, v, a, Owner); err != nil {
			return err
		}
		if sheet.State != Waiting {
			return fault.New(fault.Conflict, "This credit sheet is not waiting any more. Reload the page to see what came of it.")
		}
		if err := tx.Audit(ctx, v.actor(), "track.credits.answer", string(t), string(a)); err != nil {
			return err
		}
		if !yes {
			sheet.State = Withdrawn
			return tx.UpdateSheet(ctx, &sheet)
		}
		for i := range sheet.Shares {
			if sh := &sheet.Shares[i]; sh.Act == a && sh.Confirmed.IsZero() {
				sh.Confirmed = tx.Now()
			}
		}
		if err := tx.UpdateSheet(ctx, &sheet); err != nil {
			return err
		}
		track, err := tx.Track(ctx, t)
		if err != nil {
			return err
		}
		return enforce(ctx, tx, &track, &sheet)
	})
	return sheet, err
}

// Sheets lists a track's credit sheets, newest first. Needs an editor of the
// track's act.
func (s *Studio) Sheets(ctx context.Context, v Viewer, t id.Track) (sheets []Sheet, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if _, _, err := editableTrack(ctx, tx, v, t, Editor); err != nil {
			return err
		}
		sheets, err = tx.Sheets(ctx, t)
		return err
	})
	return sheets, err
}

// A WaitingSheet is a credit sheet that an act is asked to confirm.
type WaitingSheet struct {
	Sheet   Sheet
	Track   Track
	Release Release
	Names   map[id.Act]ActRow // of the acts it names
}

// Waiting lists the sheets an act has not answered. Needs an owner.
func (s *Studio) Waiting(ctx context.Context, v Viewer, a id.Act) (out []WaitingSheet, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Owner); err != nil {
			return err
		}
		out, err = waitingFor(ctx, tx, a)
		return err
	})
	return out, err
}

// waitingFor are the sheets an act has not answered, with what they are about.
func waitingFor(ctx context.Context, tx Tx, a id.Act) (out []WaitingSheet, err error) {
	sheets, err := tx.SheetsWaitingFor(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, sh := range sheets {
		w := WaitingSheet{Sheet: sh}
		if w.Track, err = tx.Track(ctx, sh.Track); err != nil {
			return nil, err
		}
		if w.Release, err = tx.Release(ctx, w.Track.Release); err != nil {
			return nil, err
		}
		if w.Names, err = tx.ActNames(ctx, actsOf(sh.Shares)); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func actsOf(shares []Share) []id.Act {
	out := make([]id.Act, len(shares))
	for i, s := range shares {
		out[i] = s.Act
	}
	return out
}
