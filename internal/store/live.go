package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// optional is a text that may be missing.
func optional(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

const noLive = "There is no such event."

func (tx socialTx) PutLive(ctx context.Context, l social.Live) error {
	return wrap(tx.Q.LivePut(ctx, sqlgen.LivePutParams{ID: string(l.ID), Iri: l.IRI, Act: string(l.Act), Actor: l.Actor, Title: text(l.Title), Link: text(l.Link), Page: text(l.Page),
		Starts: ms(l.Starts), Ends: ms(l.Ends), Published: ms(l.Published), Updated: ms(l.Updated)}), "live event")
}

func live(r sqlgen.LiveByIDRow) social.Live {
	return social.Live{ID: id.Live(r.ID), IRI: r.Iri, Act: id.Act(r.Act), Actor: r.Actor, Title: r.Title, Link: r.Link, Page: r.Page, Starts: utc(r.Starts), Ends: utc(r.Ends),
		Published: utc(r.Published), Updated: utc(r.Updated), Name: r.Name, Handle: r.Handle, Host: r.Host}
}

func (tx socialTx) Live(ctx context.Context, l id.Live) (social.Live, error) {
	r, err := tx.Q.LiveByID(ctx, string(l))
	return live(r), missing(err, noLive)
}

func (tx socialTx) LiveByIRI(ctx context.Context, iri string) (social.Live, error) {
	name, err := tx.Q.LiveByIRI(ctx, iri)
	if err != nil {
		return social.Live{}, missing(err, noLive)
	}
	return tx.Live(ctx, id.Live(name))
}

func (tx socialTx) LivesOf(ctx context.Context, act id.Act, actor string, n int) ([]social.Live, error) {
	rows, err := tx.Q.LiveOf(ctx, sqlgen.LiveOfParams{Act: optional(string(act)), Actor: optional(actor), Now: tx.Ms(), Lim: int32(n)})
	out := make([]social.Live, len(rows))
	for i, r := range rows {
		out[i] = live(sqlgen.LiveByIDRow(r))
	}
	return out, wrap(err, "live events")
}

func (tx socialTx) LivesFollowed(ctx context.Context, a id.Account, n int) ([]social.Live, error) {
	rows, err := tx.Q.LiveFollowed(ctx, sqlgen.LiveFollowedParams{Account: string(a), Now: tx.Ms(), Lim: int32(n)})
	out := make([]social.Live, len(rows))
	for i, r := range rows {
		out[i] = live(sqlgen.LiveByIDRow(r))
	}
	return out, wrap(err, "live events")
}

func (tx socialTx) LivesAway(ctx context.Context) ([]id.Live, error) {
	rows, err := tx.Q.LiveAway(ctx, tx.Ms())
	out := make([]id.Live, len(rows))
	for i, r := range rows {
		out[i] = id.Live(r)
	}
	return out, wrap(err, "live events")
}

func (tx socialTx) CountLives(ctx context.Context, act id.Act, actor string) (int64, error) {
	n, err := tx.Q.LiveCount(ctx, sqlgen.LiveCountParams{Act: optional(string(act)), Actor: optional(actor), Now: tx.Ms()})
	return n, wrap(err, "live events")
}

func (tx socialTx) DropLive(ctx context.Context, l id.Live) error {
	return wrap(tx.Q.LiveDrop(ctx, string(l)), "live event")
}

func (tx socialTx) ForgetLives(ctx context.Context, before time.Time) (own []id.Live, err error) {
	rows, err := tx.Q.LiveForget(ctx, ms(before))
	for _, r := range rows {
		if r != "" {
			own = append(own, id.Live(r))
		}
	}
	return own, wrap(err, "live events")
}

func (tx socialTx) PutAudience(ctx context.Context, l id.Live, host string, n int64, until time.Time) error {
	return wrap(tx.Q.LiveAudiencePut(ctx, sqlgen.LiveAudiencePutParams{Live: string(l), Host: host, N: n, Until: ms(until)}), "audience")
}

func (tx socialTx) Audience(ctx context.Context, l id.Live) (int64, error) {
	n, err := tx.Q.LiveAudience(ctx, sqlgen.LiveAudienceParams{Live: string(l), Now: tx.Ms()})
	return n, wrap(err, "audience")
}

func (tx socialTx) DropExpired(ctx context.Context) error {
	return wrap(errors.Join(tx.Q.LiveAudienceForget(ctx, tx.Ms()), tx.Q.DeliveryDropExpired(ctx, tx.Ms())), "what has expired")
}
