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
