package remote

import (
	"crypto"
	"crypto/x509"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/michaelperna/9ten/internal/social"
)

// Limits of what a keyring remembers: keys of some hundred bytes each, and for how long
// one is not read again, since another process may have changed it.
const (
	ringSize = 10_000
	ringTime = again
)

// A Keyring remembers keys that were used lately, so that a flood of what one server
// says, or of what nobody signed, asks the database for none of them.
type Keyring struct {
	gone func() uint64

	mu    sync.Mutex
	state uint64 // how often what is known of others was changed
	left  uint64 // gone when the keys were read
	keys  *simplelru.LRU[string, held]
}

// found is a key as it is used.
type found struct {
	key     crypto.PublicKey
	owner   string
	fetched time.Time
	ended   time.Time // zero: it has not
}

// held is one that is remembered, since when.
type held struct {
	found
	since time.Time
}

// NewKeyring makes an empty one; gone counts how often somebody was forgotten, with all
// their keys.
func NewKeyring(gone func() uint64) *Keyring {
	keys, _ := simplelru.NewLRU[string, held](ringSize, nil) // fails for no size alone
	return &Keyring{gone: gone, keys: keys}
}

// get is what is remembered of a key. It tells the state that one which is not is to be
// read in, and put with. A nil keyring remembers nothing.
func (r *Keyring) get(id string, now time.Time) (k found, state uint64, ok bool) {
	if r == nil {
		return k, 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	h, ok := r.keys.Get(id)
	if age := now.Sub(h.since); age < 0 || age >= ringTime { // also where a clock was set back
		ok = false
	}
	return h.found, r.state, ok
}

// look drops all keys once somebody was forgotten: it is not said who.
func (r *Keyring) look() {
	if n := r.gone(); n != r.left {
		r.keys.Purge()
		r.left, r.state = n, r.state+1
	}
}

// put remembers a key that was read after get told the state.
func (r *Keyring) put(id string, k found, state uint64, now time.Time) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.look(); state == r.state {
		r.keys.Add(id, held{k, now})
	}
}

// forget is called when somebody's keys have changed.
func (r *Keyring) forget(owner string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state++
	for _, id := range r.keys.Keys() {
		if k, _ := r.keys.Peek(id); k.owner == owner {
			r.keys.Remove(id)
		}
	}
}

func parsed(k social.Key) (found, error) {
	key, err := x509.ParsePKIXPublicKey(k.Public)
	return found{key, k.Owner, k.Fetched, k.Ended}, err
}
