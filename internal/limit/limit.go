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
// The name not seen for longest is forgotten when there are too many. It may
// be used by many goroutines.
type Limiter struct {
	every time.Duration
	burst int

	mu     sync.Mutex
	names  map[string]*list.Element
	recent *list.List // of *attempts, the most recent first
}

type attempts struct {
	name string
	*rate.Limiter
}

// New returns a limiter.
func New(every time.Duration, burst int) *Limiter {
	return &Limiter{every: every, burst: burst, names: map[string]*list.Element{}, recent: list.New()}
}

// Allow counts an attempt. Faults: Limited, with how long to wait.
func (l *Limiter) Allow(name string, now time.Time) error { return l.AllowN(name, now, 1) }

// AllowN counts n attempts at once, of which there may be no more than a
// burst. Faults: Limited, and then none was counted.
func (l *Limiter) AllowN(name string, now time.Time, n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.names[name]
	if !ok {
		e = l.recent.PushFront(&attempts{name, rate.NewLimiter(rate.Every(l.every), l.burst)})
		l.names[name] = e
	}
	l.recent.MoveToFront(e)
	if l.recent.Len() > remembered {
		last := l.recent.Back()
		delete(l.names, last.Value.(*attempts).name)
		l.recent.Remove(last)
	}
	a := e.Value.(*attempts)
	if a.AllowN(now, n) {
		return nil
	}
	wait := max(time.Second, time.Duration((float64(n)-a.TokensAt(now))*float64(l.every)).Round(time.Second))
	return fault.Later(wait, "That was tried too often. Try again in %d seconds.", int(wait.Seconds()))
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
