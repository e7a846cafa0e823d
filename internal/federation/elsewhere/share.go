package elsewhere

import (
	"context"
	"encoding/json"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// Shared asks the server of a thing that somebody shared for it, and keeps it: the payload
// of [social.JobShare]. What is no music, or cannot be had, is shown to
// nobody, and is not asked for again while it is kept.
func (d *Desk) Shared(ctx context.Context, payload []byte) error {
	var s social.Share
	if err := json.Unmarshal(payload, &s); err != nil {
		return err
	}
	t, err := d.sharedThing(ctx, s.About)
	if done(err) {
		d.Log.Debug("what was shared is not found", "thing", s.About, "by", s.Actor, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return tx.FoundShare(ctx, s, t) })
}

// sharedThing is the release or the track of an address, of which its own server is asked.
func (d *Desk) sharedThing(ctx context.Context, at string) (t social.Thing, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, err = social.ThingAt(ctx, tx, at)
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		return t, err
	}
	o, err := d.Servers.Document(ctx, at)
	if err != nil {
		return t, err
	}
	if o.Is("nineten:AudioTrack") { // with the release that it is of
		track, err := d.track(ctx, at)
		if err != nil {
			return t, err
		}
		err = d.Store.SocialView(ctx, func(tx social.Tx) error {
			x, err := tx.Track(ctx, track)
			t = social.Thing{Release: x.Release, Track: track}
			return err
		})
		return t, err
	}
	return d.keepShared(ctx, o)
}

// keepShared keeps the release that a document is of.
func (d *Desk) keepShared(ctx context.Context, o *vocab.Object) (t social.Thing, err error) {
	by := o.Author()
	if !remote.SameOrigin(by, o.ID) {
		return t, fault.New(fault.NotFound, "%s is nobody's.", o.ID)
	}
	a, err := d.Servers.Actor(ctx, by)
	if err != nil {
		return t, err
	}
	r, ok := record.Of(o, a.ID)
	if !ok {
		return t, fault.New(fault.NotFound, "%s is no release of %s.", o.ID, a.ID)
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if was, err := tx.ReleaseByIRI(ctx, r.IRI); err == nil && was.Actor != a.ID {
			return fault.New(fault.Forbidden, "%s is not %s's.", r.IRI, a.ID)
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return social.Keep(ctx, tx, &r)
	})
	return social.Thing{Release: r.ID}, err
}
