package fabric

import (
	"testing"
	"time"
)

// Who is missing is waited for, and not for ever, unless nothing would work without.
func TestWhoIsWaitedFor(t *testing.T) {
	v, now := view{}, time.Now()
	for _, x := range []struct {
		after  time.Duration
		n      int
		begins bool
	}{
		{0, 2, false},
		{time.Hour, 2, false}, // of four, three must order
		{0, 3, false},
		{straggling - time.Millisecond, 3, false},
		{time.Millisecond, 3, true},
		{0, 2, false}, // one went again
		{time.Second, 3, false},
		{straggling, 3, true},
		{0, 4, true},
	} {
		now = now.Add(x.after)
		if got := v.begins(x.n, 4, now); got != x.begins {
			t.Errorf("%d of 4, %v later: %v", x.n, x.after, got)
		}
	}
	if v := (view{}); !v.begins(4, 4, now) {
		t.Error("all are there, and it waits")
	}
}
