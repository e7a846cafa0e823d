package remote

import (
	"context"
	"crypto"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/sig"
)

// Keys finds keys by their address, and whose they are. Faults: Unauthenticated,
// NotFound, Unavailable; Forbidden for a server that the node has nothing to do
// with.
type Keys interface {
	Key(ctx context.Context, id string, fresh bool) (key crypto.PublicKey, owner string, err error)
	// Proved checks a proof with a key of whoever must have made it: see [Servers.Proved].
	Proved(ctx context.Context, by string, sealed *sig.Sealed) error
}

// A Verifier tells who signed a request to this node.
type Verifier struct {
	Origin string // of this node
	Keys   Keys
}

// Claim is what a request says of its signature, and the host of the key. It is
// refused (Unauthenticated) when that cannot be a key of another server.
func (v Verifier) Claim(r *http.Request) (claim *sig.Claim, host string, err error) {
	claim, err = sig.Read(r)
	if err != nil {
		return nil, "", err
	}
	host = Host(claim.KeyID)
	if !netsafe.Plain(host) || !strings.HasPrefix(claim.KeyID, "https://") || host == Host(v.Origin) {
		return nil, "", fault.New(fault.Unauthenticated, "%q is no key of another server.", claim.KeyID)
	}
	return claim, host, nil
}

// Signer tells who signed a request. A key that is known and does not fit may
// have been rotated: it is asked for once more.
func (v Verifier) Signer(r *http.Request, claim *sig.Claim, body []byte, now time.Time) (actor string, err error) {
	key, owner, err := v.Keys.Key(r.Context(), claim.KeyID, false)
	if err != nil {
		return "", err
	}
	failed := claim.Verify(r, v.Origin, body, key, now)
	if failed == nil {
		return owner, nil
	}
	fresh, owner, err := v.Keys.Key(r.Context(), claim.KeyID, true)
	if err != nil || equal(key, fresh) {
		return "", failed
	}
	return owner, claim.Verify(r, v.Origin, body, fresh, now)
}

func equal(a, b crypto.PublicKey) bool {
	x, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && x.Equal(b)
}
