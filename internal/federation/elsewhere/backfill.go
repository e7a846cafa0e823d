package elsewhere

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// How much of an act's catalogue is fetched, and how politely: a page at a time,
// of what a page only names a few at a time, with a pause.
const (
	glance     = 12   // releases, for somebody who looks
	everything = 1000 // for somebody who follows
	each       = 5    // documents in a row
	between    = 2 * time.Second

	retries = 3 // more tries of a thing that its server does not give now
	pause   = 10 * time.Minute
)

// A place is how far the fetching of an act's releases has come. It is the job's
// payload: a node that is killed goes on there.
type place struct {
	Actor string `json:"actor"`
	Lists bool   `json:"lists,omitempty"` // its playlists, not its releases
	Page  string `json:"page,omitempty"`  // "" the beginning
	Skip  int    `json:"skip,omitempty"`  // items of the page that are done
	Left  int    `json:"left"`            // how many more are fetched
	Tries int    `json:"tries,omitempty"` // of the item at Skip, which its server did not give

	Outbox bool       `json:"outbox,omitempty"` // of a label that lists its own releases besides
	Said   int        `json:"said,omitempty"`   // of a label: how much it announced, so far
	Asked  int        `json:"asked,omitempty"`  // of that: how much is asked for
	Torn   bool       `json:"torn,omitempty"`   // of a label: something that it lists could not be read
	Since  int64      `json:"since,omitempty"`  // of everything: when it began, in Unix milliseconds
	Rest   bool       `json:"rest,omitempty"`   // what the list did not have, not the list
	Past   id.Release `json:"past,omitempty"`   // the last of the rest that was looked at
}

// fill asks for an act's releases, and its playlists.
func fill(ctx context.Context, tx social.Tx, a social.Actor, most int) error {
	p := place{Actor: a.ID, Left: most}
	if most == everything {
		p.Since = tx.Now().UnixMilli()
		if err := tx.SetLooked(ctx, a.ID); err != nil {
			return err
		}
	}
	if err := next(ctx, tx, p, time.Time{}); err != nil {
		return err
	}
	if a.IsLabel() && a.Releases != "" && a.Outbox != "" {
		p.Outbox = true
		if err := next(ctx, tx, p, time.Time{}); err != nil {
			return err
		}
	}
	if a.Playlists == "" {
		return nil
	}
	return next(ctx, tx, place{Actor: a.ID, Lists: true, Left: social.MostPlaylists}, time.Time{})
}

// Fill asks for all of an act's releases, and its playlists.
func (d *Desk) Fill(ctx context.Context, tx social.Tx, a social.Actor) error {
	return fill(ctx, tx, a, everything)
}

func next(ctx context.Context, tx social.Tx, p place, at time.Time) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	key := p.Actor
	if p.Lists {
		key += " lists"
	} else if p.Since > 0 {
		key += " " + social.JobBackfill // who looks meanwhile does not cut it short
	}
	if p.Outbox {
		key += " outbox"
	}
	return tx.Enqueue(ctx, social.JobBackfill, key, payload, at)
}

// Backfill does the part of fetching that a payload of [social.JobBackfill]
// names, and asks for the part after it.
func (d *Desk) Backfill(ctx context.Context, payload []byte) error {
	var p place
	if err := json.Unmarshal(payload, &p); err != nil {
		return err
	}
	if p.Rest {
		return d.check(ctx, p)
	}
	a, err := d.Servers.Actor(ctx, p.Actor)
	from := p.listed(&a)
	if done(err) || err == nil && from == "" {
		return nil
	}
	if err != nil {
		return err
	}
	page, err := d.page(ctx, a.ID, from, p.Page)
	if done(err) || err == nil && page == nil {
		return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return rest(ctx, tx, p) })
	}
	if err != nil {
		return err
	}
	var found []social.Release
	var lists []social.Playlist
	var shares []social.Share
	items := append(page.OrderedItems, page.Items...)
	if len(items) == 0 {
		p.Left-- // empty pages may lead to each other for ever
	}
	asked, i, wait := 0, p.Skip, between
	for ; i < len(items) && asked < each && p.Left > 0; i++ {
		o, more, err := d.thing(ctx, items[i], a.ID)
		if err != nil && !done(err) && p.Tries < retries {
			p.Tries++
			wait = pause
			break
		}
		p.Left, p.Tries = p.Left-1, 0
		if err != nil && !fault.Is(err, fault.NotFound) {
			p.Torn = true
		}
		if asked += more; o == nil || err != nil {
			continue
		}
		if r, ok := record.Of(o, a.ID); ok && !p.Lists {
			found = append(found, r)
		}
		if l, ok := record.Playlist(o, a.ID); ok && p.Lists {
			lists = append(lists, l)
		}
		if s, ok := announced(o, &a); ok && !p.Lists {
			asked++ // what is not known will be asked for
			shares = append(shares, s)
		}
	}
	p.Said += len(shares)
	p.Page, p.Skip = page.ID, i
	if i >= len(items) {
		p.Page, p.Skip = page.Next.ID(), 0
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		for i := range found {
			err := social.Keep(ctx, tx, &found[i])
			if err != nil && !done(err) {
				return err
			}
			if err != nil || found[i].Published.Before(tx.Now().Add(-social.TalkNew)) {
				continue
			}
			if err := social.WantTalk(ctx, tx, found[i].ID); err != nil {
				return err
			}
		}
		for i := range lists {
			d.Site.Recognise(lists[i].Items)
			if err := social.KeepPlaylist(ctx, tx, &lists[i]); err != nil && !done(err) {
				return err
			}
		}
		asked, err := d.keepAnnounced(ctx, tx, &p, shares)
		if err != nil {
			return err
		}
		if p.Page == "" || p.Left <= 0 || !remote.SameOrigin(p.Page, a.ID) {
			return rest(ctx, tx, p)
		}
		after := p // which a transaction that is done again finds as it was
		after.Asked += asked
		return next(ctx, tx, after, tx.Now().Add(wait))
	})
}

// done reports whether a fault will not go away by asking again.
func done(err error) bool {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Forbidden, fault.Invalid, fault.TooLarge, fault.Unsupported, fault.Unauthenticated:
		return err != nil
	}
	return false
}

// page fetches a page of what an act lists, "" the first; nil where there is none.
func (d *Desk) page(ctx context.Context, act, from, at string) (*vocab.Object, error) {
	if at != "" {
		return d.Servers.Document(ctx, at)
	}
	o, err := d.Servers.Document(ctx, from)
	if err != nil || len(o.OrderedItems) > 0 || len(o.Items) > 0 {
		return o, err
	}
	first := o.First
	if first.Object != nil && (len(first.Object.OrderedItems) > 0 || len(first.Object.Items) > 0) {
		return first.Object, nil
	}
	if !remote.SameOrigin(first.ID(), act) {
		return nil, nil
	}
	return d.Servers.Document(ctx, first.ID())
}

// thing is what an item of a page is about, and how many documents were asked
// for. What its act says of its own things counts; of others' it would have to be
// asked there.
func (d *Desk) thing(ctx context.Context, i vocab.Item, act string) (o *vocab.Object, asked int, err error) {
	for o = i.Object; asked < 2; {
		switch {
		case o == nil && !remote.SameOrigin(i.ID(), act):
			return nil, asked, nil
		case o == nil:
			asked++
			if o, err = d.Servers.Document(ctx, i.ID()); err != nil {
				return nil, asked, err
			}
		case o.Is("Create") && o.Actor.ID() == act && len(o.Object) == 1:
			i, o = o.Object[0], record.In(o)
		default:
			return o, asked, nil
		}
	}
	return o, asked, nil
}
