package social

import (
	"context"

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
}

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
// nothing is passed on. It tells to how many inboxes it goes.
func PassOn(ctx context.Context, tx Tx, p Passed) (n int64, err error) {
	verdict, err := Judged(ctx, tx, p.From.ID, p.From.Host)
	if err != nil || verdict == Silence {
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
	return n, tx.MarkPassed(ctx, p.Comment)
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
