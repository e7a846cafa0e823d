package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func received(rows []sqlgen.Inbox, err error) ([]social.Received, error) {
	out := make([]social.Received, len(rows))
	for i, r := range rows {
		out[i] = social.Received{ID: r.ID, Host: r.Host, Actor: r.Actor, Body: r.Body, At: utc(r.Received), Tries: r.Tries}
	}
	return out, wrap(err, "inbox")
}

func (tx socialTx) Unapplied(ctx context.Context, n int) (list []social.Received, err error) {
	rows, err := tx.db.QueryContext(ctx, "select id, host, actor, body, received, tries from inbox where applied = 0 and due = 0 order by received, id limit $1", n)
	if err != nil {
		return nil, wrap(err, "inbox")
	}
	defer rows.Close()
	for size := 0; size < social.MostRead && rows.Next(); {
		var r social.Received
		var at int64
		if err := rows.Scan(&r.ID, &r.Host, &r.Actor, &r.Body, &at, &r.Tries); err != nil {
			return nil, wrap(err, "inbox")
		}
		r.At = utc(at)
		size += len(r.Body)
		list = append(list, r)
	}
	return list, wrap(rows.Err(), "inbox")
}

func (tx socialTx) AskFirst(ctx context.Context, r social.Received) error {
	due, err := tx.Q.InboxHostDue(ctx, r.Host)
	if err != nil {
		return wrap(err, "inbox")
	}
	return wrap(tx.Q.InboxLater(ctx, sqlgen.InboxLaterParams{Due: max(due, tx.Ms()), ID: r.ID}), "inbox")
}

func (tx socialTx) ToAsk(ctx context.Context, until time.Time, n int) ([]string, error) {
	rows, err := tx.Q.InboxHosts(ctx, sqlgen.InboxHostsParams{Until: ms(until), Lim: int32(n)})
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Host
	}
	return out, wrap(err, "inbox")
}

func (tx socialTx) UnappliedOf(ctx context.Context, host string, n int) ([]social.Received, error) {
	return received(tx.Q.InboxOfHost(ctx, sqlgen.InboxOfHostParams{Host: host, Now: tx.Ms(), Lim: int32(n)}))
}

func (tx socialTx) NotApplied(ctx context.Context, activity string, again time.Time, trouble string) error {
	return wrap(tx.Q.InboxLater(ctx, sqlgen.InboxLaterParams{Due: ms(again), Tried: 1, Error: text(trouble), ID: activity}), "inbox")
}

func (tx socialTx) NotAnswered(ctx context.Context, host string, again time.Time, most int, trouble string) (int64, error) {
	now := tx.Ms()
	n, err := tx.Q.InboxHostGivenUp(ctx, sqlgen.InboxHostGivenUpParams{Now: now, Body: []byte{}, Error: text(trouble), Host: host, Most: int64(most)})
	if err == nil {
		err = tx.Q.InboxHostLater(ctx, sqlgen.InboxHostLaterParams{Due: ms(again), Error: text(trouble), Host: host, Now: now})
	}
	return n, wrap(err, "inbox")
}
