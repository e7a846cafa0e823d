package social

import (
	"context"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Thing is what people talk about: a track, or a release as a whole.
type Thing struct {
	Release id.Release
	Track   id.Track // "" the release as a whole
}

// A Reaction is what somebody on another server thinks of a thing.
type Reaction string

// The reactions.
const (
	Like  Reaction = "like"
	Boost Reaction = "boost"
)

// A Reacted says who reacted to what.
type Reacted struct {
	Actor    string
	Kind     Reaction
	Thing    Thing
	Activity string // with which it was said last
	Emoji    bool   // which is no more than a like that is there
	At       time.Time
}

// Counts are how many people reacted to a thing.
type Counts struct {
	Likes  int64
	Boosts int64
}

// ReactionTx is the part of a transaction that keeps reactions.
type ReactionTx interface {
	// Public returns a thing that everybody may hear, of a track with its release,
	// and whose it is. Faults: NotFound.
	Public(ctx context.Context, t Thing) (Thing, id.Act, error)
	// React and Unreact report whether that changed anything.
	React(ctx context.Context, r Reacted) (bool, error)
	Unreact(ctx context.Context, actor string, kind Reaction, t Thing) (bool, error)
	// UnreactBy takes back what was said with an activity, and tells what that was.
	UnreactBy(ctx context.Context, actor, activity string) ([]Reacted, error)
	// Reactions are the counts of a release as a whole and of its tracks, without
	// those that have none.
	Reactions(ctx context.Context, r id.Release) (map[Thing]Counts, error)
}

// cause is what the act's people are told of it.
func (r *Reacted) cause(act id.Act) notice.Cause {
	kind := notice.Like
	if r.Kind == Boost {
		kind = notice.Boost
	}
	return notice.Cause{Kind: kind, Act: act, Actor: r.Actor, Release: r.Thing.Release, Track: r.Thing.Track}
}

// React keeps what somebody on another server thinks of an act's thing, and tells
// the act's people. Faults: Forbidden for whom the act blocks, or does not let do that.
func React(ctx context.Context, tx Tx, act id.Act, r Reacted) error {
	if err := heeded(ctx, tx, r.Thing.Release, r.Actor); err != nil {
		return err
	}
	if err := Permit(ctx, tx, Verb(r.Kind), act, r.Thing.Release, Author{Actor: r.Actor}); err != nil {
		return err
	}
	r.At = tx.Now()
	is, err := tx.React(ctx, r)
	if err != nil || !is {
		return err
	}
	return tell(ctx, tx, r.cause(act))
}

// Unreact takes it back.
func Unreact(ctx context.Context, tx Tx, r Reacted) error {
	was, err := tx.Unreact(ctx, r.Actor, r.Kind, r.Thing)
	if err != nil || !was {
		return err
	}
	return tx.Untell(ctx, r.cause(""))
}

// UnreactBy takes back what was said with an activity, false when that was nothing.
func UnreactBy(ctx context.Context, tx Tx, actor, activity string) (bool, error) {
	list, err := tx.UnreactBy(ctx, actor, activity)
	for i := range list {
		err = errors.Join(err, tx.Untell(ctx, list[i].cause("")))
	}
	return len(list) > 0, err
}
