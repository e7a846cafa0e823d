package elsewhere

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Home is where else an act of here is or was, for its people. Faults:
// Unauthenticated, Forbidden.
func (d *Desk) HomeOf(ctx context.Context, v music.Viewer, act id.Act) (h music.Home, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		if err := social.Owned(ctx, tx, v, act); err != nil {
			return err
		}
		h, err = tx.Home(ctx, act)
		return err
	})
	return h, err
}

// SetKnown says by which addresses else an act of here is known, as handles or
// addresses: what moves here from there is believed to be the same act. Each that is
// not known yet is asked for. Faults: Unauthenticated, Forbidden, Invalid, NotFound,
// Unavailable.
func (d *Desk) SetKnown(ctx context.Context, v music.Viewer, act id.Act, addresses []string) error {
	h, err := d.HomeOf(ctx, v, act)
	if err != nil {
		return err
	}
	if len(addresses) > social.MostKnown {
		return fault.On("addresses", fault.Invalid, "An act is known by at most %d addresses.", social.MostKnown)
	}
	var known []music.Location
	for _, text := range addresses {
		text = strings.TrimPrefix(strings.TrimSpace(text), "@")
		at := slices.IndexFunc(h.Known, func(a music.Location) bool { return strings.EqualFold(a.Handle, text) || a.Actor == text })
		if at >= 0 {
			known = append(known, h.Known[at])
			continue
		}
		_, a, err := d.there(ctx, text)
		if err != nil {
			return fault.About("addresses", err)
		}
		if !slices.Contains(known, a) {
			known = append(known, a)
		}
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if err := social.Owned(ctx, tx, v, act); err != nil {
			return err
		}
		if err := tx.SetKnown(ctx, act, known); err != nil {
			return err
		}
		return retell(ctx, tx, act)
	})
}

// retell has followers elsewhere told of an act's document.
func retell(ctx context.Context, tx social.Tx, act id.Act) error {
	what := music.Telling("act", string(act))
	return tx.Enqueue(ctx, music.JobTell, what, []byte(what), time.Time{})
}

// there asks who is at a handle or an address of another server, now.
func (d *Desk) there(ctx context.Context, text string) (*vocab.Object, music.Location, error) {
	if name, host, ok := d.Handle(text); ok {
		f, err := d.Servers.WebFinger(ctx, name, host)
		if err != nil {
			return nil, music.Location{}, err
		}
		text = f.Actor
	}
	if text == "" || !d.Asked(text) {
		return nil, music.Location{}, fault.New(fault.Invalid, "Write an address on another server, such as @act@social.example.")
	}
	o, err := d.Servers.Document(ctx, text)
	if err != nil {
		return nil, music.Location{}, err
	}
	a, err := d.Servers.Learn(ctx, o)
	return o, music.Location{Actor: a.ID, Handle: a.Handle + "@" + a.Host}, err
}

// MoveAway moves an act of here to another server: its followers are told, and
// whoever wants to follow it is sent there. The act over there must name this one as
// its own. Faults: Unauthenticated, Forbidden, Invalid, NotFound, Unavailable,
// Conflict.
func (d *Desk) MoveAway(ctx context.Context, v music.Viewer, act id.Act, to string) error {
	h, err := d.HomeOf(ctx, v, act)
	if err == nil {
		err = settled(h, d.Now())
	}
	if err != nil {
		return err
	}
	o, there, err := d.there(ctx, strings.TrimPrefix(strings.TrimSpace(to), "@"))
	if err == nil {
		err = d.isThere(o, d.Site.Act(act), there.Handle)
	}
	if err != nil {
		return fault.About("to", err)
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if err := social.Owned(ctx, tx, v, act); err != nil {
			return err
		}
		if h, err = tx.Home(ctx, act); err == nil { // somebody else may have been faster
			err = settled(h, tx.Now())
		}
		if err != nil {
			return err
		}
		return d.moveAway(ctx, tx, v, act, there)
	})
	if err == nil {
		d.Sent()
	}
	return err
}

func settled(h music.Home, now time.Time) error {
	if until := h.At.Add(social.Settled); !h.At.IsZero() && now.Before(until) {
		return fault.New(fault.Conflict, "The act has moved on %s, and can again on %s.", h.At.Format(time.DateOnly), until.Format(time.DateOnly))
	}
	return nil
}

// isThere refuses an act that does not say that it is that of an address, or that
// has moved on.
func (d *Desk) isThere(o *vocab.Object, was, handle string) error {
	switch {
	case !slices.Contains(o.AlsoKnownAs, was):
		return fault.New(fault.Conflict, "%s does not say that it is also known as %s. Add that there first.", handle, was)
	case o.MovedTo != "":
		return fault.New(fault.Conflict, "%s has moved away itself.", handle)
	}
	return nil
}

func (d *Desk) moveAway(ctx context.Context, tx social.Tx, v music.Viewer, act id.Act, there music.Location) error {
	if err := tx.SetMoved(ctx, act, there); err != nil {
		return err
	}
	at := d.Site.Act(act)
	x := &vocab.Object{ID: d.Site.NewActivity(tx.Now()), Type: []string{"Move"}, Actor: vocab.At(at), Object: vocab.One(at), Target: vocab.At(there.Actor), To: []string{at + "/followers"}}
	body, err := x.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: at, Kind: "Move", Body: body}); err != nil {
		return err
	}
	if _, err := tx.DeliverToFollowers(ctx, x.ID, act); err != nil {
		return err
	}
	if err := retell(ctx, tx, act); err != nil {
		return err
	}
	if err := social.FollowMoved(ctx, tx, at); err != nil {
		return err
	}
	return tx.Audit(ctx, string(v.Account), "act.move", string(act), there.Handle)
}

// ComeBack has an act of here be here again. Who went does not come back by
// themselves. Faults: Unauthenticated, Forbidden, Conflict.
func (d *Desk) ComeBack(ctx context.Context, v music.Viewer, act id.Act) error {
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if err := social.Owned(ctx, tx, v, act); err != nil {
			return err
		}
		h, err := tx.Home(ctx, act)
		if err == nil && h.Moved.Actor == "" {
			err = fault.New(fault.Conflict, "The act is here.")
		}
		if err != nil {
			return err
		}
		if err := tx.SetMoved(ctx, act, music.Location{}); err != nil {
			return err
		}
		if err := retell(ctx, tx, act); err != nil {
			return err
		}
		return tx.Audit(ctx, string(v.Account), "act.return", string(act), h.Moved.Handle)
	})
}

// movedAtOnce is how many people follow somebody in one transaction.
const movedAtOnce = 200

// Moved has people here follow an act to where it moved, when it is found that it is
// the same: the payload of [social.JobMove]. It may be broken off anywhere, and is
// done once: who has followed it follows the old one no longer. It ends when the act
// is elsewhere by then, or here again.
func (d *Desk) Moved(ctx context.Context, payload []byte) error {
	m := social.Move{Actor: string(payload)}
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		m.Target, err = d.whither(ctx, tx, m.Actor)
		return err
	})
	if err != nil || m.Target == "" {
		return err
	}
	to, err := d.target(ctx, m)
	if done(err) || fault.Is(err, fault.Conflict) {
		d.Log.Info("a move is not followed", "actor", m.Actor, "target", m.Target, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	for more := true; more; {
		if err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
			at, err := d.whither(ctx, tx, m.Actor)
			if more = at == m.Target; err != nil || !more {
				return err
			}
			more, err = d.follow(ctx, tx, m, to)
			return err
		}); err != nil {
			return err
		}
	}
	d.Sent()
	return nil
}

// whither is where somebody is to be followed now, empty for nowhere.
func (d *Desk) whither(ctx context.Context, tx social.Tx, actor string) (string, error) {
	act, here := d.Site.ActOf(actor)
	if !here {
		return social.Whither(ctx, tx, actor)
	}
	h, err := tx.Home(ctx, act)
	return h.Moved.Actor, err
}

// target is who somebody moved to, elsewhere or here.
func (d *Desk) target(ctx context.Context, m social.Move) (social.Actor, error) {
	if act, ok := d.Site.ActOf(m.Target); ok {
		return social.Actor{ID: m.Target}, d.Store.SocialView(ctx, func(tx social.Tx) error {
			h, err := tx.Home(ctx, act)
			if err == nil && (h.Moved.Actor != "" || !slices.ContainsFunc(h.Known, func(a music.Location) bool { return a.Actor == m.Actor })) {
				err = fault.New(fault.Forbidden, "%s does not say that it is also known as %s. Add that there first.", m.Target, m.Actor)
			}
			return err
		})
	}
	o, err := d.Servers.Document(ctx, m.Target)
	if err != nil {
		return social.Actor{}, err
	}
	if o.ID != m.Target {
		return social.Actor{}, fault.New(fault.Invalid, "%s has a document that says it is %s.", m.Target, o.ID)
	}
	a, err := d.Servers.Learn(ctx, o)
	if err == nil {
		err = d.isThere(o, m.Actor, remote.Host(a.ID))
	}
	return a, err
}

// follow has some people follow somebody at their new address, and reports whether
// there are more. With the last of them the node leaves the old one.
func (d *Desk) follow(ctx context.Context, tx social.Tx, m social.Move, to social.Actor) (bool, error) {
	from, here := d.Site.ActOf(m.Actor)
	people, err := tx.WhoFollows(ctx, m.Actor, movedAtOnce)
	if here {
		people, err = tx.WhoFollowsAct(ctx, from, movedAtOnce)
	}
	if err == nil && !here {
		err = tx.Moved(ctx, m.Actor) // with the first of them: who they come to goes nowhere meanwhile
	}
	if err != nil {
		return false, err
	}
	for _, who := range people {
		if here {
			err = tx.FollowHere(ctx, who, from, false)
		} else {
			_, err = tx.FollowElsewhere(ctx, who, m.Actor, false)
		}
		if err == nil {
			err = d.arrive(ctx, tx, who, to)
		}
		if err != nil {
			return false, err
		}
	}
	if _, local := d.Site.ActOf(to.ID); !local && len(people) > 0 {
		if _, err := d.ask(ctx, tx, to); err != nil {
			return false, err
		}
	}
	if here || len(people) == movedAtOnce {
		return len(people) == movedAtOnce, nil
	}
	old, err := tx.Actor(ctx, m.Actor)
	if fault.Is(err, fault.NotFound) {
		return false, nil // who was deleted meanwhile is left already
	}
	if err != nil {
		return false, err
	}
	return false, d.leave(ctx, tx, old)
}

// arrive has somebody follow an act where it is now, and tells them.
func (d *Desk) arrive(ctx context.Context, tx social.Tx, who id.Account, to social.Actor) error {
	if act, ok := d.Site.ActOf(to.ID); ok {
		if err := tx.FollowHere(ctx, who, act, true); err != nil {
			return err
		}
		return tx.Tell(ctx, social.Arrived(who, "", act))
	}
	if _, err := tx.FollowElsewhere(ctx, who, to.ID, true); err != nil {
		return err
	}
	return tx.Tell(ctx, social.Arrived(who, to.ID, ""))
}
