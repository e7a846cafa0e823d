package elsewhere

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Audiences tells the nodes of events that are under way how many people of this node
// are there, once a minute: from five on, to that node alone, for a minute. What was
// not delivered by then is dropped.
func (d *Desk) Audiences(ctx context.Context, lives *social.Lives) error {
	var away []social.Live
	err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		away = nil
		if err := tx.DropExpired(ctx); err != nil {
			return err
		}
		list, err := tx.LivesAway(ctx)
		for _, what := range list {
			if err == nil && lives.Here(what, tx.Now()) >= social.Fewest {
				var l social.Live
				l, err = tx.Live(ctx, what)
				away = append(away, l)
			}
		}
		return err
	})
	for i := range away {
		if err == nil {
			err = d.audience(ctx, &away[i], lives.Here(away[i].ID, d.Now()))
		}
	}
	return err
}

func (d *Desk) audience(ctx context.Context, l *social.Live, n int64) error {
	a, err := d.Servers.Known(ctx, l.Actor)
	if err == nil {
		err = d.Servers.Node(ctx, a.Host)
	}
	if err != nil || n < social.Fewest { // who is away now is told in a minute
		d.Log.Debug("an audience was not told", "event", l.IRI, "err", err)
		return nil
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		counter := &vocab.Object{Type: []string{"InteractionCounter"}}
		counter.Put("userInteractionCount", n)
		x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"View", "nineten:StreamActivity"}, Actor: vocab.At(d.Site.Node()), Object: vocab.One(l.IRI), To: []string{a.ID},
			Expires: tx.Now().Add(social.AudienceFor), Result: []vocab.Item{vocab.Of(counter)}}
		return d.post(ctx, tx, x, a)
	})
	if err == nil {
		d.Sent()
	}
	return err
}

// Bounds of what is asked of events, at one time.
const (
	totalsAtOnce = 16 // servers
	totalsOfHost = 20 // events of one server, which is asked for other things as well
)

// Totals asks the nodes of events that are under way how many people are there in all, of
// each at most every [social.TotalEvery]. It asks of every event that is known here, whether
// anybody of this node is there or not: so no question tells that somebody is.
func (d *Desk) Totals(ctx context.Context) error {
	byHost, err := d.uncounted(ctx)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(totalsAtOnce)
	for _, list := range byHost {
		g.Go(func() error { return d.totals(ctx, list) })
	}
	return g.Wait()
}

// uncounted are the events to ask about now, by server. They count as asked, whatever
// comes of it.
func (d *Desk) uncounted(ctx context.Context) (byHost map[string][]social.Live, err error) {
	var away []social.Live
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		away = nil
		list, err := tx.LivesAway(ctx)
		for _, what := range list {
			if err == nil {
				var l social.Live
				l, err = tx.Live(ctx, what)
				away = append(away, l)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now, asked := d.Now(), map[id.Live]time.Time{}
	byHost = map[string][]social.Live{}
	for _, l := range away {
		at, before := d.totalled[l.ID]
		if due := !before || now.Sub(at) >= social.TotalEvery; due && len(byHost[l.Host]) < totalsOfHost {
			byHost[l.Host] = append(byHost[l.Host], l)
			at, before = now, true
		}
		if before {
			asked[l.ID] = at
		}
	}
	d.totalled = asked // those that are over are forgotten
	return byHost, nil
}

// totals asks about events of one server, one after the other, until that does not answer:
// what it said last is good for a while longer.
func (d *Desk) totals(ctx context.Context, list []social.Live) error {
	for i := range list {
		l := &list[i]
		o, err := d.Servers.Document(ctx, l.IRI)
		if err != nil {
			d.Log.Debug("an audience was not asked for", "event", l.IRI, "err", err)
			if fault.Is(err, fault.Unavailable) || ctx.Err() != nil {
				return nil
			}
			continue
		}
		if is, ok := record.Live(o, l.Actor); !ok || is.IRI != l.IRI {
			continue
		}
		if err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return social.KeepTotal(ctx, tx, l.ID, record.Audience(o)) }); err != nil {
			return err
		}
	}
	return nil
}
