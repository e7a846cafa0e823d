package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Lose(ctx context.Context, d social.Delivery, why string) error {
	if err := tx.Q.LostKeep(ctx, sqlgen.LostKeepParams{At: tx.Ms(), Why: text(why), Outgoing: d.ID, Inbox: d.Inbox}); err != nil {
		return wrap(err, "lost")
	}
	return tx.Delivered(ctx, d)
}

func (tx socialTx) Arrived(ctx context.Context, d social.Delivery) error {
	what, created := d.About, int64(0)
	if what == "" {
		what = d.ID
	}
	if d.Kind == "Create" || d.Kind == "Delete" {
		created = 1
	}
	return wrap(tx.Q.LostArrived(ctx, sqlgen.LostArrivedParams{Host: d.Host, Inbox: d.Inbox, What: what, Created: created}), "lost")
}

// away is why something was lost of which nothing else is known.
const away = "It did not take anything for a week."

func (tx socialTx) GiveUp(ctx context.Context, before time.Time) (int64, error) {
	if err := tx.Q.LostExpire(ctx, tx.Ms()); err != nil {
		return 0, wrap(err, "lost")
	}
	if err := tx.Q.LostKeepOld(ctx, sqlgen.LostKeepOldParams{Now: tx.Ms(), Why: away, Before: ms(before)}); err != nil {
		return 0, wrap(err, "lost")
	}
	if err := tx.Q.PeerLoseOld(ctx, sqlgen.PeerLoseOldParams{Before: ms(before), Now: tx.Ms()}); err != nil {
		return 0, wrap(err, "peers")
	}
	n, err := tx.Q.DeliveryExpire(ctx, ms(before))
	return n, wrap(err, "deliveries")
}

func (tx socialTx) Losses(ctx context.Context) ([]social.Losses, error) {
	rows, err := tx.Q.LostCounts(ctx, tx.Ms())
	out := make([]social.Losses, len(rows))
	for i, r := range rows {
		out[i] = social.Losses{Host: r.Host, N: r.N, Oldest: utc(r.Oldest), Why: r.Why}
	}
	return out, wrap(err, "lost")
}

func (tx socialTx) Lost(ctx context.Context, host string) ([]social.Loss, error) {
	rows, err := tx.Q.LostOfHost(ctx, sqlgen.LostOfHostParams{Host: host, Now: tx.Ms()})
	out := make([]social.Loss, len(rows))
	for i, r := range rows {
		out[i] = social.Loss{Host: r.Host, Inbox: r.Inbox, What: r.What, Created: r.Created != 0, Made: utc(r.Made)}
	}
	return out, wrap(err, "lost")
}

func (tx socialTx) Regain(ctx context.Context, host, what string) error {
	return wrap(tx.Q.LostRegain(ctx, sqlgen.LostRegainParams{Host: host, What: what}), "lost")
}

func (tx socialTx) DeliverTo(ctx context.Context, outgoing, host string) (int64, error) {
	if err := tx.Q.DeliveryKeepHost(ctx, sqlgen.DeliveryKeepHostParams{Outgoing: outgoing, Host: host}); err != nil {
		return 0, wrap(err, "delivery")
	}
	n, err := tx.Q.DeliveryCount(ctx, outgoing)
	return n, wrap(err, "delivery")
}

func (tx socialTx) FollowingOn(ctx context.Context, host string) ([]social.Actor, error) {
	rows, err := tx.Q.FollowingOnHost(ctx, host)
	out := make([]social.Actor, len(rows))
	for i, r := range rows {
		out[i] = remoteActor(r)
	}
	return out, wrap(err, "following")
}

func (tx socialTx) FollowedActs(ctx context.Context) ([]id.Act, error) {
	rows, err := tx.Q.ActsFollowedElsewhere(ctx)
	out := make([]id.Act, len(rows))
	for i, r := range rows {
		out[i] = id.Act(r)
	}
	return out, wrap(err, "followed acts")
}

func (tx socialTx) FollowedPersons(ctx context.Context) ([]id.Person, error) {
	rows, err := tx.Q.PersonsFollowedElsewhere(ctx)
	out := make([]id.Person, len(rows))
	for i, r := range rows {
		out[i] = id.Person(r)
	}
	return out, wrap(err, "followed persons")
}
