package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) SetBoost(ctx context.Context, p id.Person, t social.Thing, on bool) (changed bool, err error) {
	var n int64
	if on {
		n, err = tx.Q.BoostPut(ctx, sqlgen.BoostPutParams{Person: string(p), Release: string(t.Release), Track: string(t.Track), At: tx.Ms()})
	} else {
		n, err = tx.Q.BoostDrop(ctx, sqlgen.BoostDropParams{Person: string(p), Release: string(t.Release), Track: string(t.Track)})
	}
	return n > 0, wrap(err, "boost")
}

func (tx socialTx) Boosts(ctx context.Context, p id.Person, t social.Thing) (bool, error) {
	n, err := tx.Q.BoostOf(ctx, sqlgen.BoostOfParams{Person: string(p), Release: string(t.Release), Track: string(t.Track)})
	return n > 0, wrap(err, "boost")
}

func (tx socialTx) BoostTold(ctx context.Context, about string) (time.Time, error) {
	at, err := tx.Q.BoostTold(ctx, about)
	return utc(at), wrap(err, "boost")
}

func (tx socialTx) CountBoosts(ctx context.Context, p id.Person, since time.Time) (int64, error) {
	n, err := tx.Q.BoostsSince(ctx, sqlgen.BoostsSinceParams{Person: string(p), Since: ms(since)})
	return n, wrap(err, "boosts")
}

func (tx socialTx) BoostsOf(ctx context.Context, p id.Person, n int) ([]social.Boosted, error) {
	rows, err := tx.Q.Boosts(ctx, sqlgen.BoostsParams{Person: string(p), Lim: int32(n)})
	out := make([]social.Boosted, len(rows))
	for i, r := range rows {
		out[i] = social.Boosted{Thing: social.Thing{Release: id.Release(r.Release), Track: id.Track(r.Track)}, At: utc(r.At)}
	}
	return out, wrap(err, "boosts")
}

func (tx socialTx) BoostsOn(ctx context.Context, p id.Person, r id.Release) ([]id.Track, error) {
	rows, err := tx.Q.BoostsOn(ctx, sqlgen.BoostsOnParams{Person: string(p), Release: string(r)})
	out := make([]id.Track, len(rows))
	for i, t := range rows {
		out[i] = id.Track(t)
	}
	return out, wrap(err, "boosts")
}
