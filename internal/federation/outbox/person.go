package outbox

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
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
		last, err := tx.Told(ctx, at)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		now := moment(tx.Now(), &last)
		x := activity(address(at, now), "Delete", at, nil, now)
		x.Object = vocab.One(at)
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: at, About: at, Kind: "Delete", Body: body, Made: now}); err != nil {
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

// whose is the address of whom somebody elsewhere has to do with: an act, or a person.
func whose(site form.Site, f *social.Fan) string {
	if f.Act != "" {
		return site.Act(f.Act)
	}
	return site.Person(f.Person)
}

// Answer tells somebody whether they follow an act or a person here.
func (b *Outbox) Answer(ctx context.Context, tx social.Tx, f social.Fan, yes bool) error {
	site := b.Site(ctx)
	return b.say(ctx, tx, f.Person, f.Actor, site.Answer(tx.Now(), whose(site, &f), f.Actor, f.Activity, yes))
}

// Block tells somebody that an act or a person here blocks them.
func (b *Outbox) Block(ctx context.Context, tx social.Tx, f *social.Fan) error {
	site := b.Site(ctx)
	f.Activity = site.NewActivity(tx.Now())
	return b.say(ctx, tx, f.Person, f.Actor, blocking(site, f))
}

func blocking(site form.Site, f *social.Fan) *vocab.Object {
	return &vocab.Object{ID: f.Activity, Type: []string{"Block"}, Actor: vocab.At(whose(site, f)), Object: vocab.One(f.Actor), To: []string{f.Actor}}
}

// Unblock tells them that they are blocked no longer, if they were told that they are and
// are known yet.
func (b *Outbox) Unblock(ctx context.Context, tx social.Tx, f social.Fan) error {
	site := b.Site(ctx)
	if !remote.SameOrigin(f.Activity, site.Origin) {
		return nil
	}
	x := &vocab.Object{ID: site.NewActivity(tx.Now()), Type: []string{"Undo"}, Actor: vocab.At(whose(site, &f)), Object: []vocab.Item{vocab.Of(blocking(site, &f))}, To: []string{f.Actor}}
	err := b.say(ctx, tx, f.Person, f.Actor, x)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
