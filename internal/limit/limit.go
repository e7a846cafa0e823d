// Package limit bounds how often something is tried, by name: a network, an
// account, a user name. It forgets everything when the node restarts.
package limit

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/michaelperna/9ten/internal/fault"
)

// remembered bounds how many names a limiter keeps: about 2 MB.
const remembered = 8192

// A Limiter counts attempts by name: a burst at once, then one every so often.
// It may be used by many goroutines.
type Limiter struct {
	every time.Duration
	burst int

	mu       sync.Mutex
	attempts names[*rate.Limiter]
}

// New returns a limiter.
func New(every time.Duration, burst int) *Limiter { return &Limiter{every: every, burst: burst} }

// Known remembers names that were seen before. The zero value knows none. It
// may be used by many goroutines.
type Known struct {
	mu   sync.Mutex
	seen names[struct{}]
}

// Add remembers a name.
func (k *Known) Add(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen.put(name, struct{}{})
}

// Has reports whether a name was added and is not forgotten.
func (k *Known) Has(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.seen.get(name)
	return ok
}

// names keeps something by name. The one not seen for longest is forgotten
// when there are too many.
type names[T any] struct {
	by     map[string]*list.Element
	recent list.List // of entry[T], the most recent first
}

type entry[T any] struct {
	name string
	of   T
}

func (n *names[T]) get(name string) (of T, ok bool) {
	e, ok := n.by[name]
	if !ok {
		return of, false
	}
	n.recent.MoveToFront(e)
	return e.Value.(entry[T]).of, true
}

func (n *names[T]) put(name string, of T) {
	if e, ok := n.by[name]; ok {
		n.recent.Remove(e)
	}
	if n.by == nil {
		n.by = map[string]*list.Element{}
	}
	n.by[name] = n.recent.PushFront(entry[T]{name, of})
	if n.recent.Len() > remembered {
		last := n.recent.Back()
		delete(n.by, last.Value.(entry[T]).name)
		n.recent.Remove(last)
	}
}

// Allow counts an attempt. Faults: Limited, with how long to wait.
func (l *Limiter) Allow(name string, now time.Time) error { return l.AllowN(name, now, 1) }

// AllowN counts n attempts at once, of which there may be no more than a
// burst. Faults: Limited, and then none was counted.
func (l *Limiter) AllowN(name string, now time.Time, n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.attempts.get(name)
	if !ok {
		a = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.attempts.put(name, a)
	}
	if a.AllowN(now, n) {
		return nil
	}
	wait := max(time.Second, time.Duration((float64(n)-a.TokensAt(now))*float64(l.every)).Round(time.Second))
	return fault.Later(wait, "That was tried too often. Try again in %d seconds.", int(wait.Seconds()))
}

// A Quota is how a name stands with a limiter.
type Quota struct {
	Burst  int           // as many at once
	Window time.Duration // in which all of them come back
	Left   int           // now
	Next   time.Duration // until there is one more; 0 when all are there
}

// Quota says how a name stands, and counts nothing.
func (l *Limiter) Quota(name string, now time.Time) Quota {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := Quota{Burst: l.burst, Window: time.Duration(l.burst) * l.every, Left: l.burst}
	a, ok := l.attempts.get(name)
	if !ok {
		return q
	}
	tokens := min(max(a.TokensAt(now), 0), float64(l.burst))
	if q.Left = int(tokens); q.Left < l.burst {
		q.Next = time.Duration((float64(q.Left+1) - tokens) * float64(l.every))
	}
	return q
}

// Network is what counts as one address: a single IPv4 address, or the /64
// that one household or server gets of IPv6.
func Network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64) // fails for other families alone
		return p.String()
	}
	return a.String()
}
