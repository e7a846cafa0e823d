package outbox

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// A comeback is one server that is told again of one thing.
type comeback struct {
	host    string
	created bool // it never heard that there is such a thing
}

// kind is what the server is told: to many, an Update of what they do not know says
// nothing.
func (c *comeback) kind(thing *vocab.Object) string {
	if c.created && !thing.IsActor() {
		return "Create"
	}
	return "Update"
}

// Again tells a server of what it lost: of a thing how it is now, where somebody there is
// still to know of it, and everything else as it was said.
func (b *Outbox) Again(ctx context.Context, host string) error {
	var lost []social.Loss
	err := b.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		lost, err = tx.Lost(ctx, host)
		return err
	})
	if err != nil {
		return err
	}
	site := b.Site(ctx)
	done := map[string]bool{}
	for _, l := range lost {
		if done[l.What] {
			continue
		}
		done[l.What] = true
		if err := b.again(ctx, site, inboxes(lost, l.What)); err != nil {
			return err
		}
	}
	b.Sent()
	return nil
}

// inboxes are all that lost one thing.
func inboxes(lost []social.Loss, what string) (out []social.Loss) {
	for _, l := range lost {
		if l.What == what {
			out = append(out, l)
		}
	}
	return out
}

// again tells of one thing, which all the losses are of.
func (b *Outbox) again(ctx context.Context, site form.Site, of []social.Loss) error {
	what, host := of[0].What, of[0].Host
	var last social.Outgoing
	err := b.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		if last, err = tx.Told(ctx, what); fault.Is(err, fault.NotFound) {
			last, err = tx.Activity(ctx, what)
		}
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	known := err == nil
	if known && (last.Kind == "Create" || last.Kind == "Update") {
		back := comeback{host: host}
		for _, l := range of {
			back.created = back.created || l.Created
		}
		// What all are still to hear of it comes first: they would not, when it is what was said last.
		if _, err := b.telling(ctx, site, what); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		c := *b
		c.back = &back
		is, err := c.telling(ctx, site, what)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		known = !is
	}
	return b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		for _, l := range of {
			if !known {
				break
			}
			if err := tx.Deliver(ctx, last.ID, l.Inbox, host); err != nil {
				return err
			}
		}
		return tx.Regain(ctx, host, what)
	})
}

// telling tells of what an address names, false where that is nothing of which followers
// are told.
func (b *Outbox) telling(ctx context.Context, site form.Site, what string) (bool, error) {
	if a, ok := site.ActOf(what); ok {
		return true, b.Act(ctx, a)
	}
	if p, ok := site.PersonOf(what); ok {
		return true, b.Person(ctx, p)
	}
	if r, _, ok := site.MusicOf(what); ok && r != "" {
		return true, b.Release(ctx, r)
	}
	thing := strings.TrimSuffix(what, "/note") // the post about it is what is spoken of
	if p, ok := site.PlaylistOf(thing); ok {
		return true, b.Playlist(ctx, p)
	}
	if l, ok := site.LiveOf(thing); ok {
		return true, b.Live(ctx, l)
	}
	if c, ok := site.CommentOf(what); ok {
		return true, b.Comment(ctx, c)
	}
	return false, nil
}
