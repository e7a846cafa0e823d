// Package outbox tells followers on other servers what becomes of an act's
// releases: that there is a new one, that it changed, that it is gone. It looks at
// what is and what was said last, so that it may be asked at any time and as
// often as one likes.
package outbox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Albums finds public releases, playlists of acts, and comments of acts and of listeners
// who are seen elsewhere. Faults: NotFound for what is not public.
type Albums interface {
	Album(ctx context.Context, r id.Release) (form.Album, error)
	Selection(ctx context.Context, p id.Playlist) (form.Selection, error)
	Opinion(ctx context.Context, c id.Comment) (form.Opinion, error)
}

// An Outbox tells.
type Outbox struct {
	Site   func(context.Context) form.Site
	Albums Albums
	Acts   interface {
		Act(ctx context.Context, v music.Viewer, handle string) (music.FullAct, error)
	}
	// Labels reports whether a release is of a label, and whose it is. Faults: NotFound.
	Labels interface {
		OnLabel(ctx context.Context, label id.Act, r id.Release) (bool, id.Act, error)
	}
	Keys func(a id.Act) form.Keys
	// PersonKeys are those of a listener who is seen elsewhere.
	PersonKeys func(p id.Person) form.Keys
	// ActProof and PersonProof are the keys with which what an act and such a listener say is
	// proved, so that others may pass it on.
	ActProof    func(a id.Act) (method string, key ed25519.PrivateKey)
	PersonProof func(p id.Person) (method string, key ed25519.PrivateKey)
	Store       social.Store
	// Sent is called when something is to be delivered. It must not block.
	Sent func()

	back *comeback // nil: who is told of what is new is everybody
}

// A telling is of one thing: as everybody's software shows it, and in 9ten's own
// form, nil when that is the same.
type telling struct {
	// deliver has an activity brought to who is told, and counts the inboxes.
	deliver    deliver
	actor      string
	thing, own *vocab.Object
	songs      []*vocab.Object // of a release, as Funkwhale reads them
	listed     bool            // nodes hear of what comes and goes in it: see [listing]
	at         time.Time       // when it is told: see [moment]
}

// followers are those of an act.
func followers(a id.Act) deliver {
	return func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
		return tx.DeliverToFollowers(ctx, outgoing, a)
	}
}

// Release tells what became of a release.
func (b *Outbox) Release(ctx context.Context, r id.Release) error {
	site := b.Site(ctx)
	album, err := b.Albums.Album(ctx, r)
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, former{about: site.ReleaseNote(r), own: site.Release(r), kind: "nineten:Release"})
	}
	if err != nil {
		return err
	}
	return b.tell(ctx, telling{deliver: followers(album.Act.ID), actor: site.Act(album.Act.ID), thing: site.Note(&album), own: site.OwnRelease(&album), songs: songs(site, &album)})
}

// Act tells that an act's own document changed.
func (b *Outbox) Act(ctx context.Context, a id.Act) error {
	site := b.Site(ctx)
	full, err := b.Acts.Act(ctx, music.Viewer{}, string(a))
	if err != nil {
		return err
	}
	doc, err := site.ActActor(&full, b.Keys(a))
	if err != nil {
		return err
	}
	return b.tell(ctx, telling{deliver: followers(a), actor: doc.ID, thing: doc})
}

// tell says Create of a thing that was not spoken of or is back, Update of one
// that is not as it was said to be, and nothing otherwise. An actor is never
// created: who follows it knows it.
func (b *Outbox) tell(ctx context.Context, t telling) error {
	sent := int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, t.thing.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		t.at = moment(tx.Now(), &last)
		kind, first := "Update", false
		switch {
		case b.back != nil:
			kind = b.back.kind(t.thing)
		case err == nil && last.Kind != "Delete" && same(last.Body, t.thing) && (t.own == nil || same(last.Own, t.own)):
			return nil
		case err != nil && !t.thing.IsActor():
			kind, first = "Create", true
		case err == nil && last.Kind == "Delete":
			kind = "Create"
		}
		sent, err = b.send(ctx, tx, t, func(thing *vocab.Object) *vocab.Object {
			at := address(thing.ID, t.at)
			switch {
			case b.back != nil:
				at += "/again"
			case first:
				at = form.Create(thing).ID
			}
			x := activity(at, kind, t.actor, thing, t.at)
			if was := said(last.Own); b.back == nil && t.listed && kind == "Update" && thing == t.own && was != nil {
				if change, tracks, ok := listing(was, thing); ok {
					x.Type, x.Object, x.Target = []string{change}, tracks, vocab.Of(thing)
				}
			}
			return x
		})
		return err
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

func activity(at, kind, actor string, thing *vocab.Object, now time.Time) *vocab.Object {
	x := &vocab.Object{ID: at, Type: []string{kind}, Actor: vocab.At(actor), Object: []vocab.Item{vocab.Of(thing)}, Published: now, To: []string{vocab.Public}, CC: []string{actor + "/followers"}}
	if thing != nil && len(thing.CC) > 0 { // for whom it says itself
		x.CC = thing.CC
	}
	return x
}

// address is that of an activity about a thing. The first Create has one of its
// own, under which the act's outbox has it too.
func address(thing string, now time.Time) string {
	return thing + "/activities/" + strconv.FormatInt(now.UnixMilli(), 10)
}

// moment is when something is said of a thing: later than what was said of it last, even
// where the clock was set back. No two activities about it have one address then, the
// second of which nobody would heed, and the last of them is known for that.
func moment(now time.Time, last *social.Outgoing) time.Time {
	if next := last.Made.Add(time.Millisecond); now.Before(next) {
		return next
	}
	return now
}

// said is the thing that an activity told of: of an Add or a Remove its target. It is
// nil where it only named one.
func said(body []byte) *vocab.Object {
	o, err := vocab.Parse(body)
	switch {
	case err != nil:
		return nil
	case o.Is("Add", "Remove"):
		return o.Target.Object
	case len(o.Object) != 1:
		return nil
	}
	return o.Object[0].Object
}

// same reports whether a thing is what was said last, whenever that was.
func same(body []byte, thing *vocab.Object) bool {
	was := said(body)
	return was != nil && alike(timeless(was), timeless(thing))
}

func alike(a, b *vocab.Object) bool {
	x, err1 := a.MarshalJSON()
	y, err2 := b.MarshalJSON()
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// timeless is a thing, and what it lists, without when they changed.
func timeless(o *vocab.Object) *vocab.Object {
	c := *o
	c.Updated, c.OrderedItems = time.Time{}, nil
	for _, i := range o.OrderedItems {
		if i.Object != nil {
			i = vocab.Of(timeless(i.Object))
		}
		c.OrderedItems = append(c.OrderedItems, i)
	}
	return &c
}

// A former thing has the addresses of its post and of its own form, "" none.
type former struct {
	about, own, kind string
	list             id.Playlist // "" it is none: who works on it hears it too
}

// gone tells that a thing that was spoken of is no more, in both its forms: the
// followers of its act, or all that know of the listener whose it was.
func (b *Outbox) gone(ctx context.Context, site form.Site, f former) error {
	sent := int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, f.about)
		if fault.Is(err, fault.NotFound) || err == nil && last.Kind == "Delete" {
			return nil
		}
		if err != nil {
			return err
		}
		var to deliver
		if a, ok := site.ActOf(last.Actor); ok {
			to = and(followers(a), named(last.Body))
		} else if who, ok := site.PersonOf(last.Actor); ok {
			to = func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
				return tx.DeliverToReach(ctx, outgoing, who)
			}
		} else {
			return nil
		}
		if f.list != "" {
			to = and(to, collaborators(f.list))
		}
		now := moment(tx.Now(), &last)
		stone := func(at string, former string) *vocab.Object {
			return &vocab.Object{ID: at, Type: []string{"Tombstone"}, FormerType: former, Deleted: now}
		}
		t := telling{deliver: to, actor: last.Actor, thing: stone(f.about, "Note"), at: now}
		if f.own != "" {
			t.own = stone(f.own, f.kind)
		}
		sent, err = b.send(ctx, tx, t, func(thing *vocab.Object) *vocab.Object {
			return activity(address(thing.ID, t.at)+"/delete", "Delete", t.actor, thing, t.at)
		})
		if err != nil || f.list == "" {
			return err
		}
		return tx.DropCollaborators(ctx, f.list)
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

// send has an activity about a thing delivered, written by say in each form.
func (b *Outbox) send(ctx context.Context, tx social.Tx, t telling, say func(*vocab.Object) *vocab.Object) (int64, error) {
	x := say(t.thing)
	out := social.Outgoing{ID: x.ID, Actor: t.actor, About: t.thing.ID, Kind: x.Type[0], Made: t.at}
	var err error
	if out.Body, err = x.Encode(); err != nil {
		return 0, err
	}
	if _, is := b.Site(ctx).CommentOf(t.thing.ID); is {
		if out.Body, err = b.proved(ctx, tx, t.actor, out.Body); err != nil {
			return 0, err
		}
	}
	if t.own != nil {
		if out.Own, err = say(t.own).Encode(); err != nil {
			return 0, err
		}
	}
	if out.Songs, err = b.songs(ctx, tx, t, out.Kind); err != nil {
		return 0, err
	}
	if err := tx.Send(ctx, out); err != nil {
		return 0, err
	}
	n, err := t.deliver(ctx, tx, x.ID)
	if err != nil || b.back == nil {
		return n, err
	}
	return tx.DeliverTo(ctx, x.ID, b.back.host)
}

// proved is an activity with the proof of whose it is (FEP-8b32): who gets it passes it on
// to others, for whom the signature of the request is not theirs.
func (b *Outbox) proved(ctx context.Context, tx social.Tx, actor string, body []byte) ([]byte, error) {
	site := b.Site(ctx)
	var method string
	var key ed25519.PrivateKey
	if a, ok := site.ActOf(actor); ok && b.ActProof != nil {
		method, key = b.ActProof(a)
	} else if p, ok := site.PersonOf(actor); ok && b.PersonProof != nil {
		method, key = b.PersonProof(p)
	} else {
		return body, nil
	}
	return sig.Prove(body, method, key, tx.Now())
}
