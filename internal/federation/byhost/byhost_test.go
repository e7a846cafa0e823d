package byhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// runs runs a queue for a while of made-up time.
func runs(t *testing.T, c Config, d time.Duration) {
	t.Helper()
	c.Now, c.Log = time.Now, slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	if err := New(c).Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// A server that closes while the queue looks for what is due was found due by that
// look, and is not asked once more for it.
func TestEndsWhileItLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Bool
		var served atomic.Int64
		looks := 0
		runs(t, Config{
			AtOnce: 4,
			Look: func(context.Context, int) (hosts []string, next time.Duration, err error) {
				if looks++; !closed.Load() {
					hosts = []string{"slow.example"}
				}
				if looks > 1 {
					time.Sleep(time.Second) // what it found grows old
				}
				return hosts, 100 * time.Millisecond, nil
			},
			Serve: func(context.Context, string) error {
				time.Sleep(500 * time.Millisecond)
				served.Add(1)
				closed.Store(true)
				return nil
			},
		}, time.Minute)
		if served.Load() != 1 || looks < 10 {
			t.Errorf("served %d times, looked %d times", served.Load(), looks)
		}
	})
}

// What comes for a server while that is served, and is not done with what was there, is
// done right after, though it was looked for meanwhile and nobody says it again.
func TestComesWhileServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits atomic.Int64
		waits.Store(1)
		var served []time.Duration
		began := time.Now()
		q := New(Config{
			AtOnce: 2,
			Look: func(context.Context, int) (hosts []string, next time.Duration, err error) {
				if waits.Load() > 0 {
					hosts = []string{"a.example"}
				}
				return hosts, time.Hour, nil
			},
			Serve: func(context.Context, string) error {
				n := waits.Load()
				time.Sleep(500 * time.Millisecond)
				waits.Add(-n)
				served = append(served, time.Since(began))
				return nil
			},
			Now: time.Now,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		time.AfterFunc(200*time.Millisecond, func() {
			waits.Add(1)
			q.Wake()
		})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := q.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(served, []time.Duration{500 * time.Millisecond, time.Second}) || waits.Load() != 0 {
			t.Errorf("served after %v, %d wait", served, waits.Load())
		}
	})
}

// One that is slow keeps nobody else waiting while there is a place, and no more are
// served at a time than there are places.
func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		waiting := map[string]bool{"a": true, "b": true, "c": true, "slow": true}
		atOnce, most := 0, 0
		var order []string
		began := time.Now()
		runs(t, Config{
			AtOnce: 2,
			Look: func(context.Context, int) (hosts []string, next time.Duration, err error) {
				mu.Lock()
				defer mu.Unlock()
				for host := range waiting {
					hosts = append(hosts, host)
				}
				slices.SortFunc(hosts, func(a, b string) int { return len(b) - len(a) }) // the slow one first
				return hosts, time.Hour, nil
			},
			Serve: func(_ context.Context, host string) error {
				mu.Lock()
				atOnce++
				most = max(most, atOnce)
				mu.Unlock()
				if host == "slow" {
					time.Sleep(time.Minute)
				}
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				atOnce--
				delete(waiting, host)
				order = append(order, host)
				if len(order) == 3 && time.Since(began) != 3*time.Second {
					t.Errorf("the others took %v", time.Since(began))
				}
				return nil
			},
		}, time.Hour)
		if len(order) != 4 || order[3] != "slow" || most != 2 {
			t.Errorf("served %v, %d at a time", order, most)
		}
	})
}

// What could not be kept here is not tried again at once, however often it looks.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var served atomic.Int64
		looks := int64(0)
		runs(t, Config{
			AtOnce: 2,
			Look: func(context.Context, int) ([]string, time.Duration, error) {
				if looks++; looks%3 == 0 {
					return nil, 0, errors.New("the disk is full")
				}
				return []string{"a.example"}, 100 * time.Millisecond, nil
			},
			Serve: func(context.Context, string) error {
				served.Add(1)
				return errors.New("the disk is full")
			},
		}, time.Minute-time.Second)
		if n := served.Load(); n < 3 || n > 6 || looks < 2*n {
			t.Errorf("served %d times in a minute, looked %d times", n, looks)
		}
	})
}

// Whoever owns a domain has as many servers as they like, and each is slow: others are
// served meanwhile, however late they came. More are looked for once a second at most,
// and only while there is a place.
func TestSlowSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting []string
		for i := range 100 {
			waiting = append(waiting, fmt.Sprintf("n%d.slow.example", i), fmt.Sprintf("n%d.slower.example", i))
		}
		waiting = append(waiting, "last.example:8443", "very.last.example")
		var mu sync.Mutex
		var served, others []string
		var deep []time.Time
		atOnce, most := map[string]int{}, 0
		runs(t, Config{
			AtOnce: 8,
			Look: func(_ context.Context, n int) (hosts []string, next time.Duration, err error) {
				mu.Lock()
				defer mu.Unlock()
				if n > 4*8 {
					deep = append(deep, time.Now())
				}
				return slices.Clone(waiting[:min(n, len(waiting))]), 100 * time.Millisecond, nil
			},
			Serve: func(_ context.Context, host string) error {
				at := site(host)
				mu.Lock()
				atOnce[at]++
				most = max(most, atOnce[at])
				mu.Unlock()
				time.Sleep(10 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				atOnce[at]--
				if served = append(served, host); at == "last.example" {
					others = append(others, host)
				}
				waiting = slices.DeleteFunc(waiting, func(x string) bool { return x == host })
				return nil
			},
		}, 20*time.Minute)
		if i := slices.Index(served, "last.example:8443"); i < 0 || i > 6 || most != 2 || len(served) != 202 || len(others) != 2 {
			t.Errorf("it was number %d of %d served, %d of one site at a time", i, len(served), most)
		}
		for i, at := range deep {
			if i > 0 && at.Sub(deep[i-1]) < time.Second {
				t.Errorf("looked for more at %v and again after %v", deep[i-1], at.Sub(deep[i-1]))
			}
		}
	})
}

// While all places are taken nobody looks for more, whoever waits.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deep := 0
		runs(t, Config{
			AtOnce: 4, // one of each site
			Look: func(_ context.Context, n int) (hosts []string, next time.Duration, err error) {
				if n > 4*4 {
					deep++
				}
				for i := range 4 * 4 {
					hosts = append(hosts, fmt.Sprintf("n%d.s%d.example", i, i%4))
				}
				return hosts, 100 * time.Millisecond, nil
			},
			Serve: func(ctx context.Context, _ string) error {
				<-ctx.Done()
				return nil
			},
		}, time.Minute)
		if deep != 0 {
			t.Errorf("looked for more %d times", deep)
		}
	})
}

func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"music.example":         "music.example",
		"a.b.music.example:443": "music.example",
		"nine.music.co.uk":      "music.co.uk",
		"ada.github.io":         "ada.github.io", // where anybody gets a name
		"co.uk:8443":            "co.uk",
		"198.51.100.7:8443":     "198.51.100.7",
		"[2001:db8::7]:8443":    "2001:db8::/64",
		"[2001:db8:0::8]":       "2001:db8::/64",
		"[::ffff:198.51.100.7]": "198.51.100.7",
		"localhost:4711":        "localhost",
		"quay.localhost":        "quay.localhost",
	} {
		if got := site(host); got != want {
			t.Errorf("%s is of %s, not %s", host, got, want)
		}
	}
}
