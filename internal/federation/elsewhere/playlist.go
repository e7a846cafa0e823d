package elsewhere

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Playlist is a playlist of an act elsewhere with those of its tracks that are known
// here, in its order. Faults: NotFound.
func (d *Desk) Playlist(ctx context.Context, p id.Playlist) (list social.Playlist, rows []music.TrackRow, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		rows = nil
		if list, err = tx.PlaylistElsewhere(ctx, p); err != nil {
			return err
		}
		var tracks []id.Track
		for _, e := range list.Items {
			if e.Track != "" {
				tracks = append(tracks, e.Track)
			}
		}
		known, err := tx.Rows(ctx, tracks)
		for _, t := range tracks {
			if r, ok := known[t]; ok {
				rows = append(rows, r)
			}
		}
		if err == nil {
			list.Working, err = d.working(ctx, tx, list.Collaborators)
		}
		return err
	})
	return list, rows, err
}

// SearchPlaylists finds playlists of other servers that are known here.
func (d *Desk) SearchPlaylists(ctx context.Context, who id.Account, q string, n int) (list []social.Playlist, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		list, err = social.SearchPlaylists(ctx, tx, who, q, n)
		return err
	})
	return list, err
}

// How far the pages of a playlist are read: until as much is known as is kept, or so many
// pages of one, whose servers put ten on a page at least.
const mostPages = social.MostEntries / 10

// Pages asks for the items of a playlist that its server gives by pages, and keeps them in
// place of what was known when the last page was read. A list of another act or server
// than the playlist's, and pages of another server or that lead back, are none. The
// payload is that of [social.JobPages].
func (d *Desk) Pages(ctx context.Context, payload []byte) error {
	var was social.Playlist
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		was, err = tx.PlaylistElsewhere(ctx, id.Playlist(payload))
		return err
	})
	if err != nil {
		return unless(done(err), err)
	}
	items, err := d.pages(ctx, was.IRI, was.Actor)
	if err != nil {
		return unless(done(err), err)
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		now, err := tx.PlaylistElsewhere(ctx, was.ID)
		if err != nil {
			return unless(done(err), err)
		}
		if now.Updated.After(was.Updated) {
			return nil // who changed it meanwhile said so, and it is read again
		}
		now.Items = record.Entries(items)
		d.Site.Recognise(now.Items)
		return social.KeepPlaylist(ctx, tx, &now)
	})
}

func unless(no bool, err error) error {
	if no {
		return nil
	}
	return err
}

// pages are the items of a playlist of an act, page by page. Faults: Invalid.
func (d *Desk) pages(ctx context.Context, list, act string) (items []vocab.Item, err error) {
	o, err := d.Servers.Document(ctx, list)
	if err != nil {
		return nil, err
	}
	if o.ID != list || !o.Is("nineten:Playlist") || o.Author() != act {
		return nil, fault.New(fault.Invalid, "%s is no playlist of %s.", list, act)
	}
	if items = record.Listed(o); len(items) > 0 && int64(len(items)) >= o.TotalItems {
		return items, nil
	}
	items = nil // what is in it is on its pages, too
	seen := map[string]bool{}
	for next := o.First; !next.Zero() && len(items) < social.MostEntries && len(seen) < mostPages; {
		at, page := next.ID(), next.Object
		if page == nil || len(record.Listed(page)) == 0 {
			if !remote.SameOrigin(at, list) || seen[at] {
				return nil, fault.New(fault.Invalid, "A page of %s is %s.", list, at)
			}
			if page, err = d.Servers.Document(ctx, at); err != nil {
				return nil, err
			}
		}
		seen[at] = true
		items, next = append(items, record.Listed(page)...), page.Next
	}
	return items, nil
}

// Seek asks for tracks of a playlist that are not known here, a few at a time, each of
// its own server: what the list says of them counts for nothing. The payload is that
// of [social.JobPlaylist].
func (d *Desk) Seek(ctx context.Context, payload []byte) error {
	p := id.Playlist(payload)
	var lost []string
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		lost, err = tx.LostEntries(ctx, p, retries, each)
		return err
	})
	if err != nil || len(lost) == 0 {
		return err
	}
	wait := between
	for _, at := range lost {
		t, err := d.track(ctx, at)
		if err != nil && !done(err) {
			wait = pause // its server does not give it now
		}
		if err != nil {
			d.Log.Debug("a track of a playlist", "track", at, "err", err)
		}
		if err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return tx.FoundEntry(ctx, at, t) }); err != nil {
			return err
		}
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		return social.SeekTracks(ctx, tx, p, tx.Now().Add(wait))
	})
}

// known is the track of an address where it is one of this node, or known here. Faults:
// NotFound.
func (d *Desk) known(ctx context.Context, at string) (t id.Track, err error) {
	if _, t, ok := d.Site.MusicOf(at); ok && t != "" {
		return t, nil
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, err = tx.TrackByIRI(ctx, at)
		return err
	})
	return t, err
}

// track is the track of an address, asking its server for it and the release that it is of
// when it is not known. An element of a list leads to what it is about; a list of tracks
// is none, and nothing else leads on from here.
func (d *Desk) track(ctx context.Context, at string) (t id.Track, err error) {
	if t, err := d.known(ctx, at); !fault.Is(err, fault.NotFound) {
		return t, err
	}
	o, err := d.Servers.Document(ctx, at)
	if err != nil {
		return "", err
	}
	if about := record.Element(vocab.Of(o)); about != "" && about != o.ID && o.ID == at {
		if t, err := d.known(ctx, about); !fault.Is(err, fault.NotFound) {
			return t, err
		}
		at = about
		if o, err = d.Servers.Document(ctx, at); err != nil {
			return "", err
		}
	}
	act := o.Author()
	if o.ID != at || !o.Is("Audio", "nineten:AudioTrack") || !remote.SameOrigin(act, at) {
		return "", fault.New(fault.NotFound, "%s is no track of its server.", at)
	}
	a, err := d.Servers.Actor(ctx, act)
	if err != nil {
		return "", err
	}
	if album, _ := o.Extra["nineten:album"].(string); album != "" {
		if o, err = d.release(ctx, album, at); err != nil {
			return "", err
		}
	}
	r, ok := record.Of(o, a.ID)
	if !ok || !slices.ContainsFunc(r.Tracks, func(x social.Track) bool { return x.IRI == at }) {
		return "", fault.New(fault.NotFound, "%s is not in a release of %s.", at, a.ID)
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		was, err := tx.ReleaseByIRI(ctx, r.IRI)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && was.Actor != a.ID {
			return fault.New(fault.Forbidden, "%s is not %s's.", r.IRI, a.ID)
		}
		if err := social.Keep(ctx, tx, &r); err != nil {
			return err
		}
		t, err = tx.TrackByIRI(ctx, at)
		return err
	})
	return t, err
}

// release is the document of the release that a track says it is of.
func (d *Desk) release(ctx context.Context, at, track string) (*vocab.Object, error) {
	if !remote.SameOrigin(at, track) {
		return nil, fault.New(fault.Forbidden, "%s is of another server than %s.", at, track)
	}
	o, err := d.Servers.Document(ctx, at)
	if err == nil && o.ID != at {
		err = fault.New(fault.Invalid, "%s has a document that says it is %s.", at, o.ID)
	}
	return o, err
}
