package app

import (
	"context"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// What costs a node much it does for one stranger at a time; who waits too long for
// the others is told to come again, and the next has its turn.
func TestBlocksTakeTurns(t *testing.T) {
	turns := make(turn, 1)
	at, most := 0, 0
	work := func() error {
		at++
		most = max(most, at)
		defer func() { at-- }()
		late, stop := context.WithCancel(t.Context())
		stop()
		if err := turns.take(late, turnWithin, func() error { most = 2; return nil }); !fault.Is(err, fault.Limited) {
			t.Errorf("while it is another's turn: %v", err)
		}
		return nil
	}
	for range 2 {
		if err := turns.take(t.Context(), turnWithin, work); err != nil {
			t.Error(err)
		}
	}
	if most != 1 {
		t.Errorf("%d at a time", most)
	}
}
