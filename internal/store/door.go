package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Visitor(ctx context.Context, act id.Act, actor string) (social.Fan, error) {
	f := social.Fan{Act: act, Actor: actor, State: social.FollowBlock}
	b, err := tx.Q.ActBlockOf(ctx, sqlgen.ActBlockOfParams{Act: string(act), Actor: actor})
	if !errors.Is(err, sql.ErrNoRows) {
		f.Activity, f.Since = b.Activity, utc(b.Since)
		return f, wrap(err, "block")
	}
	r, err := tx.Q.ActFollower(ctx, sqlgen.ActFollowerParams{Act: string(act), Actor: actor})
	f.State, f.Activity, f.Since = social.FollowsThem, r.Activity, utc(r.Since)
	return f, missing(err, noActor)
}

func (tx socialTx) Visitors(ctx context.Context, act id.Act, state social.FollowState, after string, n int) (out []social.Fan, err error) {
	var rows []sqlgen.ActFollowersRow
	if state == social.FollowBlock {
		blocks, err := tx.Q.ActBlocks(ctx, sqlgen.ActBlocksParams{Act: string(act), After: after, Lim: int32(n)})
		if err != nil {
			return nil, wrap(err, "blocks")
		}
		for _, b := range blocks {
			rows = append(rows, sqlgen.ActFollowersRow(b))
		}
	} else if rows, err = tx.Q.ActFollowers(ctx, sqlgen.ActFollowersParams{Act: string(act), After: after, Lim: int32(n)}); err != nil {
		return nil, wrap(err, "followers")
	}
	for _, r := range rows {
		out = append(out, social.Fan{Act: act, Actor: r.Actor, State: state, Activity: r.Activity, Since: utc(r.Since), Handle: r.Handle, Host: r.Host, Name: r.Name, URL: r.Url})
	}
	return out, nil
}

func (tx socialTx) PutActBlock(ctx context.Context, f *social.Fan) error {
	return wrap(tx.Q.ActBlockPut(ctx, sqlgen.ActBlockPutParams{Act: string(f.Act), Actor: f.Actor, Activity: f.Activity, Since: ms(f.Since)}), "block")
}

func (tx socialTx) DropActBlock(ctx context.Context, act id.Act, actor string) error {
	return wrap(tx.Q.ActBlockDrop(ctx, sqlgen.ActBlockDropParams{Act: string(act), Actor: actor}), "block")
}

func (tx socialTx) BarredFrom(ctx context.Context, r id.Release, actor string) (bool, error) {
	n, err := tx.Q.ActBlockOfRelease(ctx, sqlgen.ActBlockOfReleaseParams{Release: string(r), Actor: actor})
	return n > 0, wrap(err, "block")
}

func (tx socialTx) Bars(ctx context.Context, r id.Release) (bool, error) {
	is, err := tx.Q.ActBlocksAny(ctx, string(r))
	return is, wrap(err, "block")
}

func (tx socialTx) Between(ctx context.Context, who, actor string) ([]social.Collaborator, error) {
	rows, err := tx.Q.CollaborationsBetween(ctx, sqlgen.CollaborationsBetweenParams{Who: who, Actor: actor})
	out := make([]social.Collaborator, len(rows))
	for i, r := range rows {
		out[i] = collaborator(r)
	}
	return out, wrap(err, "collaborators")
}
