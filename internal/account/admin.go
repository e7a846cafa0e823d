package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
)

const (
	// resetFor is how long a password link is good.
	resetFor = 24 * time.Hour
	// pageMost bounds a list: a page, and the row that tells that there are more.
	pageMost = 201
)

// Find returns at most n accounts in the order of their making, after the one
// named: those whose handle, name or address holds a text, or all of them.
// Faults: Unauthenticated, Forbidden.
func (s *Service) Find(ctx context.Context, p Principal, text string, after id.Account, n int) (list []Account, err error) {
	if err := p.Require(Moderator); err != nil {
		return nil, err
	}
	text = strings.TrimPrefix(fold(text), "@")
	n = min(max(n, 1), pageMost)
	err = s.store.AccountView(ctx, func(tx Tx) error {
		if text == "" {
			list, err = tx.Accounts(ctx, after, n)
		} else {
			list, err = tx.Find(ctx, text, after, n)
		}
		return err
	})
	return list, err
}

// EndSessions signs somebody out everywhere and revokes their tokens, such as
// when their device was stolen. Faults: Unauthenticated, Forbidden, NotFound.
func (s *Service) EndSessions(ctx context.Context, p Principal, who id.Account) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, who); err != nil {
			return err
		}
		return errors.Join(revoke(ctx, tx, who), tx.Audit(ctx, p.actor(), "account.signout", string(who), ""))
	})
}

// SetRole changes what an account may do. Faults: Unauthenticated, Forbidden,
// Invalid, NotFound; Conflict when it would leave the node without an admin.
func (s *Service) SetRole(ctx context.Context, p Principal, who id.Account, r Role) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	if !r.Valid() {
		return errRole(r)
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, who)
		if err != nil {
			return err
		}
		if r != Admin {
			if err := notLast(ctx, tx, a); err != nil {
				return err
			}
		}
		return errors.Join(tx.SetRole(ctx, who, r), tx.Audit(ctx, p.actor(), "account.role", string(who), string(a.Role)+" to "+string(r)))
	})
}

func errRole(r Role) error {
	return fault.On("role", fault.Invalid, "There is no role %q. The roles are listener, artist, moderator and admin.", string(r))
}

// notLast refuses to take away the only admin.
func notLast(ctx context.Context, tx Tx, a Account) error {
	if a.Role != Admin {
		return nil
	}
	n, err := tx.CountRole(ctx, Admin)
	if err == nil && n < 2 {
		err = fault.New(fault.Conflict, "%s is the only admin of this node. Make somebody else an admin first.", a.Handle)
	}
	return err
}

// OpenStudio makes a listener an artist; whoever is more stays as they are.
// Faults: Unauthenticated, Forbidden when studios are opened by the operator
// alone.
func (s *Service) OpenStudio(ctx context.Context, p Principal) error {
	if err := p.person(); err != nil {
		return err
	}
	if p.Role.Has(Artist) {
		return nil
	}
	n, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if !n.OpenStudio {
		return fault.New(fault.Forbidden, "On this node studios are opened by the operator. Ask them for yours.")
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.SetRole(ctx, p.Account, Artist) })
}

// ResetLink makes the secret of a one-time link with which somebody sets a
// new password; it is good for a day and voids the one before. The operator
// hands it on. Faults: Unauthenticated, Forbidden, NotFound.
func (s *Service) ResetLink(ctx context.Context, p Principal, who id.Account) (text string, err error) {
	if err := p.Require(Admin); err != nil {
		return "", err
	}
	text, hash := secret()
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		if err := tx.SetReset(ctx, who, hash, tx.Now().Add(resetFor)); err != nil {
			return err
		}
		return tx.Audit(ctx, p.actor(), "account.reset", string(who), "link")
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// Reset sets a new password with the secret of a link, ends all sessions and
// tokens, and begins a session. Faults: Forbidden when the link is used up or too old; Invalid
// on "password"; Limited.
func (s *Service) Reset(ctx context.Context, text, password string, c Client) (in SignedIn, err error) {
	if err := s.byAddr.Allow(limit.Network(c.Addr), s.now()); err != nil {
		return in, err
	}
	_, link, ok := hashOf(text)
	if !ok {
		return in, errReset()
	}
	var a Account
	find := func(tx Tx) error {
		a, err = tx.ByReset(ctx, link)
		if fault.Is(err, fault.NotFound) {
			var to string
			if a, to, err = tx.ByLink(ctx, linkReset, link); err == nil && to != a.Email {
				return errReset() // letters go elsewhere since
			}
		}
		if fault.Is(err, fault.NotFound) {
			return errReset()
		}
		return err
	}
	if err := s.store.AccountView(ctx, find); err != nil {
		return in, err
	}
	if err := checkPassword(password, a.Handle); err != nil {
		return in, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return in, err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		if err := find(tx); err != nil {
			return err
		}
		if err := errors.Join(tx.SetPassword(ctx, a.ID, hash), revoke(ctx, tx, a.ID), s.changed(ctx, tx, a)); err != nil {
			return err
		}
		in, err = begin(ctx, tx, a, c)
		return err
	})
	return in, err
}

func errReset() error {
	return fault.New(fault.Forbidden, "This link has been used or is too old. Ask for a new one.")
}

// SetPassword replaces somebody's password from the command line and ends all
// their sessions and tokens. Faults: Unauthenticated, Forbidden, NotFound, Invalid.
func (s *Service) SetPassword(ctx context.Context, p Principal, who id.Account, password string) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	a, err := s.Account(ctx, who)
	if err != nil {
		return err
	}
	if err := checkPassword(password, a.Handle); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		return errors.Join(tx.SetPassword(ctx, who, hash), revoke(ctx, tx, who), s.changed(ctx, tx, a), tx.Audit(ctx, p.actor(), "account.password", string(who), ""))
	})
}

// Delete removes p's own account and everything the node keeps about it; what
// was committed to the log stays there as hashes nobody can read. Faults:
// Unauthenticated, Forbidden for a token, Invalid on "password", Limited,
// Conflict for the only admin, and what the erasers refuse.
func (s *Service) Delete(ctx context.Context, p Principal, password string) error {
	if err := s.confirm(ctx, p, "password", password); err != nil {
		return err
	}
	return s.remove(ctx, p, p.Account)
}

// Remove deletes somebody else's account like Delete. Faults:
// Unauthenticated, Forbidden, NotFound, Conflict.
func (s *Service) Remove(ctx context.Context, p Principal, who id.Account) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	return s.remove(ctx, p, who)
}

func (s *Service) remove(ctx context.Context, p Principal, who id.Account) error {
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, who)
		if err != nil {
			return err
		}
		if err := notLast(ctx, tx, a); err != nil {
			return err
		}
		for _, erase := range s.erase {
			if err := erase(ctx, tx, who); err != nil {
				return err
			}
		}
		return errors.Join(tx.DeleteAccount(ctx, a), tx.Audit(ctx, p.actor(), "account.delete", string(who), ""))
	})
}

// Audited returns at most n entries of the audit log (201 at the most), the
// newest first, after the one named; "" begins with the newest. Faults:
// Unauthenticated, Forbidden.
func (s *Service) Audited(ctx context.Context, p Principal, after string, n int) (list []Record, err error) {
	if err := p.Require(Admin); err != nil {
		return nil, err
	}
	n = min(max(n, 1), pageMost)
	err = s.store.AccountView(ctx, func(tx Tx) error { list, err = tx.Audited(ctx, after, n); return err })
	return list, err
}
