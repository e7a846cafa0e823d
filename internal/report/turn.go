package report

import (
	"context"
	"sync"

	"github.com/michaelperna/9ten/internal/fault"
)

// A turn lets one caller at a time close days and months. Whoever has it calls
// the ledger, which may be away, so nobody waits for it longer than they have
// time: jobs wait for each other, people are told that it is under way.
type turn struct {
	once sync.Once
	free chan struct{}
}

func (t *turn) ready() chan struct{} {
	t.once.Do(func() { t.free = make(chan struct{}, 1); t.free <- struct{}{} })
	return t.free
}

// take waits for the turn until ctx ends, then it returns Unavailable.
func (t *turn) take(ctx context.Context) error {
	select {
	case <-t.ready():
		return nil
	case <-ctx.Done():
		return t.busy(ctx.Err())
	}
}

// try takes the turn if it is free, or returns Unavailable.
func (t *turn) try() error {
	select {
	case <-t.ready():
		return nil
	default:
		return t.busy(errTaken)
	}
}

func (t *turn) give() { t.free <- struct{}{} }

func (*turn) busy(cause error) error {
	return fault.Wrap(cause, fault.Unavailable, "Days and months are being closed just now. Look again in a moment: what is due is done by itself.")
}

const errTaken = taken("the turn is taken")

type taken string

func (e taken) Error() string { return string(e) }
