// Package activity applies what other servers sent. Each kind of activity has a
// handler, which changes what is kept and says what goes out for it, all in one
// transaction: an activity is applied once, whole or not at all.
package activity

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// In is an activity that came, and who it is from.
type In struct {
	*vocab.Object
	From social.Actor
	Site form.Site // this node
	Body []byte    // as it came
	// Listed is the release elsewhere among whose comments its server lists what is said,
	// "" none.
	Listed id.Release
	// Proved says that it has its actor's own proof, which holds.
	Proved bool
}

// Out is an activity that goes out for it, to an inbox.
type Out struct {
	Actor    string
	Activity *vocab.Object
	To       social.Actor
	Pass     *social.Passed // nil; otherwise that is passed on, and the others are not set
}

// A Handler applies an activity. A fault of the kinds Invalid, Forbidden and
// NotFound lays it aside for good.
type Handler func(ctx context.Context, tx social.Tx, in In) ([]Out, error)

// handlers by the first type that has some. Each of them hears of the activity
// and does nothing with what is not its own. What is not in the table is taken
// politely and changes nothing.
var handlers = map[string][]Handler{
	"Follow": {follow},
	"Undo":   {undo},
	"Delete": {remove, unsay, withdraw, cancelled, unshelve},
	"Create": {comment, publish, announced, shelve},
	"Update": {renewed, reword, publish, announced, shelve},
	"Accept": {accepted, responded(true)},
	"Reject": {declined, responded(false)},
	"Invite": {invited},
	"Leave":  {departed},
	"Block":  {block},
	"Flag":   {flag},
	"Move":   {move},
	"Add":    {relist, suggested},
	"Remove": {relist, suggested},

	"Like":       {react(social.Like)},
	"EmojiReact": {react(social.Like)}, // FEP-c0e0; see react
	"Announce":   {react(social.Boost), shared},

	"nineten:ListenActivity":       {listened},
	"nineten:StreamActivity":       {watched},
	"nineten:SubscriptionActivity": {paid},
}

// undoers take back what a handler did, by the type of what is undone.
var undoers = map[string][]Handler{
	"Follow": {unfollow, unfollowPerson},
	"Flag":   {unflag},
	"Invite": {uninvited},

	"Like":       {unreact(social.Like)},
	"EmojiReact": {unreact(social.Like)},
	"Announce":   {unreact(social.Boost), unshared},
}

// Kind is which of an activity's types says what it does: the first that has handlers,
// as [Apply] has it, otherwise the first. Who judges an activity by its kind before it
// is applied judges what will be done.
func Kind(types []string) string {
	for _, t := range types {
		if _, ok := handlers[t]; ok {
			return t
		}
	}
	if len(types) == 0 {
		return ""
	}
	return types[0]
}

// Apply applies an activity, whose time must not be over: it may have waited since the
// inbox took it, for its server or for a moderator.
func Apply(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	if err := Expired(in.Object, tx.Now()); err != nil {
		return nil, err
	}
	return first(ctx, tx, in, handlers, in.Type)
}

// Expired refuses an activity whose time is over by its own word. Faults: Invalid.
func Expired(o *vocab.Object, now time.Time) error {
	if !o.Expires.IsZero() && now.After(o.Expires) {
		return fault.New(fault.Invalid, "The activity has expired.")
	}
	return nil
}

// first has the handlers of the first type that has some do their part.
func first(ctx context.Context, tx social.Tx, in In, table map[string][]Handler, types []string) ([]Out, error) {
	for _, t := range types {
		if list, ok := table[t]; ok {
			return all(ctx, tx, in, list)
		}
	}
	return nil, nil
}

func all(ctx context.Context, tx social.Tx, in In, list []Handler) (outs []Out, err error) {
	for _, h := range list {
		more, err := h(ctx, tx, in)
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}

func object(in In) (vocab.Item, error) {
	if len(in.Object.Object) != 1 {
		return vocab.Item{}, fault.New(fault.Invalid, "The activity is about %d things, not one.", len(in.Object.Object))
	}
	return in.Object.Object[0], nil
}

// follow takes a follower and says so, also to one who asks again. Of the node itself there
// is nothing to hear, and who asks for it is told so.
func follow(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	if who, ok := in.Site.PersonOf(o.ID()); ok {
		return followPerson(ctx, tx, in, who)
	}
	if o.ID() == in.Site.Node() {
		return []Out{{Actor: o.ID(), Activity: in.Site.Answer(tx.Now(), o.ID(), in.From.ID, in.ID, false), To: in.From}}, nil
	}
	act, ok := in.Site.FollowableOf(o.ID())
	if !ok {
		return nil, fault.New(fault.NotFound, "%q is nobody here who can be followed.", o.ID())
	}
	if has, err := tx.HasAct(ctx, act); err != nil {
		return nil, err
	} else if !has {
		return nil, fault.New(fault.NotFound, "%q is nobody here who can be followed.", o.ID())
	}
	home, err := tx.Home(ctx, act)
	if err != nil {
		return nil, err
	}
	follows, err := tx.Follows(ctx, act, social.Author{Actor: in.From.ID})
	if err != nil {
		return nil, err
	}
	barred, err := social.Barred(ctx, tx, act, "", in.From.ID)
	if err != nil {
		return nil, err
	}
	who := in.Site.Act(act)
	answer := in.Site.Answer(tx.Now(), who, in.From.ID, in.ID, !barred)
	answer.Object[0].Object.Object = vocab.One(o.ID())
	if barred {
		return []Out{{Actor: who, Activity: answer, To: in.From}}, nil
	}
	if home.Moved.Actor != "" && !follows { // it is followed there
		answer.Type, answer.Target, answer.Summary = []string{"Reject"}, vocab.At(home.Moved.Actor), "@"+home.Moved.Handle
	} else if begins, err := social.Follow(ctx, tx, act, in.From.ID, in.ID); err != nil {
		return nil, err
	} else if begins {
		if err := catchUp(ctx, tx, in, act); err != nil {
			return nil, err
		}
	}
	return []Out{{Actor: who, Activity: answer, To: in.From}}, nil
}

// undo takes back what the same actor did.
func undo(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	if o.Object == nil { // only the address: of what is remembered by it
		var outs []Out
		for _, list := range undoers {
			more, err := all(ctx, tx, in, list)
			if err != nil {
				return nil, err
			}
			outs = append(outs, more...)
		}
		return outs, nil
	}
	if by := o.Object.Actor.ID(); by != "" && by != in.From.ID {
		return nil, fault.New(fault.Forbidden, "%s cannot take back what %s did.", in.From.ID, by)
	}
	return first(ctx, tx, in, undoers, o.Object.Type)
}

func unfollow(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	act, err := tx.Followed(ctx, in.From.ID, o.ID())
	if fault.Is(err, fault.NotFound) && o.Object != nil && len(o.Object.Object) == 1 {
		// Some software undoes with an id of its own: who follows whom is what counts.
		var ok bool
		if act, ok = in.Site.FollowableOf(o.Object.Object[0].ID()); ok {
			err = nil
		}
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil // it is so already
	}
	if err != nil {
		return nil, err
	}
	return nil, social.Unfollow(ctx, tx, act, in.From.ID)
}

// renewed has somebody asked for who says that they changed: their name, their picture,
// their keys. What the activity says of them is not read.
func renewed(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	if len(in.Object.Object) != 1 {
		return nil, nil
	}
	if o := in.Object.Object[0]; o.ID() != in.From.ID || o.Object != nil && !o.Object.IsActor() {
		return nil, nil
	}
	return nil, social.WantActor(ctx, tx, in.From)
}

// remove forgets somebody who is no more. Others' things are not theirs to
// remove.
func remove(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	switch {
	case o.ID() == in.From.ID:
		return nil, social.Forget(ctx, tx, in.From.ID)
	case !remote.SameOrigin(o.ID(), in.From.ID):
		return nil, fault.New(fault.Forbidden, "%s is not of %s's server.", o.ID(), in.From.ID)
	}
	return nil, nil
}

// block ends following: who blocks somebody here does not want to hear from them, and who
// blocks the node, which follows them for its listeners, not be followed.
func block(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	if o.ID() == in.Site.Node() {
		return nil, refused(ctx, tx, in.From.ID)
	}
	if act, ok := in.Site.ActOf(o.ID()); ok {
		return nil, social.Unfollow(ctx, tx, act, in.From.ID)
	}
	if who, ok := in.Site.PersonOf(o.ID()); ok {
		return nil, social.UnfollowPerson(ctx, tx, who, in.From.ID)
	}
	return nil, nil
}
