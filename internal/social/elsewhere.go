package social

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Release is one of an act on another server, as its document said last.
type Release struct {
	ID           id.Release // this node's
	IRI          string     // its document's
	Actor        string     // the act
	Title        string
	Artist       string
	Kind         music.Kind // "" unknown
	Date         string
	Licence      string // an address
	Label        string
	Language     string   // BCP 47, "" not said
	Tags         []string // as [music.Tag] has them
	Description  string   // plain text
	Page         string   // where people look at it over there
	Picture      string   // address of its cover
	Published    time.Time
	Updated      time.Time
	Policies     Policies // who may do what with it; of what nothing is said, everybody
	Explicit     bool     // as a whole
	Post         string   // address of the post about it, which other software shows, "" not known
	Conversation string   // address of what is said of it there, "" not known
	Tracks       []Track

	// What is known here of the act and the cover.
	Handle, Host, Act string
	Cover             music.Cover
}

// Home is the handle of the release's act, under which its page is here.
func (r *Release) Home() string { return r.Handle + "@" + r.Host }

// Row is the release as lists show it.
func (r *Release) Row() music.ReleaseRow {
	return music.ReleaseRow{ID: r.ID, Title: r.Title, Artist: cmp.Or(r.Artist, r.Act), ActHandle: r.Home(), ActName: r.Act, Kind: r.Kind, Date: cmp.Or(r.Date, r.Published.Format("2006")), Cover: r.Cover, Published: r.Published, Explicit: r.Explicit}
}

// A Track is one of a [Release].
type Track struct {
	ID         id.Track // this node's
	IRI        string
	Release    id.Release
	Disc       int64
	Number     int64
	Title      string
	Artist     string
	DurationMS int64
	ISRC       string
	Recording  string // in MusicBrainz, "" not known
	Explicit   bool
	Lyrics     string
	People     []music.Person
	Sound      string // address of the file
	MediaType  string
	Post       string // address of the post about it, "" not known
	Song       string // address of the song of which it is the file (Funkwhale), "" it is both
	Digest     string // of the file, a multihash in base58btc, "" not said
	Manifest   string // address of the signed list of what it plays from, "" none
	Segments   string // address of its master playlist, "" it plays from the file alone
	Peaks      []byte // its waveform as [music.Asset] has it, nil unknown
	Measured   bool
	Loudness   int64 // thousandths, as [music.Asset] has them
	Peak       int64
	AlbumGain  int64
}

// Document is the address of the document that a track stands in: a sound of a post has
// none of its own.
func (t *Track) Document() string {
	at, _, _ := strings.Cut(t.IRI, "#")
	return at
}

// Kept is when a release was fetched last.
type Kept struct {
	IRI, Actor string
	Fetched    time.Time
}

// A Found track is one that a search found, and whose it is.
type Found struct {
	music.TrackRow
	Actor, Host string
}

// Search finds up to n releases and n tracks of other servers that are known here,
// of whom somebody hears: see [Hears]. Where many are silenced it looks further, so
// that they do not crowd out the others.
func Search(ctx context.Context, tx Tx, who id.Account, q string, n int) (releases []Release, tracks []music.TrackRow, err error) {
	terms := music.Looked(q)
	if terms == nil {
		return nil, nil, nil
	}
	known := map[string]bool{}
	heard := func(actor, host string) bool {
		ok, asked := known[actor]
		if !asked && err == nil {
			ok, err = Hears(ctx, tx, who, actor, host)
			known[actor] = ok
		}
		return ok
	}
	for look := n; ; look *= 4 {
		all, found, err2 := tx.SearchElsewhere(ctx, terms, look)
		if err2 != nil {
			return nil, nil, err2
		}
		releases, tracks = nil, nil
		for i := range all {
			if heard(all[i].Actor, all[i].Host) {
				releases = append(releases, all[i])
			}
		}
		for i := range found {
			if heard(found[i].Actor, found[i].Host) {
				tracks = append(tracks, found[i].TrackRow)
			}
		}
		enough := (len(releases) >= n || len(all) < look) && (len(tracks) >= n || len(found) < look)
		if err != nil || enough || look >= furthest*n {
			return releases[:min(n, len(releases))], tracks[:min(n, len(tracks))], err
		}
	}
}

// SearchActs finds up to n acts of other servers by their names: those of which music is
// kept here and of whom somebody hears, see [Hears].
func SearchActs(ctx context.Context, tx Tx, who id.Account, q string, n int) ([]Full, error) {
	return sought(ctx, tx, who, q, n, tx.SearchActs, func(f *Full) (actor, host string) { return f.Actor.ID, f.Actor.Host })
}

// sought finds up to n things for what somebody typed, those by of whom they hear. Where
// many are silenced it looks further.
func sought[T any](ctx context.Context, tx Tx, who id.Account, q string, n int, find func(ctx context.Context, terms []string, n int) ([]T, error), by func(*T) (actor, host string)) ([]T, error) {
	terms := music.Looked(q)
	if terms == nil {
		return nil, nil
	}
	for look := n; ; look *= 4 {
		all, err := find(ctx, terms, look)
		if err != nil {
			return nil, err
		}
		var out []T
		for i := range all {
			actor, host := by(&all[i])
			hears, err := Hears(ctx, tx, who, actor, host)
			if err != nil {
				return nil, err
			}
			if hears {
				out = append(out, all[i])
			}
		}
		if len(out) >= n || len(all) < look || look >= furthest*n {
			return out[:min(n, len(out))], nil
		}
	}
}

// furthest is how many times more a search looks at than it returns.
const furthest = 64

// Full is an act of another server for somebody who looks at it.
type Full struct {
	Actor     Actor
	Cover     music.Cover
	Releases  []Release
	Playlists []Playlist
	Count     int64 // of releases, where they are not listed
	Following bool
	State     string // of the node's own following, "" none
}

// A Following is that of an act elsewhere by the node, for its listeners.
type Following struct {
	Actor    string
	Activity string
	State    string
	Asked    time.Time
}

// The states of a [Following].
const (
	Asked    = "asked"    // no answer yet
	Accepted = "accepted" // what the act publishes comes by itself
	Declined = "refused"
)

// The jobs about music elsewhere.
const (
	JobBackfill = "social.backfill" // fetch the next releases of an act: see the package that does it
	JobIndex    = "social.index"    // read the next part of another node's index: see the package that does it
	JobPicture  = "social.picture"  // keep a picture: its address
	JobMove     = "social.move"     // follow an act to where it moved: the payload is its address
	JobCredits  = "social.credits"  // find out who is paid for a release: its id here
)

// Elsewhere is what is kept of music on other servers.
type Elsewhere interface {
	Credited
	Listed

	Enqueue(ctx context.Context, kind, key string, payload []byte, at time.Time) error

	ActorByHandle(ctx context.Context, host, handle string) (Actor, error)
	// PutRelease keeps a release with its tracks in place of what was known under
	// its address; ids stay. It fills them in.
	PutRelease(ctx context.Context, r *Release) error
	ReleaseByIRI(ctx context.Context, iri string) (Release, error)
	// Release has its tracks; the lists of releases do not.
	Release(ctx context.Context, r id.Release) (Release, error)
	ReleasesOf(ctx context.Context, actor string, n int) ([]Release, error)
	// ReleasesFollowed are those of acts that somebody follows, as [FreshTx] has those of one.
	ReleasesFollowed(ctx context.Context, a id.Account, after music.Cursor, n int) ([]Release, error)
	// ReleasesOfHost are all that are known of a server's acts.
	ReleasesOfHost(ctx context.Context, host string) ([]Kept, error)
	// DropRelease reports whether there was one of the actor's.
	DropRelease(ctx context.Context, iri, actor string) (bool, error)
	Track(ctx context.Context, t id.Track) (Track, error)

	Picture(ctx context.Context, url string) (Picture, error)
	// PutPicture keeps one that is fetched at the moment.
	PutPicture(ctx context.Context, url string, p Picture) error
	// SearchElsewhere finds up to n releases, without their tracks, and n tracks that
	// hold all the words.
	SearchElsewhere(ctx context.Context, terms []string, n int) (releases []Release, tracks []Found, err error)
	// SearchActs finds up to n acts of which music is kept and whose names hold all the
	// words, as lists show them.
	SearchActs(ctx context.Context, terms []string, n int) ([]Full, error)
	// Retitle has searches find an act and up to n releases of it after an id, in the order
	// of these, by what the act is called now, and with the last of them its playlists. It
	// returns the id after which there are more, "" for none.
	Retitle(ctx context.Context, actor, after string, n int) (string, error)
	// DropUnkept forgets how tracks looked that nobody keeps any more, and what refers
	// to releases that are nowhere.
	DropUnkept(ctx context.Context) error
	// DropPictures forgets those that nothing shows.
	DropPictures(ctx context.Context) error

	// FollowElsewhere reports whether that changed anything.
	FollowElsewhere(ctx context.Context, a id.Account, actor string, on bool) (bool, error)
	FollowsElsewhere(ctx context.Context, a id.Account, actor string) (bool, error)
	// FollowersHere is how many people here follow an act elsewhere.
	FollowersHere(ctx context.Context, actor string) (int64, error)
	ListFollows(ctx context.Context, a id.Account) ([]Full, error)
	Following(ctx context.Context, actor string) (Following, error)
	PutFollowing(ctx context.Context, f Following) error
	DropFollowing(ctx context.Context, actor string) error
	// Unanswered were asked before; Left are followed for nobody any more.
	Unanswered(ctx context.Context, before time.Time, n int) ([]Following, error)
	Left(ctx context.Context, n int) ([]Following, error)
}

// Wanted reports whether what an act elsewhere publishes is kept: when the node
// follows it, or has something of it already.
func Wanted(ctx context.Context, tx Tx, actor string) (bool, error) {
	n, err := tx.FollowersHere(ctx, actor)
	if err != nil || n > 0 {
		return n > 0, err
	}
	list, err := tx.ReleasesOf(ctx, actor, 1)
	return len(list) > 0, err
}

// Keep keeps a release as [Shelve] does, and asks who is paid for it.
func Keep(ctx context.Context, tx Tx, r *Release) error {
	if err := Shelve(ctx, tx, r); err != nil {
		return err
	}
	return WantCredits(ctx, tx, r.ID)
}

// Bounds of what is kept of an act elsewhere.
const (
	mostReleases = 2_000
	mostLyrics   = 256 << 10 // bytes, of a release
)

// Shelve keeps a release, asks for its cover and its act's picture, and tells who follows the act of one
// that is new. Faults: TooLarge for one more than is kept of an act.
func Shelve(ctx context.Context, tx Tx, r *Release) error {
	r.Title, r.Artist, r.Label = music.OneLine(r.Title), music.OneLine(r.Artist), music.OneLine(r.Label)
	words := 0
	for i := range r.Tracks {
		t := &r.Tracks[i]
		t.Title, t.Artist = music.OneLine(t.Title), music.OneLine(t.Artist)
		if words += len(t.Lyrics); words > mostLyrics {
			t.Lyrics = ""
		}
	}
	was, known := tx.ReleaseByIRI(ctx, r.IRI)
	if known != nil && !fault.Is(known, fault.NotFound) {
		return known
	}
	if known != nil {
		n, err := tx.CountReleases(ctx, r.Actor)
		if err != nil {
			return err
		}
		if n >= mostReleases {
			return fault.New(fault.TooLarge, "Of one act on another server %d releases are kept.", mostReleases)
		}
	}
	if err := tx.PutRelease(ctx, r); err != nil {
		return err
	}
	if known != nil && r.Published.After(tx.Now().Add(-notice.Recent)) {
		if err := tx.Tell(ctx, notice.Cause{Kind: notice.Release, Actor: r.Actor, Release: r.ID, At: r.Published}); err != nil {
			return err
		}
	}
	act, err := tx.Actor(ctx, r.Actor)
	if err != nil {
		return err
	}
	if err := WantPicture(ctx, tx, act.Icon); err != nil {
		return err
	}
	if known == nil && r.Updated.After(was.Updated) {
		return WantPictureAgain(ctx, tx, r.Picture)
	}
	return WantPicture(ctx, tx, r.Picture)
}

// Withdraw forgets a release that its act took back.
func Withdraw(ctx context.Context, tx Tx, iri, actor string) error {
	r, err := tx.ReleaseByIRI(ctx, iri)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	was, err := tx.DropRelease(ctx, iri, actor)
	if err != nil || !was {
		return err
	}
	return tx.Untell(ctx, notice.Cause{Kind: notice.Release, Release: r.ID})
}
