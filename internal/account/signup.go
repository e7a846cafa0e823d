package account

import (
	"context"
	"errors"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
)

// A SignUp is what making an account asks.
type SignUp struct {
	Handle   string
	Name     string // empty: the handle
	Email    string // may be empty
	Password string
	// Invitation is the secret of an invitation's link; "" without one.
	Invitation string
}

// prepare checks a sign-up and hashes its password, outside of any
// transaction because that takes a while.
func (s *Service) prepare(ctx context.Context, in SignUp, r Role) (a Account, password string, err error) {
	a.Role = r
	if a.Handle, err = cleanHandle(in.Handle); err != nil {
		return a, "", err
	}
	if a.Name, err = cleanName(in.Name, a.Handle); err != nil {
		return a, "", err
	}
	if a.Email, err = cleanEmail(in.Email); err != nil {
		return a, "", err
	}
	if err = checkPassword(in.Password, a.Handle); err != nil {
		return a, "", err
	}
	password, err = s.hasher.hash(ctx, in.Password)
	return a, password, err
}

// insert writes a new account unless its handle or address is or was taken.
// Where letters leave the node, its address waits until it is confirmed.
func (s *Service) insert(ctx context.Context, tx Tx, a Account, password string) error {
	if _, err := tx.ByHandle(ctx, a.Handle); err == nil {
		return errHandle()
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	if gone, err := tx.Retired(ctx, a.Handle); err != nil {
		return err
	} else if gone {
		return errHandle()
	}
	ask := ""
	if s.confirms && a.Confirmed.IsZero() {
		ask, a.Email, a.Pending = a.Email, "", a.Email
	} else if a.Email != "" && !a.Confirmed.IsZero() { // the link of a letter led here
		if err := s.yield(ctx, tx, a.Email, a.ID); err != nil {
			return err
		}
	}
	err := taken(tx.InsertAccount(ctx, a, password), "email", "There is an account with that address already. Sign in instead, or leave the address empty.")
	if err != nil || ask == "" {
		return err
	}
	return s.ask(ctx, tx, a, ask)
}

func errHandle() error {
	return fault.On("handle", fault.Conflict, "That user name is taken. Choose another.")
}

// SignUp makes a listener and signs them in. Faults: Forbidden when sign-up is
// closed and the invitation is not good; Invalid and Conflict, on the field;
// Limited.
func (s *Service) SignUp(ctx context.Context, in SignUp, c Client) (out SignedIn, err error) {
	n, err := s.Settings(ctx)
	if err != nil {
		return out, err
	}
	if !n.OpenSignUp && in.Invitation == "" {
		return out, fault.New(fault.Forbidden, "This node is not taking new accounts at the moment.")
	}
	if err := s.signUps.Allow(limit.Network(c.Addr), s.now()); err != nil {
		return out, err
	}
	a, hash, err := s.prepare(ctx, in, Listener)
	if err != nil {
		return out, err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		a := a
		a.ID, a.Created, a.Lang = id.New[id.Account](tx.Now()), tx.Now(), c.Lang
		if err := accept(ctx, tx, in.Invitation, &a); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, a, hash); err != nil {
			return err
		}
		out, err = begin(ctx, tx, a, c)
		return err
	})
	return out, err
}

// accept uses up the invitation with which an account is made. Who came by the
// link of a letter has the address that it went to.
func accept(ctx context.Context, tx Tx, text string, a *Account) error {
	if text == "" {
		return nil
	}
	in, err := invited(ctx, tx, text)
	if err != nil {
		return err
	}
	if in.Role != Listener {
		if err := stillAdmin(ctx, tx, in.Maker); err != nil {
			return err
		}
	}
	if a.Role = in.Role; in.Email != "" && in.Email == a.Email {
		a.Confirmed = tx.Now()
	}
	return tx.DeleteInvitation(ctx, in.ID, "")
}

// stillAdmin refuses an invitation to more than listening whose maker may not
// give that any more.
func stillAdmin(ctx context.Context, tx Tx, maker string) error {
	if maker == Operator().actor() {
		return nil
	}
	a, err := tx.Account(ctx, id.Account(maker))
	if fault.Is(err, fault.NotFound) || err == nil && !a.Role.Has(Admin) {
		return fault.New(fault.Forbidden, "Who made this invitation may not give that role any more. Ask for another one.")
	}
	return err
}

// Add makes an account for somebody else, whether sign-up is open or not.
// Faults: Unauthenticated, Forbidden, Invalid, Conflict.
func (s *Service) Add(ctx context.Context, p Principal, in SignUp, r Role) (a Account, err error) {
	if err := p.Require(Admin); err != nil {
		return a, err
	}
	if !r.Valid() {
		return a, errRole(r)
	}
	a, hash, err := s.prepare(ctx, in, r)
	if err != nil {
		return a, err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		a.ID, a.Created = id.New[id.Account](tx.Now()), tx.Now()
		return errors.Join(s.insert(ctx, tx, a, hash), tx.Audit(ctx, p.actor(), "account.add", string(a.ID), string(r)))
	})
	return a, err
}

// A Puppet is an account of a demonstration: it has a device but no password,
// so that nobody can sign in as it.
type Puppet struct {
	Handle string
	Name   string
	SPKI   []byte // its device's key
}

// Populate makes listeners for a demonstration, in one transaction, and
// returns their ids in the same order. Only a data directory that is marked as
// a demonstration may be populated; the caller sees to that. Faults: Invalid,
// Conflict.
func (s *Service) Populate(ctx context.Context, puppets []Puppet) (ids []id.Account, err error) {
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		ids = make([]id.Account, len(puppets))
		for i, p := range puppets {
			a := Account{ID: id.New[id.Account](tx.Now()), Handle: p.Handle, Name: p.Name, Role: Listener, Created: tx.Now()}
			if err := s.insert(ctx, tx, a, ""); err != nil {
				return err
			}
			d, err := readKey(p.SPKI)
			if err != nil {
				return err
			}
			d.Account, d.Name, d.Created = a.ID, "Demonstration", tx.Now()
			if err := tx.InsertDevice(ctx, d); err != nil {
				return err
			}
			ids[i] = a.ID
		}
		return nil
	})
	return ids, err
}
