// Package byhost does what waits for other servers: of each one thing after the other,
// of many servers at a time, so that one which is slow or dead delays nobody else.
package byhost

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// hold is how long a server is left alone after something went wrong here: what was
// tried could not be written down, so it would be tried again at once.
const hold = 10 * time.Second

// Config says what waits, and what is done about it.
type Config struct {
	AtOnce int // servers that are served at a time
	// Look lists servers to be served now, more than are served at a time, who waits longest
	// first; and tells when to look again.
	Look func(ctx context.Context) (hosts []string, next time.Duration, err error)
	// Serve does what waits for one until nothing is due. It returns what went wrong here,
	// not there.
	Serve func(ctx context.Context, host string) error
	Now   func() time.Time
	Log   *slog.Logger
}

// A Queue is what waits. Make it with [New], [Queue.Run] it, and [Queue.Wake] it when
// there is something new.
type Queue struct {
	Config
	wake chan struct{}

	mu sync.Mutex
	// busy are servers that are being served, or were (false) after a look began: what that
	// finds of them is older than what became of them.
	busy map[string]bool
	held map[string]time.Time // until when servers are left alone of which nothing could be kept
}

// New makes it.
func New(c Config) *Queue {
	return &Queue{Config: c, wake: make(chan struct{}, 1), busy: map[string]bool{}, held: map[string]time.Time{}}
}

// Wake has it look now.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run serves until ctx ends, and returns when nobody is being served any more.
func (q *Queue) Run(ctx context.Context) error {
	slots := make(chan struct{}, q.AtOnce)
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		q.looks()
		hosts, next, err := q.Look(ctx)
		if err != nil && ctx.Err() == nil {
			q.Log.Error("what waits for other servers", "err", err)
			next = hold
		}
		for _, host := range hosts {
			if !q.takes(host) {
				continue
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				q.leaves(host, nil)
				return nil
			}
			all.Go(func() {
				q.leaves(host, q.Serve(ctx, host))
				<-slots
				q.Wake()
			})
		}
		t := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-t.C:
		}
		t.Stop()
	}
	return nil
}

// looks begins a look: what ends from now on is not known to it.
func (q *Queue) looks() {
	q.mu.Lock()
	defer q.mu.Unlock()
	maps.DeleteFunc(q.busy, func(_ string, is bool) bool { return !is })
}

// takes reports whether a server that was found is to be served, and takes it if so.
func (q *Queue) takes(host string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, was := q.busy[host]; was || q.Now().Before(q.held[host]) {
		return false
	}
	delete(q.held, host)
	q.busy[host] = true
	return true
}

// leaves ends serving a server.
func (q *Queue) leaves(host string, failed error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy[host] = false
	if failed != nil {
		q.held[host] = q.Now().Add(hold)
	}
}

// Pause is how long to wait after so many tries, up to a quarter longer or shorter, so
// that not everything comes back at once. The last of the pauses stands for all later ones.
func Pause(of []time.Duration, tries int64) time.Duration {
	d := of[min(tries, int64(len(of)))-1]
	return d - d/4 + time.Duration(rand.Int64N(int64(d/2)+1))
}
