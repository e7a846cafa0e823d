package music

import (
	"context"
	"slices"
	"strconv"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Studio is the artists' side: acts, releases, files, credits. Every method
// returns an Unauthenticated fault for a guest, Forbidden for somebody without
// the role, and NotFound for what is not there or not for this viewer.
type Studio struct {
	Store Store
	// FileMax is the size of the largest file taken, in bytes; 0 is 2 GiB.
	FileMax int64
	// OpenMax is how many bytes an account may have on the way in at once; 0
	// is 32 GiB.
	OpenMax int64
	// KeepMax is how many bytes of files the acts of one account may have; 0 is
	// no bound. Acts of admins have none.
	KeepMax int64
	// Together measures recordings as if they were one: the loudness in
	// thousandths of LUFS, gated over all that their [Asset.Gates] count.
	Together func(gates [][]byte) (int64, error)
}

// CreateAct makes an act that the viewer owns. The handle is made from the
// name when it is empty. Made by the operator without an account it has no
// owner yet. Besides the common faults: Invalid, and Conflict for a handle
// that is taken.
func (s *Studio) CreateAct(ctx context.Context, v Viewer, a Act) (Act, error) {
	if !v.Admin {
		if err := v.signedIn(); err != nil {
			return Act{}, err
		}
	}
	proposed := a.Handle == ""
	if proposed {
		a.Handle = Slug(a.Name)
	}
	if err := a.check(); err != nil {
		return Act{}, err
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		a.ID, a.Created, a.Changed = id.New[id.Act](tx.Now()), tx.Now(), tx.Now()
		a.Releases, a.Followers, a.Orphaned = 0, 0, v.Account == ""
		if err := freeHandle(ctx, tx, &a, proposed); err != nil {
			return err
		}
		if err := tx.InsertAct(ctx, &a); err != nil {
			return err
		}
		if err := indexAct(ctx, tx, a); err != nil || v.Account == "" {
			return err
		}
		return tx.SetRole(ctx, a.ID, v.Account, Owner)
	})
	return a, err
}

// freeHandle makes sure that the handle is not taken; a proposed one gets a
// number then.
func freeHandle(ctx context.Context, tx Tx, a *Act, proposed bool) error {
	base := a.Handle
	for n := 2; ; n++ {
		other, err := tx.ActByHandle(ctx, a.Handle)
		if err == nil && other.ID == a.ID {
			return nil
		}
		if fault.Is(err, fault.NotFound) {
			var person bool
			if person, err = tx.PersonCalled(ctx, a.Handle); err == nil && !person {
				return nil
			}
		}
		if err != nil {
			return err
		}
		if !proposed || n > 999 {
			return fault.On("handle", fault.Conflict, "%q is or was somebody’s on this node. Choose a different one.", a.Handle)
		}
		a.Handle = base + "-" + strconv.Itoa(n)
	}
}

// EditAct changes what an act says of itself. edit may run more than once;
// only the handle, name, bio, place, aliases, members, links and cover are
// kept. Needs an editor. Besides the common faults: Invalid, Conflict.
func (s *Studio) EditAct(ctx context.Context, v Viewer, a id.Act, edit func(*Act)) (Act, error) {
	var act Act
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		if act, err = tx.Act(ctx, a); err != nil {
			return unknown(err, noAct)
		}
		if err := may(ctx, tx, v, a, Editor); err != nil {
			return err
		}
		before := act
		edit(&act)
		act.ID, act.Label, act.Created, act.Changed = before.ID, before.Label, before.Created, tx.Now()
		act.Orphaned, act.Releases, act.Followers = before.Orphaned, before.Releases, before.Followers
		if err := act.check(); err != nil {
			return err
		}
		if err := freeHandle(ctx, tx, &act, false); err != nil {
			return err
		}
		if err := tx.UpdateAct(ctx, &act); err != nil {
			return err
		}
		if err := tell(ctx, tx, "act", string(a)); err != nil {
			return err
		}
		if act.Label && before.Name != act.Name {
			if err := retitleLabel(ctx, tx, a); err != nil {
				return err
			}
		}
		if before.Name == act.Name && before.Handle == act.Handle {
			return indexAct(ctx, tx, act)
		}
		return relistAct(ctx, tx, a)
	})
	return act, err
}

// Wallets returns how the act's money is divided inside it. Needs an owner.
func (s *Studio) Wallets(ctx context.Context, v Viewer, a id.Act) (sheet []Wallet, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Owner); err != nil {
			return err
		}
		sheet, err = tx.Wallets(ctx, a)
		return err
	})
	return sheet, err
}

// SetWallets replaces the act's wallets sheet; an empty one takes it away.
// Needs an owner. Besides the common faults: Invalid.
func (s *Studio) SetWallets(ctx context.Context, v Viewer, a id.Act, sheet []Wallet) error {
	sheet, err := CheckWallets(sheet)
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Act(ctx, a); err != nil {
			return unknown(err, noAct)
		}
		if err := may(ctx, tx, v, a, Owner); err != nil {
			return err
		}
		if err := tx.SetWallets(ctx, a, sheet); err != nil {
			return err
		}
		return tx.Audit(ctx, v.actor(), "act.wallets", string(a), "")
	})
}

// People lists who may act for the act. Needs an editor.
func (s *Studio) People(ctx context.Context, v Viewer, a id.Act) (places []Place, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Editor); err != nil {
			return err
		}
		places, err = tx.Places(ctx, a)
		return err
	})
	return places, err
}

// SetRole gives an account a role for an act, or takes it with NoRole. Whoever
// has a role earns the act nothing by listening. Needs an owner; anybody may
// give up the own role. Besides the common faults: Conflict when the last
// owner would go.
func (s *Studio) SetRole(ctx context.Context, v Viewer, a id.Act, account id.Account, r Role) error {
	if r != NoRole && r != Editor && r != Owner {
		return fault.On("role", fault.Invalid, "A role is owner or editor.")
	}
	return s.Store.Update(ctx, func(tx Tx) error {
		act, err := tx.Act(ctx, a)
		if err != nil {
			return unknown(err, noAct)
		}
		if own := v.Account != "" && v.Account == account && r == NoRole; !own {
			if err := may(ctx, tx, v, a, Owner); err != nil {
				return err
			}
		}
		places, err := tx.Places(ctx, a)
		if err != nil {
			return err
		}
		left := r == Owner || slices.ContainsFunc(places, func(p Place) bool { return p.Role == Owner && p.Account != account })
		if !left && !v.Admin {
			return fault.New(fault.Conflict, "This is the act's last owner. Make somebody else an owner first.")
		}
		if act.Orphaned == left {
			act.Orphaned = !left
			if err := tx.UpdateAct(ctx, &act); err != nil {
				return err
			}
		}
		if err := tx.SetRole(ctx, a, account, r); err != nil {
			return err
		}
		if r == NoRole {
			if err := takeBack(ctx, tx, a, account); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, v.actor(), "act.role", string(a), string(account)+" "+string(r))
	})
}

// Acts lists the acts the viewer has a role for, in order of name.
func (s *Studio) Acts(ctx context.Context, v Viewer) (acts []OwnAct, err error) {
	if err := v.signedIn(); err != nil {
		return nil, err
	}
	err = s.Store.Read(ctx, func(tx Tx) error {
		acts, err = tx.ActsOf(ctx, v.Account)
		return err
	})
	return acts, err
}

// Orphans lists acts that nobody owns. For an admin.
func (s *Studio) Orphans(ctx context.Context, v Viewer) (acts []Act, err error) {
	if !v.Admin {
		return nil, fault.New(fault.Forbidden, "Only an admin of the node can do that.")
	}
	err = s.Store.Read(ctx, func(tx Tx) error {
		acts, err = tx.Orphans(ctx)
		return err
	})
	return acts, err
}
