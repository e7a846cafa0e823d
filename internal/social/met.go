package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// The jobs about actors elsewhere. The payload is their address.
const (
	JobRenew   = "social.renew"   // ask who they are now: see the package that does it
	JobRetitle = "social.retitle" // have their music found by what they are called now
)

// renewAfter is how soon somebody is asked for again who says that they changed.
const renewAfter = 10 * time.Minute

// Meet keeps what was learned of somebody, and their keys. Of an act whose music is
// known here, or that somebody here follows, the picture is asked for, and the music
// is found by another name than before.
func Meet(ctx context.Context, tx Tx, a Actor, keys []Key) error {
	was, unknown := tx.Actor(ctx, a.ID)
	if unknown != nil && !fault.Is(unknown, fault.NotFound) {
		return unknown
	}
	if err := tx.PutActor(ctx, a); err != nil {
		return err
	}
	if err := tx.SetKeys(ctx, a.ID, keys); err != nil {
		return err
	}
	if unknown != nil {
		return nil // nobody here has to do with them yet
	}
	if wanted, err := Wanted(ctx, tx, a.ID); err != nil || !wanted {
		return err
	}
	if was.Name != a.Name || was.Handle != a.Handle {
		if err := tx.Enqueue(ctx, JobRetitle, a.ID, []byte(a.ID), time.Time{}); err != nil {
			return err
		}
	}
	return WantPictureAgain(ctx, tx, a.Icon)
}

// WantActor asks who somebody is now, ten minutes after that was asked last at the
// soonest: what they are is what their server says, not who tells that it changed.
func WantActor(ctx context.Context, tx Tx, a Actor) error {
	return tx.Enqueue(ctx, JobRenew, a.ID, []byte(a.ID), a.Fetched.Add(renewAfter))
}
