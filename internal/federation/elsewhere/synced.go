package elsewhere

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// Bounds of what is read of whom another server counts here.
const (
	syncedPages = 10  // of the list
	syncedOurs  = 100 // who are not the node itself
)

// Followers finds out whom of this node somebody elsewhere counts among their followers,
// and mends what differs (FEP-8fcf): the payload of [social.JobFollowers]. Who is not
// counted any more follows no longer, as if it had been said by Reject; who is and does not
// follow says so by Undo.
func (d *Desk) Followers(ctx context.Context, payload []byte) error {
	var q social.Counted
	if err := json.Unmarshal(payload, &q); err != nil {
		return err
	}
	before, err := d.followed(ctx, q.Actor)
	if err != nil {
		return err
	}
	theirs, err := d.counted(ctx, q)
	if err == nil && social.Digest(theirs) != q.Digest {
		err = fault.New(fault.Invalid, "%s lists other followers than were spoken of.", q.At)
	}
	if done(err) {
		d.Log.Debug("who follows somebody from here is not said", "actor", q.Actor, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	sent := false
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		sent = false
		a, err := tx.Actor(ctx, q.Actor)
		if err != nil {
			return err
		}
		now, err := following(ctx, tx, a.ID)
		if err != nil || now != before { // an answer came while the list was read
			return err
		}
		unknown, err := d.agree(ctx, tx, now, slices.Contains(theirs, d.Site.Node()))
		if err != nil {
			return err
		}
		strangers, err := d.followNobody(ctx, tx, theirs)
		if err != nil {
			return err
		}
		if unknown {
			strangers = append(strangers, d.Site.Node())
		}
		for _, who := range strangers {
			if err := d.unfollows(ctx, tx, who, a); err != nil {
				return err
			}
		}
		sent = len(strangers) > 0
		return nil
	})
	if fault.Is(err, fault.NotFound) { // they are known here no longer
		return nil
	}
	if err == nil && sent {
		d.Sent()
	}
	return err
}

// counted are the addresses of this node that somebody's list of followers here has. One
// that does not end within the pages that are read says nothing. What a list leaves out, or
// has on pages without an address, shows in that its digest is not the one that was said.
func (d *Desk) counted(ctx context.Context, q social.Counted) (ours []string, err error) {
	var seen []string
	for at := q.At; at != ""; {
		if len(seen) == syncedPages || slices.Contains(seen, at) || !remote.SameOrigin(at, q.Actor) {
			return nil, fault.New(fault.Invalid, "The list of followers at %s has no end.", q.At)
		}
		seen = append(seen, at)
		o, err := d.Servers.Document(ctx, at)
		if err != nil {
			return nil, err
		}
		if !o.Is("Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage") {
			return nil, fault.New(fault.Invalid, "%s is no list of followers.", at)
		}
		items := append(o.OrderedItems, o.Items...)
		if at = o.Next.ID(); len(seen) == 1 && len(items) == 0 {
			at = o.First.ID()
		}
		for _, who := range vocab.IDs(items) {
			if remote.SameOrigin(who, d.Site.Origin) && len(ours) <= syncedOurs {
				ours = append(ours, who)
			}
		}
	}
	return ours, nil
}

// followed is how the node follows somebody, the zero value not at all.
func (d *Desk) followed(ctx context.Context, actor string) (f social.Following, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		f, err = following(ctx, tx, actor)
		return err
	})
	return f, err
}

func following(ctx context.Context, tx social.Tx, actor string) (social.Following, error) {
	f, err := tx.Following(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return social.Following{}, nil
	}
	return f, err
}

// agree has the node's own following be what the one that is followed counts. It reports
// whether they count it although nobody here asked.
func (d *Desk) agree(ctx context.Context, tx social.Tx, f social.Following, counted bool) (unknown bool, err error) {
	switch {
	case f.Actor == "":
		return counted, nil
	case counted && f.State == social.Asked: // the answer was lost
		f.State = social.Accepted
	case counted && f.State == social.Declined:
		return true, nil
	case !counted && f.State == social.Accepted:
		f.State = social.Declined
	default:
		return false, nil
	}
	return false, tx.PutFollowing(ctx, f)
}

// followNobody are those of a list who are actors here and not the node itself, which alone
// follows anybody.
func (d *Desk) followNobody(ctx context.Context, tx social.Tx, list []string) (out []string, err error) {
	for _, who := range list {
		is := false
		if act, ok := d.Site.ActOf(who); ok {
			is, err = tx.HasAct(ctx, act)
		} else if p, ok := d.Site.PersonOf(who); ok {
			var x social.Person
			x, err = tx.Person(ctx, p)
			is = err == nil && x.Gone.IsZero()
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err = nil; is && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out, nil
}

// unfollows says that somebody here does not follow: of what Follow nobody knows.
func (d *Desk) unfollows(ctx context.Context, tx social.Tx, who string, a social.Actor) error {
	asked := &vocab.Object{ID: form.NoFollow(who), Type: []string{"Follow"}, Actor: vocab.At(who), Object: vocab.One(a.ID)}
	x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"Undo"}, Actor: vocab.At(who), Object: []vocab.Item{vocab.Of(asked)}, To: []string{a.ID}}
	return d.post(ctx, tx, x, a)
}
