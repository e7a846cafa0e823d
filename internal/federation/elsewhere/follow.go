package elsewhere

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// patience is how long an act's server has to answer before it is asked again.
const patience = 24 * time.Hour

// Follow has somebody here follow an act elsewhere, or no longer. The first has
// the node follow it and fetch what it published so far, the last has it leave.
// Faults: NotFound.
func (d *Desk) Follow(ctx context.Context, who id.Account, actor string, on bool) error {
	sent := false
	err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		sent = false
		a, err := tx.Actor(ctx, actor)
		if err != nil {
			return err
		}
		changed, err := tx.FollowElsewhere(ctx, who, actor, on)
		if err != nil || !changed {
			return err
		}
		if on {
			sent, err = d.ask(ctx, tx, a)
			return err
		}
		left, err := tx.FollowersHere(ctx, actor)
		if err != nil || left > 0 {
			return err
		}
		sent = true
		return d.leave(ctx, tx, a)
	})
	if err == nil && sent {
		d.Sent()
	}
	return err
}

// ask has the node follow an act that it does not follow yet.
func (d *Desk) ask(ctx context.Context, tx social.Tx, a social.Actor) (bool, error) {
	f, err := tx.Following(ctx, a.ID)
	if err == nil && f.State != social.Declined {
		return false, nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"Follow"}, Actor: vocab.At(d.Site.Node()), Object: vocab.One(a.ID), To: []string{a.ID}}
	if err := d.post(ctx, tx, x, a); err != nil {
		return false, err
	}
	if err := tx.PutFollowing(ctx, social.Following{Actor: a.ID, Activity: x.ID, State: social.Asked, Asked: tx.Now()}); err != nil {
		return false, err
	}
	return true, fill(ctx, tx, a, everything)
}

// leave has the node follow an act no longer.
func (d *Desk) leave(ctx context.Context, tx social.Tx, a social.Actor) error {
	f, err := tx.Following(ctx, a.ID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	asked := &vocab.Object{ID: f.Activity, Type: []string{"Follow"}, Actor: vocab.At(d.Site.Node()), Object: vocab.One(a.ID)}
	x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"Undo"}, Actor: vocab.At(d.Site.Node()), Object: []vocab.Item{vocab.Of(asked)}, To: []string{a.ID}}
	if err := d.post(ctx, tx, x, a); err != nil {
		return err
	}
	return tx.DropFollowing(ctx, a.ID)
}

// Flag puts a report on its way to the server of somebody: about them, and about
// what is theirs. It comes from the node, and says nothing of who made it.
func (d *Desk) Flag(ctx context.Context, tx social.Tx, to social.Actor, about []string, words string) error {
	x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"Flag"}, Actor: vocab.At(d.Site.Node()), Object: vocab.One(to.ID), Content: words, To: []string{to.ID}}
	for _, a := range about {
		if a != to.ID {
			x.Object = append(x.Object, vocab.At(a))
		}
	}
	return d.post(ctx, tx, x, to)
}

func (d *Desk) post(ctx context.Context, tx social.Tx, x *vocab.Object, to social.Actor) error {
	body, err := x.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: x.Actor.ID(), Kind: x.Type[0], Body: body, Expires: x.Expires}); err != nil {
		return err
	}
	return tx.Deliver(ctx, x.ID, to.Inbox, to.Host)
}

// atOnce is how much is mended at a time.
const atOnce = 100

// Mend asks again where no answer came, and what became of whom people here follow, leaves acts that nobody here follows any
// more because their accounts are gone, and forgets pictures nobody shows.
func (d *Desk) Mend(ctx context.Context) error {
	n := 0
	err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		silent, err := tx.Unanswered(ctx, tx.Now().Add(-patience), atOnce)
		if err != nil {
			return err
		}
		gone, err := tx.Left(ctx, atOnce)
		if err != nil {
			return err
		}
		n = len(silent) + len(gone)
		for _, f := range silent {
			if err := d.again(ctx, tx, f); err != nil {
				return err
			}
		}
		for _, f := range gone {
			a, err := tx.Actor(ctx, f.Actor)
			if err != nil {
				return err
			}
			if err := d.leave(ctx, tx, a); err != nil {
				return err
			}
		}
		if err := reaskFollowed(ctx, tx); err != nil {
			return err
		}
		if err := d.refresh(ctx, tx); err != nil {
			return err
		}
		if err := social.ForgetLives(ctx, tx); err != nil {
			return err
		}
		if err := tx.ForgetPaid(ctx, calendar.PeriodOf(tx.Now()).Add(-social.PaidMonths)); err != nil {
			return err
		}
		if err := tx.ForgetAsked(ctx, tx.Now().Add(-2*social.Compared)); err != nil {
			return err
		}
		if err := tx.ForgetShares(ctx, tx.Now().Add(-social.Unfound)); err != nil {
			return err
		}
		if err := tx.DropUnkept(ctx); err != nil {
			return err
		}
		return tx.DropPictures(ctx)
	})
	if err == nil && n > 0 {
		d.Sent()
	}
	if err != nil {
		return err
	}
	return d.Listens(ctx)
}

func (d *Desk) again(ctx context.Context, tx social.Tx, f social.Following) error {
	a, err := tx.Actor(ctx, f.Actor)
	if err != nil {
		return err
	}
	f.Asked = tx.Now()
	if err := tx.PutFollowing(ctx, f); err != nil {
		return err
	}
	return tx.Deliver(ctx, f.Activity, a.Inbox, a.Host)
}
