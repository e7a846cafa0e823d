package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// Home is by which addresses else an act is known, and where it moved.
func (tx musicTx) Home(ctx context.Context, act id.Act) (h music.Home, err error) {
	rows, err := tx.Q.ActAliases(ctx, string(act))
	for _, r := range rows {
		h.Known = append(h.Known, music.Location{Actor: r.Actor, Handle: r.Handle})
	}
	if err != nil {
		return h, wrap(err, "aliases")
	}
	m, err := tx.Q.ActMove(ctx, string(act))
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	h.Moved, h.At = music.Location{Actor: m.Target, Handle: m.Handle}, utc(m.At)
	return h, wrap(err, "move")
}

func (tx socialTx) Home(ctx context.Context, act id.Act) (music.Home, error) {
	return musicTx(tx).Home(ctx, act)
}

func (tx socialTx) SetKnown(ctx context.Context, act id.Act, known []music.Location) error {
	if err := tx.Q.ActAliasesDrop(ctx, string(act)); err != nil {
		return wrap(err, "aliases")
	}
	for _, a := range known {
		if err := tx.Q.ActAliasPut(ctx, sqlgen.ActAliasPutParams{Act: string(act), Actor: a.Actor, Handle: text(a.Handle)}); err != nil {
			return wrap(err, "alias")
		}
	}
	return nil
}

func (tx socialTx) SetMoved(ctx context.Context, act id.Act, to music.Location) error {
	if to == (music.Location{}) {
		return wrap(tx.Q.ActMoveEnd(ctx, string(act)), "move")
	}
	return wrap(tx.Q.ActMovePut(ctx, sqlgen.ActMovePutParams{Act: string(act), Target: to.Actor, Handle: text(to.Handle), At: tx.Ms()}), "move")
}

func (tx socialTx) ActorMove(ctx context.Context, actor string) (social.Move, error) {
	r, err := tx.Q.ActorMove(ctx, actor)
	return social.Move{Actor: r.Actor, Host: r.Host, Target: r.Target, Asked: utc(r.Asked), Moved: utc(r.Moved)}, missing(err, "They did not move.")
}

func (tx socialTx) AskMove(ctx context.Context, m social.Move) error {
	return wrap(tx.Q.ActorMoveAsk(ctx, sqlgen.ActorMoveAskParams{Actor: m.Actor, Host: m.Host, Target: m.Target, Asked: tx.Ms()}), "move")
}

func (tx socialTx) Moved(ctx context.Context, actor string) error {
	return wrap(tx.Q.ActorMoveDone(ctx, sqlgen.ActorMoveDoneParams{Moved: tx.Ms(), Actor: actor}), "move")
}

func (tx socialTx) CountMoves(ctx context.Context, host string, since time.Time) (int64, error) {
	n, err := tx.Q.ActorMovesSince(ctx, sqlgen.ActorMovesSinceParams{Host: host, Since: ms(since)})
	return n, wrap(err, "moves")
}

func (tx socialTx) Arrivals(ctx context.Context, actor string, since time.Time) (int64, error) {
	n, err := tx.Q.MovesTo(ctx, sqlgen.MovesToParams{Target: actor, Since: ms(since)})
	return n, wrap(err, "moves")
}

func (tx socialTx) ForgetMoves(ctx context.Context, before time.Time) error {
	return wrap(tx.Q.ActorMovesExpire(ctx, ms(before)), "moves")
}

func (tx socialTx) WhoFollows(ctx context.Context, actor string, n int) ([]id.Account, error) {
	rows, err := tx.Q.RemoteFollowersOf(ctx, sqlgen.RemoteFollowersOfParams{Actor: actor, Lim: int32(n)})
	return accounts(rows), wrap(err, "followers")
}

func (tx socialTx) WhoFollowsAct(ctx context.Context, act id.Act, n int) ([]id.Account, error) {
	rows, err := tx.Q.FollowersOf(ctx, sqlgen.FollowersOfParams{Act: string(act), Lim: int32(n)})
	return accounts(rows), wrap(err, "followers")
}

func accounts(rows []string) []id.Account {
	out := make([]id.Account, len(rows))
	for i, r := range rows {
		out[i] = id.Account(r)
	}
	return out
}

func (tx socialTx) FollowHere(ctx context.Context, a id.Account, act id.Act, on bool) error {
	return musicTx(tx).SetFollow(ctx, a, act, on)
}
