package remote

import (
	"crypto"
	"crypto/x509"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/michaelperna/9ten/internal/social"
)

// Limits of what a keyring remembers: keys of some hundred bytes each and as many of whom
// they are, and for how long one is not read again, since another process may have changed it.
const (
	ringSize = 10_000
	ringTime = again
	ringWord = 2000 // bytes of all that is known of somebody; of whom more is, is read each time
)

// A Keyring remembers keys that were used lately and whose they are, so that a flood of what
// one server says, or of what nobody signed, asks the database for none of them.
type Keyring struct {
	gone func() uint64

	mu     sync.Mutex
	state  uint64 // how often what is known of others was changed
	left   uint64 // gone when they were read
	keys   *simplelru.LRU[string, held[found]]
	actors *simplelru.LRU[string, held[social.Actor]]
}

// found is a key as it is used.
type found struct {
	key     crypto.PublicKey
	owner   string
	fetched time.Time
	ended   time.Time // zero: it has not
}

// held is what is remembered, since when.
type held[T any] struct {
	it    T
	since time.Time
}

// NewKeyring makes an empty one; gone counts how often somebody was forgotten, with all
// their keys.
func NewKeyring(gone func() uint64) *Keyring {
	keys, _ := simplelru.NewLRU[string, held[found]](ringSize, nil) // fails for no size alone
	actors, _ := simplelru.NewLRU[string, held[social.Actor]](ringSize, nil)
	return &Keyring{gone: gone, keys: keys, actors: actors}
}

// get is what is remembered of a key. It tells the state that one which is not is to be
// read in, and put with. A nil keyring remembers nothing.
func (r *Keyring) get(id string, now time.Time) (k found, state uint64, ok bool) {
	if r == nil {
		return k, 0, false
	}
	return lookUp(r, r.keys, id, now)
}

// actor is the same of whose they are.
func (r *Keyring) actor(id string, now time.Time) (a social.Actor, state uint64, ok bool) {
	if r == nil {
		return a, 0, false
	}
	return lookUp(r, r.actors, id, now)
}

func lookUp[T any](r *Keyring, in *simplelru.LRU[string, held[T]], id string, now time.Time) (it T, state uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	h, ok := in.Get(id)
	if age := now.Sub(h.since); age < 0 || age >= ringTime { // also where a clock was set back
		ok = false
	}
	return h.it, r.state, ok
}

// look drops all once somebody was forgotten: it is not said who.
func (r *Keyring) look() {
	if n := r.gone(); n != r.left {
		r.keys.Purge()
		r.actors.Purge()
		r.left, r.state = n, r.state+1
	}
}

// put remembers a key that was read after get told the state.
func (r *Keyring) put(id string, k found, state uint64, now time.Time) {
	if r != nil {
		keep(r, r.keys, id, k, state, now)
	}
}

// putActor remembers somebody who was read after actor told the state, if that is little.
func (r *Keyring) putActor(a *social.Actor, state uint64, now time.Time) {
	if r != nil && size(a) <= ringWord {
		keep(r, r.actors, a.ID, *a, state, now)
	}
}

// size is how many bytes are known of somebody.
func size(a *social.Actor) (n int) {
	for _, text := range []string{a.ID, a.Host, a.Kind, a.Handle, a.Name, a.Summary, a.URL, a.Icon, a.Inbox, a.SharedInbox, a.Outbox, a.Releases, a.Playlists, a.Followers, a.MovedTo} {
		n += len(text)
	}
	for _, l := range a.Lines {
		n += len(l.Name) + len(l.Value)
	}
	return n
}

func keep[T any](r *Keyring, in *simplelru.LRU[string, held[T]], id string, it T, state uint64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.look(); state == r.state {
		in.Add(id, held[T]{it, now})
	}
}

// forget is called when somebody or their keys have changed.
func (r *Keyring) forget(owner string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state++
	r.actors.Remove(owner)
	for _, id := range r.keys.Keys() {
		if k, _ := r.keys.Peek(id); k.it.owner == owner {
			r.keys.Remove(id)
		}
	}
}

func parsed(k social.Key) (found, error) {
	key, err := x509.ParsePKIXPublicKey(k.Public)
	return found{key, k.Owner, k.Fetched, k.Ended}, err
}
