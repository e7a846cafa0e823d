package activity

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/byhost"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// asks is how many servers are asked at a time.
const asks = 32

// pauses are how long it waits after each try of what failed; the last stands for all
// later ones.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour}

// proves reports whether an activity counts by its actor's proof alone, and is of one whose
// word may: that is looked at first, since a proof has their server asked.
func proves(in In) bool {
	return in.Is("nineten:ListenActivity", "nineten:SubscriptionActivity") && nodeItself(in)
}

// askFirst has activities wait until their server was asked.
func (a *Applier) askFirst(ctx context.Context, all []social.Received) error {
	err := a.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		for _, r := range all {
			if err := tx.AskFirst(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	a.asking.Wake()
	return err
}

// toAsk lists servers for which something waits.
func (a *Applier) toAsk(ctx context.Context, n int) (hosts []string, next time.Duration, err error) {
	err = a.Store.SocialView(ctx, func(tx social.Tx) error {
		hosts, err = tx.ToAsk(ctx, tx.Now(), n)
		return err
	})
	return hosts, idle, err
}

// serve applies what waits for a server until that does not answer: then all that waits for
// it is left for a while.
func (a *Applier) serve(ctx context.Context, host string) error {
	for ctx.Err() == nil {
		again, err := a.next(ctx, host)
		if err != nil && ctx.Err() == nil {
			a.Log.Error("applying activities of a server; it goes on", "host", host, "err", err)
		}
		if err != nil || !again {
			return err
		}
	}
	return nil
}

// next applies what is first for a server; again tells that there may be more.
func (a *Applier) next(ctx context.Context, host string) (again bool, err error) {
	var list []social.Received
	err = a.Store.SocialView(ctx, func(tx social.Tx) error {
		list, err = tx.UnappliedOf(ctx, host, 1)
		return err
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	r := list[0]
	in, err := a.ask(ctx, r)
	if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		return false, a.notAnswered(ctx, r, err)
	}
	if err == nil {
		err = a.apply(ctx, r, in) // what is unavailable in that is the node's own
	}
	return true, a.settle(ctx, r, err)
}

// ask reads an activity as its actor's server has it that they are, with their proof where
// it needs one: what is kept to be held against its node later. What is said of who pays
// counts from nodes alone.
func (a *Applier) ask(ctx context.Context, r social.Received) (in In, err error) {
	o, err := vocab.Parse(r.Body)
	if err != nil {
		return in, err
	}
	from, err := a.Servers.Known(ctx, r.Actor)
	in = In{Object: o, From: from, Site: a.Site, Body: r.Body}
	if err != nil || !proves(in) {
		return in, err
	}
	s, err := sig.Open(r.Body)
	if err != nil {
		return in, err
	}
	if err := a.Servers.Proved(ctx, r.Actor, s); err != nil {
		return in, err
	}
	in.Proved = true
	if o.Is("nineten:ListenActivity") { // of whom is known what they are, see plays
		return in, nil
	}
	return in, a.Servers.Node(ctx, from.Host)
}

// notAnswered has everything that waits for a server wait longer, and gives up what did so
// too often.
func (a *Applier) notAnswered(ctx context.Context, r social.Received, why error) error {
	var given int64
	err := a.Store.SocialUpdate(ctx, func(tx social.Tx) (err error) {
		given, err = tx.NotAnswered(ctx, r.Host, tx.Now().Add(byhost.Pause(pauses, r.Tries+1)), most, short(why))
		return err
	})
	if err == nil && given > 0 {
		a.Log.Warn("activities were given up: their server does not answer", "host", r.Host, "activities", given, "err", why)
	}
	return err
}
