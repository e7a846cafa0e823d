package social

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// DoorTx is the part of a transaction that keeps who comes to acts from other servers,
// and who may not.
type DoorTx interface {
	// Visitor is who follows an act, or is blocked by it. Faults: NotFound.
	Visitor(ctx context.Context, act id.Act, actor string) (Fan, error)
	// Visitors are those of a state after an actor's address, by that.
	Visitors(ctx context.Context, act id.Act, state FollowState, after string, n int) ([]Fan, error)
	PutActBlock(ctx context.Context, f *Fan) error
	DropActBlock(ctx context.Context, act id.Act, actor string) error
	// BarredFrom reports whether the act whose release it is blocks somebody.
	BarredFrom(ctx context.Context, r id.Release, actor string) (bool, error)
	// Bars reports whether that act blocks anybody.
	Bars(ctx context.Context, r id.Release) (bool, error)
	// Between are the parts that somebody elsewhere has in playlists of an act or an account
	// here, and those in somebody's elsewhere.
	Between(ctx context.Context, who, actor string) ([]Collaborator, error)
}

// Refusals is what goes to other servers about who is wanted and who is not, in the
// transaction.
type Refusals interface {
	Correspondence
	// Answer has somebody told whether they follow.
	Answer(ctx context.Context, tx Tx, f Fan, yes bool) error
	// Block has somebody told that they are blocked, and notes by which activity; Unblock
	// that they are not any more.
	Block(ctx context.Context, tx Tx, f *Fan) error
	Unblock(ctx context.Context, tx Tx, f Fan) error
}

// A Door is who on other servers comes to the acts here: follows them, or is blocked.
type Door struct {
	Store Store
	Post  Refusals // nil where the node does not federate
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
}

// Visitors are who follows an act or is blocked by it, by address, and the address after
// which there are more. For the act's people. Faults: Unauthenticated, Forbidden.
func (d *Door) Visitors(ctx context.Context, v music.Viewer, act id.Act, state FollowState, after string) (list []Fan, next string, err error) {
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		if err := worksFor(ctx, tx, v, act); err != nil {
			return err
		}
		list, err = tx.Visitors(ctx, act, state, after, perFans+1)
		return err
	})
	list, next = pageOfFans(list)
	return list, next, err
}

// pageOfFans cuts what was asked for with one more than a page has.
func pageOfFans(list []Fan) (page []Fan, next string) {
	if len(list) <= perFans {
		return list, ""
	}
	return list[:perFans], list[perFans-1].Actor
}

// worksFor refuses who has no part in an act.
func worksFor(ctx context.Context, tx Tx, v music.Viewer, act id.Act) error {
	if v.Account == "" {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	role, err := tx.Role(ctx, act, v.Account)
	if err == nil && role == music.NoRole {
		err = fault.New(fault.Forbidden, "Only the act’s people say who may follow it.")
	}
	return err
}

// Judge has an act block somebody elsewhere ("blocked"), by address or handle, or have
// nothing to do with them ("": who follows is removed, who is blocked is not any more).
// They are told. For the act's people. Faults: Unauthenticated, Forbidden, Invalid;
// NotFound for whom nobody here knows.
func (d *Door) Judge(ctx context.Context, v music.Viewer, act id.Act, who string, state FollowState) error {
	err := d.Store.SocialUpdate(ctx, func(tx Tx) error {
		if err := worksFor(ctx, tx, v, act); err != nil {
			return err
		}
		actor, err := meant(ctx, tx, who)
		if err != nil {
			return err
		}
		f, err := tx.Visitor(ctx, act, actor)
		switch {
		case fault.Is(err, fault.NotFound) && state == FollowBlock:
			if _, err = tx.Actor(ctx, actor); err != nil {
				return err
			}
			f = Fan{Act: act, Actor: actor}
		case err != nil || f.State == state:
			return err
		}
		return d.judge(ctx, tx, f, state)
	})
	if err == nil && d.Sent != nil {
		d.Sent()
	}
	return err
}

func (d *Door) judge(ctx context.Context, tx Tx, f Fan, state FollowState) error {
	switch {
	case state == "" && f.State == FollowBlock:
		if err := tx.DropActBlock(ctx, f.Act, f.Actor); err != nil || d.Post == nil {
			return err
		}
		return d.Post.Unblock(ctx, tx, f)
	case state != "" && state != FollowBlock:
		return fault.On("state", fault.Invalid, "Who follows an act is removed or blocked.")
	}
	if f.State == FollowsThem {
		if err := Unfollow(ctx, tx, f.Act, f.Actor); err != nil {
			return err
		}
		if d.Post != nil {
			if err := d.Post.Answer(ctx, tx, f, false); err != nil {
				return err
			}
		}
	}
	if state == "" {
		return nil
	}
	if err := shut(ctx, tx, d.Post, string(f.Act), &f); err != nil {
		return err
	}
	return tx.PutActBlock(ctx, &f)
}

// shut has somebody told that they are blocked, and ends what they work on together with
// whom they are blocked by: an act, or an account.
func shut(ctx context.Context, tx Tx, post Refusals, who string, f *Fan) error {
	f.State, f.Since = FollowBlock, tx.Now()
	if post != nil {
		if err := post.Block(ctx, tx, f); err != nil {
			return err
		}
	}
	parts, err := tx.Between(ctx, who, f.Actor)
	for i := range parts {
		if err := endPart(ctx, tx, post, &parts[i]); err != nil {
			return err
		}
	}
	return err
}

// endPart ends a part of somebody elsewhere in a playlist here, or of somebody here in
// one elsewhere.
func endPart(ctx context.Context, tx Tx, post Refusals, c *Collaborator) error {
	if c.Away {
		return leave(ctx, tx, c, func(list *Playlist) error {
			if post == nil {
				return nil
			}
			if c.State == Works {
				return post.Depart(ctx, tx, c, list)
			}
			return post.Respond(ctx, tx, c, list, false)
		})
	}
	list, err := tx.OwnPlaylist(ctx, c.Playlist)
	if err != nil {
		return err
	}
	return dismiss(ctx, tx, post, &list, c)
}

// meant is the address of somebody elsewhere who is known here, by that or by their
// handle. Faults: NotFound.
func meant(ctx context.Context, tx Tx, who string) (string, error) {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	handle, host, ok := strings.Cut(who, "@")
	if !ok || strings.HasPrefix(who, "https://") {
		return who, nil
	}
	a, err := tx.ActorByHandle(ctx, strings.ToLower(host), handle)
	if fault.Is(err, fault.NotFound) {
		err = fault.On("actor", fault.NotFound, "Nobody here knows %s yet. Look for them in the search.", who)
	}
	return a.ID, err
}

// Barred reports whether an act here blocks somebody elsewhere, or with none the person
// that an account is.
func Barred(ctx context.Context, tx Tx, act id.Act, a id.Account, actor string) (bool, error) {
	f, err := Fan{}, error(nil)
	if act != "" {
		f, err = tx.Visitor(ctx, act, actor)
	} else {
		var p Person
		if p, err = tx.PersonOf(ctx, a); err == nil {
			f, err = tx.Fan(ctx, p.ID, actor)
		}
	}
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return f.State == FollowBlock, err
}

// heeded refuses what somebody elsewhere says of a release whose act blocks them.
func heeded(ctx context.Context, tx Tx, r id.Release, actor string) error {
	if actor == "" {
		return nil
	}
	is, err := tx.BarredFrom(ctx, r, actor)
	if err == nil && is {
		err = fault.New(fault.Forbidden, "%s is blocked by the act.", actor)
	}
	return err
}
