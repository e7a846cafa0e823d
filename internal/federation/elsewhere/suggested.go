package elsewhere

import (
	"context"
	"encoding/json"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Suggested puts into a playlist of this node what somebody elsewhere added who works on
// it, once the tracks' own servers have said what they are. What is no track is left
// out, and all of it when they work on it no longer. The payload is that of
// [social.JobSuggested].
func (d *Desk) Suggested(ctx context.Context, payload []byte) error {
	var s social.Suggestion
	if err := json.Unmarshal(payload, &s); err != nil {
		return err
	}
	var tracks []id.Track
	for _, at := range s.Tracks {
		if remote.SameOrigin(at, d.Site.Node()) { // what is not there is left out below
			if _, t, ok := d.Site.MusicOf(at); ok && t != "" {
				tracks = append(tracks, t)
			}
			continue
		}
		t, err := d.track(ctx, at)
		switch {
		case err == nil:
			tracks = append(tracks, t)
		case !done(err):
			return err // its server does not give it now
		default:
			d.Log.Debug("what was added to a playlist is no track", "track", at, "err", err)
		}
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		err := social.WorksOn(ctx, tx, s.Playlist, s.Actor)
		if fault.Is(err, fault.Forbidden) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.Rows(ctx, tracks)
		if err != nil {
			return err
		}
		var there []id.Track
		for _, t := range tracks {
			if _, ok := rows[t]; ok {
				there = append(there, t)
			}
		}
		err = tx.Rework(ctx, s.Playlist, there, nil)
		if fault.Is(err, fault.Limited) || fault.Is(err, fault.NotFound) { // full, or gone meanwhile
			return nil
		}
		return err
	})
}
