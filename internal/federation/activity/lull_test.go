package activity

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What comes alone is applied soon, what many say at once when they have, and what does
// not end after five seconds.
func TestLull(t *testing.T) {
	for _, tt := range []struct {
		what  string
		every time.Duration // between two that come
		for_  time.Duration // how long they do
		waits time.Duration
	}{
		{"one", time.Second, 0, look},
		{"a few", look / 10, time.Minute, look},
		{"many for a second", look / 100, time.Second, time.Second + look},
		{"many for a minute", look / 100, time.Minute, patience},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				a := New(Applier{})
				var senders sync.WaitGroup
				senders.Go(func() {
					for began := time.Now(); ctx.Err() == nil && time.Since(began) <= tt.for_; time.Sleep(tt.every) {
						a.Wake()
					}
				})
				began := time.Now()
				<-a.wake
				a.lull(ctx)
				if got := time.Since(began).Round(look); got != tt.waits {
					t.Errorf("it waits %s, not %s", got, tt.waits)
				}
				stop()
				senders.Wait()
			})
		})
	}
}
