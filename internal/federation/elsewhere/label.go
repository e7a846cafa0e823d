package elsewhere

import (
	"cmp"
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// listed is where somebody lists what is fetched: what they published, their playlists, or
// what a label announced, which is in its outbox alone.
func (p *place) listed(a *social.Actor) string {
	switch {
	case p.Lists:
		return a.Playlists
	case p.Outbox:
		return a.Outbox
	}
	return cmp.Or(a.Releases, a.Outbox)
}

// announced is what a thing in a label's outbox says that the label shares, false for what
// is no such thing. Whatever else acts share is told to who follows them, when they do.
func announced(o *vocab.Object, a *social.Actor) (s social.Share, ok bool) {
	if !a.IsLabel() || !o.Is("Announce") || o.Actor.ID() != a.ID || !o.IsPublic() || len(o.Object) != 1 {
		return s, false
	}
	s = social.Share{Actor: a.ID, Activity: o.ID, About: form.Plain(o.Object[0].ID()), At: o.Published}
	if s.At.IsZero() {
		s.At = time.UnixMilli(0) // no news
	}
	return s, s.About != ""
}

// keepAnnounced keeps what a part of a label's outbox announces, and reports how much of it
// is asked for: so much an hour, since a label may announce addresses of whom it wants
// asked. At the end of the whole of it, what it has no more is forgotten, if all could be
// read; one that announces nothing at all may as well hide what it has, as outboxes do.
func (d *Desk) keepAnnounced(ctx context.Context, tx social.Tx, p *place, shares []social.Share) (asked int, err error) {
	for _, s := range shares {
		here := social.Thing{}
		if r, t, ok := d.Site.MusicOf(s.About); ok {
			if here, _, err = tx.Public(ctx, social.Thing{Release: r, Track: t}); fault.Is(err, fault.NotFound) {
				continue
			} else if err != nil {
				return asked, err
			}
		}
		hours := (p.Asked + asked) / social.SharesAnHour
		isAsked, err := social.KeepShare(ctx, tx, s, here, tx.Now().Add(time.Duration(hours)*time.Hour))
		if err != nil {
			return asked, err
		}
		if isAsked {
			asked++
		}
	}
	if p.Torn || p.Said == 0 || p.Since == 0 || p.Page != "" || p.Left <= 0 {
		return asked, nil
	}
	return asked, tx.DropUnseen(ctx, p.Actor, time.UnixMilli(p.Since))
}
