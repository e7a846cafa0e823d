package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// TellNodes has the nodes of acts elsewhere told what a month gave them.
func (tx *Tx) TellNodes(ctx context.Context, p calendar.Period) error {
	return tx.Enqueue(ctx, social.JobPaid, p.String(), []byte(p.String()), tx.Now)
}

func (tx socialTx) PaidOut(ctx context.Context, p calendar.Period, act id.Act) ([]social.Due, error) {
	rows, err := tx.Q.PaidOut(ctx, sqlgen.PaidOutParams{Period: int64(p), Act: string(act)})
	out := make([]social.Due, len(rows))
	for i, r := range rows {
		out[i] = social.Due{Act: id.Act(r.Act), Actor: r.Actor, Host: r.Host, Listeners: r.Count, Micro: money.Micro(r.Micro + r.Plus - r.Minus)}
	}
	return out, wrap(err, "lines")
}

func (tx socialTx) PutPaid(ctx context.Context, p social.Paid, proof []byte) (bool, error) {
	n, err := tx.Q.PaidElsewhereInsert(ctx, sqlgen.PaidElsewhereInsertParams{ID: p.ID, Host: p.Host, Act: string(p.Act), Period: int64(p.Period),
		Listeners: p.Listeners, Micro: int64(p.Micro), Statement: text(p.Statement), Tx: text(p.Tx), Proof: proof, At: tx.Ms()})
	return n > 0, wrap(err, "paid elsewhere")
}

func (tx socialTx) HeardOf(ctx context.Context, host string, act id.Act, p calendar.Period) (bool, error) {
	first := calendar.DayOf(p.Start()).Add(-1) // what begins before midnight is played after it
	is, err := tx.Q.SoundAskedOfAct(ctx, sqlgen.SoundAskedOfActParams{Host: host, Act: string(act), First: int64(first), Last: int64(calendar.DayOf(p.End()))})
	return is, wrap(err, "sound")
}

func (tx socialTx) CountPaid(ctx context.Context, host string) (int64, error) {
	n, err := tx.Q.PaidElsewhereByHost(ctx, host)
	return n, wrap(err, "paid elsewhere")
}

func (tx socialTx) PaidElsewhere(ctx context.Context, act id.Act, p calendar.Period, host string, n int) ([]social.Paid, error) {
	rows, err := tx.Q.PaidElsewhereOfAct(ctx, sqlgen.PaidElsewhereOfActParams{Act: string(act), Period: int64(p), Host: host, Lim: int32(n)})
	out := make([]social.Paid, len(rows))
	for i, r := range rows {
		out[i] = social.Paid{ID: r.ID, Host: r.Host, Act: act, Period: calendar.Period(r.Period), Listeners: r.Listeners, Micro: money.Micro(r.Micro), Statement: r.Statement, Tx: r.Tx, At: utc(r.At)}
	}
	return out, wrap(err, "paid elsewhere")
}

func (tx socialTx) ForgetPaid(ctx context.Context, before calendar.Period) error {
	return wrap(tx.Q.PaidElsewhereForget(ctx, int64(before)), "paid elsewhere")
}
