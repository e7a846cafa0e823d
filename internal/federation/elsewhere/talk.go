package elsewhere

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// How much is asked of what people say elsewhere of a release elsewhere.
const (
	countedTracks = 20                 // tracks whose likes and shares are asked for
	talkReplies   = 200                // comments
	talkPages     = 20                 // pages that list them
	talkDepth     = 3                  // from answer to answer
	talkFresh     = 7 * 24 * time.Hour // a known comment that is older is not asked for again
)

// talking is how far the asking about a release has come. It is the job's payload.
type talking struct {
	Release id.Release `json:"release"`
	Begun   bool       `json:"begun,omitempty"`
	Replies int        `json:"replies,omitempty"` // asked for so far
	Pages   []string   `json:"pages,omitempty"`   // that were asked for, each once: they may lead in a circle
	Left    []asking   `json:"left,omitempty"`
}

// An asking is a document to be asked for.
type asking struct {
	What  string   `json:"what"` // a [social.Reaction] is a collection of which the number counts
	At    string   `json:"at"`
	Track id.Track `json:"track,omitempty"`
	Depth int      `json:"depth,omitempty"`
}

// The askings that are not about a number.
const (
	askPage  = "page"  // of a collection of comments, or the collection
	askReply = "reply" // a comment, of its own server
)

// Gather has what people say elsewhere of a release elsewhere be asked for, since somebody
// here looks at it. Guests see what is known: they do not make the node ask strangers.
func (d *Desk) Gather(ctx context.Context, who id.Account, r id.Release) error {
	if who == "" {
		return nil
	}
	due := false
	err := d.Store.SocialView(ctx, func(tx social.Tx) error {
		asked, err := tx.TalkAsked(ctx, r)
		due = asked.Before(tx.Now().Add(-social.TalkAgain))
		return err
	})
	if err != nil || !due {
		return err
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return social.WantTalk(ctx, tx, r) })
}

// Talk does the part of asking that a payload of [social.JobTalk] names, and asks for the
// part after it.
func (d *Desk) Talk(ctx context.Context, payload []byte) error {
	var p talking
	if err := json.Unmarshal(payload, &p); err != nil {
		return err
	}
	if !p.Begun {
		if err := d.begin(ctx, &p); err != nil {
			if done(err) {
				return nil
			}
			return err
		}
	}
	for asked := 0; asked < each && len(p.Left) > 0; asked++ {
		q := p.Left[0]
		p.Left = p.Left[1:]
		if err := d.ponder(ctx, &p, q); err != nil && !unwelcome(err) && q.What != askReply { // of many servers some are away
			return err
		}
	}
	if len(p.Left) == 0 {
		return nil
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, social.JobTalk, string(p.Release), body, tx.Now().Add(between))
	})
}

// begin finds out what there is to be asked of a release.
func (d *Desk) begin(ctx context.Context, p *talking) error {
	r, err := d.Release(ctx, p.Release)
	if err != nil {
		return err
	}
	o, err := d.Servers.Document(ctx, r.IRI)
	if err != nil {
		return err
	}
	p.Begun = true
	add := func(what string, i vocab.Item, t id.Track) {
		if at := i.ID(); remote.SameOrigin(at, r.IRI) && len(at) <= longestAddress {
			p.Left = append(p.Left, asking{What: what, At: at, Track: t})
		}
	}
	add(string(social.Like), o.Likes, "")
	add(string(social.Boost), o.Shares, "")
	add(askPage, o.Replies, "")
	for i := range r.Tracks[:min(len(r.Tracks), countedTracks)] {
		t := &r.Tracks[i]
		at := slices.IndexFunc(o.OrderedItems, func(x vocab.Item) bool { return x.Object != nil && x.Object.ID == t.IRI })
		if at >= 0 {
			add(string(social.Like), o.OrderedItems[at].Object.Likes, t.ID)
			add(string(social.Boost), o.OrderedItems[at].Object.Shares, t.ID)
		}
	}
	return nil
}

// longestAddress is that of what is asked for, in bytes.
const longestAddress = 2048

// ponder asks for a document, and notes what more is to be asked for it.
func (d *Desk) ponder(ctx context.Context, p *talking, q asking) error {
	switch q.What {
	case askPage:
		o, err := d.Servers.Document(ctx, q.At)
		if err != nil {
			return err
		}
		return d.listed(ctx, p, q, o)
	case askReply:
		return d.reply(ctx, p, q)
	}
	o, err := d.Servers.Document(ctx, q.At)
	if err != nil || o.TotalItems < 0 || o.TotalItems > mostCounted {
		return err
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if _, _, err := tx.Known(ctx, social.Thing{Release: p.Release, Track: q.Track}); err != nil {
			return err
		}
		return tx.PutCount(ctx, social.Thing{Release: p.Release, Track: q.Track}, social.Reaction(q.What), o.TotalItems)
	})
}

// mostCounted is the largest number that is believed.
const mostCounted = 1_000_000_000

// listed notes the comments that a page lists, those before them first: answers come after
// what they answer. The page after one in which the latest stands first is therefore
// asked for before its comments are.
func (d *Desk) listed(ctx context.Context, p *talking, q asking, o *vocab.Object) error {
	if len(p.Pages) >= talkPages || slices.Contains(p.Pages, q.At) {
		return nil
	}
	p.Pages = append(p.Pages, q.At)
	var pages, replies []asking
	follow := func(i vocab.Item) {
		if at := i.ID(); remote.SameOrigin(at, q.At) && at != q.At && len(at) <= longestAddress {
			pages = append(pages, asking{What: askPage, At: at, Depth: q.Depth})
		}
	}
	items := append(o.OrderedItems, o.Items...)
	if first := o.First.Object; len(items) == 0 && first != nil && len(first.OrderedItems)+len(first.Items) > 0 {
		o, items = first, append(first.OrderedItems, first.Items...)
	} else if len(items) == 0 {
		follow(o.First)
	}
	follow(o.Next)
	err := d.Store.SocialView(ctx, func(tx social.Tx) error {
		for _, i := range items {
			at := i.ID()
			if p.Replies >= talkReplies || !strings.HasPrefix(at, "https://") || len(at) > longestAddress || remote.SameOrigin(at, d.Site.Node()) {
				continue
			}
			c, err := tx.CommentAt(ctx, at)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if err == nil && c.At.Before(tx.Now().Add(-talkFresh)) {
				continue
			}
			p.Replies++
			replies = append(replies, asking{What: askReply, At: at, Depth: q.Depth})
		}
		return nil
	})
	if o.Is("OrderedCollectionPage", "OrderedCollection") {
		slices.Reverse(replies)
	}
	p.Left = slices.Concat(pages, replies, p.Left)
	return err
}

// reply asks for a comment at its own server and keeps it as that gives it. What answers
// it there is asked for, too.
func (d *Desk) reply(ctx context.Context, p *talking, q asking) error {
	o, err := d.Servers.Document(ctx, q.At)
	if fault.Is(err, fault.NotFound) || err == nil && o.ID == q.At && o.Is("Tombstone") {
		return d.unsaid(ctx, q.At)
	}
	if err != nil {
		return err
	}
	if err := d.hear(ctx, q.At, o, p.Release); err != nil {
		return err
	}
	if at := o.Replies.ID(); q.Depth+1 < talkDepth && remote.SameOrigin(at, q.At) && len(at) <= longestAddress {
		p.Left = append(p.Left, asking{What: askPage, At: at, Depth: q.Depth + 1})
	}
	return nil
}
