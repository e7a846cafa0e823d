package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Announced(ctx context.Context, actor string, after music.Cursor, n int) ([]social.News, error) {
	rows, err := tx.Q.AnnouncedReleases(ctx, sqlgen.AnnouncedReleasesParams{Actor: actor, Key: after.Key, ID: after.ID, Lim: int32(n)})
	if err != nil {
		return nil, wrap(err, "announced")
	}
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = shared(r.ID, r.At, r.Release, r.Card, r.Track, r.Owner, r.OwnerHost)
	}
	return out, tx.dress(ctx, out)
}

func (tx socialTx) AnnouncedActs(ctx context.Context, actor string, n int) ([]social.Full, error) {
	rows, err := tx.Q.AnnouncedActs(ctx, sqlgen.AnnouncedActsParams{Actor: actor, Lim: int32(n)})
	out := make([]social.Full, len(rows))
	for i, r := range rows {
		out[i] = social.Full{Actor: remoteActor(r.RemoteActor), Cover: music.Cover{ID: r.Cover, Light: r.Light, Dark: r.Dark}, Count: r.Releases}
	}
	return out, wrap(err, "acts of a label")
}

func (tx socialTx) AnnouncedHere(ctx context.Context, actor string, n int) ([]music.ActRow, error) {
	list, err := tx.Q.AnnouncedActsHere(ctx, sqlgen.AnnouncedActsHereParams{Actor: actor, Lim: int32(n)})
	if err != nil {
		return nil, wrap(err, "acts of a label")
	}
	ids := make([]id.Act, len(list))
	for i, a := range list {
		ids[i] = id.Act(a)
	}
	names, err := musicTx(tx).ActNames(ctx, ids)
	out := make([]music.ActRow, 0, len(ids))
	for _, a := range ids {
		if row, ok := names[a]; ok {
			out = append(out, row)
		}
	}
	return out, err
}

func (tx socialTx) DropUnseen(ctx context.Context, actor string, since time.Time) error {
	return wrap(tx.Q.AnnouncedUnseen(ctx, sqlgen.AnnouncedUnseenParams{Actor: actor, Before: ms(since)}), "shares")
}
