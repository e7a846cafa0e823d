package account

import (
	"context"
	"crypto/subtle"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Scope is a part of what an account may do that a token can be given.
type Scope string

// The scopes.
const (
	ScopeRead    Scope = "read"    // see what the account sees
	ScopeListen  Scope = "listen"  // play, claim, register devices
	ScopeLibrary Scope = "library" // likes, follows, playlists, history
	ScopeStudio  Scope = "studio"  // upload and publish
	ScopeMoney   Scope = "money"   // subscription, receipts, statements
	ScopeAdmin   Scope = "admin"   // what moderators and admins do
)

// Scopes are all scopes, in the order in which they are shown.
func Scopes() []Scope {
	return []Scope{ScopeRead, ScopeListen, ScopeLibrary, ScopeStudio, ScopeMoney, ScopeAdmin}
}

// A Principal is who makes a request. The zero value is a guest.
type Principal struct {
	Account       id.Account // "" for a guest and for the operator's command line
	Handle        string
	Name          string
	Role          Role // "" for a guest
	HistoryPaused bool
	CSRF          string  // what a form of this session sends back; "" for tokens
	Token         bool    // a personal token, bounded by Scopes
	Scopes        []Scope // of the token
	session       []byte  // hash of the session
}

// Operator is who works on the command line of the machine itself.
func Operator() Principal { return Principal{Name: "operator", Role: Admin} }

// Guest reports whether nobody is signed in.
func (p Principal) Guest() bool { return p.Role == "" }

// Has reports whether p's role includes r. A token does moderators' and
// admins' work only with the admin scope.
func (p Principal) Has(r Role) bool {
	if p.Token && ranks[r] > ranks[Artist] && !slices.Contains(p.Scopes, ScopeAdmin) {
		return false
	}
	return p.Role.Has(r)
}

// Require returns a fault unless p has the role: Unauthenticated for a guest,
// Forbidden for everybody else.
func (p Principal) Require(r Role) error {
	switch {
	case p.Has(r):
		return nil
	case p.Guest():
		return errSignIn()
	case r == Artist:
		return fault.New(fault.Forbidden, "This is part of the studio. Open a studio on your account page first.")
	case r == Moderator:
		return fault.New(fault.Forbidden, "Only a moderator of this node may do that.")
	}
	return fault.New(fault.Forbidden, "Only the operator of this node may do that.")
}

// Allow returns a fault unless p may use the scope. Every session may.
// Faults: Unauthenticated, Forbidden.
func (p Principal) Allow(s Scope) error {
	switch {
	case p.Guest():
		return errSignIn()
	case p.Token && !slices.Contains(p.Scopes, s):
		return fault.New(fault.Forbidden, "This token may not do that: it lacks the scope %s. Make one that has it on your account page.", s)
	}
	return nil
}

// CheckCSRF compares what a form or a script sent with the session's own. A
// token needs none: no other site can send it. Faults: Forbidden.
func (p Principal) CheckCSRF(given string) error {
	if p.Token || (p.CSRF != "" && subtle.ConstantTimeCompare([]byte(p.CSRF), []byte(given)) == 1) {
		return nil
	}
	return fault.New(fault.Forbidden, "This form is out of date. Load the page again and send it once more.")
}

// actor names p in the audit log.
func (p Principal) actor() string {
	if p.Account == "" {
		return "operator"
	}
	return string(p.Account)
}

// signedIn refuses whoever has no account of their own.
func (p Principal) signedIn() error {
	if p.Account == "" {
		return errSignIn()
	}
	return nil
}

// person refuses tokens: what guards the account itself needs a session.
func (p Principal) person() error {
	if p.Token {
		return fault.New(fault.Forbidden, "A token may not do that. Sign in on the account page.")
	}
	return p.signedIn()
}

func errSignIn() error { return fault.New(fault.Unauthenticated, "Sign in first.") }

type contextKey struct{}

// With returns a context that carries p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns who makes the request ctx belongs to; a guest when nobody said.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}

func principal(a Account) Principal {
	return Principal{Account: a.ID, Handle: a.Handle, Name: a.Name, Role: a.Role, HistoryPaused: a.HistoryPaused}
}
