package music

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
)

// A Need is a blob without which a track cannot be heard, or not be made again.
type Need struct {
	Track id.Track
	Key   string // of the blob
	// Made says that it was made of the original and can be again.
	Made bool
	// Rendition names the rendition the blob belongs to, "" for other blobs.
	Rendition string
}

// Needs lists the blobs of all tracks that play or may play one day. Trusted.
// What was refused, or taken out of its release, needs none.
func (s *Studio) Needs(ctx context.Context) (list []Need, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		list, err = tx.Needs(ctx)
		return err
	})
	return list, err
}

// Covers lists the covers that anything shows. Trusted.
func (s *Studio) Covers(ctx context.Context) (list []string, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		list, err = tx.CoversShown(ctx)
		return err
	})
	return list, err
}

// PrepareAgain has a track's file prepared once more, because something made
// of it is gone. Trusted. A NotFound fault says that the track is gone too.
func (s *Studio) PrepareAgain(ctx context.Context, t id.Track) error {
	w, err := s.Work(ctx, t)
	if err != nil || w.Original == "" {
		return err
	}
	return s.Store.Update(ctx, func(tx Tx) error {
		return tx.Enqueue(ctx, prepareJob(tx, t, w.SHA256))
	})
}

func prepareJob(tx Tx, t id.Track, sha256 string) Job {
	return Job{JobPrepare, JobPrepare + " " + string(t) + " " + sha256, []byte(t), tx.Now()}
}

// tidy asks for what a change left over to be deleted.
func tidy(ctx context.Context, tx Tx) error {
	return tx.Enqueue(ctx, Job{JobTidy, JobTidy, []byte{}, tx.Now()})
}

// forgetFile drops a file of a track and what was made of it.
func forgetFile(ctx context.Context, tx Tx, t id.Track, original string) error {
	if err := tx.DropAsset(ctx, t, original); err != nil {
		return err
	}
	return tidy(ctx, tx)
}
