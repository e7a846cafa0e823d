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

// Census counts accounts, tracks that can be heard, and the bytes of their
// originals.
func (db *DB) Census(ctx context.Context) (accounts, tracks, bytes int64, err error) {
	err = db.Read(ctx, func(tx *Tx) error {
		c, err := tx.Q.Census(ctx)
		accounts, tracks, bytes = c.Accounts, c.Tracks, c.Bytes
		return wrap(err, "census")
	})
	return accounts, tracks, bytes, err
}
