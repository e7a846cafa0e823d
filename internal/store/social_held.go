package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) PutHeld(ctx context.Context, h social.Held) (bool, error) {
	known, err := tx.Q.InboxKnows(ctx, h.ID)
	if err != nil || known > 0 {
		return false, wrap(err, "inbox")
	}
	n, err := tx.Q.HeldPut(ctx, sqlgen.HeldPutParams{ID: h.ID, Host: h.Host, Actor: h.Actor, Kind: text(h.Kind), About: text(h.About), Words: text(h.Words), Body: h.Body, Size: int64(len(h.Body)), At: tx.Ms()})
	return n > 0, wrap(err, "quarantine")
}

func (tx socialTx) Held(ctx context.Context, what string) (social.Held, error) {
	r, err := tx.Q.HeldOne(ctx, what)
	return held(r), missing(err, "Nothing of that id waits in quarantine.")
}

func held(r sqlgen.Held) social.Held {
	return social.Held{Received: social.Received{ID: r.ID, Host: r.Host, Actor: r.Actor, Body: r.Body, At: utc(r.At)}, Kind: r.Kind, About: r.About, Words: r.Words, Size: r.Size}
}

func (tx socialTx) ListHeld(ctx context.Context, host string, at time.Time, after string, n int) ([]social.Held, error) {
	rows, err := tx.Q.HeldList(ctx, sqlgen.HeldListParams{Host: host, At: ms(at), After: after, Lim: int32(n)})
	out := make([]social.Held, len(rows))
	for i, r := range rows {
		out[i] = held(sqlgen.Held{ID: r.ID, Host: r.Host, Actor: r.Actor, Kind: r.Kind, About: r.About, Words: r.Words, Size: r.Size, At: r.At})
	}
	return out, wrap(err, "quarantine")
}

func (tx socialTx) OldestHeld(ctx context.Context, host string, n int) ([]social.Held, error) {
	rows, err := tx.Q.HeldOldest(ctx, sqlgen.HeldOldestParams{Host: host, Lim: int32(n)})
	out := make([]social.Held, len(rows))
	for i, r := range rows {
		out[i] = held(r)
	}
	return out, wrap(err, "quarantine")
}

func (tx socialTx) HeldHosts(ctx context.Context, n int) ([]social.HeldHost, error) {
	lost, err := tx.Q.HeldLost(ctx)
	if err != nil {
		return nil, wrap(err, "quarantine")
	}
	rows, err := tx.Q.HeldHosts(ctx, int32(n))
	out := make([]social.HeldHost, len(rows))
	for i, r := range rows {
		out[i] = social.HeldHost{Host: r.Host, N: r.N, Bytes: r.Size}
		for _, l := range lost {
			if l.Host == r.Host {
				out[i].Lost = l.N
			}
		}
	}
	return out, wrap(err, "quarantine")
}

func (tx socialTx) HeldSum(ctx context.Context, host string) (n, bytes int64, err error) {
	r, err := tx.Q.HeldSum(ctx, host)
	return r.N, r.Size, wrap(err, "quarantine")
}

func (tx socialTx) LoseHeld(ctx context.Context, host string) error {
	r, err := tx.Q.HeldFirst(ctx, host)
	if err != nil {
		return wrap(err, "quarantine")
	}
	if _, err := tx.Q.HeldDrop(ctx, r.ID); err != nil {
		return wrap(err, "quarantine")
	}
	return wrap(tx.Q.HeldLostAdd(ctx, sqlgen.HeldLostAddParams{Host: r.Host, At: tx.Ms()}), "quarantine")
}

func (tx socialTx) DropHeld(ctx context.Context, what string) error {
	_, err := tx.Q.HeldDrop(ctx, what)
	return wrap(err, "quarantine")
}

func (tx socialTx) DropHeldOf(ctx context.Context, host string) error {
	if _, err := tx.Q.HeldDropHost(ctx, host); err != nil {
		return wrap(err, "quarantine")
	}
	return wrap(tx.Q.HeldLostDrop(ctx, host), "quarantine")
}

func (tx socialTx) DropHeldBy(ctx context.Context, actor, about string) error {
	if about == "" {
		return wrap(tx.Q.HeldDropBy(ctx, actor), "quarantine")
	}
	return wrap(tx.Q.HeldDropAbout(ctx, sqlgen.HeldDropAboutParams{Actor: actor, What: about}), "quarantine")
}

func (tx socialTx) ForgetHeld(ctx context.Context, before time.Time) error {
	if err := tx.Q.HeldExpire(ctx, ms(before)); err != nil {
		return wrap(err, "quarantine")
	}
	return wrap(tx.Q.HeldLostExpire(ctx, ms(before)), "quarantine")
}
