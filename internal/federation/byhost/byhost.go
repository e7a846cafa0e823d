// Package byhost does what waits for other servers: of each one thing after the other,
// of many servers at a time, so that one which is slow or dead delays nobody else. Nor
// do all the servers under one domain, whose owner makes as many as there are names.
package byhost

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/michaelperna/9ten/internal/limit"
)

// hold is how long a server is left alone after something went wrong here: what was
// tried could not be written down, so it would be tried again at once.
const hold = 10 * time.Second

// More are looked for where few are not enough, with a pause between.
const (
	deeper = 64 // times as many
	pause  = time.Second
)

// Config says what waits, and what is done about it.
type Config struct {
	AtOnce int // servers that are served at a time, of which one site has a quarter at most, at least one
	// Look lists up to n servers to be served now, who waits longest first, and tells when to
	// look again.
	Look func(ctx context.Context, n int) (hosts []string, next time.Duration, err error)
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
	deep time.Time // when it last looked for more

	mu sync.Mutex
	// busy are servers that are being served, or were (false) after a look began: what that
	// finds of them is older than what became of them.
	busy map[string]bool
	// sites are how many are being served of each.
	sites map[string]int
	held  map[string]time.Time // until when servers are left alone of which nothing could be kept
}

// New makes it.
func New(c Config) *Queue {
	return &Queue{Config: c, wake: make(chan struct{}, 1), busy: map[string]bool{}, sites: map[string]int{}, held: map[string]time.Time{}}
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
		hosts, next, err := q.look(ctx)
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

// look lists who may be served. Where a site has its places and hides others behind those
// of it that wait, it looks again for more and more, once a second at most.
func (q *Queue) look(ctx context.Context) (hosts []string, next time.Duration, err error) {
	few := 4 * q.AtOnce
	hosts, next, err = q.Look(ctx, few)
	if err != nil || len(hosts) < few || q.enough(hosts) {
		return hosts, next, err
	}
	if wait := q.deep.Add(pause).Sub(q.Now()); wait > 0 {
		return hosts, min(next, wait), nil
	}
	q.deep = q.Now()
	for n := few * deeper; ; n *= deeper {
		more, next, err := q.Look(ctx, n)
		if err != nil {
			q.Log.Error("looking for more that waits for other servers", "err", err)
			return hosts, pause, nil
		}
		if len(more) < n || q.enough(more) {
			return q.pick(more, few), next, nil
		}
	}
}

// enough reports whether those found could take all the places that are free.
func (q *Queue) enough(hosts []string) bool {
	q.mu.Lock()
	free := q.AtOnce
	for _, n := range q.sites {
		free -= n
	}
	q.mu.Unlock()
	return len(q.pick(hosts, free)) == free
}

// pick is who of them could be served now, the first of them.
func (q *Queue) pick(hosts []string, most int) (out []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	of := maps.Clone(q.sites)
	for _, host := range hosts {
		if len(out) == most {
			break
		}
		if at := site(host); of[at] < q.ofSite() && !q.stays(host) {
			of[at]++
			out = append(out, host)
		}
	}
	return out
}

// ofSite is how many of one site are served at a time.
func (q *Queue) ofSite() int { return max(1, q.AtOnce/4) }

// stays reports whether a server is not to be served now. It wants the lock.
func (q *Queue) stays(host string) bool {
	_, was := q.busy[host]
	return was || q.Now().Before(q.held[host])
}

// site is what one person may have all the servers of: a domain that can be registered,
// of whose names theirs are, or the network of an address.
//
// BUG(9ten): four of them have all the places. Of a domain that strangers share, and which
// is not on the list of public suffixes, slow servers delay the others.
func site(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return limit.Network(a)
	}
	if s, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return s
	}
	return name
}

// takes reports whether a server that was found is to be served, and takes it if so.
func (q *Queue) takes(host string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := site(host)
	if q.stays(host) || q.sites[at] >= q.ofSite() {
		return false
	}
	delete(q.held, host)
	q.busy[host] = true
	q.sites[at]++
	return true
}

// leaves ends serving a server.
func (q *Queue) leaves(host string, failed error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy[host] = false
	if at := site(host); q.sites[at] > 1 {
		q.sites[at]--
	} else {
		delete(q.sites, at)
	}
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
