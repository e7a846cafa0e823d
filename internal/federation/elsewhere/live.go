package elsewhere

import (
	"context"

	"github.com/michaelperna/9ten/internal/federation/vocab"
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
