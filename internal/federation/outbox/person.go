package outbox

import (
	"context"

	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Person tells what became of a listener who is seen elsewhere: who follows, that
// something of the document changed, and who ever had to do with the person, that
// they are gone.
func (b *Outbox) Person(ctx context.Context, who id.Person) error {
	site := b.Site(ctx)
	var p social.Person
	err := b.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		p, err = tx.Person(ctx, who)
		return err
	})
	if err != nil {
		return err
	}
	if !p.Gone.IsZero() {
		return b.personGone(ctx, &p)
	}
	doc, err := site.PersonActor(&p, b.PersonKeys(who))
	if err != nil {
		return err
	}
	return b.tell(ctx, telling{deliver: fans(who), actor: doc.ID, thing: doc})
}

func (b *Outbox) personGone(ctx context.Context, p *social.Person) error {
	at := b.Site(ctx).Person(p.ID)
	sent := int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		x := activity(address(at, tx.Now()), "Delete", at, nil, tx.Now())
		x.Object = vocab.One(at)
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: at, About: at, Kind: "Delete", Body: body}); err != nil {
			return err
		}
		if err := b.Silence(ctx, tx, p.ID); err != nil {
			return err
		}
		if sent, err = tx.DeliverToReach(ctx, x.ID, p.ID); err != nil {
			return err
		}
		return tx.DropReach(ctx, p.ID)
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

// Answer tells somebody whether a person lets them follow.
func (b *Outbox) Answer(ctx context.Context, tx social.Tx, f social.Fan, yes bool) error {
	site := b.Site(ctx)
	to, err := tx.Actor(ctx, f.Actor)
	if err != nil {
		return err
	}
	at := site.Person(f.Person)
	x := site.Answer(tx.Now(), at, f.Actor, f.Activity, yes)
	body, err := x.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: at, Kind: x.Type[0], Body: body}); err != nil {
		return err
	}
	return tx.Deliver(ctx, x.ID, to.Inbox, remote.Host(to.Inbox))
}
