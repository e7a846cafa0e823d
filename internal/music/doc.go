// Package music knows acts, releases, tracks, their credits and playlists: who
// may change them, when they may be heard, and how they are found.
//
// It decides; it does not store, decode or serve. Files are measured by media
// and handed over as [Result]s, rows live behind [Store], and jobs that have to
// follow a change are enqueued in the same transaction.
//
// Four services share the work: [Studio] for artists, [Catalogue] for reading,
// [Library] for a listener's own things, [Moderation] for taking down.
package music

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Viewer is who asks. The zero value is a guest.
type Viewer struct {
	Account   id.Account
	Moderator bool // may take down and see what is not public
	Admin     bool // may besides do everything an owner may
}

// Staff reports whether the viewer sees what is not public.
func (v Viewer) Staff() bool { return v.Moderator || v.Admin }

// Guest reports whether nobody is signed in.
func (v Viewer) Guest() bool { return v.Account == "" && !v.Staff() }

// signedIn returns an Unauthenticated fault for a guest.
func (v Viewer) signedIn() error {
	if v.Account == "" {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	return nil
}

// actor names the viewer in the audit.
func (v Viewer) actor() string {
	if v.Account == "" {
		return "operator"
	}
	return string(v.Account)
}

// The sentences several operations share.
const (
	noTrack    = "There is no such track here."
	noRelease  = "There is no such release here."
	noAct      = "There is no such act here."
	noPlaylist = "There is no such playlist here."
	noUpload   = "There is no such upload. It may have been finished or cancelled."
	noSheet    = "There is no credit sheet waiting."
)
