package activity

import (
	"context"
	"log/slog"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/byhost"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

const (
	batch   = 256
	most    = 10 // tries of what fails here
	hold    = 10 * time.Second
	idle    = time.Minute
	exactly = time.Minute // how exactly it is kept when a host was heard of last
	longest = 300         // bytes of a reason that is kept

	// While so much comes between two looks, it is taken and not applied, for so long.
	flood    = 40 // activities
	look     = 100 * time.Millisecond
	patience = 10 * time.Second

	wordy = 8 << 10 // bytes of an activity that is applied alone: read, it takes ten times as much
	hosts = 10_000  // of which it is remembered when they were heard of
)

// An Applier applies what the inbox took. Make it with [New], [Applier.Run] it,
// and [Applier.Wake] it when something has come.
type Applier struct {
	Site    form.Site
	Store   social.Store
	Servers *remote.Servers
	// AtOnce is how many activities that need a transaction of their own are applied at a
	// time, at least one.
	AtOnce int
	// Together has reactions share a transaction: where transactions follow each other
	// anyway, that costs half.
	Together bool
	Log      *slog.Logger
	// Sent is called when something is to be delivered. It must not block.
	Sent func()

	wake   chan struct{}
	asking *byhost.Queue // what must be asked about before it is applied
	heard  *lru.Cache[string, time.Time]
}

// New makes an applier.
func New(a Applier) *Applier {
	a.wake = make(chan struct{}, flood)
	a.heard, _ = lru.New[string, time.Time](hosts) // fails for no size alone
	a.asking = byhost.New(byhost.Config{AtOnce: asks, Look: a.toAsk, Serve: a.serve, Now: time.Now, Log: a.Log})
	return &a
}

// Wake has it look soon: see lull.
func (a *Applier) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run applies until ctx ends. Where another server must be asked first, the others do not
// wait for that.
func (a *Applier) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.asking.Run(ctx) })
	g.Go(func() error { return a.run(ctx) })
	return g.Wait()
}

func (a *Applier) run(ctx context.Context) error {
	left := patience
	for ctx.Err() == nil {
		more, err := a.round(ctx)
		next := idle
		switch {
		case err != nil && ctx.Err() == nil:
			a.Log.Error("applying activities; it goes on", "err", err)
			next = hold
		case more:
			if a.drain() >= flood { // and it goes on
				left = a.lull(ctx, left)
			}
			continue
		}
		t := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-a.wake:
			left = a.lull(ctx, patience)
		case <-t.C:
		}
		t.Stop()
	}
	return nil
}

// lull waits until no more than a few are sending, but not for longer than is left, and
// tells what is left then. Servers give up on one that answers late, and what is applied
// together costs less.
func (a *Applier) lull(ctx context.Context, left time.Duration) time.Duration {
	t := time.NewTicker(look)
	defer t.Stop()
	a.drain()
	for end := time.Now().Add(left); ; {
		if left = time.Until(end); left <= 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return left
		case <-t.C:
		}
		if a.drain() < flood {
			return time.Until(end)
		}
	}
}

// drain tells how often it was woken since, as far as that matters.
func (a *Applier) drain() int {
	n := len(a.wake)
	for range n {
		<-a.wake
	}
	return n
}

// round applies what waits for nobody, in its order, and reports whether more of it may wait.
func (a *Applier) round(ctx context.Context) (more bool, err error) {
	var list []social.Received
	err = a.Store.SocialView(ctx, func(tx social.Tx) error {
		list, err = tx.Unapplied(ctx, batch)
		return err
	})
	if err != nil {
		return false, err
	}
	size := 0
	for _, r := range list {
		size += len(r.Body)
	}
	rest := list
	if a.Together && len(list) > 1 {
		if rest, err = a.together(ctx, list); err != nil {
			return false, err
		}
	}
	return len(list) == batch || size >= social.MostRead, a.apart(ctx, rest)
}

// apart applies of each actor one after the other, of many actors at a time.
func (a *Applier) apart(ctx context.Context, list []social.Received) error {
	byActor := map[string][]social.Received{}
	for _, r := range list {
		byActor[r.Actor] = append(byActor[r.Actor], r)
	}
	var g errgroup.Group
	g.SetLimit(a.AtOnce)
	for _, all := range byActor {
		g.Go(func() error { return a.inTurn(ctx, all) })
	}
	return g.Wait()
}

// inTurn applies what an actor sent. What counts by a proof waits by itself until their
// server was asked; of an actor who is not known everything waits, in its order.
func (a *Applier) inTurn(ctx context.Context, all []social.Received) error {
	for i, r := range all {
		in, ask, err := a.known(ctx, r)
		switch {
		case ask && err != nil:
			return a.askFirst(ctx, all[i:])
		case ask:
			if err := a.askFirst(ctx, all[i:i+1]); err != nil {
				return err
			}
			continue
		case err == nil:
			err = a.apply(ctx, r, in)
		}
		if err := a.settle(ctx, r, err); err != nil {
			return err
		}
	}
	return nil
}

// known reads an activity by what is known of its actor, and reports whether their server
// must be asked first.
func (a *Applier) known(ctx context.Context, r social.Received) (in In, ask bool, err error) {
	o, err := vocab.Parse(r.Body)
	if err != nil {
		return in, false, err
	}
	from, err := a.Servers.Remembered(ctx, r.Actor)
	in = In{Object: o, From: from, Site: a.Site, Body: r.Body}
	return in, fault.Is(err, fault.NotFound) || err == nil && proves(in), err
}

// settle keeps what became of an activity, and lays it aside when it never can be applied.
func (a *Applier) settle(ctx context.Context, r social.Received, err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.TooLarge, fault.Unauthenticated, fault.Unsupported, fault.Conflict:
		a.Log.Debug("an activity was not applied", "activity", r.ID, "err", err)
		return a.lay(ctx, r, err)
	}
	if err != nil && r.Tries+1 >= most {
		a.Log.Error("an activity was given up", "activity", r.ID, "err", err)
		return a.lay(ctx, r, err)
	}
	if err != nil && ctx.Err() == nil {
		return a.Store.SocialUpdate(ctx, func(tx social.Tx) error {
			return tx.NotApplied(ctx, r.ID, tx.Now().Add(byhost.Pause(pauses, r.Tries+1)), short(err))
		})
	}
	return nil
}

// lay lays an activity aside. What cannot be laid aside with its reason, since that
// holds a stranger's words, is laid aside without: it must not be the first for ever.
func (a *Applier) lay(ctx context.Context, r social.Received, why error) error {
	err := a.applied(ctx, r, short(why))
	if err != nil && ctx.Err() == nil {
		err = a.applied(ctx, r, "The reason cannot be kept.")
	}
	return err
}

func (a *Applier) applied(ctx context.Context, r social.Received, why string) error {
	return a.Store.SocialUpdate(ctx, func(tx social.Tx) error { return tx.Applied(ctx, r.ID, why) })
}

func short(err error) string {
	s := fault.Message(err)
	return strings.ToValidUTF8(s[:min(len(s), longest)], "")
}

// apply applies an activity whose actor is known.
func (a *Applier) apply(ctx context.Context, r social.Received, in In) error {
	sent, heard := false, map[string]time.Time{}
	err := a.Store.SocialUpdate(ctx, func(tx social.Tx) (err error) {
		clear(heard) // it may run again
		sent, err = a.applyIn(ctx, tx, r, in, heard)
		return err
	})
	if err == nil {
		a.done(sent, heard)
	}
	return err
}

// done is called when something is applied for good: something goes out for it, and servers
// were heard of.
func (a *Applier) done(sent bool, heard map[string]time.Time) {
	for host, at := range heard {
		a.heard.Add(host, at)
	}
	if sent {
		a.Sent()
	}
}

// applyIn is the same in a transaction, and tells whether something goes out for it. In heard
// it notes when servers were heard of.
func (a *Applier) applyIn(ctx context.Context, tx social.Tx, r social.Received, in In, heard map[string]time.Time) (sent bool, err error) {
	if in.From.ID != r.Actor {
		return false, fault.New(fault.Forbidden, "%q is not %s's.", r.ID, in.From.ID)
	}
	outs, err := Apply(ctx, tx, in)
	if err != nil {
		return false, err
	}
	for _, out := range outs {
		if err := send(ctx, tx, out); err != nil {
			return false, err
		}
	}
	if err := a.hears(ctx, tx, r, heard); err != nil {
		return false, err
	}
	return len(outs) > 0, tx.Applied(ctx, r.ID, "")
}

// hears keeps that a server was heard of.
func (a *Applier) hears(ctx context.Context, tx social.Tx, r social.Received, heard map[string]time.Time) error {
	last, ok := heard[r.Host]
	if !ok {
		last, ok = a.heard.Get(r.Host)
	}
	if ok && r.At.Sub(last) <= exactly {
		return nil
	}
	p, err := tx.Peer(ctx, r.Host)
	if err != nil {
		return err
	}
	if r.At.Sub(p.Received) > exactly {
		p.Received = r.At
		err = tx.PutPeer(ctx, p)
	}
	if err == nil {
		heard[r.Host] = p.Received
	}
	return err
}

// send puts an activity on its way to one inbox, or to those of who follows somebody.
func send(ctx context.Context, tx social.Tx, out Out) error {
	if out.Pass != nil {
		_, err := social.PassOn(ctx, tx, *out.Pass)
		return err
	}
	body, err := out.Activity.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: out.Activity.ID, Actor: out.Actor, Kind: out.Activity.Type[0], Body: body, Expires: out.Activity.Expires}); err != nil {
		return err
	}
	return tx.Deliver(ctx, out.Activity.ID, out.To.Inbox, out.To.Host)
}
