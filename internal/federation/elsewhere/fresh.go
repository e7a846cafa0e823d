package elsewhere

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// missed marks the payload of a look at somebody whom their server did not have the last
// time.
const missed = "missed "

// mostStale is how many acts one night asks again.
const mostStale = 5000

// reask has an act asked again whose page somebody opens, where what is known of it is
// old. What is known is shown meanwhile, and also where the question cannot be kept.
func (d *Desk) reask(ctx context.Context, a *social.Actor) {
	old := func(a *social.Actor) bool { return d.Now().Sub(a.Looked) >= social.Stale }
	if !old(a) {
		return
	}
	err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		now, err := tx.Actor(ctx, a.ID) // somebody else may have opened it meanwhile
		if err != nil || !old(&now) {
			return err
		}
		return social.WantLook(ctx, tx, a.ID, time.Time{})
	})
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("an act elsewhere is not asked again", "actor", a.ID, "err", err)
	}
}

// reaskFollowed has the acts that are followed asked again of which what is known is
// old, one after the other.
func reaskFollowed(ctx context.Context, tx social.Tx) error {
	list, err := tx.StaleActors(ctx, tx.Now().Add(-social.Stale/2), mostStale) // nights are not all a day apart
	if err != nil {
		return err
	}
	for i := range list {
		if err := social.WantLook(ctx, tx, list[i].ID, tx.Now().Add(time.Duration(i)*between)); err != nil {
			return err
		}
	}
	return nil
}

// Look asks who an act is now, and has everything that it published fetched: the payload
// of [social.JobLook]. Who is no more is forgotten: at once where their server says so,
// and where it only does not have them, when it has not a day later either. A server
// that is away is asked another day.
func (d *Desk) Look(ctx context.Context, payload []byte) error {
	actor, again := strings.CutPrefix(string(payload), missed)
	a, err := d.Servers.Renew(ctx, actor)
	if ctx.Err() != nil {
		return ctx.Err() // the node stops
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		switch {
		case remote.Gone(err), again && fault.Is(err, fault.NotFound):
			return social.Forget(ctx, tx, actor)
		case fault.Is(err, fault.NotFound):
			return tx.Enqueue(ctx, social.JobLook, actor, []byte(missed+actor), tx.Now().Add(social.Stale))
		case err != nil:
			d.Log.Debug("an act elsewhere cannot be asked again", "actor", actor, "err", err)
			return nil
		}
		return fill(ctx, tx, a, everything)
	})
}

// rest has the releases of an act looked at that its list did not have.
func rest(ctx context.Context, tx social.Tx, p place) error {
	if p.Since == 0 || p.Lists || p.Outbox {
		return nil
	}
	return next(ctx, tx, place{Actor: p.Actor, Since: p.Since, Rest: true}, tx.Now().Add(between))
}

// check looks at the next releases that an act's list did not have: whether each is
// there still is what its own address says, since lists are cut off, and mistaken.
func (d *Desk) check(ctx context.Context, p place) error {
	var list []social.Release
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		list, err = tx.Unseen(ctx, p.Actor, time.UnixMilli(p.Since), p.Past, each)
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	var found []social.Release
	var gone []string
	for _, was := range list {
		o, err := d.Servers.Document(ctx, was.IRI)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.Is(err, fault.NotFound), err == nil && o.Is("Tombstone"):
			gone = append(gone, was.IRI)
		case err != nil: // tomorrow again
		default:
			if r, ok := record.Of(o, p.Actor); ok && r.IRI == was.IRI {
				found = append(found, r)
			}
		}
	}
	p.Past = list[len(list)-1].ID
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		for i := range found {
			if err := social.Keep(ctx, tx, &found[i]); err != nil && !done(err) {
				return err
			}
		}
		for _, iri := range gone {
			if err := social.Withdraw(ctx, tx, iri, p.Actor); err != nil {
				return err
			}
		}
		return next(ctx, tx, p, tx.Now().Add(between))
	})
}

// Releases are those of an act that are known here, the newest first. Faults: Invalid.
func (d *Desk) Releases(ctx context.Context, actor string, p music.Page) (music.List[social.Release], error) {
	return music.Paged(p, (*social.Release).Cursor, func(after music.Cursor, n int) (list []social.Release, err error) {
		err = d.Store.SocialView(ctx, func(tx social.Tx) error {
			list, err = tx.PageOfReleases(ctx, actor, after, n)
			return err
		})
		return list, err
	})
}
