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
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = shared(r.ID, r.At, r.Release, r.Card, r.Track, r.Owner, r.OwnerHost)
		out[i].IsShared = true
	}
	return out, tx.dress(ctx, out)
}

func (tx socialTx) Sharers(ctx context.Context, who id.Account, t social.Thing, n int) ([]social.Sharer, error) {
	rows, err := tx.Q.RemoteBoostSharers(ctx, sqlgen.RemoteBoostSharersParams{Account: string(who), Release: string(t.Release), Track: string(t.Track), Lim: int32(n)})
	out := make([]social.Sharer, len(rows))
	for i, r := range rows {
		out[i] = social.Sharer{Actor: r.Actor, Handle: r.Handle + "@" + r.Host, Name: r.Name}
	}
	return out, wrap(err, "who shared it")
}

func (tx socialTx) BoostedBy(ctx context.Context, p id.Person, after music.Cursor, n int) ([]social.News, error) {
	rows, err := tx.Q.PersonBoosts(ctx, sqlgen.PersonBoostsParams{Person: string(p), Key: after.Key, ID: after.ID, Lim: int32(n)})
	if err != nil {
		return nil, wrap(err, "boosts")
	}
	out := make([]social.News, len(rows))
	for i, r := range rows {
		out[i] = shared(r.Release+r.Track, r.At, r.Release, r.Card, r.Track, r.Owner, r.OwnerHost)
	}
	return out, tx.dress(ctx, out)
}

// shared is something that was shared; card is "" where it is of another server, whose
// release [socialTx.dress] fills in.
func shared(name string, at int64, release, card, track, owner, host string) social.News {
	n := social.News{ID: name, At: utc(at), Release: music.ReleaseRow{ID: id.Release(release)}, Track: id.Track(track), Owner: owner, OwnerHost: host}
	if card != "" {
		n.Release.Unpack(card)
	}
	return n
}

// dress fills in the releases of other servers.
func (tx socialTx) dress(ctx context.Context, list []social.News) error {
	rows := make([]music.ReleaseRow, len(list))
	for i := range list {
		rows[i] = list[i].Release
	}
	err := musicTx(tx).releasesElsewhere(ctx, rows)
	for i := range list {
		list[i].Release = rows[i]
	}
	return err
}

func (tx socialTx) PutShare(ctx context.Context, s social.Share, t social.Thing) (fresh bool, err error) {
	name := string(id.New[id.Share](tx.Now()))
	kept, err := tx.Q.RemoteBoostPut(ctx, sqlgen.RemoteBoostPutParams{ID: name, Actor: s.Actor, Activity: s.Activity, About: s.About,
		Release: string(t.Release), Track: string(t.Track), At: ms(s.At), Seen: tx.Ms()})
	return kept == name, wrap(err, "share")
}

func (tx socialTx) FoundShare(ctx context.Context, s social.Share, t social.Thing) error {
	return wrap(tx.Q.RemoteBoostFind(ctx, sqlgen.RemoteBoostFindParams{Actor: s.Actor, About: s.About, Release: string(t.Release), Track: string(t.Track)}), "share")
}

func (tx socialTx) DropShare(ctx context.Context, actor, activity, about string) error {
	_, err := tx.Q.RemoteBoostDrop(ctx, sqlgen.RemoteBoostDropParams{Actor: actor, Activity: activity, About: about})
	return wrap(err, "share")
}

func (tx socialTx) CountShares(ctx context.Context, actor string, since time.Time) (int64, error) {
	n, err := tx.Q.RemoteBoostsSince(ctx, sqlgen.RemoteBoostsSinceParams{Actor: actor, Since: string(id.Since[id.Share](since))})
	return n, wrap(err, "shares")
}

func (tx socialTx) ForgetShares(ctx context.Context, unfound time.Time) error {
	return wrap(tx.Q.RemoteBoostExpire(ctx, string(id.Since[id.Share](unfound))), "shares")
}
