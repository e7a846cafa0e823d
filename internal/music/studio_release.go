package music

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// CreateRelease begins a draft. Facts that are given count as written by hand;
// the rest is filled from the files' tags. Needs an editor. Besides the
// common faults: Invalid.
func (s *Studio) CreateRelease(ctx context.Context, v Viewer, a id.Act, given Facts) (Release, error) {
	var r Release
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		r, err = newDraft(ctx, tx, v, a, given)
		return err
	})
	return r, err
}

// newDraft makes an empty draft of an act.
func newDraft(ctx context.Context, tx Tx, v Viewer, a id.Act, given Facts) (r Release, err error) {
	act, err := tx.Act(ctx, a)
	if err != nil {
		return r, unknown(err, noAct)
	}
	if act.Label {
		return r, fault.New(fault.Conflict, "A label publishes nothing itself: its acts do.")
	}
	if err := may(ctx, tx, v, a, Editor); err != nil {
		return r, err
	}
	r = Release{
		ID: id.New[id.Release](tx.Now()), Act: a, State: Draft, Created: tx.Now(), Changed: tx.Now(),
		Facts: Facts{Kind: Album, Licence: AllRights, Artist: act.Name},
	}
	r.take(given)
	if err := r.Facts.check(); err != nil {
		return r, err
	}
	return r, tx.InsertRelease(ctx, &r)
}

// take takes over the facts that are given and marks them as written by hand.
func (r *Release) take(g Facts) {
	f := &r.Facts
	set := func(field string, given bool, put func()) {
		if given {
			put()
			r.mark(field)
		}
	}
	set("title", g.Title != "", func() { f.Title = g.Title })
	set("artist", g.Artist != "", func() { f.Artist = g.Artist })
	set("kind", g.Kind != "", func() { f.Kind = g.Kind })
	set("date", g.Date != "", func() { f.Date = g.Date })
	set("label", g.Label != "", func() { f.Label = g.Label })
	set("licence", g.Licence != "", func() { f.Licence = g.Licence })
	set("language", g.Language != "", func() { f.Language = g.Language })
	set("explicit", g.Explicit, func() { f.Explicit = true })
	set("description", g.Description != "", func() { f.Description = g.Description })
	set("tags", len(g.Tags) > 0, func() { f.Tags = g.Tags })
}

func (r *Release) mark(field string) {
	if !slices.Contains(r.Edited, field) {
		r.Edited = append(r.Edited, field)
	}
}

// markChanges marks every fact that differs from what it was.
func (r *Release) markChanges(was Facts) {
	f := r.Facts
	for _, c := range []struct {
		field   string
		changed bool
	}{
		{"title", f.Title != was.Title}, {"artist", f.Artist != was.Artist}, {"kind", f.Kind != was.Kind},
		{"date", f.Date != was.Date}, {"label", f.Label != was.Label}, {"licence", f.Licence != was.Licence},
		{"language", f.Language != was.Language}, {"explicit", f.Explicit != was.Explicit},
		{"description", f.Description != was.Description}, {"tags", !slices.Equal(f.Tags, was.Tags)},
	} {
		if c.changed {
			r.mark(c.field)
		}
	}
}

// change is the frame of every edit of a release: load with the role, change,
// store, bring lists in step.
func (s *Studio) change(ctx context.Context, v Viewer, r id.Release, want Role, do func(Tx, *Release) error) (Release, error) {
	var rel Release
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		if rel, err = editable(ctx, tx, v, r, want); err != nil {
			return err
		}
		public := rel.State == Published
		if err := do(tx, &rel); err != nil {
			return err
		}
		return save(ctx, tx, &rel, public)
	})
	return rel, err
}

// save stores a release and brings lists in step; public says that it was
// listed before.
func save(ctx context.Context, tx Tx, r *Release, public bool) error {
	r.Changed = tx.Now()
	if err := tx.UpdateRelease(ctx, r); err != nil {
		return err
	}
	if !public && r.State != Published {
		return nil
	}
	if err := relist(ctx, tx, r); err != nil {
		return err
	}
	if err := recount(ctx, tx, r.Act); err != nil {
		return err
	}
	if public && r.State != Published {
		if err := tx.Untell(ctx, notice.Cause{Kind: notice.Release, Release: r.ID}); err != nil {
			return err
		}
	}
	return tellRelease(ctx, tx, r)
}

// EditRelease changes what is written once for the whole release. edit may run
// more than once. Needs an editor. Besides the common faults: Invalid.
func (s *Studio) EditRelease(ctx context.Context, v Viewer, r id.Release, edit func(*Facts)) (Release, error) {
	return s.change(ctx, v, r, Editor, func(_ Tx, rel *Release) error {
		was := rel.Facts
		was.Tags = slices.Clone(was.Tags)
		edit(&rel.Facts)
		if err := rel.Facts.check(); err != nil {
			return err
		}
		if rel.State == Published && (rel.Facts.Title == "" || rel.Facts.Artist == "") {
			return fault.On("title", fault.Invalid, "A published release keeps a title and an artist.")
		}
		rel.markChanges(was)
		return nil
	})
}

// SetCover gives the release a picture, or takes it away with the zero value.
// Needs an editor.
func (s *Studio) SetCover(ctx context.Context, v Viewer, r id.Release, c Cover) (Release, error) {
	return s.change(ctx, v, r, Editor, func(_ Tx, rel *Release) error {
		rel.Cover = c
		rel.mark("cover")
		return nil
	})
}

// Publish makes a release public now. Needs an owner. Besides the common
// faults: Invalid when something is missing, Conflict while tracks are being
// prepared or after a take-down.
func (s *Studio) Publish(ctx context.Context, v Viewer, r id.Release) (Release, error) {
	return s.change(ctx, v, r, Owner, func(tx Tx, rel *Release) error {
		if err := rel.open(); err != nil || rel.State == Published {
			return err
		}
		tracks, err := tx.TracksOf(ctx, r)
		if err != nil {
			return err
		}
		if err := rel.missing(tracks); err != nil {
			return err
		}
		if err := rel.publish(ctx, tx, v.Account); err != nil {
			return err
		}
		return tx.Audit(ctx, v.actor(), "release.publish", string(r), "")
	})
}

// publish makes a release public; who follows the act is told the first time.
func (r *Release) publish(ctx context.Context, tx Tx, by id.Account) error {
	r.State, r.PublishAt = Published, time.Time{}
	if !r.Published.IsZero() {
		return nil
	}
	r.Published = tx.Now()
	return tx.Tell(ctx, notice.Cause{Kind: notice.Release, Act: r.Act, Person: by, Release: r.ID})
}

// open returns a Conflict fault for a release that was taken down.
func (r *Release) open() error {
	if r.State == TakenDown {
		return fault.New(fault.Conflict, "This release was taken down: %s Ask the moderators of this node to restore it.", r.Reason)
	}
	return nil
}

// scheduleMax is how far ahead a release can be scheduled.
const scheduleMax = 2 * 365 * 24 * time.Hour

// Schedule publishes the release at a time. local is read in the zone (IANA
// name), as "2026-12-01T18:00". Needs an owner. Besides the common faults:
// Invalid, Conflict as for Publish.
func (s *Studio) Schedule(ctx context.Context, v Viewer, r id.Release, local, zone string) (Release, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return Release{}, fault.On("zone", fault.Invalid, "%q is no time zone: write it like Europe/Berlin.", cut(zone, 60))
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", local, loc)
	if err != nil {
		return Release{}, fault.On("at", fault.Invalid, "%q is no time: write it like 2026-12-01T18:00.", cut(local, 40))
	}
	return s.change(ctx, v, r, Owner, func(tx Tx, rel *Release) error {
		if err := rel.open(); err != nil {
			return err
		}
		switch {
		case rel.State == Published:
			return fault.New(fault.Conflict, "The release is public already. Take it back to a draft first.")
		case !at.After(tx.Now()):
			return fault.On("at", fault.Invalid, "That time has passed. Publish now, or choose a later one.")
		case at.Sub(tx.Now()) > scheduleMax:
			return fault.On("at", fault.Invalid, "A release can be scheduled two years ahead at most.")
		case rel.Facts.Title == "":
			return fault.On("title", fault.Invalid, "The release has no title yet.")
		}
		rel.State, rel.PublishAt, rel.Zone = Scheduled, at.UTC(), zone
		return tx.Enqueue(ctx, Job{JobPublish, JobPublish + " " + string(r) + " " + at.UTC().Format(time.RFC3339), []byte(r), at.UTC()})
	})
}

// PublishDue publishes a scheduled release whose time has come, with the
// tracks that are ready; tracks that become ready later join. It does nothing
// for any other release. Run by the job [JobPublish]; a Conflict fault says
// that nothing is ready yet and the job is to be tried again.
func (s *Studio) PublishDue(ctx context.Context, r id.Release) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		rel, err := tx.Release(ctx, r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || rel.State != Scheduled || rel.PublishAt.After(tx.Now()) {
			return err
		}
		tracks, err := tx.TracksOf(ctx, r)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tracks, func(t Track) bool { return t.State == Ready }) {
			return fault.New(fault.Conflict, "No track of %q can be played yet.", rel.Facts.Title)
		}
		if err := rel.publish(ctx, tx, ""); err != nil {
			return err
		}
		if err := tx.Audit(ctx, "schedule", "release.publish", string(r), ""); err != nil {
			return err
		}
		return save(ctx, tx, &rel, false)
	})
}

// Withdraw takes a scheduled or public release back to a draft. Plays, likes
// and places in playlists stay. Needs an owner. Besides the common faults:
// Conflict after a take-down.
func (s *Studio) Withdraw(ctx context.Context, v Viewer, r id.Release) (Release, error) {
	return s.change(ctx, v, r, Owner, func(tx Tx, rel *Release) error {
		if err := rel.open(); err != nil {
			return err
		}
		rel.State, rel.PublishAt = Draft, time.Time{}
		return tx.Audit(ctx, v.actor(), "release.withdraw", string(r), "")
	})
}

// Preview makes the private link's token, anew each time, or takes it away.
// Whoever has the link can listen. Needs an editor.
func (s *Studio) Preview(ctx context.Context, v Viewer, r id.Release, on bool) (Release, error) {
	token := ""
	if on {
		token = rand.Text()
	}
	return s.change(ctx, v, r, Editor, func(_ Tx, rel *Release) error {
		rel.Preview = token
		return nil
	})
}

// Delete removes a release that was never public, with its tracks. Needs an
// owner. Besides the common faults: Conflict for one that was public: what
// listeners paid for has to be provable.
func (s *Studio) Delete(ctx context.Context, v Viewer, r id.Release) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		rel, err := editable(ctx, tx, v, r, Owner)
		if err != nil {
			return err
		}
		if !rel.Published.IsZero() {
			return fault.New(fault.Conflict, "This release was public, so receipts may name it. Take it back to a draft instead: then nobody finds it.")
		}
		if err := tx.Audit(ctx, v.actor(), "release.delete", string(r), rel.Facts.Title); err != nil {
			return err
		}
		if err := tx.DeleteRelease(ctx, r); err != nil {
			return err
		}
		return tidy(ctx, tx)
	})
}

// Releases lists an act's releases in every state, newest first. Needs an
// editor.
func (s *Studio) Releases(ctx context.Context, v Viewer, a id.Act) (list []Release, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Editor); err != nil {
			return err
		}
		list, err = tx.ReleasesOf(ctx, a)
		return err
	})
	return list, err
}
