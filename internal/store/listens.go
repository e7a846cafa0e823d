package store

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Untold(ctx context.Context, before time.Time) ([]social.Untold, error) {
	rows, err := tx.Q.ListensUntold(ctx, sqlgen.ListensUntoldParams{Before: ms(before), People: social.Fewest})
	out := make([]social.Untold, len(rows))
	for i, r := range rows {
		out[i] = social.Untold{Track: id.Track(r.ID), IRI: r.Iri, Actor: r.Actor, Inbox: r.Inbox, Host: r.Host, First: utc(max(r.Earliest, r.Until)), Plays: r.Plays, Counted: r.Counted, Seconds: r.Ms / 1000}
	}
	return out, wrap(err, "listens")
}

func (tx socialTx) SetTold(ctx context.Context, t id.Track, until time.Time) error {
	err := tx.Q.ListensTold(ctx, sqlgen.ListensToldParams{Track: string(t), Until: ms(until)})
	return wrap(errors.Join(err, tx.Q.PlaysTold(ctx, sqlgen.PlaysToldParams{Track: string(t), Before: ms(until)})), "listens")
}

func (tx socialTx) LogRoot(ctx context.Context, day time.Time) (string, error) {
	b, err := tx.Q.BatchByDay(ctx, int64(calendar.DayOf(day)))
	if err == nil && len(b.Root) == 0 {
		return "", fault.New(fault.NotFound, "That day is not in the log yet.")
	}
	return hex.EncodeToString(b.Root), missing(err, "That day is not in the log yet.")
}

func (tx socialTx) KnownListens(ctx context.Context, l social.Listens) (bool, error) {
	n, err := tx.Q.ListensOverlap(ctx, sqlgen.ListensOverlapParams{Host: l.Host, Track: string(l.Track), Until: ms(l.Until), First: ms(l.First)})
	return n > 0, wrap(err, "listens")
}

func (tx socialTx) CountListens(ctx context.Context, host string, since time.Time) (int64, error) {
	n, err := tx.Q.ListensKept(ctx, sqlgen.ListensKeptParams{Host: host, Since: ms(since)})
	return n, wrap(err, "listens")
}

func (tx socialTx) EverAsked(ctx context.Context, host string) (bool, error) {
	is, err := tx.Q.SoundAskedEver(ctx, host)
	return is, wrap(err, "sound")
}

func (tx socialTx) PutListens(ctx context.Context, l social.Listens, proof []byte) error {
	return wrap(tx.Q.ListensInsert(ctx, sqlgen.ListensInsertParams{ID: l.ID, Host: l.Host, Act: string(l.Act), Track: string(l.Track), First: ms(l.First), Until: ms(l.Until),
		Plays: l.Plays, Counted: l.Counted, Seconds: l.Seconds, Root: text(l.Root), Proof: proof, At: tx.Ms()}), "listens")
}

func (tx socialTx) ListensOf(ctx context.Context, a id.Act, since time.Time) ([]social.Listens, error) {
	rows, err := tx.Q.ListensOfAct(ctx, sqlgen.ListensOfActParams{Act: string(a), Since: ms(since)})
	out := make([]social.Listens, len(rows))
	for i, r := range rows {
		out[i] = social.Listens{Host: r.Host, Act: a, First: utc(r.Earliest), Until: utc(r.Until), Plays: r.Plays, Counted: r.Counted, Seconds: r.Seconds}
	}
	return out, wrap(err, "listens")
}

func (tx socialTx) Claimed(ctx context.Context, since time.Time) (map[string]int64, error) {
	rows, err := tx.Q.ListensByHost(ctx, ms(since))
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Host] = r.Counted
	}
	return out, wrap(err, "listens")
}

func (tx socialTx) Asked(ctx context.Context, since time.Time) (map[string]int64, error) {
	rows, err := tx.Q.SoundAskedByHost(ctx, int64(calendar.DayOf(since)))
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Host] = r.N
	}
	return out, wrap(err, "sound")
}

func (tx socialTx) AskedFor(ctx context.Context, host string, t id.Track) error {
	return wrap(tx.Q.SoundAskedAdd(ctx, sqlgen.SoundAskedAddParams{Host: host, Track: string(t), Day: int64(calendar.DayOf(tx.Now()))}), "sound")
}

func (tx socialTx) ForgetAsked(ctx context.Context, before time.Time) error {
	if err := tx.Q.ListensForget(ctx, ms(before)); err != nil {
		return wrap(err, "listens")
	}
	if err := tx.Q.RemoteProofForget(ctx, ms(before)); err != nil {
		return wrap(err, "proofs")
	}
	return wrap(tx.Q.SoundAskedForget(ctx, int64(calendar.DayOf(before))), "sound")
}
