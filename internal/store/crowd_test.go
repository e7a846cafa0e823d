package store

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Who writes alone is written at once; of a small crowd who still comes is waited for,
// while any does, and not for long.
func TestGather(t *testing.T) {
	const often, seldom = more/4 + time.Microsecond, 2 * more // never as a look is taken
	for _, tt := range []struct {
		what    string
		waiting int
		every   time.Duration // between those who come later, 0 nobody does
		most    int           // who do
		wants   int           // in the group
		takes   time.Duration
	}{
		{"one", 1, often, 100, 1, 0},
		{"two", crowd - 1, often, 100, crowd - 1, 0},
		{"a crowd and nobody else", crowd, 0, 0, crowd, more},
		{"a crowd and one more", crowd, often, 1, crowd + 1, 2 * more},
		{"a crowd and one much later", crowd, seldom, 1, crowd, more},
		{"a crowd that goes on", crowd, often, 100, crowd + 4*mostMore - 1, mostMore * more},
		{"a large crowd that goes on", ample - 3, often, 100, ample, more},
		{"ample", ample, often, 100, ample, 0},
		{"as many as there may be", groupMax, 0, 0, groupMax, 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &writer{queue: make(chan *seat, groupMax)}
				for range tt.waiting {
					w.queue <- &seat{}
				}
				var later sync.WaitGroup
				defer later.Wait()
				later.Go(func() {
					for range tt.most {
						time.Sleep(tt.every)
						w.queue <- &seat{}
					}
				})
				began := time.Now()
				group := w.gather(<-w.queue)
				if len(group) != tt.wants {
					t.Errorf("%d share a commit, not %d", len(group), tt.wants)
				}
				if took := time.Since(began); took != tt.takes {
					t.Errorf("it takes %s, not %s", took, tt.takes)
				}
			})
		})
	}
}

// A few who write again as soon as they were answered are not kept waiting for nobody.
func TestGatherOfFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writer{queue: make(chan *seat, groupMax)}
		began := time.Now()
		const groups = 10 * (unmet + 1)
		for range groups {
			for range crowd {
				w.queue <- &seat{}
			}
			if got := len(w.gather(<-w.queue)); got != crowd {
				t.Fatalf("%d share a commit", got)
			}
		}
		if took := time.Since(began); took != groups/(unmet+1)*more {
			t.Errorf("%d groups waited %s", groups, took)
		}
	})
}
