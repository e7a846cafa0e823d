package music

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Store keeps what this package decides. Faults of fn are passed on.
type Store interface {
	// View runs fn on one snapshot.
	View(ctx context.Context, fn func(Tx) error) error
	// Read runs fn for a single query, which is its own snapshot.
	Read(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a write transaction; nothing is kept when it fails.
	// It may run fn more than once.
	Update(ctx context.Context, fn func(Tx) error) error
}

// A Job is work that has to follow a change. Key is unique among those not
// done ("" is none), At the time from which it may run.
type Job struct {
	Kind    string
	Key     string
	Payload []byte
	At      time.Time
}

// The jobs this package asks for. The payload is the id of the entity.
const (
	JobPrepare = "media.prepare" // read and measure a track's original: track id
	JobPublish = "music.publish" // publish a scheduled release: release id
	JobTell    = "music.tell"    // tell other servers what became of a thing: see [Told]
	JobTidy    = "media.tidy"    // delete blobs nobody needs, make lost ones again: nothing
)

// Told reads the payload of [JobTell]: "release", "act", "live", "playlist", "person", "like", "like-release", "boost", "listen", "comment" or "invite", and which.
func Told(payload []byte) (kind, name string) {
	kind, name, _ = strings.Cut(string(payload), " ")
	return kind, name
}

// Telling is that payload, and the job's key.
func Telling(kind, name string) string { return kind + " " + name }

// tell asks for [JobTell], once for many changes in a row.
func tell(ctx context.Context, tx Tx, kind, name string) error {
	what := Telling(kind, name)
	return tx.Enqueue(ctx, Job{JobTell, what, []byte(what), tx.Now().Add(settled)})
}

// settled is how long a thing is left to its editor before others are told.
const settled = 20 * time.Second

// A Tx is a transaction. Every method that names one thing returns a NotFound
// fault when it is not there; those that list return nothing instead.
type Tx interface {
	Now() time.Time
	notice.Teller
	Enqueue(ctx context.Context, j Job) error
	// Audit keeps who did what to what, and why.
	Audit(ctx context.Context, actor, action, about, note string) error

	actTx
	releaseTx
	trackTx
	sheetTx
	uploadTx
	listTx
	libraryTx
}

type actTx interface {
	Act(ctx context.Context, a id.Act) (Act, error)
	ActByHandle(ctx context.Context, handle string) (Act, error)
	// SeenElsewhere reports whether an account chose to be seen on other servers.
	SeenElsewhere(ctx context.Context, a id.Account) (bool, error)
	// TakesLike reports whether an act is to learn that a listener likes its release.
	TakesLike(ctx context.Context, a id.Account, act id.Act, r id.Release) (bool, error)
	// PersonCalled reports whether a listener is or was seen on other servers by a
	// handle.
	PersonCalled(ctx context.Context, handle string) (bool, error)
	ActNames(ctx context.Context, acts []id.Act) (map[id.Act]ActRow, error)
	// InsertAct and UpdateAct return a Conflict fault when the handle is taken.
	InsertAct(ctx context.Context, a *Act) error
	UpdateAct(ctx context.Context, a *Act) error
	// RecountAct sets how many releases of the act are public.
	RecountAct(ctx context.Context, a id.Act) error
	// Role returns NoRole when the account has none.
	Role(ctx context.Context, a id.Act, account id.Account) (Role, error)
	// Home is empty for an act that was nowhere else.
	Home(ctx context.Context, a id.Act) (Home, error)
	Places(ctx context.Context, a id.Act) ([]Place, error)
	// SetRole with NoRole takes the role away.
	SetRole(ctx context.Context, a id.Act, account id.Account, r Role) error
	ActsOf(ctx context.Context, account id.Account) ([]OwnAct, error)
	// Roster is who is on a label or asked to be, LabelsOf the same of an act.
	Roster(ctx context.Context, label id.Act) ([]Signing, error)
	LabelsOf(ctx context.Context, act id.Act) ([]Signing, error)
	PutSigning(ctx context.Context, s Signing) error
	DropSigning(ctx context.Context, label, act id.Act) error
	// LabelReleases lists what acts that agreed published, with what each says of its label.
	LabelReleases(ctx context.Context, label id.Act, n int) (rows []ReleaseRow, names []string, err error)
	Orphans(ctx context.Context) ([]Act, error)
	Wallets(ctx context.Context, a id.Act) ([]Wallet, error)
	SetWallets(ctx context.Context, a id.Act, sheet []Wallet) error
}

// An OwnAct is an act and what an account may do for it.
type OwnAct struct {
	Act  Act
	Role Role
}

type releaseTx interface {
	Release(ctx context.Context, r id.Release) (Release, error)
	ReleaseByPreview(ctx context.Context, token string) (Release, error)
	// ReleasesOf lists an act's releases in every state, newest first.
	ReleasesOf(ctx context.Context, a id.Act) ([]Release, error)
	// ReleasesIn lists up to n releases in a state, newest first.
	ReleasesIn(ctx context.Context, s State, n int) ([]Release, error)
	InsertRelease(ctx context.Context, r *Release) error
	UpdateRelease(ctx context.Context, r *Release) error
	DeleteRelease(ctx context.Context, r id.Release) error
}

type trackTx interface {
	Track(ctx context.Context, t id.Track) (Track, error)
	// TracksOf lists a release's tracks by disc and number, removed ones too.
	TracksOf(ctx context.Context, r id.Release) ([]Track, error)
	InsertTrack(ctx context.Context, t *Track) error
	UpdateTrack(ctx context.Context, t *Track) error
	DeleteTrack(ctx context.Context, t id.Track) error
	// Asset is what is known of one file of a track, by its blob key.
	Asset(ctx context.Context, t id.Track, original string) (Asset, error)
	// AssetsOf lists the files that play, one for each track of a release.
	AssetsOf(ctx context.Context, r id.Release) ([]Asset, error)
	SetAsset(ctx context.Context, a *Asset) error
	// SameFile returns the track of the release that has these bytes.
	SameFile(ctx context.Context, r id.Release, sha256 string) (id.Track, error)
	// DropAsset forgets a file and the renditions made from it.
	DropAsset(ctx context.Context, t id.Track, original string) error
	// Renditions lists those of one file of a track.
	Renditions(ctx context.Context, t id.Track, original string) ([]Rendition, error)
	// Rendition finds a rendition by its id alone.
	Rendition(ctx context.Context, rendition string) (Rendition, error)
	// Needs lists the blobs of tracks that are neither refused nor removed.
	Needs(ctx context.Context) ([]Need, error)
	// CoversShown lists the covers of releases, acts and playlists.
	CoversShown(ctx context.Context) ([]string, error)
	// Segmented are the renditions of those tracks of a release that can be played in
	// segments.
	Segmented(ctx context.Context, r id.Release) (map[id.Track][]string, error)
	// SetRendition replaces the file's rendition of the same codec.
	SetRendition(ctx context.Context, r *Rendition) error
}

type sheetTx interface {
	Sheet(ctx context.Context, t id.Track, version int64) (Sheet, error)
	// SheetsInForce returns those of a release's tracks.
	SheetsInForce(ctx context.Context, r id.Release) (map[id.Track]Sheet, error)
	// Sheets lists a track's sheets, newest first.
	Sheets(ctx context.Context, t id.Track) ([]Sheet, error)
	InsertSheet(ctx context.Context, s *Sheet) error
	// UpdateSheet stores the state, its times and the confirmations.
	UpdateSheet(ctx context.Context, s *Sheet) error
	// SheetsWaitingFor lists waiting sheets an act has not confirmed.
	SheetsWaitingFor(ctx context.Context, a id.Act) ([]Sheet, error)
}

type uploadTx interface {
	Upload(ctx context.Context, u id.Upload) (Upload, error)
	UploadsOf(ctx context.Context, r id.Release) ([]Upload, error)
	// OpenUploads sums the sizes of an account's open uploads and counts them.
	OpenUploads(ctx context.Context, account id.Account) (bytes, files int64, err error)
	// OwnedBytes sums the files of all acts that the owners of an act own.
	OwnedBytes(ctx context.Context, act id.Act) (int64, error)
	// StaleUploads lists open uploads not touched since.
	StaleUploads(ctx context.Context, since time.Time, n int) ([]Upload, error)
	InsertUpload(ctx context.Context, u *Upload) error
	UpdateUpload(ctx context.Context, u *Upload) error
}

// A Line is a track as lists hold it, with what they are ordered by.
type Line struct {
	Row   TrackRow
	Plays int64
	Tags  []string
}

type listTx interface {
	// SetLines replaces what lists show of a release: nothing when row is nil.
	SetLines(ctx context.Context, r id.Release, row *ReleaseRow, plays int64, tags []string, tracks []Line) error
	SetDoc(ctx context.Context, d Doc) error
	DropDoc(ctx context.Context, f Found, ref string) error
	// Tags lists tags that public releases carry and that begin with a
	// prefix, the most used first.
	Tags(ctx context.Context, prefix string, n int) ([]TagCount, error)

	// TrackList and ReleaseList return up to n rows after a cursor.
	TrackList(ctx context.Context, f Filter, after Cursor, n int) ([]TrackRow, error)
	ReleaseList(ctx context.Context, f Filter, after Cursor, n int) ([]ReleaseRow, error)
	// ReleaseIndex returns up to n public releases after one, by their ids.
	ReleaseIndex(ctx context.Context, after id.Release, n int) ([]Indexed, error)
	// ReleaseIndexCount is how many public releases there are.
	ReleaseIndexCount(ctx context.Context) (int64, error)
	// ReleaseIndexAt is the one that has so many before it in that order.
	ReleaseIndexAt(ctx context.Context, before int) (id.Release, error)
	// ActList lists acts that have something public, by the number of it.
	ActList(ctx context.Context, after Cursor, n int) ([]ActRow, error)
	// TrackRows returns those of the tracks that are public, here or on another server.
	TrackRows(ctx context.Context, tracks []id.Track) (map[id.Track]TrackRow, error)
	// Search returns, of each kind, up to n documents whose title begins with
	// the terms, then up to n of the newest that hold all of them, each as the
	// beginning of a word. A document may be there twice.
	Search(ctx context.Context, terms []string, n int) ([]Hit, error)
}

// A TagCount is a tag and how many public releases carry it.
type TagCount struct {
	Tag      string
	Releases int64
}

type libraryTx interface {
	Playlist(ctx context.Context, p id.Playlist) (Playlist, error)
	PlaylistsOf(ctx context.Context, account id.Account) ([]Playlist, error)
	// PlaylistsOfAct are up to n that are public under its name, the latest change first.
	PlaylistsOfAct(ctx context.Context, a id.Act, n int) ([]Playlist, error)
	InsertPlaylist(ctx context.Context, p *Playlist) error
	UpdatePlaylist(ctx context.Context, p *Playlist) error
	DeletePlaylist(ctx context.Context, p id.Playlist) error
	// Collaborates is what an account is to a playlist of somebody else, by itself or as
	// one of an act's people: "invited", "works" or "" nothing.
	Collaborates(ctx context.Context, p id.Playlist, account id.Account) (string, error)
	// SharedElsewhere reports whether somebody on another server works on a playlist,
	// or is invited to. EndShared ends that; they are told by [JobTell].
	SharedElsewhere(ctx context.Context, p id.Playlist) (bool, error)
	EndShared(ctx context.Context, p id.Playlist) error
	Items(ctx context.Context, p id.Playlist) ([]Item, error)
	// PlacedTracks lists them with what is public of their tracks.
	PlacedTracks(ctx context.Context, p id.Playlist) ([]PlacedTrack, error)
	// SetItems makes the playlist hold these items in this order; those that
	// stay keep their ids.
	SetItems(ctx context.Context, p id.Playlist, old, now []Item) error
	AccountName(ctx context.Context, account id.Account) (string, error)

	SetLike(ctx context.Context, account id.Account, t id.Track, on bool) error
	SetReleaseLike(ctx context.Context, account id.Account, r id.Release, on bool) error
	// SetFollow keeps the act's number of followers.
	SetFollow(ctx context.Context, account id.Account, a id.Act, on bool) error
	Likes(ctx context.Context, account id.Account, after Cursor, n int) ([]TrackRow, error)
	ReleaseLikes(ctx context.Context, account id.Account, after Cursor, n int) ([]ReleaseRow, error)
	Follows(ctx context.Context, account id.Account, after Cursor, n int) ([]ActRow, error)
	// FollowedReleases lists public releases of followed acts, newest first.
	FollowedReleases(ctx context.Context, account id.Account, after Cursor, n int) ([]ReleaseRow, error)
	// Liked returns those of the tracks the account likes.
	Liked(ctx context.Context, account id.Account, tracks []id.Track) (map[id.Track]bool, error)
	// ReleaseElsewhere reports whether a release is one of another server.
	ReleaseElsewhere(ctx context.Context, r id.Release) (bool, error)
	LikesRelease(ctx context.Context, account id.Account, r id.Release) (bool, error)
	Following(ctx context.Context, account id.Account, a id.Act) (bool, error)

	SetHistoryPaused(ctx context.Context, account id.Account, paused bool) error
	History(ctx context.Context, account id.Account, after Cursor, n int) ([]TrackRow, error)
	// WriteHistory writes a track of another server into it, unless it is paused.
	WriteHistory(ctx context.Context, account id.Account, t id.Track) error
	// DropHistory removes one entry, or all when at is zero.
	DropHistory(ctx context.Context, account id.Account, at time.Time) error
	Resume(ctx context.Context, account id.Account) (Resume, error)
	// SetResume with nil forgets the place.
	SetResume(ctx context.Context, account id.Account, r *Resume) error
	// ForgetAccount removes an account's playlists, likes, follows, history,
	// place, roles and uploads.
	ForgetAccount(ctx context.Context, account id.Account) error
}
