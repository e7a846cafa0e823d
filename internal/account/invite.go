package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

const (
	// invitedFor is how long an invitation is good.
	invitedFor = 14 * 24 * time.Hour
	// invitationsMost is how many a member may have open.
	invitationsMost = 10
)

// An Invitation lets somebody make an account while sign-up is closed, once.
type Invitation struct {
	ID    string
	Maker string // account id, or "operator" for the command line
	Email string // where its letter went; "" for whoever has the link
	Role  Role
	Lang  string
	Made  time.Time
	Until time.Time
}

// mayInvite refuses who may invite nobody.
func (s *Service) mayInvite(ctx context.Context, p Principal) error {
	if p.Has(Admin) {
		return nil
	}
	if err := p.signedIn(); err != nil {
		return err
	}
	n, err := s.Settings(ctx)
	if err == nil && !n.OpenInvite {
		err = fault.New(fault.Forbidden, "On this node the operator alone invites.")
	}
	return err
}

// Invite makes an invitation. With an address a letter brings it; without, the
// secret of its link is returned this once. Faults: Unauthenticated,
// Forbidden, Invalid, Conflict when too many are open, Limited.
func (s *Service) Invite(ctx context.Context, p Principal, email string, r Role, c Client) (in Invitation, text string, err error) {
	if err := s.mayInvite(ctx, p); err != nil {
		return in, "", err
	}
	if !r.Valid() {
		return in, "", errRole(r)
	}
	if r != Listener && !p.Has(Admin) {
		return in, "", fault.On("role", fault.Forbidden, "Only the operator of this node may do that.")
	}
	if in.Email, err = cleanEmail(email); err != nil {
		return in, "", err
	}
	if err := s.byInviter.Allow(p.actor(), s.now()); err != nil {
		return in, "", err
	}
	if in.Email != "" {
		if err := s.stranger(in.Email); err != nil {
			return in, "", err
		}
	}
	var hash []byte
	if in.Email == "" {
		text, hash = secret()
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		list, err := tx.Invitations(ctx, p.actor())
		if err != nil {
			return err
		}
		if len(list) >= invitationsMost && !p.Has(Admin) {
			return fault.New(fault.Conflict, "You have %d invitations open. Take one back, or wait until one is used.", len(list))
		}
		in.ID, in.Maker, in.Role, in.Lang, in.Made, in.Until = string(id.New[id.Entry](tx.Now())), p.actor(), r, c.Lang, tx.Now(), tx.Now().Add(invitedFor)
		if err := tx.InsertInvitation(ctx, in, hash); err != nil {
			return err
		}
		if p.Has(Admin) {
			if err := tx.Audit(ctx, p.actor(), "account.invite", in.ID, string(r)); err != nil {
				return err
			}
		}
		if in.Email == "" {
			return nil
		}
		return s.post(ctx, tx, Errand{Kind: ErrandInvite, About: in.ID, Lang: in.Lang})
	})
	return in, text, err
}

// InviteLetter makes the link of an invitation's letter, and who it is from.
func (s *Service) InviteLetter(ctx context.Context, e Errand, raw []byte) (in Invitation, from, text string, err error) {
	sum := sha256.Sum256(raw)
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		if in, err = tx.Invitation(ctx, e.About); fault.Is(err, fault.NotFound) {
			in = Invitation{} // it was taken back meanwhile
			return nil
		} else if err != nil {
			return err
		}
		if a, err := tx.Account(ctx, id.Account(in.Maker)); err == nil {
			from = a.Name
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		return tx.SetInvitation(ctx, in.ID, sum[:])
	})
	return in, from, base64.RawURLEncoding.EncodeToString(raw), err
}

// Invitations returns those that are open, the newest first: p's own, or for
// an admin all. Faults: Unauthenticated, Forbidden.
func (s *Service) Invitations(ctx context.Context, p Principal) (list []Invitation, err error) {
	if err := s.mayInvite(ctx, p); err != nil {
		return nil, err
	}
	err = s.store.AccountView(ctx, func(tx Tx) error { list, err = tx.Invitations(ctx, whose(p)); return err })
	return list, err
}

// Uninvite takes an invitation back. Faults: Unauthenticated, NotFound.
func (s *Service) Uninvite(ctx context.Context, p Principal, invitation string) error {
	if err := p.signedIn(); err != nil && !p.Has(Admin) {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.DeleteInvitation(ctx, invitation, whose(p)) })
}

// whose are the invitations that p sees: "" for all.
func whose(p Principal) string {
	if p.Has(Admin) {
		return ""
	}
	return p.actor()
}

// Invited returns the invitation that a link's secret is of. Faults:
// Forbidden when it was used or taken back, or is too old.
func (s *Service) Invited(ctx context.Context, text string) (in Invitation, err error) {
	err = s.store.AccountView(ctx, func(tx Tx) error { in, err = invited(ctx, tx, text); return err })
	return in, err
}

func invited(ctx context.Context, tx Tx, text string) (in Invitation, err error) {
	_, hash, ok := hashOf(text)
	if ok {
		in, err = tx.ByInvitation(ctx, hash)
	}
	if !ok || fault.Is(err, fault.NotFound) {
		return in, fault.New(fault.Forbidden, "This invitation was used or taken back, or is older than two weeks. Ask for another one.")
	}
	return in, err
}
