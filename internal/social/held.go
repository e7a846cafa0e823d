package social

import (
	"cmp"
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
)

// A Held activity came from somebody who is in quarantine and waits for a moderator.
type Held struct {
	Received
	Kind  string // such as "Create"
	About string // address of what it is about, "" it does not say
	Words string // plain: the beginning of what it says
	Size  int64  // bytes
}

// A HeldHost is a server of which something waits.
type HeldHost struct {
	Host  string `json:"host"`
	N     int64  `json:"n" doc:"How many activities wait"`
	Bytes int64  `json:"bytes"`
	Lost  int64  `json:"lost,omitempty" doc:"How many went unread because more came than is kept"`
}

// HeldTx is the part of a transaction that keeps what waits.
type HeldTx interface {
	// PutHeld reports false when it waits already, or came before.
	PutHeld(ctx context.Context, h Held) (bool, error)
	Held(ctx context.Context, activity string) (Held, error)
	// ListHeld are those of a host, or with "" all, after a place in the order in which
	// they came, without their bodies; OldestHeld the first of a host, with them.
	ListHeld(ctx context.Context, host string, at time.Time, after string, n int) ([]Held, error)
	OldestHeld(ctx context.Context, host string, n int) ([]Held, error)
	HeldHosts(ctx context.Context, n int) ([]HeldHost, error)
	// HeldSum is how many of a host wait, or with "" of all, and how large they are.
	HeldSum(ctx context.Context, host string) (n, bytes int64, err error)
	// LoseHeld drops the oldest of a host, or with "" of all, and counts it as lost.
	LoseHeld(ctx context.Context, host string) error
	DropHeld(ctx context.Context, activity string) error
	DropHeldOf(ctx context.Context, host string) error
	// DropHeldBy drops what an actor sent: of that id or about that, or with "" all.
	DropHeldBy(ctx context.Context, actor, about string) error
	ForgetHeld(ctx context.Context, before time.Time) error
}

// Bounds of what waits: of one server, and of all.
const (
	heldOfHost      = 500
	heldBytesOfHost = 4 << 20
	heldInAll       = 10_000
	heldBytesInAll  = 64 << 20
	longestHeld     = 500 // characters of what it says that are shown
	// HeldKept is how long something waits.
	HeldKept = 30 * 24 * time.Hour
)

// Take takes an activity whose sender is known. That of somebody in quarantine is
// held, unless it only takes back or ends something: that passes at once, and what
// waits of the same goes with it. It reports whether there is something to apply.
// Faults: Forbidden for who is blocked.
func Take(ctx context.Context, tx Tx, h Held) (bool, error) {
	verdict, err := admitted(ctx, tx, h.Actor, h.Host)
	if err != nil {
		return false, err
	}
	ends := h.Kind == "Undo" || h.Kind == "Delete" || h.Kind == "Reject" || h.Kind == "Block"
	if verdict != Quarantine {
		return tx.Receive(ctx, h.Received)
	}
	if ends {
		if err := endHeld(ctx, tx, h); err != nil {
			return false, err
		}
		return tx.Receive(ctx, h.Received)
	}
	h.Words = prose(h.Words, longestHeld)
	is, err := tx.PutHeld(ctx, h)
	if err != nil || !is {
		return false, err
	}
	if err := bounded(ctx, tx, h.Host, heldOfHost, heldBytesOfHost); err != nil {
		return false, err
	}
	return false, bounded(ctx, tx, "", heldInAll, heldBytesInAll)
}

// admitted is what was decided about a sender. Faults: Forbidden.
func admitted(ctx context.Context, tx Tx, actor, host string) (Verdict, error) {
	r, err := tx.ActorRule(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return onHost(ctx, tx, bare(host))
	}
	if err == nil && r.Verdict == Block {
		err = fault.New(fault.Forbidden, "This node has nothing to do with %s.", actor)
	}
	return r.Verdict, err
}

// endHeld drops what waits of a thing that its sender takes back, or of a sender
// who is no more.
func endHeld(ctx context.Context, tx Tx, h Held) error {
	switch {
	case h.Kind == "Delete" && h.About == h.Actor:
		return tx.DropHeldBy(ctx, h.Actor, "")
	case (h.Kind == "Delete" || h.Kind == "Undo") && h.About != "":
		return tx.DropHeldBy(ctx, h.Actor, h.About)
	}
	return nil
}

// bounded drops the oldest while there is too much.
func bounded(ctx context.Context, tx Tx, host string, most, bytes int64) error {
	for {
		n, size, err := tx.HeldSum(ctx, host)
		if err != nil || n <= most && size <= bytes {
			return err
		}
		if err := tx.LoseHeld(ctx, host); err != nil {
			return err
		}
	}
}

// A HeldPage is some of what waits, in the order in which it came.
type HeldPage struct {
	Hosts []HeldHost
	Rows  []Held
	Next  string // id of the last, after which there is more; "" at the end
}

// mostHeldHosts is how many servers are listed of which something waits.
const mostHeldHosts = 200

// A HeldDesk is the moderators' table of what waits.
type HeldDesk struct {
	Store Store
	// Arrived is called when something is to be applied. It must not block.
	Arrived func()
}

// List lists what waits, of one server or with "" of all, after one. Faults:
// Unauthenticated, Forbidden.
func (q *HeldDesk) List(ctx context.Context, v music.Viewer, host, after string) (out HeldPage, err error) {
	if err := moderates(v); err != nil {
		return out, err
	}
	err = q.Store.SocialView(ctx, func(tx Tx) error {
		var at time.Time
		if after != "" {
			last, err := tx.Held(ctx, after)
			if err != nil {
				return err
			}
			at = last.At
		}
		if out.Hosts, err = tx.HeldHosts(ctx, mostHeldHosts); err != nil {
			return err
		}
		out.Rows, err = tx.ListHeld(ctx, host, at, after, perPage+1)
		return err
	})
	if len(out.Rows) > perPage {
		out.Rows = out.Rows[:perPage]
		out.Next = out.Rows[perPage-1].ID
	}
	return out, err
}

// Decide lets one activity pass, or drops it. Faults: Unauthenticated, Forbidden,
// NotFound.
func (q *HeldDesk) Decide(ctx context.Context, v music.Viewer, activity string, pass bool) error {
	if err := moderates(v); err != nil {
		return err
	}
	err := q.Store.SocialUpdate(ctx, func(tx Tx) error {
		h, err := tx.Held(ctx, activity)
		if err != nil {
			return err
		}
		if err := decided(ctx, tx, h, pass); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), actionOf(pass), activity, h.Kind)
	})
	if err == nil && pass {
		q.Arrived()
	}
	return err
}

func actionOf(pass bool) string {
	if pass {
		return "quarantine.pass"
	}
	return "quarantine.drop"
}

func decided(ctx context.Context, tx Tx, h Held, pass bool) error {
	if err := tx.DropHeld(ctx, h.ID); err != nil || !pass {
		return err
	}
	_, err := tx.Receive(ctx, h.Received)
	return err
}

// passedAtOnce is how much passes in one transaction.
const passedAtOnce = 50

// DecideAll lets everything of a server pass, or drops it. Faults: Unauthenticated,
// Forbidden.
func (q *HeldDesk) DecideAll(ctx context.Context, v music.Viewer, host string, pass bool) error {
	if err := moderates(v); err != nil {
		return err
	}
	for more := true; more; {
		err := q.Store.SocialUpdate(ctx, func(tx Tx) (err error) {
			if more = false; pass {
				more, err = passSome(ctx, tx, host)
			}
			if err != nil || more {
				return err
			}
			if err := tx.DropHeldOf(ctx, host); err != nil {
				return err
			}
			return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), actionOf(pass), host, "")
		})
		if err != nil {
			return err
		}
		if pass {
			q.Arrived()
		}
	}
	return nil
}

// passSome lets the oldest of a server pass, and reports whether there may be more.
func passSome(ctx context.Context, tx Tx, host string) (bool, error) {
	list, err := tx.OldestHeld(ctx, host, passedAtOnce)
	for _, h := range list {
		if err == nil {
			err = decided(ctx, tx, h, true)
		}
	}
	return len(list) == passedAtOnce, err
}
