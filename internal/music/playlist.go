package music

import (
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// An Access says who sees a playlist.
type Access string

// The accesses.
const (
	Private  Access = "private"  // its owner
	Unlisted Access = "unlisted" // everybody who has the address
	Public   Access = "public"   // everybody; search finds it
)

// A Playlist is a listener's ordered list of tracks.
type Playlist struct {
	ID          id.Playlist
	Account     id.Account
	Act         id.Act // under whose name it is public, "" its account's
	Title       string
	Description string
	Access      Access
	Items       int64
	DurationMS  int64
	Cover       Cover // of its first track that is public
	Created     time.Time
	Changed     time.Time
}

// An Item is one place in a playlist. Its id stays while it is moved.
type Item struct {
	ID    ItemID
	Track id.Track
	Added time.Time
}

// An ItemID names an item of a playlist.
type ItemID string

// itemsMax bounds a playlist.
const itemsMax = 5_000

func (p *Playlist) check() error {
	p.Title, p.Description = OneLine(p.Title), prose(p.Description)
	for _, e := range []error{
		need("title", "The name of the playlist", p.Title, nameMax, false),
		need("description", "The description", p.Description, textMax, true),
		oneOf("access", "access", p.Access, []Access{Private, Unlisted, Public}),
	} {
		if e != nil {
			return e
		}
	}
	if p.Act != "" && p.Access != Public {
		return fault.On("access", fault.Invalid, "A playlist of an act is for everybody to see.")
	}
	return nil
}

// visible reports whether the viewer may open the playlist.
func (p *Playlist) visible(v Viewer) bool {
	return p.Access != Private || v.Account != "" && v.Account == p.Account
}

// Move puts an item before another, or at the end when before is "". Every
// other item keeps its order. It returns a NotFound fault when either is not
// in the list, and leaves items as it is.
func Move(items []Item, item, before ItemID) ([]Item, error) {
	find := func(list []Item, want ItemID) int {
		return slices.IndexFunc(list, func(i Item) bool { return i.ID == want })
	}
	from := find(items, item)
	if from < 0 || before != "" && find(items, before) < 0 {
		return nil, fault.New(fault.NotFound, "That place is not in the playlist any more. Reload it and try again.")
	}
	if item == before {
		return slices.Clone(items), nil
	}
	out := slices.Delete(slices.Clone(items), from, from+1)
	to := len(out)
	if before != "" {
		to = find(out, before)
	}
	return slices.Insert(out, to, items[from]), nil
}

// A Resume is where a listener stopped.
type Resume struct {
	Track      id.Track
	PositionMS int64
	Queue      []id.Track // what was to follow, the track itself included
	At         time.Time
}
