package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) NewsHere(ctx context.Context, who id.Account, after music.Cursor, n int) ([]social.News, error) {
	rows, err := musicTx(tx).FollowedReleases(ctx, who, after, n)
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = social.News{ID: string(r.ID), At: r.Published, Release: r}
	}
	return out, err
}

func (tx socialTx) NewsThere(ctx context.Context, who id.Account, after music.Cursor, n int) ([]social.News, error) {
	list, err := tx.ReleasesFollowed(ctx, who, after, n)
	out := make([]social.News, len(list))
	for i := range list {
		r := &list[i]
		out[i] = social.News{ID: string(r.ID), At: r.Published, Release: r.Row(), Owner: r.Actor, OwnerHost: r.Host}
	}
	return out, err
}

func (tx socialTx) NewsShared(ctx context.Context, who id.Account, after music.Cursor, n int) ([]social.News, error) {
	rows, err := tx.Q.RemoteBoostsFollowed(ctx, sqlgen.RemoteBoostsFollowedParams{Account: string(who), Key: after.Key, ID: after.ID, Lim: int32(n)})
	if err != nil {
		return nil, wrap(err, "shared")
	}
	cards := make([][2]string, len(rows))
	for i, r := range rows {
		cards[i] = [2]string{r.Release, r.Card}
	}
	found, err := tx.rows(ctx, cards)
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = social.News{ID: r.ID, At: utc(r.At), Release: found[i], Track: id.Track(r.Track), By: r.Actor, Name: r.Name, Handle: r.Handle + "@" + r.Host, Owner: r.Owner, OwnerHost: r.OwnerHost}
	}
	return out, err
}

func (tx socialTx) BoostedBy(ctx context.Context, p id.Person, after music.Cursor, n int) ([]social.News, error) {
	rows, err := tx.Q.PersonBoosts(ctx, sqlgen.PersonBoostsParams{Person: string(p), Key: after.Key, ID: after.ID, Lim: int32(n)})
	if err != nil {
		return nil, wrap(err, "boosts")
	}
	cards := make([][2]string, len(rows))
	for i, r := range rows {
		cards[i] = [2]string{r.Release, r.Card}
	}
	found, err := tx.rows(ctx, cards)
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = social.News{ID: r.Release + r.Track, At: utc(r.At), Release: found[i], Track: id.Track(r.Track), Owner: r.Owner, OwnerHost: r.OwnerHost}
	}
	return out, err
}

// rows are those of releases, each given with its card, which is "" where it is of another
// server.
func (tx socialTx) rows(ctx context.Context, cards [][2]string) ([]music.ReleaseRow, error) {
	out := make([]music.ReleaseRow, len(cards))
	for i, c := range cards {
		out[i].ID = id.Release(c[0])
		if c[1] != "" {
			out[i].Unpack(c[1])
		}
	}
	return out, musicTx(tx).releasesElsewhere(ctx, out)
}

func (tx socialTx) PutShare(ctx context.Context, s social.Share, t social.Thing) error {
	return wrap(tx.Q.RemoteBoostPut(ctx, sqlgen.RemoteBoostPutParams{ID: string(id.New[id.Share](tx.Now())), Actor: s.Actor, Activity: s.Activity, About: s.About,
		Release: string(t.Release), Track: string(t.Track), At: ms(s.At)}), "share")
}

func (tx socialTx) FoundShare(ctx context.Context, s social.Share, t social.Thing) error {
	return wrap(tx.Q.RemoteBoostFind(ctx, sqlgen.RemoteBoostFindParams{Actor: s.Actor, About: s.About, Release: string(t.Release), Track: string(t.Track)}), "share")
}

func (tx socialTx) DropShare(ctx context.Context, actor, activity, about string) error {
	_, err := tx.Q.RemoteBoostDrop(ctx, sqlgen.RemoteBoostDropParams{Actor: actor, Activity: activity, About: about})
	return wrap(err, "share")
}

func (tx socialTx) CountShares(ctx context.Context, actor string, since time.Time) (int64, error) {
	n, err := tx.Q.RemoteBoostsSince(ctx, sqlgen.RemoteBoostsSinceParams{Actor: actor, Since: ms(since)})
	return n, wrap(err, "shares")
}

func (tx socialTx) ForgetShares(ctx context.Context, unfound time.Time) error {
	return wrap(tx.Q.RemoteBoostExpire(ctx, ms(unfound)), "shares")
}
