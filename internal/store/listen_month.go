package store

import (
	"context"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx listenTx) DayActs(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.ActDay, error) {
	rows, err := tx.Q.DayActOf(ctx, sqlgen.DayActOfParams{Account: string(a), Day: int64(d)})
	out := make([]royalty.ActDay, len(rows))
	for i, r := range rows {
		out[i] = royalty.ActDay{Act: id.Act(r.Act), Credit: uint64(r.Credit), Plays: uint32(r.Plays)}
	}
	return out, wrap(err, "acts of a day")
}

func (tx listenTx) SetDayAct(ctx context.Context, a id.Account, d calendar.Day, act royalty.ActDay) error {
	if act.Credit == 0 && act.Plays == 0 {
		return wrap(tx.Q.DayActDelete(ctx, sqlgen.DayActDeleteParams{Account: string(a), Day: int64(d), Act: string(act.Act)}), "act of a day")
	}
	err := tx.Q.DayActSet(ctx, sqlgen.DayActSetParams{Account: string(a), Day: int64(d), Act: string(act.Act), Credit: int64(act.Credit), Plays: int64(act.Plays)})
	return wrap(err, "act of a day")
}

func (tx listenTx) AddMonthAct(ctx context.Context, a id.Account, p calendar.Period, d listen.Delta) error {
	err := tx.Q.MonthActAdd(ctx, sqlgen.MonthActAddParams{Account: string(a), Period: int64(p), Act: string(d.Act), Credit: d.Credit, Plays: d.Plays, Days: d.Days})
	return wrap(err, "act of a month")
}

func (tx listenTx) MonthActs(ctx context.Context, a id.Account, p calendar.Period) ([]royalty.Credit, error) {
	rows, err := tx.Q.MonthActOf(ctx, sqlgen.MonthActOfParams{Account: string(a), Period: int64(p)})
	out := make([]royalty.Credit, len(rows))
	for i, r := range rows {
		out[i] = royalty.Credit{Act: id.Act(r.Act), Credit: uint64(r.Credit), Plays: uint64(r.Plays), Days: uint32(r.Days)}
	}
	return out, wrap(err, "acts of a month")
}

func (tx listenTx) Unsealed(ctx context.Context, until calendar.Day) ([]listen.AccountDay, error) {
	rows, err := tx.Q.PlayUnsealed(ctx, until.End().UnixMilli())
	if err != nil {
		return nil, wrap(err, "unsealed plays")
	}
	seen := map[listen.AccountDay]bool{}
	var out []listen.AccountDay
	for _, r := range rows {
		d := listen.AccountDay{Account: id.Account(r.Account), Day: calendar.DayOf(time.UnixMilli(r.Began))}
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out, nil
}

func (tx listenTx) ClaimsOf(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.Hash, error) {
	rows, err := tx.Q.PlayHashes(ctx, sqlgen.PlayHashesParams{Account: string(a), Low: d.Start().UnixMilli(), High: d.End().UnixMilli()})
	out := make([]royalty.Hash, len(rows))
	for i, r := range rows {
		copy(out[i][:], r)
	}
	return out, wrap(err, "claims of a day")
}

func (tx listenTx) SealedRow(ctx context.Context, a id.Account, d calendar.Day) (sequence uint8, hash royalty.Hash, err error) {
	r, err := tx.Q.ListenerDay(ctx, sqlgen.ListenerDayParams{Account: string(a), Day: int64(d)})
	copy(hash[:], r.Hash)
	return uint8(r.Sequence), hash, absent(err, "sealed row")
}

func (tx listenTx) SetSealed(ctx context.Context, a id.Account, d calendar.Day, sequence uint8, hash royalty.Hash) error {
	return wrap(tx.Q.ListenerDaySet(ctx, sqlgen.ListenerDaySetParams{Account: string(a), Day: int64(d), Sequence: int64(sequence), Hash: hash[:]}), "sealed row")
}

func (tx listenTx) MarkSealed(ctx context.Context, a id.Account, d calendar.Day) error {
	return wrap(tx.Q.PlayMarkSealed(ctx, sqlgen.PlayMarkSealedParams{Account: string(a), Low: d.Start().UnixMilli(), High: d.End().UnixMilli()}), "sealed plays")
}

func (tx listenTx) NodeKey(ctx context.Context, p calendar.Period) ([]byte, error) {
	key, err := tx.Q.NodeMonth(ctx, int64(p))
	if err = absent(err, "node key"); !fault.Is(err, fault.NotFound) || tx.sql == nil {
		return key, err
	}
	key = random32()
	return key, wrap(tx.Q.NodeMonthInsert(ctx, sqlgen.NodeMonthInsertParams{Period: int64(p), Key: key}), "node key")
}

func (tx listenTx) ListenerKeys(ctx context.Context, a id.Account, p calendar.Period) (k listen.Keys, err error) {
	r, err := tx.Q.ListenerMonth(ctx, sqlgen.ListenerMonthParams{Account: string(a), Period: int64(p)})
	if err = absent(err, "listener's keys"); err == nil {
		copy(k.Pseudonym[:], r.Pseudonym)
		k.MonthKey = r.Key
		return k, nil
	}
	if !fault.Is(err, fault.NotFound) || tx.sql == nil {
		return k, err
	}
	node, err := tx.NodeKey(ctx, p)
	if err != nil {
		return k, err
	}
	k = listen.Keys{Pseudonym: royalty.PseudonymOf(node, a), MonthKey: random32()}
	return k, wrap(tx.Q.ListenerMonthInsert(ctx, sqlgen.ListenerMonthInsertParams{Account: string(a), Period: int64(p), Pseudonym: k.Pseudonym[:], Key: k.MonthKey}), "listener's keys")
}

// Forget removes an account's plays, totals and keys.
func (tx listenTx) Forget(ctx context.Context, a id.Account) error {
	account := string(a)
	return wrap(errors.Join(tx.Q.PlayForget(ctx, account), tx.Q.DayActForget(ctx, account), tx.Q.MonthActForget(ctx, account),
		tx.Q.ListenerDayForget(ctx, account), tx.Q.ListenerMonthForget(ctx, account)), "forget listening")
}

func (tx listenTx) DropClaims(ctx context.Context, before int64) (int64, error) {
	n, err := tx.Q.PlayDropClaims(ctx, sqlgen.PlayDropClaimsParams{Empty: []byte{}, Before: before})
	return n, wrap(err, "drop claims")
}
