package activity

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/michaelperna/9ten/internal/social"
)

// empty is a store in which nothing waits, and when that was looked at.
type empty struct {
	social.Store
	looks chan time.Time
}

func (e empty) SocialView(context.Context, func(social.Tx) error) error {
	e.looks <- time.Now()
	return nil
}

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
				at := empty{looks: make(chan time.Time, 2000)}
				a := New(Applier{Store: at, Log: slog.New(slog.DiscardHandler), AtOnce: 1})
				var all sync.WaitGroup
				all.Go(func() { _ = a.run(ctx) })
				began := <-at.looks // at the start
				all.Go(func() {
					for ctx.Err() == nil && time.Since(began) <= tt.for_ {
						a.Wake()
						time.Sleep(tt.every)
					}
				})
				if got := (<-at.looks).Sub(began).Round(look); got != tt.waits {
					t.Errorf("it waits %s, not %s", got, tt.waits)
				}
				stop()
				all.Wait()
			})
		})
	}
}
