package elsewhere

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// TellPaid does a [social.JobPaid]: of a period it makes a job of each act elsewhere that
// the month gave something, so that a node that is away delays no other; of a period
// and an act it tells the act's node.
func (d *Desk) TellPaid(ctx context.Context, payload []byte) error {
	month, act, one := strings.Cut(string(payload), " ")
	p, err := calendar.ParsePeriod(month)
	if err != nil {
		return err
	}
	if one {
		return d.tellMonth(ctx, p, id.Act(act))
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		list, err := tx.PaidOut(ctx, p, "")
		if err != nil {
			return err
		}
		for _, x := range list {
			what := month + " " + string(x.Act)
			if err := tx.Enqueue(ctx, social.JobPaid, what, []byte(what), time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// tellMonth tells an act's node, and no other, what a month gave the act here: once,
// under an id that is the month's and the act's. Who is no node is not told.
func (d *Desk) tellMonth(ctx context.Context, p calendar.Period, act id.Act) error {
	due, known, err := d.due(ctx, p, act)
	if err != nil || known {
		return err
	}
	to, err := d.home(ctx, due)
	if done(err) {
		return nil
	}
	if err != nil {
		return err
	}
	hash, record, err := d.Statements.Statement(ctx, social.NodeOf(d.Site.Host()), p)
	if err != nil {
		return err
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		x := d.paid(p, &due, tx.Now())
		x.Put("nineten:statement", hash)
		x.Put("nineten:transaction", record)
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if body, err = d.Prove(body, tx.Now()); err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: d.Site.Node(), About: x.ID, Kind: x.Type[0], Body: body, Expires: x.Expires}); err != nil {
			return err
		}
		return tx.Deliver(ctx, x.ID, to.Inbox, to.Host)
	})
	if err == nil {
		d.Sent()
	}
	return err
}

// due is what an act's node is to be told, and whether it was told before.
func (d *Desk) due(ctx context.Context, p calendar.Period, act id.Act) (due social.Due, known bool, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		list, err := tx.PaidOut(ctx, p, act)
		if err != nil || len(list) == 0 {
			known = true // nothing to tell any more
			return err
		}
		due = list[0]
		_, err = tx.Activity(ctx, d.Site.MonthPaid(act, p))
		known = err == nil
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	})
	return due, known, err
}

// home is the act to be told, where its server is a node. Faults: Unsupported for one
// that is none.
func (d *Desk) home(ctx context.Context, due social.Due) (social.Actor, error) {
	a, err := d.Servers.Actor(ctx, due.Actor)
	if err != nil {
		return a, err
	}
	return a, d.Servers.Node(ctx, a.Host)
}

// paid is what is said: the amount to the millionth, which is money, and how many
// listeners only where they are too many to be guessed.
func (d *Desk) paid(p calendar.Period, due *social.Due, now time.Time) *vocab.Object {
	counter := &vocab.Object{Type: []string{"InteractionCounter"}}
	if due.Listeners >= social.Fewest {
		counter.Put("userInteractionCount", due.Listeners)
	}
	counter.Put("nineten:micro", int64(due.Micro))
	return &vocab.Object{ID: d.Site.MonthPaid(due.Act, p), Type: []string{"Offer", "nineten:SubscriptionActivity"}, Actor: vocab.At(d.Site.Node()), Object: vocab.One(due.Actor), To: []string{due.Actor},
		StartTime: p.Start(), EndTime: p.End(), Expires: now.Add(goodFor), Result: []vocab.Item{vocab.Of(counter)}}
}
