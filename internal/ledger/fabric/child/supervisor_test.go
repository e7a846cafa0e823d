package child

import (
	"slices"
	"testing"
	"time"
)

func TestPausesGrowAndAreShortAgainAfterHealth(t *testing.T) {
	var pause time.Duration
	var got []time.Duration
	for range 10 {
		pause = longer(pause, time.Second)
		got = append(got, pause/time.Millisecond)
	}
	if want := []time.Duration{200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if pause = longer(pause, healthy); pause != pauseMin {
		t.Errorf("after a minute of health %v, want %v", pause, pauseMin)
	}
}
