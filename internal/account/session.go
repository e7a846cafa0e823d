package account

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
)

const (
	// sessionIdle ends a session that is not used; each use begins it anew.
	sessionIdle = 30 * 24 * time.Hour
	// sessionMost ends every session.
	sessionMost = 365 * 24 * time.Hour
	// seenEvery is how exactly use is recorded, so that reading a page is
	// rarely a write.
	seenEvery = time.Hour
)

// A SignedIn is a session that has just begun.
type SignedIn struct {
	Principal
	Token   string // for the cookie; it cannot be had again
	Expires time.Time
}

// secret makes 256 random bits as text, and what is stored of them.
func secret() (text string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(b), sum[:]
}

// hashOf reads such a text; false when it is none.
func hashOf(text string) (raw, hash []byte, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, nil, false
	}
	sum := sha256.Sum256(raw)
	return raw, sum[:], true
}

// csrf derives a session's form token from its secret, so that nothing more
// has to be stored.
func csrf(raw []byte) string {
	m := hmac.New(sha256.New, raw)
	_, _ = m.Write([]byte("9ten/csrf/v1")) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// begin opens a session inside a transaction.
func begin(ctx context.Context, tx Tx, a Account, c Client) (SignedIn, error) {
	text, hash := secret()
	raw, _, _ := hashOf(text) // just made
	s := Session{Hash: hash, Account: a.ID, Agent: clipAgent(c.Agent), Created: tx.Now(), Seen: tx.Now(), Expires: tx.Now().Add(sessionIdle)}
	if err := tx.InsertSession(ctx, s); err != nil {
		return SignedIn{}, err
	}
	if c.Lang != "" && c.Lang != a.Lang { // letters are in the language in which somebody read last
		if err := tx.SetLang(ctx, a.ID, c.Lang); err != nil {
			return SignedIn{}, err
		}
	}
	p := principal(a)
	p.CSRF, p.session = csrf(raw), hash
	return SignedIn{Principal: p, Token: text, Expires: s.Expires}, nil
}

// SignIn opens a session for whoever knows the password of the account with
// this handle or address. Faults: Unauthenticated, with one sentence for
// every reason; Limited; Unavailable.
func (s *Service) SignIn(ctx context.Context, login, password string, c Client) (in SignedIn, err error) {
	login = fold(login)
	if len(login) > 254 {
		login = ""
	}
	now := s.now()
	if err := s.mayTry(login, limit.Network(c.Addr), now); err != nil {
		return in, err
	}
	var a Account
	var stored string
	err = s.store.AccountView(ctx, func(tx Tx) error { a, stored, err = tx.Login(ctx, login); return err })
	if err != nil && !fault.Is(err, fault.NotFound) {
		return in, err
	}
	ok, stale, err := s.hasher.verify(ctx, stored, password)
	switch {
	case err != nil:
		return in, err
	case !ok:
		return in, errLogin()
	}
	fresh := ""
	if stale {
		if fresh, err = s.hasher.hash(ctx, password); err != nil {
			return in, err
		}
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		// The password may have been changed while it was being checked.
		if now, err := tx.Password(ctx, a.ID); err != nil || now != stored {
			return errors.Join(err, errLogin())
		}
		if fresh != "" {
			if err := tx.SetPassword(ctx, a.ID, fresh); err != nil {
				return err
			}
		}
		in, err = begin(ctx, tx, a, c)
		return err
	})
	if err == nil {
		s.known.Add(pair(login, limit.Network(c.Addr)))
	}
	return in, err
}

// mayTry bounds guessing: by a network, by a network at one account, and by
// all networks at one account. The last does not hold where somebody signed in
// to the account before, and who was refused by the first two does not count
// for it: strangers cannot keep people out of their accounts.
func (s *Service) mayTry(login, network string, now time.Time) error {
	at := pair(login, network)
	if err := s.byAddr.Allow(network, now); err != nil {
		return err
	}
	if err := s.byPair.Allow(at, now); err != nil || s.known.Has(at) {
		return err
	}
	return s.byLogin.Allow(login, now)
}

// pair names an account in a network.
func pair(login, network string) string { return login + " " + network }

func errLogin() error {
	return fault.New(fault.Unauthenticated, "The name and the password do not belong together. Check both; capitals count in the password.")
}

// Authenticate returns who holds the session token of a cookie, and moves its
// end. expires is zero unless it was moved: then the cookie is set again.
// Faults: Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, token string) (p Principal, expires time.Time, err error) {
	raw, hash, ok := hashOf(token)
	if !ok {
		return p, expires, errSession()
	}
	var ses Session
	var a Account
	var now time.Time
	err = s.store.AccountView(ctx, func(tx Tx) error { now = tx.Now(); ses, a, err = tx.Session(ctx, hash); return err })
	if fault.Is(err, fault.NotFound) || (err == nil && !ses.Expires.After(now)) {
		return p, expires, errSession()
	} else if err != nil {
		return p, expires, err
	}
	p = principal(a)
	p.CSRF, p.session = csrf(raw), hash
	if now.Sub(ses.Seen) < seenEvery {
		return p, expires, nil
	}
	until := now.Add(sessionIdle)
	if most := ses.Created.Add(sessionMost); until.After(most) {
		until = most
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.TouchSession(ctx, hash, now, until) })
	if fault.Is(err, fault.Unavailable) { // a full disk signs nobody out
		return p, time.Time{}, nil
	}
	return p, until, err
}

func errSession() error {
	return fault.New(fault.Unauthenticated, "You are not signed in any more. Sign in again.")
}

// SignOut ends p's session. Faults: none for a guest.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	if p.session == nil {
		return nil
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.EndSession(ctx, p.session) })
}

// SignOutEverywhere ends all sessions of p's account, this one included.
// Personal tokens are not sessions and stay. Faults: Unauthenticated,
// Forbidden for a token.
func (s *Service) SignOutEverywhere(ctx context.Context, p Principal) error {
	if err := p.person(); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.EndSessions(ctx, p.Account, nil) })
}

// Sessions returns where p is signed in, the newest first. Faults:
// Unauthenticated.
func (s *Service) Sessions(ctx context.Context, p Principal) (list []Session, err error) {
	if err := p.signedIn(); err != nil {
		return nil, err
	}
	err = s.store.AccountView(ctx, func(tx Tx) error { list, err = tx.Sessions(ctx, p.Account); return err })
	for i := range list {
		list[i].Current = bytes.Equal(list[i].Hash, p.session)
	}
	return list, err
}

// Expire forgets sessions, links and invitations whose time is over. A daily job calls it.
func (s *Service) Expire(ctx context.Context) error {
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return errors.Join(tx.ExpireSessions(ctx), tx.ExpireLetters(ctx)) })
}

// ChangePassword replaces p's own password and ends all other sessions.
// Faults: Unauthenticated, Forbidden for a token, Invalid on field "old" or
// "password", Limited.
func (s *Service) ChangePassword(ctx context.Context, p Principal, old, password string) error {
	if err := s.confirm(ctx, p, "old", old); err != nil {
		return err
	}
	if err := checkPassword(password, p.Handle); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, p.Account)
		if err != nil {
			return err
		}
		return errors.Join(tx.SetPassword(ctx, p.Account, hash), forgetPending(ctx, tx, p.Account), tx.EndSessions(ctx, p.Account, p.session), s.changed(ctx, tx, a))
	})
}

// Sure asks for the password once more, of somebody with a session, before what is
// hard to take back. Faults: Unauthenticated, Forbidden, Limited; Invalid for another.
func (s *Service) Sure(ctx context.Context, p Principal, password string) error {
	return s.confirm(ctx, p, "password", password)
}

// confirm checks that the person at the session knows the password.
func (s *Service) confirm(ctx context.Context, p Principal, field, password string) error {
	if err := p.person(); err != nil {
		return err
	}
	if err := s.byPair.Allow(string(p.Account), s.now()); err != nil {
		return err
	}
	var stored string
	err := s.store.AccountView(ctx, func(tx Tx) (err error) { stored, err = tx.Password(ctx, p.Account); return err })
	if err != nil {
		return err
	}
	ok, _, err := s.hasher.verify(ctx, stored, password)
	if err == nil && !ok {
		err = fault.On(field, fault.Invalid, "That is not your password.")
	}
	return err
}

// revoke ends everything that signs in as an account, or could: sessions, tokens,
// and an address that waits, which an intruder may have written.
func revoke(ctx context.Context, tx Tx, who id.Account) error {
	return errors.Join(forgetPending(ctx, tx, who), tx.EndSessions(ctx, who, nil), tx.DeleteTokens(ctx, who))
}

// forgetPending drops an address that nobody has confirmed yet, and its link.
func forgetPending(ctx context.Context, tx Tx, who id.Account) error {
	return errors.Join(tx.SetPending(ctx, who, ""), tx.DropLinks(ctx, who, linkConfirm))
}
