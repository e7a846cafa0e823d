package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// JobComment is the job that asks for a comment at its own server: its address.
const JobComment = "social.comment"

// PassTx is the part of a transaction that keeps what of others is passed on.
type PassTx interface {
	// MarkPassed notes that a comment was passed on.
	MarkPassed(ctx context.Context, c id.Comment) error
	// NotTo has an activity not be delivered to a server.
	NotTo(ctx context.Context, outgoing, host string) error
	// NotePassed notes what was passed on, and forgets the changes of the same comment before
	// it, wherever they still wait.
	NotePassed(ctx context.Context, p Passed) error
	// CountPassed is how much but ends was passed on since a time about a comment, by its author, and
	// by all of their server.
	CountPassed(ctx context.Context, c id.Comment, from Actor, since time.Time) (of, by, all int64, err error)
	// ForgetPassed forgets what was passed on before.
	ForgetPassed(ctx context.Context, before time.Time) error
}

// Bounds of what is passed on: each goes to all servers of who follows an act.
const (
	longestPassed   = 64 << 10 // bytes: a text as long as a comment, in every markup, with a proof
	passedOfComment = 10       // an hour
	passedOfAuthor  = 60       // an hour
	passedOfHost    = 300      // new ones, an hour
	changedOfHost   = 1_200    // with changes: nobody's are kept back by a few others of their server
)

// A Passed activity is another's about a comment, for who follows an act here, a person
// here, or both.
type Passed struct {
	Outgoing // as it came; Actor is who passes it on
	Comment  id.Comment
	Act      id.Act    // "" none
	Person   id.Person // "" none
	From     Actor     // whose it is
}

// PassOn has an activity of somebody elsewhere be delivered, as it came, to the servers of
// who follows its addressees here, but their own: it knows. It was applied here for the
// first time, which it is once, so that it goes in no circle. Of somebody who is silenced
// nothing is passed on. What is too long, or too much, stays here: a change of what was
// passed on is then not taken at all, so that everybody reads the same. It tells to how many
// inboxes it goes. Faults: TooLarge and Conflict for a change.
func PassOn(ctx context.Context, tx Tx, p Passed) (n int64, err error) {
	verdict, err := Judged(ctx, tx, p.From.ID, p.From.Host)
	if err != nil || verdict == Silence {
		return 0, err
	}
	err = passable(ctx, tx, p)
	if p.Kind != "Update" && (fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Conflict)) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := tx.Send(ctx, p.Outgoing); err != nil {
		return 0, err
	}
	if p.Act != "" {
		if n, err = tx.DeliverToFollowers(ctx, p.ID, p.Act); err != nil {
			return 0, err
		}
	}
	if p.Person != "" {
		more, err := tx.DeliverToFans(ctx, p.ID, p.Person)
		if err != nil {
			return 0, err
		}
		n += more
	}
	if err := tx.NotTo(ctx, p.ID, p.From.Host); err != nil {
		return 0, err
	}
	if err := tx.NotePassed(ctx, p); err != nil {
		return 0, err
	}
	return n, tx.MarkPassed(ctx, p.Comment)
}

// passable refuses what is too long to be passed on, or would be too much within an hour.
// That a comment is no more is never too much: it was passed on once. Faults: TooLarge,
// Conflict.
func passable(ctx context.Context, tx Tx, p Passed) error {
	if len(p.Body) > longestPassed {
		return fault.New(fault.TooLarge, "What is passed on has at most %d bytes.", longestPassed)
	}
	if p.Kind == "Delete" {
		return nil
	}
	of, by, all, err := tx.CountPassed(ctx, p.Comment, p.From, tx.Now().Add(-time.Hour))
	most := int64(passedOfHost)
	if p.Kind == "Update" {
		most = changedOfHost
	}
	if err == nil && (of >= passedOfComment || by >= passedOfAuthor || all >= most) {
		err = fault.New(fault.Conflict, "Of %s no more is passed on within an hour.", p.From.ID)
	}
	return err
}

// WantComment has a comment be asked for at its own server, since somebody else says that
// it is there, or is no more. Of whom this node wants to hear nothing, or only what a
// moderator has seen, nothing is asked. Faults: Forbidden.
func WantComment(ctx context.Context, tx Tx, actor, host, iri string) error {
	verdict, err := admitted(ctx, tx, actor, host)
	if err != nil {
		return err
	}
	if verdict == Quarantine || verdict == Block {
		return fault.New(fault.Forbidden, "This node takes nothing of %s that others pass on.", actor)
	}
	return tx.Enqueue(ctx, JobComment, iri, []byte(iri), tx.Now())
}
