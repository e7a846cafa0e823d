package remote

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/social"
)

// How long a key that was asked for in vain is not asked for, and of how many that is
// remembered.
const (
	vainFor     = again
	vainIfAway  = 30 * time.Second // the server did not answer
	vainAtMost  = 4096
	vainWords   = 300 // bytes of why
	keysAMinute = 60
)

// Strangers bounds for which keys servers are asked: anybody may name any key of any
// server in a request that they have not signed, and would have this node ask that server
// until it may ask it nothing else.
type Strangers struct {
	keys *limit.Limiter // by host

	mu   sync.Mutex
	vain map[string]vain // by the key's address
}

// A vain question is why a key was not found, and how long that counts.
type vain struct {
	why   error
	until time.Time
}

// NewStrangers is a limit of 60 keys a minute of each host.
func NewStrangers() *Strangers {
	return &Strangers{keys: limit.New(time.Minute/keysAMinute, keysAMinute), vain: map[string]vain{}}
}

// askKey asks for a key, unless that was in vain just now. Faults: as fetchKey has them.
func (s *Servers) askKey(ctx context.Context, id string) (social.Key, error) {
	now := s.Now()
	if len(id) > maxAddress { // nor would it be kept
		return social.Key{}, fault.New(fault.Unauthenticated, "A key's address has at most %d bytes.", maxAddress)
	}
	if err := s.Strangers.was(id, now); err != nil {
		return social.Key{}, err
	}
	if err := s.Strangers.keys.Allow(Host(id), now); err != nil {
		return social.Key{}, fault.Wrap(err, fault.Unavailable, "The server %s is asked for keys too often.", Host(id))
	}
	k, err := s.fetchKey(ctx, id)
	if err != nil && ctx.Err() == nil { // otherwise who asked has gone, and nothing is known
		s.Strangers.note(id, err, now)
	}
	return k, err
}

// was is why a key was not found just now, nil: nobody knows.
func (s *Strangers) was(id string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.vain[id]; now.Before(v.until) {
		return v.why
	}
	return nil
}

func (s *Strangers) note(id string, why error, now time.Time) {
	until := now.Add(vainFor)
	switch fault.KindOf(why) {
	case fault.Internal: // it went wrong here
		return
	case fault.Unavailable:
		until = now.Add(vainIfAway)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.vain) >= vainAtMost {
		maps.DeleteFunc(s.vain, func(_ string, v vain) bool { return !now.Before(v.until) })
	}
	if len(s.vain) < vainAtMost {
		s.vain[id] = vain{fault.New(fault.KindOf(why), "%s", short(fault.Message(why), vainWords)), until}
	}
}
