package music

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
)

// A Desk is one of the viewer's acts with everything that lies on its table.
type Desk struct {
	OwnAct
	Releases []DeskRelease  // in every state, newest first
	Waiting  []WaitingSheet // credit sheets to answer; owners have them
}

// A DeskRelease is a release and how far its files are.
type DeskRelease struct {
	Release                           Release
	Tracks, Ready, Preparing, Refused int
}

// Desks lists the acts the viewer has a role for, in order of name, with their
// releases and what waits.
func (s *Studio) Desks(ctx context.Context, v Viewer) (desks []Desk, err error) {
	if err := v.signedIn(); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(tx Tx) error {
		acts, err := tx.ActsOf(ctx, v.Account)
		if err != nil {
			return err
		}
		desks = make([]Desk, len(acts))
		for i, a := range acts {
			d := &desks[i]
			d.OwnAct = a
			if d.Releases, err = deskReleases(ctx, tx, a.Act.ID); err != nil {
				return err
			}
			if a.Role == Owner {
				if d.Waiting, err = waitingFor(ctx, tx, a.Act.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return desks, err
}

func deskReleases(ctx context.Context, tx Tx, a id.Act) ([]DeskRelease, error) {
	list, err := tx.ReleasesOf(ctx, a)
	if err != nil {
		return nil, err
	}
	out := make([]DeskRelease, len(list))
	for i, r := range list {
		out[i].Release = r
		tracks, err := tx.TracksOf(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out[i].count(tracks)
	}
	return out, nil
}

func (d *DeskRelease) count(tracks []Track) {
	for _, t := range tracks {
		switch t.State {
		case Removed:
			continue
		case Ready:
			d.Ready++
		case Refused:
			d.Refused++
		default:
			d.Preparing++
		}
		d.Tracks++
	}
}

// Proposed returns the credit sheets of a release's tracks that wait to be
// confirmed, and the acts they name. Needs an editor.
func (s *Studio) Proposed(ctx context.Context, v Viewer, r id.Release) (sheets map[id.Track]Sheet, names map[id.Act]ActRow, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if _, err := editable(ctx, tx, v, r, Editor); err != nil {
			return err
		}
		tracks, err := tx.TracksOf(ctx, r)
		if err != nil {
			return err
		}
		sheets = map[id.Track]Sheet{}
		var acts []id.Act
		for _, t := range tracks {
			all, err := tx.Sheets(ctx, t.ID)
			if err != nil {
				return err
			}
			for _, sh := range all {
				if sh.State == Waiting {
					sheets[t.ID] = sh
					acts = append(acts, actsOf(sh.Shares)...)
				}
			}
		}
		names, err = tx.ActNames(ctx, acts)
		return err
	})
	return sheets, names, err
}
