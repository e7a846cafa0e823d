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
// not end after ten seconds.
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

// A flood that pauses for a moment is waited for again, and for no longer in all.
func TestLullGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(Applier{Log: slog.New(slog.DiscardHandler)})
		floods := func(long time.Duration) {
			go func() {
				for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(look / 100) {
					a.Wake()
				}
			}()
		}
		floods(3 * time.Second)
		left := a.lull(t.Context(), patience)
		if want := patience - 3*time.Second; left > want || left < want-2*look {
			t.Errorf("%s are left, not %s", left, want)
		}
		floods(time.Minute)
		began := time.Now()
		if a.lull(t.Context(), left) != 0 || time.Since(began).Round(look) != left {
			t.Errorf("it waits %s more, not %s", time.Since(began), left)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}
