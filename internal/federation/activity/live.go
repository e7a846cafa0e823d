package activity

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// announced keeps a live event of an act elsewhere that somebody here has to do with.
func announced(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o := record.In(in.Object)
	if o == nil {
		return nil, nil
	}
	l, ok := record.Live(o, in.From.ID)
	if !ok {
		return nil, nil
	}
	d := social.LiveDraft{Title: l.Title, Link: l.Link, Starts: l.Starts, Ends: l.Ends}
	if l.Ends.After(tx.Now()) { // of one that is over only that is kept
		if d.Check(tx.Now()) != nil {
			return nil, fault.New(fault.Invalid, "%q is no event within a year, of a day at most.", o.ID)
		}
		l.Title, l.Link, l.Starts, l.Ends = d.Title, d.Link, d.Starts, d.Ends
	}
	if wanted, err := social.Wanted(ctx, tx, in.From.ID); err != nil || !wanted {
		return nil, err
	}
	return nil, social.KeepLive(ctx, tx, l)
}

const (
	// settles is how long after the answer to their Follow somebody is told of what is to
	// come: much software drops what comes from somebody it does not follow yet, does several
	// things at a time, and gets an answer that it did not take at first within this.
	settles = 2 * time.Minute
	// mostBehind is how much may wait for a server whose people are told so.
	mostBehind = 200
)

// catchUp tells who begins to follow an act here of its events that are not over, as those
// who followed it before were told. A server that has much to take is told no more: anybody
// can follow, with as many names as they like, an act of theirs that has many events.
func catchUp(ctx context.Context, tx social.Tx, in In, act id.Act) error {
	if n, err := tx.Waiting(ctx, in.From.Host, mostBehind); err != nil || n >= mostBehind {
		return err
	}
	list, err := tx.LivesOf(ctx, act, "", social.MostLives)
	if err != nil {
		return err
	}
	for i := range list {
		last, err := tx.Told(ctx, in.Site.LiveNote(list[i].ID))
		if fault.Is(err, fault.NotFound) || err == nil && last.Kind == "Delete" {
			continue // they hear of it with all others
		}
		if err != nil {
			return err
		}
		if err := tx.DeliverAt(ctx, last.ID, in.From.Inbox, in.From.Host, tx.Now().Add(settles)); err != nil {
			return err
		}
	}
	return nil
}

// cancelled forgets a live event that its act took back.
func cancelled(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	return nil, social.CancelLive(ctx, tx, o.ID(), in.From.ID)
}

// Bounds of what a node says of its people at an event here.
const (
	mostAudience = 100_000
	soonOver     = 5 * time.Minute // after which it must expire, whatever clock the node has
)

// watched keeps how many people of another node are at an event here, for the minute
// that it is good for.
func watched(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	now := tx.Now()
	if !nodeItself(in) || in.IsPublic() || in.Expires.IsZero() || in.Expires.After(now.Add(soonOver)) {
		return nil, fault.New(fault.Invalid, "An audience is told by a node, to the act's alone, and expires within %d minutes.", soonOver/time.Minute)
	}
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	what, ok := in.Site.LiveOf(o.ID())
	if !ok {
		return nil, fault.New(fault.NotFound, "%q is no event of this node.", o.ID())
	}
	l, err := tx.Live(ctx, what)
	if err != nil {
		return nil, err
	}
	p, err := tx.Peer(ctx, in.From.Host)
	if err != nil {
		return nil, err
	}
	if l.Act == "" || !l.On(now) || p.Software != remote.Own {
		return nil, fault.New(fault.Conflict, "The event is not under way here, or the server that tells of its audience is not known to be a node.")
	}
	if len(in.Result) != 1 || in.Result[0].Object == nil {
		return nil, fault.New(fault.Invalid, "An audience has a number.")
	}
	n, ok := whole(in.Result[0].Object.Extra["userInteractionCount"])
	if !ok || n < social.Fewest || n > mostAudience {
		return nil, fault.New(fault.Invalid, "An audience has a number.")
	}
	until := now.Add(social.AudienceFor)
	if in.Expires.Before(until) {
		until = in.Expires
	}
	return nil, tx.PutAudience(ctx, what, in.From.Host, n, until)
}
