package music

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Catalogue is what everybody reads. Lists hold what is public; single
// things are shown to whom they concern, and a NotFound fault to the rest.
type Catalogue struct{ Store Store }

// A FullRelease is a release with everything its page shows.
type FullRelease struct {
	Release   Release
	Act       Act
	Role      Role // of the viewer
	Tracks    []FullTrack
	Names     map[id.Act]ActRow // of the acts its credit sheets name
	Liked     bool
	Following bool // the viewer follows the act
}

// A FullTrack is a track with everything its page shows.
type FullTrack struct {
	Track     Track
	Asset     *Asset // nil before anything is known of the file
	Sheet     Sheet  // in force
	Segmented bool   // can be played in segments; the original alone otherwise
	Liked     bool
	// Renditions are those in which it can.
	Renditions []string
}

// Release returns a release as the viewer may see it; preview is the token of
// the private link, "" without. People of the act and staff see tracks in
// every state, others those that can be played. Faults: NotFound.
func (c *Catalogue) Release(ctx context.Context, v Viewer, r id.Release, preview string) (full FullRelease, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		if full.Release, err = tx.Release(ctx, r); err != nil {
			return unknown(err, noRelease)
		}
		how, err := visible(ctx, tx, v, &full.Release, preview)
		if err != nil {
			return err
		}
		full.Role = how.role
		if full.Act, err = tx.Act(ctx, full.Release.Act); err != nil {
			return err
		}
		if err := full.tracks(ctx, tx, how.role != NoRole || v.Staff()); err != nil {
			return err
		}
		if how.role == NoRole && !v.Staff() && !how.preview {
			full.Release.Preview = ""
		}
		return full.personal(ctx, tx, v)
	})
	return full, err
}

// tracks fills the tracks, all of them or those that can be played.
func (f *FullRelease) tracks(ctx context.Context, tx Tx, all bool) error {
	tracks, err := tx.TracksOf(ctx, f.Release.ID)
	if err != nil {
		return err
	}
	assets, err := assetsByTrack(ctx, tx, f.Release.ID)
	if err != nil {
		return err
	}
	sheets, err := tx.SheetsInForce(ctx, f.Release.ID)
	if err != nil {
		return err
	}
	segmented, err := tx.Segmented(ctx, f.Release.ID)
	if err != nil {
		return err
	}
	var named []id.Act
	for _, t := range tracks {
		if t.State == Removed || t.State != Ready && !all {
			continue
		}
		f.Tracks = append(f.Tracks, FullTrack{Track: t, Asset: assets[t.ID], Sheet: sheets[t.ID], Segmented: len(segmented[t.ID]) > 0, Renditions: segmented[t.ID]})
		named = append(named, actsOf(sheets[t.ID].Shares)...)
	}
	f.Names, err = tx.ActNames(ctx, named)
	return err
}

// personal fills what concerns a viewer who is signed in.
func (f *FullRelease) personal(ctx context.Context, tx Tx, v Viewer) (err error) {
	if v.Account == "" {
		return nil
	}
	if f.Liked, err = tx.LikesRelease(ctx, v.Account, f.Release.ID); err != nil {
		return err
	}
	if f.Following, err = tx.Following(ctx, v.Account, f.Act.ID); err != nil {
		return err
	}
	ids := make([]id.Track, len(f.Tracks))
	for i := range f.Tracks {
		ids[i] = f.Tracks[i].Track.ID
	}
	liked, err := tx.Liked(ctx, v.Account, ids)
	for i := range f.Tracks {
		f.Tracks[i].Liked = liked[ids[i]]
	}
	return err
}

// Track returns a track and the release around it, as the viewer may see
// them. Faults: NotFound.
func (c *Catalogue) Track(ctx context.Context, v Viewer, t id.Track, preview string) (FullTrack, FullRelease, error) {
	var r id.Release
	err := c.Store.Read(ctx, func(tx Tx) error {
		track, err := tx.Track(ctx, t)
		r = track.Release
		return unknown(err, noTrack)
	})
	if err != nil {
		return FullTrack{}, FullRelease{}, err
	}
	full, err := c.Release(ctx, v, r, preview)
	if err != nil {
		return FullTrack{}, FullRelease{}, unknown(err, noTrack)
	}
	for _, f := range full.Tracks {
		if f.Track.ID == t {
			return f, full, nil
		}
	}
	return FullTrack{}, FullRelease{}, fault.New(fault.NotFound, noTrack)
}

// A FullAct is an act with what concerns the viewer.
type FullAct struct {
	Act       Act
	Role      Role
	Following bool
	Home      Home
}

// A Home is where else an act is or was.
type Home struct {
	Known []Location // by which it is known elsewhere, and from where it may move here
	Moved Location   // where it moved, empty: it is here
	At    time.Time  // when it moved last, also when it is back, zero never
}

// A Location is that of an act on another server.
type Location struct {
	Actor  string // its document
	Handle string // act@host
}

// Act returns an act by its handle, in any case, or its id. Faults: NotFound.
func (c *Catalogue) Act(ctx context.Context, v Viewer, handle string) (full FullAct, err error) {
	handle = strings.TrimPrefix(handle, "@")
	err = c.Store.View(ctx, func(tx Tx) error {
		full.Act, err = tx.ActByHandle(ctx, strings.ToLower(handle))
		if fault.Is(err, fault.NotFound) {
			if a, e := id.Parse[id.Act](handle); e == nil {
				full.Act, err = tx.Act(ctx, a)
			}
		}
		if err != nil {
			return unknown(err, noAct)
		}
		if full.Home, err = tx.Home(ctx, full.Act.ID); err != nil {
			return err
		}
		if full.Role, err = role(ctx, tx, v, full.Act.ID); err != nil || v.Account == "" {
			return err
		}
		full.Following, err = tx.Following(ctx, v.Account, full.Act.ID)
		return err
	})
	return full, err
}

// ActNames returns rows of those of the acts that exist, public or not, also on
// other nodes: their handles are then act@host.
func (c *Catalogue) ActNames(ctx context.Context, acts []id.Act) (rows map[id.Act]ActRow, err error) {
	if len(acts) == 0 {
		return nil, nil
	}
	err = c.Store.Read(ctx, func(tx Tx) error {
		rows, err = tx.ActNames(ctx, acts)
		return err
	})
	return rows, err
}

// Wallets are those of acts, for nodes that owe them something.
func (c *Catalogue) Wallets(ctx context.Context, acts []id.Act) (out map[id.Act][]Wallet, err error) {
	out = make(map[id.Act][]Wallet, len(acts))
	err = c.Store.Read(ctx, func(tx Tx) error {
		for _, a := range acts {
			if out[a], err = tx.Wallets(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Tracks lists public tracks. The key of a row is when it was published, or
// how often it was played in the order [Popular]. Faults: Invalid.
func (c *Catalogue) Tracks(ctx context.Context, f Filter, p Page) (List[TrackRow], error) {
	return listed(ctx, c.Store, p, &f, func(tx Tx, at Cursor, n int) ([]TrackRow, error) { return tx.TrackList(ctx, f, at, n) }, trackCursor)
}

// Releases lists public releases, with keys as for Tracks. Faults: Invalid.
func (c *Catalogue) Releases(ctx context.Context, f Filter, p Page) (List[ReleaseRow], error) {
	return listed(ctx, c.Store, p, &f, func(tx Tx, at Cursor, n int) ([]ReleaseRow, error) { return tx.ReleaseList(ctx, f, at, n) }, releaseCursor)
}

// An Indexed release is one of the node's index: whose it is, and when it or one of
// its tracks was changed last.
type Indexed struct {
	Release id.Release
	Act     id.Act
	Changed time.Time
}

// Index lists up to n public releases after one, by their ids: who has read to the
// end has seen all that were there all the time.
func (c *Catalogue) Index(ctx context.Context, after id.Release, n int) (list []Indexed, err error) {
	err = c.Store.Read(ctx, func(tx Tx) error {
		list, err = tx.ReleaseIndex(ctx, after, n)
		return err
	})
	return list, err
}

// IndexEnd is how many releases the index has, and after which one its last page begins
// when each has so many: "" when there is one page.
func (c *Catalogue) IndexEnd(ctx context.Context, page int) (total int64, after id.Release, err error) {
	err = c.Store.Read(ctx, func(tx Tx) error {
		if total, err = tx.ReleaseIndexCount(ctx); err != nil || total <= int64(page) {
			return err
		}
		after, err = tx.ReleaseIndexAt(ctx, (int(total)-1)/page*page-1)
		return err
	})
	return total, after, err
}

// Acts lists acts that have something public, those with the most releases
// first. Faults: Invalid.
func (c *Catalogue) Acts(ctx context.Context, p Page) (List[ActRow], error) {
	return listed(ctx, c.Store, p, &Filter{}, func(tx Tx, at Cursor, n int) ([]ActRow, error) { return tx.ActList(ctx, at, n) }, actCursor)
}

func trackCursor(r *TrackRow) Cursor     { return Cursor{r.Key, string(r.ID)} }
func releaseCursor(r *ReleaseRow) Cursor { return Cursor{r.Key, string(r.ID)} }
func actCursor(r *ActRow) Cursor         { return Cursor{r.Key, string(r.ID)} }

// listed reads one page of a list with one query.
func listed[T any](ctx context.Context, s Store, p Page, f *Filter, read func(Tx, Cursor, int) ([]T, error), at func(*T) Cursor) (List[T], error) {
	if err := f.check(); err != nil {
		return List[T]{}, err
	}
	return Paged(p, at, func(after Cursor, n int) (rows []T, err error) {
		err = s.Read(ctx, func(tx Tx) error {
			rows, err = read(tx, after, n)
			return err
		})
		return rows, err
	})
}

// TrackRows returns those of the tracks that are public: a queue's.
func (c *Catalogue) TrackRows(ctx context.Context, tracks []id.Track) (rows map[id.Track]TrackRow, err error) {
	if len(tracks) == 0 {
		return nil, nil
	}
	err = c.Store.Read(ctx, func(tx Tx) error {
		rows, err = tx.TrackRows(ctx, tracks)
		return err
	})
	return rows, err
}

// Tags lists tags that begin with a prefix, the most used first, at most n.
func (c *Catalogue) Tags(ctx context.Context, prefix string, n int) (tags []TagCount, err error) {
	err = c.Store.Read(ctx, func(tx Tx) error {
		tags, err = tx.Tags(ctx, Tag(prefix), n)
		return err
	})
	return tags, err
}

// Search finds what holds all the words, each as the beginning of a word, up
// to n of each kind. Nothing a person types is an error: what holds no word
// finds nothing.
func (c *Catalogue) Search(ctx context.Context, q string, n int) (Results, error) {
	var res Results
	terms := query(q)
	n = max(1, min(n, pageMax))
	if len(terms) == 0 {
		return res, nil
	}
	err := c.Store.View(ctx, func(tx Tx) error {
		hits, err := tx.Search(ctx, terms, n)
		if err != nil {
			return err
		}
		res = Results{
			Tracks: found(hits, FoundTrack, terms, n, (*TrackRow).Unpack), Releases: found(hits, FoundRelease, terms, n, (*ReleaseRow).Unpack),
			Acts: found(hits, FoundAct, terms, n, (*ActRow).Unpack), Playlists: found(hits, FoundPlaylist, terms, n, (*PlaylistRow).Unpack),
		}
		res.Tags, err = tx.Tags(ctx, strings.Join(terms, "-"), n)
		return err
	})
	return res, err
}

// found ranks and unpacks the hits of one kind.
func found[T any](hits []Hit, f Found, terms []string, n int, unpack func(*T, string)) []T {
	ranked := rank(hits, f, terms, n)
	rows := make([]T, len(ranked))
	for i, h := range ranked {
		unpack(&rows[i], h.Card)
	}
	return rows
}

// A Playback is what there is to hear of a track.
type Playback struct {
	Track      id.Track
	Release    id.Release
	Public     bool   // everybody may hear it
	Original   string // blob key, ends in its SHA-256
	Codec      string // of the original
	Renditions []Rendition
}

// Playback returns what there is to hear of a track that can be played,
// public or not; for those that are not, ask MayHear. Trusted. Faults:
// NotFound.
func (c *Catalogue) Playback(ctx context.Context, t id.Track) (p Playback, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		track, err := tx.Track(ctx, t)
		if err != nil || track.State != Ready {
			return unknown(orMissing(err), noTrack)
		}
		rel, err := tx.Release(ctx, track.Release)
		if err != nil {
			return err
		}
		a, err := tx.Asset(ctx, t, track.Original)
		if err != nil {
			return unknown(err, noTrack)
		}
		p = Playback{Track: t, Release: rel.ID, Public: rel.State == Published, Original: a.Original, Codec: a.Codec}
		p.Renditions, err = tx.Renditions(ctx, t, track.Original)
		return err
	})
	return p, err
}

func orMissing(err error) error {
	if err == nil {
		return fault.New(fault.NotFound, noTrack)
	}
	return err
}

// TrackOf returns the track a rendition was made for. Faults: NotFound.
func (c *Catalogue) TrackOf(ctx context.Context, rendition string) (t id.Track, err error) {
	err = c.Store.Read(ctx, func(tx Tx) error {
		r, err := tx.Rendition(ctx, rendition)
		t = r.Track
		return unknown(err, noTrack)
	})
	return t, err
}

// MayHear returns a NotFound fault unless the viewer may hear the track:
// everybody what is public, the act's people and staff besides what is not,
// and whoever has the private link its release.
func (c *Catalogue) MayHear(ctx context.Context, v Viewer, t id.Track, preview string) error {
	return c.Store.View(ctx, func(tx Tx) error {
		track, err := tx.Track(ctx, t)
		if err != nil {
			return unknown(err, noTrack)
		}
		rel, err := tx.Release(ctx, track.Release)
		if err != nil {
			return err
		}
		how, err := visible(ctx, tx, v, &rel, preview)
		if err != nil {
			return err
		}
		if track.State != Ready && how.role == NoRole && !v.Staff() {
			return fault.New(fault.NotFound, noTrack)
		}
		return nil
	})
}
