package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
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
	Activity string // with which it was said
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
	// UnreactBy takes back what was said with an activity.
	UnreactBy(ctx context.Context, actor, activity string) (bool, error)
	// Reactions are the counts of a release as a whole and of its tracks, without
	// those that have none.
	Reactions(ctx context.Context, r id.Release) (map[Thing]Counts, error)
}
