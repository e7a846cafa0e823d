package music

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// Moderation takes releases out of public view and puts them back. Its methods
// return a Forbidden fault for everybody but moderators and admins, and
// NotFound for what is not there.
type Moderation struct{ Store Store }

// TakeDown takes a release out of lists, search and players. reason is one
// sentence the act's people read. Besides the common faults: Invalid without
// a reason, Conflict when it is down already.
func (m *Moderation) TakeDown(ctx context.Context, v Viewer, r id.Release, reason string) error {
	reason = OneLine(reason)
	if err := need("reason", "The reason", reason, 500, false); err != nil {
		return err
	}
	return m.change(ctx, v, r, "release.take-down", reason, func(rel *Release) error {
		if rel.State == TakenDown {
			return fault.New(fault.Conflict, "This release was taken down already: %s", rel.Reason)
		}
		rel.Before, rel.State, rel.Reason = rel.State, TakenDown, reason
		return nil
	})
}

// Restore puts a release back to what it was before it was taken down; one
// that was scheduled becomes a draft, because its time may have passed.
// Besides the common faults: Conflict when it is not down.
func (m *Moderation) Restore(ctx context.Context, v Viewer, r id.Release, note string) error {
	return m.change(ctx, v, r, "release.restore", OneLine(note), func(rel *Release) error {
		if rel.State != TakenDown {
			return fault.New(fault.Conflict, "This release is not taken down.")
		}
		rel.State, rel.Before, rel.Reason = rel.Before, "", ""
		if rel.State != Published {
			rel.State = Draft
		}
		return nil
	})
}

func (m *Moderation) change(ctx context.Context, v Viewer, r id.Release, action, note string, do func(*Release) error) error {
	if err := staff(v); err != nil {
		return err
	}
	return m.Store.Update(ctx, func(tx Tx) error {
		rel, err := tx.Release(ctx, r)
		if err != nil {
			return unknown(err, noRelease)
		}
		public := rel.State == Published
		if err := do(&rel); err != nil {
			return err
		}
		if err := tx.Audit(ctx, v.actor(), action, string(r), note); err != nil {
			return err
		}
		return save(ctx, tx, &rel, public)
	})
}

// Down lists up to n releases that are taken down, newest first.
func (m *Moderation) Down(ctx context.Context, v Viewer, n int) (list []Release, err error) {
	if err := staff(v); err != nil {
		return nil, err
	}
	err = m.Store.Read(ctx, func(tx Tx) error {
		list, err = tx.ReleasesIn(ctx, TakenDown, n)
		return err
	})
	return list, err
}

func staff(v Viewer) error {
	if v.Staff() {
		return nil
	}
	if err := v.signedIn(); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "Only moderators can do that.")
}
