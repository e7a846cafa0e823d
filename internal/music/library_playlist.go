package music

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A FullPlaylist is a playlist with its tracks in order.
type FullPlaylist struct {
	Playlist Playlist
	Owner    string // name of the act, or of the account
	Act      Act    // under whose name it is public, empty: none
	Items    []PlacedTrack
}

// A PlacedTrack is a track at its place. Row.Available is false when it is not
// public any more: the place stays, and the track comes back with its release.
type PlacedTrack struct {
	Item Item
	Row  TrackRow
}

// listsMax bounds how many playlists an account has.
const listsMax = 1_000

// Playlists lists the viewer's own, the latest change first.
func (l *Library) Playlists(ctx context.Context, v Viewer) (lists []Playlist, err error) {
	if err := v.signedIn(); err != nil {
		return nil, err
	}
	err = l.Store.Read(ctx, func(tx Tx) error {
		lists, err = tx.PlaylistsOf(ctx, v.Account)
		return err
	})
	return lists, err
}

// Playlist returns a playlist as the viewer may see it. Faults: NotFound, for
// a private one of somebody else too.
func (l *Library) Playlist(ctx context.Context, v Viewer, p id.Playlist) (full FullPlaylist, err error) {
	err = l.Store.View(ctx, func(tx Tx) error {
		full = FullPlaylist{}
		if full.Playlist, err = tx.Playlist(ctx, p); err != nil {
			return unknown(err, noPlaylist)
		}
		if !full.Playlist.visible(v) {
			if standing, err := tx.Collaborates(ctx, p, v.Account); err != nil || standing == "" {
				return unknown(orMissing(err), noPlaylist)
			}
		}
		return full.fill(ctx, tx)
	})
	return full, err
}

// fill adds who it is by, and the tracks.
func (f *FullPlaylist) fill(ctx context.Context, tx Tx) (err error) {
	if f.Playlist.Act != "" {
		if f.Act, err = tx.Act(ctx, f.Playlist.Act); err != nil {
			return err
		}
	}
	if f.Owner, err = by(ctx, tx, &f.Playlist); err != nil {
		return err
	}
	f.Items, err = tx.PlacedTracks(ctx, f.Playlist.ID)
	return err
}

// by is the name under which a playlist is shown: of an act's nobody learns whose
// account it is.
func by(ctx context.Context, tx Tx, p *Playlist) (string, error) {
	if p.Act == "" {
		return tx.AccountName(ctx, p.Account)
	}
	a, err := tx.Act(ctx, p.Act)
	return a.Name, err
}

// PlaylistsOf lists the playlists of an act, the latest change first.
func (c *Catalogue) PlaylistsOf(ctx context.Context, a id.Act) (lists []Playlist, err error) {
	err = c.Store.Read(ctx, func(tx Tx) error {
		lists, err = tx.PlaylistsOfAct(ctx, a, listsMax)
		return err
	})
	return lists, err
}

// Playlist returns a playlist that other servers may read: one of an act, or of a
// listener who works on it with somebody there. Faults: NotFound.
func (c *Catalogue) Playlist(ctx context.Context, p id.Playlist) (full FullPlaylist, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		full = FullPlaylist{}
		if full.Playlist, err = tx.Playlist(ctx, p); err != nil {
			return unknown(err, noPlaylist)
		}
		if shared, err := tx.SharedElsewhere(ctx, p); err != nil || full.Playlist.Act == "" && !shared || full.Playlist.Access == Private {
			return unknown(orMissing(err), noPlaylist)
		}
		return full.fill(ctx, tx)
	})
	return full, err
}

// CreatePlaylist makes a playlist of the tracks, which may be none. p carries
// the title, description and access ("" is private). Faults: Invalid,
// NotFound for a track that is not public, Limited.
func (l *Library) CreatePlaylist(ctx context.Context, v Viewer, p Playlist, tracks []id.Track) (Playlist, error) {
	if p.Act = ""; p.Access == "" {
		p.Access = Private
	}
	if err := p.check(); err != nil {
		return Playlist{}, err
	}
	err := l.update(ctx, v, func(tx Tx) error {
		lists, err := tx.PlaylistsOf(ctx, v.Account)
		if err != nil {
			return err
		}
		if len(lists) >= listsMax {
			return fault.New(fault.Limited, "An account can have %d playlists. Delete one first.", listsMax)
		}
		p.ID, p.Account, p.Created = id.New[id.Playlist](tx.Now()), v.Account, tx.Now()
		p.Items, p.DurationMS, p.Cover, p.Changed = 0, 0, Cover{}, tx.Now()
		if err := tx.InsertPlaylist(ctx, &p); err != nil {
			return err
		}
		items, err := adding(ctx, tx, nil, tracks)
		if err != nil {
			return err
		}
		return arrange(ctx, tx, &p, nil, items)
	})
	return p, err
}

// theirs loads a playlist for who may change what is in it: its owner, and who works on
// it with them.
func theirs(ctx context.Context, tx Tx, v Viewer, p id.Playlist) (Playlist, error) {
	standing, err := tx.Collaborates(ctx, p, v.Account)
	if err != nil {
		return Playlist{}, err
	}
	if standing != "works" {
		return mine(ctx, tx, v, p)
	}
	list, err := tx.Playlist(ctx, p)
	return list, unknown(err, noPlaylist)
}

// mine loads a playlist for its owner, who alone may change what it says of itself.
func mine(ctx context.Context, tx Tx, v Viewer, p id.Playlist) (Playlist, error) {
	list, err := tx.Playlist(ctx, p)
	switch {
	case err != nil:
		return Playlist{}, unknown(err, noPlaylist)
	case list.Account == v.Account:
		return list, nil
	case !list.visible(v):
		return Playlist{}, fault.New(fault.NotFound, noPlaylist)
	}
	return Playlist{}, fault.New(fault.Forbidden, "This playlist belongs to somebody else. Save a copy to change it.")
}

// EditPlaylist changes the title, description and access, and the act under whose name
// it is public: one that the viewer works for. edit may run more than once. Faults:
// Invalid, Forbidden, NotFound.
func (l *Library) EditPlaylist(ctx context.Context, v Viewer, p id.Playlist, edit func(*Playlist)) (Playlist, error) {
	var list Playlist
	err := l.update(ctx, v, func(tx Tx) (err error) {
		if list, err = mine(ctx, tx, v, p); err != nil {
			return err
		}
		e := list
		edit(&e)
		was := list.Act
		list.Title, list.Description, list.Access, list.Act = e.Title, e.Description, e.Access, e.Act
		if err := list.check(); err != nil {
			return err
		}
		if list.Act != was || list.Access == Private {
			if shared, err := tx.SharedElsewhere(ctx, p); err != nil || shared {
				return cmp.Or(err, fault.On("access", fault.Conflict, "Somebody on another server works on this playlist, or is invited to: end that first."))
			}
		}
		if list.Act != "" && list.Act != was {
			if err := may(ctx, tx, v, list.Act, Editor); err != nil {
				return err
			}
		}
		if was != "" && list.Act == "" {
			if err := tell(ctx, tx, "playlist", string(list.ID)); err != nil {
				return err
			}
		}
		return keep(ctx, tx, &list)
	})
	return list, err
}

// rearrange is the frame of every change of a playlist's items.
func (l *Library) rearrange(ctx context.Context, v Viewer, p id.Playlist, change func(Tx, []Item) ([]Item, error)) error {
	return l.update(ctx, v, func(tx Tx) error {
		list, err := theirs(ctx, tx, v, p)
		if err != nil {
			return err
		}
		old, err := tx.Items(ctx, p)
		if err != nil {
			return err
		}
		now, err := change(tx, old)
		if err != nil {
			return err
		}
		return arrange(ctx, tx, &list, old, now)
	})
}

// AddToPlaylist puts tracks at the end. Faults: Forbidden, NotFound, Limited.
func (l *Library) AddToPlaylist(ctx context.Context, v Viewer, p id.Playlist, tracks []id.Track) error {
	return l.rearrange(ctx, v, p, func(tx Tx, items []Item) ([]Item, error) { return adding(ctx, tx, items, tracks) })
}

// MoveItem puts an item before another, or at the end when before is "".
// Faults: Forbidden, NotFound.
func (l *Library) MoveItem(ctx context.Context, v Viewer, p id.Playlist, item, before ItemID) error {
	return l.rearrange(ctx, v, p, func(_ Tx, items []Item) ([]Item, error) { return Move(items, item, before) })
}

// RemoveItem takes an item out. One that is gone already is no fault. Faults:
// Forbidden, NotFound.
func (l *Library) RemoveItem(ctx context.Context, v Viewer, p id.Playlist, item ItemID) error {
	return l.rearrange(ctx, v, p, func(_ Tx, items []Item) ([]Item, error) {
		return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.ID == item }), nil
	})
}

// DeletePlaylist removes a playlist. Faults: Forbidden, NotFound.
func (l *Library) DeletePlaylist(ctx context.Context, v Viewer, p id.Playlist) error {
	return l.update(ctx, v, func(tx Tx) error {
		list, err := mine(ctx, tx, v, p)
		if err != nil {
			return err
		}
		if err := tellList(ctx, tx, &list); err != nil {
			return err
		}
		if err := tx.DropDoc(ctx, FoundPlaylist, string(p)); err != nil {
			return err
		}
		return tx.DeletePlaylist(ctx, p)
	})
}

// adding appends public tracks to items.
func adding(ctx context.Context, tx Tx, items []Item, tracks []id.Track) ([]Item, error) {
	if len(items)+len(tracks) > itemsMax {
		return nil, fault.New(fault.Limited, "A playlist can hold %d tracks.", itemsMax)
	}
	rows, err := tx.TrackRows(ctx, tracks)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(items)
	for _, t := range tracks {
		if _, ok := rows[t]; !ok {
			return nil, fault.New(fault.NotFound, noTrack)
		}
		out = append(out, Item{ItemID(id.New[id.Entry](tx.Now())), t, tx.Now()})
	}
	return out, nil
}

// arrange stores the items and what the playlist shows of them.
func arrange(ctx context.Context, tx Tx, p *Playlist, old, now []Item) error {
	if err := tx.SetItems(ctx, p.ID, old, now); err != nil {
		return err
	}
	placed, err := tx.PlacedTracks(ctx, p.ID)
	if err != nil {
		return err
	}
	p.Items, p.DurationMS, p.Cover = int64(len(placed)), 0, Cover{}
	for _, t := range placed {
		p.DurationMS += t.Row.DurationMS
		if p.Cover.ID == "" {
			p.Cover = t.Row.Cover
		}
	}
	return keep(ctx, tx, p)
}

// Rework takes tracks out of a playlist wherever they are in it, and puts others at its
// end: what somebody on another server did who works on it. Faults: NotFound, Limited.
func Rework(ctx context.Context, tx Tx, p id.Playlist, add, remove []id.Track) error {
	list, err := tx.Playlist(ctx, p)
	if err != nil {
		return unknown(err, noPlaylist)
	}
	old, err := tx.Items(ctx, p)
	if err != nil {
		return err
	}
	now, err := adding(ctx, tx, slices.DeleteFunc(slices.Clone(old), func(i Item) bool { return slices.Contains(remove, i.Track) }), add)
	if err != nil {
		return err
	}
	return arrange(ctx, tx, &list, old, now)
}

// tellList has other servers told of a playlist that is known there.
func tellList(ctx context.Context, tx Tx, p *Playlist) error {
	if shared, err := tx.SharedElsewhere(ctx, p.ID); err != nil || !shared && p.Act == "" {
		return err
	}
	return tell(ctx, tx, "playlist", string(p.ID))
}

// keep stores a playlist, brings search in step, and has others told where they know of it.
func keep(ctx context.Context, tx Tx, p *Playlist) error {
	p.Changed = tx.Now()
	if err := tx.UpdatePlaylist(ctx, p); err != nil {
		return err
	}
	if err := tellList(ctx, tx, p); err != nil {
		return err
	}
	if p.Access != Public {
		return tx.DropDoc(ctx, FoundPlaylist, string(p.ID))
	}
	owner, err := by(ctx, tx, p)
	if err != nil {
		return err
	}
	row := PlaylistRow{p.ID, p.Account, owner, p.Title, p.Access, p.Items, p.DurationMS, p.Cover, p.Changed}
	return tx.SetDoc(ctx, Doc{Found: FoundPlaylist, Ref: string(p.ID), Title: folded(p.Title), Maker: folded(owner), More: folded(p.Description), Card: row.Pack()})
}

// takeBack has the playlists of somebody who does not work for an act any more be under
// its name no longer.
func takeBack(ctx context.Context, tx Tx, a id.Act, account id.Account) error {
	lists, err := tx.PlaylistsOf(ctx, account)
	if err != nil {
		return err
	}
	for i := range lists {
		p := &lists[i]
		if p.Act != a {
			continue
		}
		p.Act = "" // nor is it theirs whom the act invited elsewhere
		if err := errors.Join(tx.EndShared(ctx, p.ID), tell(ctx, tx, "playlist", string(p.ID))); err != nil {
			return err
		}
		if err := keep(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}
