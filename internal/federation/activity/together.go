package activity

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

const attempts = 4 // of applying reactions together, each without whose failed

// together applies reactions in one transaction, all of them or none, and tells what is left
// to be applied: what else there is, and all of who said something else. These have a
// moment of their own, by which they are ordered, and may cost much. Whose reaction cannot
// be applied is left, too, and the others are tried again. Where it cannot be told of them,
// which is nobody's fault, each is applied by itself.
func (a *Applier) together(ctx context.Context, list []social.Received) (rest []social.Received, err error) {
	said, others := make([]*vocab.Object, len(list)), map[string]bool{}
	for i, r := range list {
		if len(r.Body) <= wordy {
			said[i], _ = vocab.Parse(r.Body) // what cannot be read is refused by itself
		}
		if !reacts(said[i], r.At) {
			others[r.Actor] = true
		}
	}
	for range attempts {
		rest = nil
		for _, r := range list {
			if others[r.Actor] {
				rest = append(rest, r)
			}
		}
		if len(rest) == len(list) {
			return rest, nil
		}
		failed, err := a.reactions(ctx, list, said, others)
		if err == nil {
			return rest, nil
		}
		a.Log.Debug("reactions are not applied together", "activities", len(list), "of", failed, "err", err)
		if failed == "" {
			break
		}
		others[failed] = true
	}
	return a.still(ctx, list)
}

// reactions applies those of a list that are not others', and tells whose failed.
func (a *Applier) reactions(ctx context.Context, list []social.Received, said []*vocab.Object, others map[string]bool) (failed string, err error) {
	sent, heard := false, map[string]time.Time{}
	err = a.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		failed, sent = "", false // it may run again
		clear(heard)
		o := newOnce(tx)
		for i, r := range list {
			if others[r.Actor] {
				continue
			}
			from, err := a.Servers.LatelyIn(ctx, o, r.Actor)
			if err != nil {
				failed = r.Actor
				return err
			}
			sends, err := a.applyIn(ctx, o, r, In{Object: said[i], From: from, Site: a.Site, Body: r.Body}, heard)
			if err != nil {
				failed = r.Actor
				return err
			}
			sent = sent || sends
		}
		return tx.TellAll(ctx, o.told)
	})
	if err == nil {
		a.done(sent, heard)
	}
	return failed, err
}

// reacts reports whether an activity says what somebody thinks of a thing. A boost without a
// time, or of one to come, is of the moment when it is applied, by which boosts are ordered.
func reacts(o *vocab.Object, at time.Time) bool {
	if o == nil {
		return false
	}
	switch Kind(o.Type) {
	case "Like", "EmojiReact":
		return true
	case "Announce":
		return !o.Published.IsZero() && !o.Published.After(at)
	}
	return false
}

// still are those of a list that wait: they may all be applied, where the answer to a
// commit is lost.
func (a *Applier) still(ctx context.Context, list []social.Received) (left []social.Received, err error) {
	waits := map[string]bool{}
	err = a.Store.SocialView(ctx, func(tx social.Tx) error {
		now, err := tx.Unapplied(ctx, batch)
		for _, r := range now {
			waits[r.ID] = true
		}
		return err
	})
	for _, r := range list {
		if waits[r.ID] {
			left = append(left, r)
		}
	}
	return left, err
}

// once asks once what a thing is, what its act says of who may do what, and whether it blocks
// anybody, and keeps what people have to be told, in which much is one notice. It is for
// transactions in which none of that changes, and nothing is taken back: those of what reacts,
// a share and a notice with it.
type once struct {
	social.Tx
	told     []notice.Cause
	things   map[social.Thing]ownThing
	policies map[ownRelease]ruling
	bars     map[id.Release]bool
}

type ownThing struct {
	social.Thing
	act id.Act
}

type ownRelease struct {
	id.Release
	act id.Act
}

type ruling struct{ release, all social.Policies }

func newOnce(tx social.Tx) *once {
	return &once{Tx: tx, things: map[social.Thing]ownThing{}, policies: map[ownRelease]ruling{}, bars: map[id.Release]bool{}}
}

func (o *once) Public(ctx context.Context, t social.Thing) (social.Thing, id.Act, error) {
	own, ok := o.things[t]
	if ok {
		return own.Thing, own.act, nil
	}
	var err error
	if own.Thing, own.act, err = o.Tx.Public(ctx, t); err == nil {
		o.things[t] = own
	}
	return own.Thing, own.act, err
}

func (o *once) Policies(ctx context.Context, act id.Act, r id.Release) (release, all social.Policies, err error) {
	of := ownRelease{r, act}
	p, ok := o.policies[of]
	if ok {
		return p.release, p.all, nil
	}
	if p.release, p.all, err = o.Tx.Policies(ctx, act, r); err == nil {
		o.policies[of] = p
	}
	return p.release, p.all, err
}

func (o *once) BarredFrom(ctx context.Context, r id.Release, actor string) (bool, error) {
	bars, ok := o.bars[r]
	if !ok {
		var err error
		if bars, err = o.Tx.Bars(ctx, r); err != nil {
			return false, err
		}
		o.bars[r] = bars
	}
	if !bars {
		return false, nil
	}
	return o.Tx.BarredFrom(ctx, r, actor)
}

func (o *once) Tell(_ context.Context, c notice.Cause) error {
	o.told = append(o.told, c)
	return nil
}
