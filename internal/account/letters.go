package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
)

// An Errand is a letter that somebody is to be sent. It is made in the
// transaction that causes it and holds no secret: that of a letter's link is
// made when the letter is written.
type Errand struct {
	Kind    string     `json:"kind"`
	Account id.Account `json:"account,omitempty"`
	Login   string     `json:"login,omitempty"` // as whoever asks wrote it; there may be no such account
	Email   string     `json:"email,omitempty"`
	About   string     `json:"about,omitempty"` // an invitation
	Lang    string     `json:"lang,omitempty"`
	Asked   int64      `json:"asked,omitempty"` // when a link was, Unix milliseconds
}

// The kinds of errands.
const (
	ErrandReset    = "reset"    // a link for a new password
	ErrandConfirm  = "confirm"  // a link that shows that an address is theirs
	ErrandPassword = "password" // the password was changed
	ErrandMoved    = "moved"    // letters go to another address now
	ErrandInvite   = "invite"   // a link with which an account can be made
	ErrandDigest   = "digest"   // what happened that they did not read
)

// Key is the same for errands of which one is enough: of links that are asked for
// one in an hour, as the one before may be over when its letter leaves.
func (e Errand) Key() string {
	key := e.Kind + " " + string(e.Account) + e.Login + " " + e.Email + e.About
	if e.Asked != 0 {
		key += " " + time.UnixMilli(e.Asked).UTC().Format("2006-01-02T15")
	}
	return key
}

// How long the links of letters are good.
const (
	resetLetterFor = 2 * time.Hour
	confirmFor     = 3 * 24 * time.Hour
)

// The kinds of links.
const (
	linkReset   = "reset"
	linkConfirm = "confirm"
)

// post has a letter sent once the transaction is durable.
func (s *Service) post(ctx context.Context, tx Tx, e Errand) error {
	if s.send == nil {
		return nil
	}
	return s.send(ctx, tx, e)
}

// reaches is where letters that matter for an account's safety go: an address
// that is known to be theirs. Where letters reach the operator's folder alone,
// nobody else can read them, and any will do.
func (s *Service) reaches(a Account) string {
	if s.confirms && a.Confirmed.IsZero() {
		return ""
	}
	return a.Email
}

// changed tells somebody that their password was changed.
func (s *Service) changed(ctx context.Context, tx Tx, a Account) error {
	if s.reaches(a) == "" {
		return nil
	}
	return s.post(ctx, tx, Errand{Kind: ErrandPassword, Account: a.ID})
}

// AskReset has a link for a new password sent to whoever has this handle or
// address. It takes as long and says the same where there is no such account.
// Faults: Limited.
func (s *Service) AskReset(ctx context.Context, login string, c Client) error {
	login = fold(login)
	if login == "" || len(login) > 254 {
		return fault.On("login", fault.Invalid, "Write your user name or your mail address.")
	}
	now := s.now()
	if err := s.byAsker.Allow(limit.Network(c.Addr), now); err != nil {
		return err
	}
	if err := s.byAsked.Allow(login, now); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error {
		return s.post(ctx, tx, Errand{Kind: ErrandReset, Login: login, Lang: c.Lang, Asked: tx.Now().UnixMilli()})
	})
}

// A Link is what a letter leads to.
type Link struct {
	Account Account
	To      string // where the letter goes; "" when there is nobody to write to
	Secret  string
}

// link keeps what a letter's secret is good for, until a time. raw is 32 bytes that
// nobody can guess, the same whenever a letter is written again: one whose link was
// used or is over goes to nobody.
func link(ctx context.Context, tx Tx, a Account, kind, to string, raw []byte, until time.Time) (Link, error) {
	if !tx.Now().Before(until) {
		return Link{}, nil
	}
	sum := sha256.Sum256(raw)
	if err := tx.InsertLink(ctx, sum[:], a.ID, kind, to, until); err != nil {
		return Link{}, err
	}
	if _, _, err := tx.ByLink(ctx, kind, sum[:]); fault.Is(err, fault.NotFound) {
		return Link{}, nil
	} else if err != nil {
		return Link{}, err
	}
	return Link{a, to, base64.RawURLEncoding.EncodeToString(raw)}, nil
}

// ResetLetter makes the link of a letter that was asked for with [AskReset]. Its two
// hours begin with the asking: who asked waits for it, and later nobody does.
func (s *Service) ResetLetter(ctx context.Context, e Errand, raw []byte) (l Link, err error) {
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, _, err := tx.Login(ctx, e.Login)
		if fault.Is(err, fault.NotFound) || err == nil && s.reaches(a) == "" {
			l = Link{}
			return nil
		}
		if err == nil {
			asked := time.UnixMilli(e.Asked)
			if e.Asked == 0 { // by an older version
				asked = tx.Now()
			}
			l, err = link(ctx, tx, a, linkReset, a.Email, raw, asked.Add(resetLetterFor))
		}
		return err
	})
	return l, err
}

// ConfirmLetter makes the link of a letter that asks whether an address is
// theirs.
func (s *Service) ConfirmLetter(ctx context.Context, e Errand, raw []byte) (l Link, err error) {
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, e.Account)
		if fault.Is(err, fault.NotFound) || err == nil && a.Pending != e.Email {
			l = Link{}
			return nil // it was changed or deleted meanwhile
		}
		if err == nil {
			l, err = link(ctx, tx, a, linkConfirm, a.Pending, raw, tx.Now().Add(confirmFor))
		}
		return err
	})
	return l, err
}

// NoticeLetter is to whom a letter without a link goes.
func (s *Service) NoticeLetter(ctx context.Context, e Errand) (l Link, err error) {
	l.Account, err = s.Account(ctx, e.Account)
	if fault.Is(err, fault.NotFound) {
		return Link{}, nil
	}
	if l.To = e.Email; l.To == "" {
		l.To = s.reaches(l.Account)
	}
	return l, err
}

// AskAgain sends the letter once more that asks whether an address is p's.
// Faults: Unauthenticated, Forbidden for a token, Limited; Conflict when there is
// none to ask about.
func (s *Service) AskAgain(ctx context.Context, p Principal) (to string, err error) {
	if err := p.person(); err != nil {
		return "", err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, p.Account)
		if err != nil {
			return err
		}
		if to = a.Pending; to == "" && s.confirms && a.Confirmed.IsZero() {
			to = a.Email
		}
		if to == "" {
			return fault.New(fault.Conflict, "There is no address that waits for you to confirm it.")
		}
		return s.ask(ctx, tx, a, to)
	})
	return to, err
}

// stranger bounds letters to an address of which nobody knows yet whose it is:
// whoever makes accounts could have its owner flooded.
func (s *Service) stranger(email string) error {
	if err := s.byTarget.Allow(email, s.now()); err != nil {
		return fault.Wrap(err, fault.Limited, "That address has been sent several letters today. Try it tomorrow.")
	}
	return nil
}

// ask has the owner of an address say that it is theirs.
func (s *Service) ask(ctx context.Context, tx Tx, a Account, email string) error {
	if err := s.byAddress.Allow(string(a.ID), s.now()); err != nil {
		return err
	}
	if err := s.stranger(email); err != nil {
		return err
	}
	return errors.Join(tx.SetPending(ctx, a.ID, email), tx.DropLinks(ctx, a.ID, linkConfirm), s.post(ctx, tx, Errand{Kind: ErrandConfirm, Account: a.ID, Email: email}))
}

// Confirm makes the address to which a letter with this secret went the
// account's. Faults: Forbidden when the link is used up or too old; Conflict
// when somebody else has the address; Limited.
func (s *Service) Confirm(ctx context.Context, text string, c Client) (a Account, err error) {
	if err := s.byAddr.Allow(limit.Network(c.Addr), s.now()); err != nil {
		return a, err
	}
	_, hash, ok := hashOf(text)
	if !ok {
		return a, errConfirm()
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		var to string
		if a, to, err = tx.ByLink(ctx, linkConfirm, hash); fault.Is(err, fault.NotFound) || err == nil && a.Pending != to {
			return errConfirm()
		} else if err != nil {
			return err
		}
		old := s.reaches(a)
		if err := s.yield(ctx, tx, to, a.ID); err != nil {
			return err
		}
		if err := taken(tx.SetAddress(ctx, a.ID, to, tx.Now()), "email", "There is an account with that address already."); err != nil {
			return err
		}
		a.Email, a.Confirmed, a.Pending = to, tx.Now(), ""
		if err := tx.DropLinks(ctx, a.ID, linkConfirm); err != nil || old == "" || old == to {
			return err
		}
		return s.post(ctx, tx, Errand{Kind: ErrandMoved, Account: a.ID, Email: old})
	})
	return a, err
}

// yield takes an address that nobody has shown to be theirs from whoever wrote it,
// for its owner: else who writes another's address first would keep them out.
func (s *Service) yield(ctx context.Context, tx Tx, email string, owner id.Account) error {
	if !s.confirms {
		return nil
	}
	return tx.YieldAddress(ctx, email, owner)
}

// Asked tells whose address a letter with this secret asks about, and which.
// Faults: Forbidden when the link is used up or too old.
func (s *Service) Asked(ctx context.Context, text string) (a Account, email string, err error) {
	_, hash, ok := hashOf(text)
	if !ok {
		return a, "", errConfirm()
	}
	err = s.store.AccountView(ctx, func(tx Tx) error {
		a, email, err = tx.ByLink(ctx, linkConfirm, hash)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && a.Pending != email {
		return Account{}, "", errConfirm()
	}
	return a, email, err
}

func errConfirm() error {
	return fault.New(fault.Forbidden, "This link has been used or is too old. Have another one sent on your account page.")
}
