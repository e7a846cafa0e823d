package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// JobTalk is the job that asks what people say elsewhere of a release elsewhere: see the
// package that does it.
const JobTalk = "social.talk"

// TalkTx is the part of a transaction that keeps what other servers say of what people
// think of their music. Comments are kept with those from here.
type TalkTx interface {
	// PutCount keeps how many like or share a thing there.
	PutCount(ctx context.Context, t Thing, kind Reaction, n int64) error
	// TalkAsked is when a release's server was asked last, zero for never.
	TalkAsked(ctx context.Context, r id.Release) (time.Time, error)
	// AskTalk notes that a release's server is asked now, false where it was asked since a
	// time.
	AskTalk(ctx context.Context, r id.Release, before time.Time) (bool, error)
}

// How what is said elsewhere of music elsewhere is gathered.
const (
	TalkAgain = time.Hour            // how soon a release's server is asked again
	TalkNew   = 90 * 24 * time.Hour  // how long a release is new, so that it is asked without anybody looking
	TalkOld   = 365 * 24 * time.Hour // older comments are left where they are
)

// WantTalk has the server of a release elsewhere be asked what people say of it, unless it
// was a while ago.
func WantTalk(ctx context.Context, tx Tx, r id.Release) error {
	is, err := tx.AskTalk(ctx, r, tx.Now().Add(-TalkAgain))
	if err != nil || !is {
		return err
	}
	return tx.Enqueue(ctx, JobTalk, string(r), []byte(`{"release":"`+string(r)+`"}`), tx.Now())
}

// Gather keeps a comment that somebody made elsewhere on music elsewhere, whose server
// lists it: who may say something is decided there, how much of it is kept here. It stands
// where it was said; one that was there has no id. Faults: those of [Say].
func Gather(ctx context.Context, tx Tx, c Comment) (Comment, error) {
	thing, act, err := tx.Known(ctx, c.Thing)
	if err == nil && act != "" {
		err = fault.New(fault.Forbidden, "What is said of music of this node comes by itself.")
	}
	if err != nil {
		return c, err
	}
	c.Thing = thing
	if c.At.IsZero() || c.At.After(tx.Now()) {
		c.At = tx.Now()
	}
	if c.At.Before(tx.Now().Add(-TalkOld)) {
		return c, fault.New(fault.Forbidden, "It was said too long ago.")
	}
	verdict, err := Judged(ctx, tx, c.Author.Actor, c.Author.Host)
	if err != nil {
		return c, err
	}
	if verdict == Quarantine || verdict == Block {
		return c, fault.New(fault.Forbidden, "This node gathers nothing of %s.", c.Author.Actor)
	}
	if c.HTML, err = clean(c.HTML); err != nil {
		return c, err
	}
	if err := place(ctx, tx, &c); err != nil {
		return c, err
	}
	_, _, all, err := tx.CountComments(ctx, c.Author, c.Thing.Release, tx.Now())
	if err == nil && all >= onRelease {
		err = fault.New(fault.Conflict, "There are %d comments on this release, and no more are taken.", onRelease)
	}
	if err != nil {
		return c, err
	}
	return keepComment(ctx, tx, "", c)
}
