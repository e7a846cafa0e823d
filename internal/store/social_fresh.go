package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) SetLooked(ctx context.Context, actor string) error {
	return wrap(tx.Q.RemoteActorLooked(ctx, sqlgen.RemoteActorLookedParams{Looked: tx.Ms(), ID: actor}), "actor")
}

func (tx socialTx) StaleActors(ctx context.Context, before time.Time, n int) ([]social.Actor, error) {
	rows, err := tx.Q.RemoteActorsStale(ctx, sqlgen.RemoteActorsStaleParams{Before: ms(before), Lim: int32(n)})
	out := make([]social.Actor, len(rows))
	for i, r := range rows {
		out[i] = remoteActor(r)
	}
	return out, wrap(err, "actors")
}

func (tx socialTx) PageOfReleases(ctx context.Context, actor string, after music.Cursor, n int) ([]social.Release, error) {
	rows, err := tx.Q.RemoteReleasesPage(ctx, sqlgen.RemoteReleasesPageParams{Actor: actor, Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]social.Release, len(rows))
	for i, r := range rows {
		out[i] = shown(sqlgen.RemoteReleaseByIDRow(r))
	}
	return out, wrap(err, "releases")
}

func (tx socialTx) CountReleases(ctx context.Context, actor string) (int64, error) {
	n, err := tx.Q.RemoteReleasesCount(ctx, actor)
	return n, wrap(err, "releases")
}

func (tx socialTx) Unseen(ctx context.Context, actor string, before time.Time, past id.Release, n int) ([]social.Release, error) {
	rows, err := tx.Q.RemoteReleasesUnseen(ctx, sqlgen.RemoteReleasesUnseenParams{Actor: actor, Before: ms(before), Past: string(past), Lim: int32(n)})
	out := make([]social.Release, len(rows))
	for i, r := range rows {
		out[i] = remoteRelease(r)
	}
	return out, wrap(err, "releases")
}
