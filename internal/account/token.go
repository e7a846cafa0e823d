package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

const (
	// tokenPrefix lets secret scanners know a token when they see one.
	tokenPrefix = "9ten_"
	tokensMost  = 50
)

// IssueToken makes a personal token. The secret is returned this once.
// expires is zero for one that does not. Faults: Unauthenticated, Forbidden
// for a token, Invalid on "name", "scopes" or "expires", Conflict when there
// are too many.
func (s *Service) IssueToken(ctx context.Context, p Principal, name string, scopes []Scope, expires time.Time) (text string, t Token, err error) {
	if err := p.person(); err != nil {
		return "", t, err
	}
	t.Account, t.Expires = p.Account, expires
	if t.Name, err = cleanText("name", "A token's name", name, "", 60); err != nil {
		return "", t, err
	}
	if t.Scopes, err = cleanScopes(scopes); err != nil {
		return "", t, err
	}
	text, t.Hash = secret()
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		if !expires.IsZero() && !expires.After(tx.Now()) {
			return fault.On("expires", fault.Invalid, "That date has passed.")
		}
		list, err := tx.Tokens(ctx, p.Account)
		if err != nil {
			return err
		}
		if len(list) >= tokensMost {
			return fault.New(fault.Conflict, "An account has at most %d tokens. Revoke one that is not used.", tokensMost)
		}
		t.ID, t.Created = id.New[id.Token](tx.Now()), tx.Now()
		return tx.InsertToken(ctx, t)
	})
	return tokenPrefix + text, t, err
}

// cleanScopes returns the scopes in their order, each once.
func cleanScopes(in []Scope) (out []Scope, err error) {
	for _, s := range in {
		if !slices.Contains(Scopes(), s) {
			return nil, fault.On("scopes", fault.Invalid, "There is no scope %q.", string(s))
		}
	}
	for _, s := range Scopes() {
		if slices.Contains(in, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, fault.On("scopes", fault.Invalid, "Choose at least one thing the token may do.")
	}
	return out, nil
}

// Bearer returns who a personal token acts for. Faults: Unauthenticated.
func (s *Service) Bearer(ctx context.Context, text string) (p Principal, err error) {
	secret, found := strings.CutPrefix(text, tokenPrefix)
	_, hash, ok := hashOf(secret)
	if !found || !ok {
		return p, errToken()
	}
	var t Token
	var a Account
	var now time.Time
	err = s.store.AccountView(ctx, func(tx Tx) error { now = tx.Now(); t, a, err = tx.Token(ctx, hash); return err })
	switch {
	case fault.Is(err, fault.NotFound), err == nil && !t.Expires.IsZero() && !t.Expires.After(now):
		return p, errToken()
	case err != nil:
		return p, err
	}
	p = principal(a)
	p.Token, p.Scopes = true, t.Scopes
	if now.Sub(t.Seen) < seenEvery {
		return p, nil
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.TouchToken(ctx, t.ID, now) })
	if fault.Is(err, fault.Unavailable) { // a full disk signs nobody out
		err = nil
	}
	return p, err
}

func errToken() error {
	return fault.New(fault.Unauthenticated, "This token is not valid. It was revoked, has expired, or was not copied whole.")
}

// Tokens returns p's tokens, the oldest first. Faults: Unauthenticated.
func (s *Service) Tokens(ctx context.Context, p Principal) (list []Token, err error) {
	if err := p.signedIn(); err != nil {
		return nil, err
	}
	err = s.store.AccountView(ctx, func(tx Tx) error { list, err = tx.Tokens(ctx, p.Account); return err })
	return list, err
}

// RevokeToken ends a token. Faults: Unauthenticated, Forbidden for a token,
// NotFound.
func (s *Service) RevokeToken(ctx context.Context, p Principal, t id.Token) error {
	if err := p.person(); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.DeleteToken(ctx, p.Account, t) })
}
