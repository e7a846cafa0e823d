package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
)

// A Picture is one of another server, as it was when it was fetched last.
type Picture struct {
	Cover   music.Cover // none: it cannot be had
	Fetched time.Time
	// By what its server knows that version.
	ETag, Modified string
}

// WantPicture asks for a picture that is not kept yet.
func WantPicture(ctx context.Context, tx Tx, url string) error {
	if url == "" {
		return nil
	}
	if _, err := tx.Picture(ctx, url); err == nil {
		return nil
	}
	return tx.Enqueue(ctx, JobPicture, url, []byte(url), time.Time{})
}

// WantPictureAgain asks for a picture whose owner is new, or changed: it may be another one
// at the same address. It is asked for ten minutes after the last time at the soonest.
func WantPictureAgain(ctx context.Context, tx Tx, url string) error {
	if url == "" {
		return nil
	}
	p, err := tx.Picture(ctx, url)
	at := time.Time{}
	if err == nil {
		at = p.Fetched.Add(renewAfter)
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	return tx.Enqueue(ctx, JobPicture, url, []byte(url), at)
}
