package music

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// role returns what the viewer may do for an act: an admin all, a guest nothing.
func role(ctx context.Context, tx Tx, v Viewer, a id.Act) (Role, error) {
	switch {
	case v.Admin:
		return Owner, nil
	case v.Account == "":
		return NoRole, nil
	}
	return tx.Role(ctx, a, v.Account)
}

// covers reports whether a role includes another.
func (r Role) covers(need Role) bool {
	return r == Owner || r == need || need == NoRole
}

// may returns an Unauthenticated or Forbidden fault unless the viewer holds
// the role.
func may(ctx context.Context, tx Tx, v Viewer, a id.Act, want Role) error {
	have, err := role(ctx, tx, v, a)
	switch {
	case err != nil:
		return err
	case have.covers(want):
		return nil
	case v.Account == "":
		return v.signedIn()
	case have == Editor:
		return fault.New(fault.Forbidden, "Only an owner of the act can do that. You can upload and edit.")
	}
	return fault.New(fault.Forbidden, "Only the people of the act can do that.")
}

// editable loads a release for somebody who is about to change it. To others
// a release that is not public does not exist.
func editable(ctx context.Context, tx Tx, v Viewer, r id.Release, want Role) (Release, error) {
	rel, err := tx.Release(ctx, r)
	if err != nil {
		return Release{}, unknown(err, noRelease)
	}
	if err := may(ctx, tx, v, rel.Act, want); err != nil {
		if have, e := role(ctx, tx, v, rel.Act); e == nil && have == NoRole && rel.State != Published && !v.Moderator {
			return Release{}, fault.New(fault.NotFound, noRelease)
		}
		return Release{}, err
	}
	return rel, nil
}

// editableTrack is editable for one track.
func editableTrack(ctx context.Context, tx Tx, v Viewer, t id.Track, want Role) (Track, Release, error) {
	track, err := tx.Track(ctx, t)
	if err != nil {
		return Track{}, Release{}, unknown(err, noTrack)
	}
	rel, err := editable(ctx, tx, v, track.Release, want)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, noTrack)
	}
	return track, rel, err
}

// seeing says how a viewer comes to see a release.
type seeing struct {
	role    Role
	preview bool // by the private link
}

// visible returns how the viewer sees the release, or a NotFound fault. Drafts
// are seen by the act's people, moderators, and with the private link; what
// was taken down by its people and moderators.
func visible(ctx context.Context, tx Tx, v Viewer, r *Release, preview string) (seeing, error) {
	have, err := role(ctx, tx, v, r.Act)
	if err != nil {
		return seeing{}, err
	}
	s := seeing{have, r.Preview != "" && preview == r.Preview && r.State != TakenDown}
	if r.State == Published || have != NoRole || v.Staff() || s.preview {
		return s, nil
	}
	if r.State == TakenDown && !r.Published.IsZero() {
		return seeing{}, fault.New(fault.NotFound, "This release was taken down by the moderators of this node.")
	}
	return seeing{}, fault.New(fault.NotFound, noRelease)
}

// unknown gives a NotFound fault of the store the sentence for people.
func unknown(err error, sentence string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Wrap(err, fault.NotFound, "%s", fault.Term(sentence))
	}
	return err
}
