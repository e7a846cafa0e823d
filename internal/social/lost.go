package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Loss is what a server was told in vain of a thing: it did not take it, or was away
// for too long.
type Loss struct {
	Host    string
	Inbox   string
	What    string // the thing, or the activity where that tells of none
	Created bool   // the server did not hear that there is such a thing
	Made    time.Time
}

// Losses are those of a host.
type Losses struct {
	Host   string
	N      int64
	Oldest time.Time // when the first of it was made
	Why    string    // the last was lost
}

// JobAgain tells a server again of what it lost: its name.
const JobAgain = "social.again"

// LostTx is the part of a transaction that keeps what was lost on the way.
type LostTx interface {
	// Lose has a delivery be lost in place of waiting.
	Lose(ctx context.Context, d Delivery, why string) error
	// Arrived ends what was lost of the thing that a delivery told of. An Update does not,
	// where the server never heard that there is such a thing.
	Arrived(ctx context.Context, d Delivery) error
	// Losses counts them, but what is of no more use to anybody.
	Losses(ctx context.Context) ([]Losses, error)
	// Lost is what one server lost, the oldest first.
	Lost(ctx context.Context, host string) ([]Loss, error)
	// Regain has nothing of a thing be lost for a server: it is told of it again.
	Regain(ctx context.Context, host, what string) error
	// DeliverTo drops all deliveries of an activity but those to one server, and counts
	// these.
	DeliverTo(ctx context.Context, outgoing, host string) (int64, error)
	// FollowedActs and FollowedPersons are who here is followed from other servers.
	FollowedActs(ctx context.Context) ([]id.Act, error)
	FollowedPersons(ctx context.Context) ([]id.Person, error)
	// FollowingOn are those of a server whom the node follows.
	FollowingOn(ctx context.Context, host string) ([]Actor, error)
}

// Backfill has what acts on a server published fetched again, as far as somebody here
// follows them, and the server told again, as it is now, of everything that was lost on
// the way there. Faults: NotFound for a server that is not known, Conflict where this
// node does not federate.
func (d *Desk) Backfill(ctx context.Context, host string) error {
	if d.Fill == nil {
		return fault.New(fault.Conflict, "This node does not federate.")
	}
	return d.hurry(ctx, host, func(tx Tx) error {
		acts, err := tx.FollowingOn(ctx, host)
		if err != nil {
			return err
		}
		for _, a := range acts {
			if err := d.Fill(ctx, tx, a); err != nil {
				return err
			}
		}
		return tx.Enqueue(ctx, JobAgain, host, []byte(host), tx.Now())
	})
}
