package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Public(ctx context.Context, t social.Thing) (social.Thing, id.Act, error) {
	if t.Track != "" {
		row, err := tx.Q.TrackByID(ctx, string(t.Track))
		if err != nil {
			return t, "", missing(err, noTrack)
		}
		if row.State != string(music.Ready) || t.Release != "" && row.Release != string(t.Release) {
			return t, "", fault.New(fault.NotFound, noTrack)
		}
		t.Release = id.Release(row.Release)
	}
	row, err := tx.Q.ReleaseByID(ctx, string(t.Release))
	if err != nil {
		return t, "", missing(err, noRelease)
	}
	if row.State != string(music.Published) {
		return t, "", fault.New(fault.NotFound, noRelease)
	}
	return t, id.Act(row.Act), nil
}

func (tx socialTx) React(ctx context.Context, r social.Reacted) (bool, error) {
	n, err := tx.Q.ReactionPut(ctx, sqlgen.ReactionPutParams{Actor: r.Actor, Kind: string(r.Kind), Release: string(r.Thing.Release), Track: string(r.Thing.Track), Activity: r.Activity, At: ms(r.At)})
	return n > 0, wrap(err, "reaction")
}

func (tx socialTx) Unreact(ctx context.Context, actor string, kind social.Reaction, t social.Thing) (bool, error) {
	n, err := tx.Q.ReactionDrop(ctx, sqlgen.ReactionDropParams{Actor: actor, Kind: string(kind), Release: string(t.Release), Track: string(t.Track)})
	return n > 0, wrap(err, "reaction")
}

func (tx socialTx) UnreactBy(ctx context.Context, actor, activity string) (bool, error) {
	n, err := tx.Q.ReactionDropBy(ctx, sqlgen.ReactionDropByParams{Actor: actor, Activity: activity})
	return n > 0, wrap(err, "reaction")
}

func (tx socialTx) Reactions(ctx context.Context, r id.Release) (map[social.Thing]social.Counts, error) {
	rows, err := tx.Q.ReactionCounts(ctx, string(r))
	out := make(map[social.Thing]social.Counts, len(rows))
	for _, row := range rows {
		t := social.Thing{Release: r, Track: id.Track(row.Track)}
		c := out[t]
		switch social.Reaction(row.Kind) {
		case social.Like:
			c.Likes = row.N
		case social.Boost:
			c.Boosts = row.N
		}
		out[t] = c
	}
	return out, wrap(err, "reactions")
}
