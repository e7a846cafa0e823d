package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// JobLook asks again who an act elsewhere is and what it has published: see the package
// that does it.
const JobLook = "social.look"

// Stale is how old what is known of an act elsewhere may be before it is asked again.
const Stale = 24 * time.Hour

// FreshTx is the part of a transaction that keeps what is known of acts elsewhere from
// growing old.
type FreshTx interface {
	// SetLooked notes when all the music of somebody was asked for: at the moment.
	SetLooked(ctx context.Context, actor string) error
	// StaleActors are up to n of whom the node follows, whose music was asked for before a
	// time, the longest ago first.
	StaleActors(ctx context.Context, before time.Time, n int) ([]Actor, error)
	// PageOfReleases are those of an act after a cursor, the newest first, without their
	// tracks. The cursor's key is when one was published, in milliseconds.
	PageOfReleases(ctx context.Context, actor string, after music.Cursor, n int) ([]Release, error)
	CountReleases(ctx context.Context, actor string) (int64, error)
	// Unseen are up to n releases of an act after an id, in the order of these, that were
	// fetched before a time; without their tracks.
	Unseen(ctx context.Context, actor string, before time.Time, past id.Release, n int) ([]Release, error)
}

// WantLook has somebody asked again, at a time, who they are and what they published.
func WantLook(ctx context.Context, tx Tx, actor string, at time.Time) error {
	if err := tx.SetLooked(ctx, actor); err != nil {
		return err
	}
	return tx.Enqueue(ctx, JobLook, actor, []byte(actor), at)
}

// Cursor is where the release stands in the list of its act.
func (r *Release) Cursor() music.Cursor {
	return music.Cursor{Key: r.Published.UnixMilli(), ID: string(r.ID)}
}
