package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) MarkPassed(ctx context.Context, c id.Comment) error {
	return wrap(tx.Q.CommentPassed(ctx, string(c)), "comment")
}

func (tx socialTx) NotTo(ctx context.Context, outgoing, host string) error {
	return wrap(tx.Q.DeliveryNotTo(ctx, sqlgen.DeliveryNotToParams{Outgoing: outgoing, Host: host}), "delivery")
}

func (tx socialTx) NotePassed(ctx context.Context, p social.Passed) error {
	err := tx.Q.PassedPut(ctx, sqlgen.PassedPutParams{Activity: p.ID, Comment: string(p.Comment), Kind: p.Kind, Actor: p.From.ID, Host: p.From.Host, At: tx.Ms()})
	if err != nil {
		return wrap(err, "passed")
	}
	return wrap(tx.Q.PassedOlder(ctx, sqlgen.PassedOlderParams{Comment: string(p.Comment), Activity: p.ID}), "passed")
}

func (tx socialTx) CountPassed(ctx context.Context, c id.Comment, from social.Actor, since time.Time) (of, by, all int64, err error) {
	if of, err = tx.Q.PassedOfComment(ctx, sqlgen.PassedOfCommentParams{Comment: string(c), Since: ms(since)}); err != nil {
		return 0, 0, 0, wrap(err, "passed")
	}
	if by, err = tx.Q.PassedOfActor(ctx, sqlgen.PassedOfActorParams{Actor: from.ID, Since: ms(since)}); err != nil {
		return 0, 0, 0, wrap(err, "passed")
	}
	all, err = tx.Q.PassedOfHost(ctx, sqlgen.PassedOfHostParams{Host: from.Host, Since: ms(since)})
	return of, by, all, wrap(err, "passed")
}

func (tx socialTx) ForgetPassed(ctx context.Context, before time.Time) error {
	return wrap(tx.Q.PassedExpire(ctx, ms(before)), "passed")
}

func (tx socialTx) PutCount(ctx context.Context, t social.Thing, kind social.Reaction, n int64) error {
	if kind == social.Like {
		return wrap(tx.Q.TalkLikes(ctx, sqlgen.TalkLikesParams{Release: string(t.Release), Track: string(t.Track), N: n}), "likes")
	}
	return wrap(tx.Q.TalkShares(ctx, sqlgen.TalkSharesParams{Release: string(t.Release), Track: string(t.Track), N: n}), "shares")
}

func (tx socialTx) TalkAsked(ctx context.Context, r id.Release) (time.Time, error) {
	at, err := tx.Q.TalkAsked(ctx, string(r))
	return utc(at), wrap(err, "talk")
}

func (tx socialTx) AskTalk(ctx context.Context, r id.Release, before time.Time) (bool, error) {
	n, err := tx.Q.TalkAsk(ctx, sqlgen.TalkAskParams{Release: string(r), Asked: tx.Ms(), Before: ms(before)})
	return n > 0, wrap(err, "talk")
}

// countedElsewhere adds what another server says of how many like and share its music.
func (tx socialTx) countedElsewhere(ctx context.Context, r id.Release, out map[social.Thing]social.Counts) error {
	rows, err := tx.Q.TalkCounts(ctx, string(r))
	for _, row := range rows {
		if row.Likes+row.Shares > 0 {
			out[social.Thing{Release: r, Track: id.Track(row.Track)}] = social.Counts{Likes: row.Likes, Boosts: row.Shares}
		}
	}
	return wrap(err, "reactions")
}
