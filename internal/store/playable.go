package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
)

// A Playable track is one that can be heard by everybody.
type Playable struct {
	Track   id.Track
	Act     id.Act
	Sheet   uint32 // version in force
	Seconds int64
}

// Playable lists every track that can be heard now, by act.
func (db *DB) Playable(ctx context.Context) (out []Playable, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		rows, err := tx.Q.TrackPlayable(ctx)
		out = make([]Playable, len(rows))
		for i, r := range rows {
			out[i] = Playable{id.Track(r.ID), id.Act(r.Act), uint32(r.Sheet), r.Seconds}
		}
		return wrap(err, "tracks")
	})
	return out, err
}
