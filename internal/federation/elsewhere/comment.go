package elsewhere

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Comment asks for a comment at its own server, whose word counts: the payload of
// [social.JobComment]. One that is there is kept as it is now, one that is no more is
// removed.
func (d *Desk) Comment(ctx context.Context, payload []byte) error {
	at := string(payload)
	o, err := d.Servers.Document(ctx, at)
	if fault.Is(err, fault.NotFound) || err == nil && o.ID == at && o.Is("Tombstone") {
		return d.unsaid(ctx, at)
	}
	if err == nil {
		err = d.hear(ctx, at, o, "")
	}
	if unwelcome(err) {
		d.Log.Debug("what was passed on is no comment here", "address", at, "err", err)
		return nil
	}
	return err
}

// unwelcome reports whether a fault is what others' words are refused with.
func unwelcome(err error) bool { return done(err) || fault.Is(err, fault.Conflict) }

// hear keeps a comment that its own server gave. One on a release elsewhere is kept where
// that release's server lists it, on no other.
func (d *Desk) hear(ctx context.Context, at string, o *vocab.Object, listed id.Release) error {
	by := o.Author()
	if o.ID != at || !remote.SameOrigin(by, at) {
		return fault.New(fault.Invalid, "%s is nobody's there.", at)
	}
	from, err := d.Servers.Known(ctx, by)
	if err != nil {
		return err
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		return activity.Fetched(ctx, tx, activity.In{From: from, Site: d.Site, Listed: listed}, o)
	})
}

// unsaid removes a comment of another server that its server has no more.
func (d *Desk) unsaid(ctx context.Context, at string) error {
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		c, err := tx.CommentAt(ctx, at)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.DropComment(ctx, c.ID)
	})
}
