package document

import (
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/limit"
)

// Readers are the servers that may read documents: those that sign what they ask
// and that the node has to do with.
type Readers struct {
	remote.Verifier
	// Address names where a request comes from, for limits.
	Address func(*http.Request) string
	Now     func() time.Time
	tries   *limit.Limiter
}

// perMinute is how many signatures of one address are checked.
const perMinute = 300

// NewReaders makes them.
func NewReaders(by remote.Verifier, address func(*http.Request) string, now func() time.Time) *Readers {
	return &Readers{Verifier: by, Address: address, Now: now, tries: limit.New(time.Minute/perMinute, perMinute)}
}

// admit refuses a request of nobody the node knows. Faults: Unauthenticated,
// Forbidden, TooMany, and those of [remote.Keys].
func (x *Readers) admit(r *http.Request) error {
	if x == nil {
		return nil
	}
	_, err := x.Asker(r)
	return err
}

// Asker is the server that signed a request, with the faults of admit.
func (x *Readers) Asker(r *http.Request) (host string, err error) {
	claim, host, err := x.Claim(r)
	if err != nil {
		return "", err
	}
	now := x.Now()
	if err := x.tries.Allow(x.Address(r), now); err != nil {
		return "", err
	}
	_, err = x.Signer(r, claim, nil, now)
	return host, err
}

// keep says to caches how long a document may be kept, and by whom.
func (x *Readers) keep() string {
	if x == nil {
		return "public, max-age=60"
	}
	return "private, max-age=60"
}
