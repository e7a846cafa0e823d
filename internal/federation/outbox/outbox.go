// Package outbox tells followers on other servers what becomes of an act's
// releases: that there is a new one, that it changed, that it is gone. It looks at
// what is and what was said last, so that it may be asked at any time and as
// often as one likes.
package outbox

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Albums finds public releases. Faults: NotFound for what is not public.
type Albums interface {
	Album(ctx context.Context, r id.Release) (form.Album, error)
}

// An Outbox tells.
type Outbox struct {
	Site   func(context.Context) form.Site
	Albums Albums
	Acts   interface {
		Act(ctx context.Context, v music.Viewer, handle string) (music.FullAct, error)
	}
	Keys  func(a id.Act) form.Keys
	Store social.Store
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
}

// Release tells what became of a release.
func (b *Outbox) Release(ctx context.Context, r id.Release) error {
	site := b.Site(ctx)
	about := site.ReleaseNote(r)
	album, err := b.Albums.Album(ctx, r)
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, about)
	}
	if err != nil {
		return err
	}
	return b.tell(ctx, album.Act.ID, site.Act(album.Act.ID), site.Note(&album))
}

// Act tells that an act's own document changed.
func (b *Outbox) Act(ctx context.Context, a id.Act) error {
	site := b.Site(ctx)
	full, err := b.Acts.Act(ctx, music.Viewer{}, string(a))
	if err != nil {
		return err
	}
	doc, err := site.ActActor(&full.Act, b.Keys(a))
	if err != nil {
		return err
	}
	return b.tell(ctx, a, doc.ID, doc)
}

// tell says Create of a thing that was not spoken of or is back, Update of one
// that is not as it was said to be, and nothing otherwise. An actor is never
// created: who follows it knows it.
func (b *Outbox) tell(ctx context.Context, a id.Act, actor string, thing *vocab.Object) error {
	sent := int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, thing.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		kind, at := "Update", address(thing.ID, tx.Now())
		switch {
		case err == nil && last.Kind != "Delete" && same(last.Body, thing):
			return nil
		case err != nil && !thing.IsActor():
			kind, at = "Create", form.Create(thing).ID
		case err == nil && last.Kind == "Delete":
			kind = "Create"
		}
		x := &vocab.Object{ID: at, Type: []string{kind}, Actor: vocab.At(actor), Object: []vocab.Item{vocab.Of(thing)}, Published: tx.Now(), To: []string{vocab.Public}, CC: []string{actor + "/followers"}}
		sent, err = b.send(ctx, tx, a, x, thing.ID)
		return err
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

// address is that of an activity about a thing. The first Create has one of its
// own, under which the act's outbox has it too.
func address(thing string, now time.Time) string {
	return thing + "/activities/" + strconv.FormatInt(now.UnixMilli(), 10)
}

// same reports whether a thing is what was said last, whenever that was.
func same(body []byte, thing *vocab.Object) bool {
	o, err := vocab.Parse(body)
	if err != nil || len(o.Object) != 1 || o.Object[0].Object == nil {
		return false
	}
	was, is := *o.Object[0].Object, *thing
	was.Updated, is.Updated = time.Time{}, time.Time{}
	a, err1 := was.MarshalJSON()
	b, err2 := is.MarshalJSON()
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// gone tells that a thing that was spoken of is no more.
func (b *Outbox) gone(ctx context.Context, site form.Site, about string) error {
	sent := int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, about)
		if fault.Is(err, fault.NotFound) || err == nil && last.Kind == "Delete" {
			return nil
		}
		if err != nil {
			return err
		}
		a, ok := site.ActOf(last.Actor)
		if !ok {
			return nil
		}
		stone := &vocab.Object{ID: about, Type: []string{"Tombstone"}, FormerType: "Note", Deleted: tx.Now()}
		x := &vocab.Object{ID: address(about, tx.Now()), Type: []string{"Delete"}, Actor: vocab.At(last.Actor), Object: []vocab.Item{vocab.Of(stone)}, To: []string{vocab.Public}, CC: []string{last.Actor + "/followers"}}
		sent, err = b.send(ctx, tx, a, x, about)
		return err
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

func (b *Outbox) send(ctx context.Context, tx social.Tx, a id.Act, x *vocab.Object, about string) (int64, error) {
	body, err := x.Encode()
	if err != nil {
		return 0, err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: x.Actor.ID(), About: about, Kind: x.Type[0], Body: body}); err != nil {
		return 0, err
	}
	return tx.DeliverToFollowers(ctx, x.ID, a)
}
