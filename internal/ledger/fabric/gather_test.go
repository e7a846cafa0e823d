package fabric

import (
	"errors"
	"testing"
	"time"
)

// Who is missing is waited for, and not for ever, unless nothing would work without.
func TestWhoIsWaitedFor(t *testing.T) {
	v, now := view{}, time.Now()
	for _, x := range []struct {
		after, took time.Duration // since the last answer, and until this one
		n           int
		begins      bool
	}{
		{0, 0, 2, false},
		{time.Hour, 0, 2, false}, // of four, three must order
		{0, 0, 3, false},
		{straggling - time.Millisecond, 0, 3, false},
		{time.Millisecond, 0, 3, true},
		{0, 0, 3, false}, // the next step waits anew
		{0, 0, 2, false}, // one went again
		{straggling, 0, 3, false},
		{straggling, 0, 3, true},
		{0, straggling, 3, true}, // one hangs
		{0, 0, 4, true},
	} {
		asked := now.Add(x.after)
		now = asked.Add(x.took)
		if got := v.begins(x.n, 4, asked, now); got != x.begins {
			t.Errorf("%d of 4, %v later: %v", x.n, x.after+x.took, got)
		}
	}
}

// What an orderer answers tells whether it runs, and whether it is in the channel.
// One whose clock differs says nothing about the latter.
func TestWhatAnOrdererIs(t *testing.T) {
	failed := errors.New("it said something")
	for name, x := range map[string]struct {
		hearing
		there, takesPart bool
	}{
		"orders":        {hearing{}, true, true},
		"silent":        {hearing{err: failed}, false, false},
		"not in it":     {hearing{err: failed, absent: true}, true, false},
		"no member's":   {hearing{err: failed, forbidden: true}, true, true},
		"another clock": {hearing{err: failed, apart: true}, true, false},
	} {
		if x.hearing.there() != x.there || x.hearing.takesPart() != x.takesPart {
			t.Errorf("%s: there %v, takes part %v", name, x.hearing.there(), x.hearing.takesPart())
		}
	}
}
