package music

import (
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/id"
)

// A TrackRow is a public track as lists show it. Rows are stored packed, so
// that a list is one index walk over one column; see [TrackRow.Pack].
type TrackRow struct {
	ID           id.Track
	Title        string
	Artist       string // as printed: the track's own, else the release's
	Act          id.Act
	ActHandle    string
	ActName      string
	Release      id.Release
	ReleaseTitle string
	Disc         int
	Number       int
	DurationMS   int64
	Explicit     bool
	Cover        Cover
	Codec        string // of the original: flac, mp3 ...
	Gain         int64  // thousandths of dB
	AlbumGain    int64
	Peak         int64 // true peak, thousandths of dBTP
	Segmented    bool  // can be played in segments; the original alone otherwise
	Published    time.Time
	Available    bool  // false in a playlist or library when it is not public any more
	Uncounted    bool  // of another server that does not say who is paid for it
	Key          int64 // what the list was ordered by: the cursor's half
}

// Elsewhere reports whether the track is of another server: ActHandle is then
// act@host, and there is no act here.
func (r *TrackRow) Elsewhere() bool { return r.Act == "" && r.ActHandle != "" }

// A ReleaseRow is a public release as lists show it.
type ReleaseRow struct {
	ID         id.Release
	Title      string
	Artist     string
	Act        id.Act
	ActHandle  string
	ActName    string
	Kind       Kind
	Date       string
	Explicit   bool
	Tracks     int
	DurationMS int64
	Cover      Cover
	Published  time.Time
	Key        int64
}

// An ActRow is an act as lists show it.
type ActRow struct {
	ID        id.Act
	Handle    string
	Name      string
	Place     string
	Cover     Cover // its own, else that of its newest public release
	Releases  int64
	Followers int64
	Key       int64
}

// A PlaylistRow is a playlist as lists show it.
type PlaylistRow struct {
	ID         id.Playlist
	Account    id.Account
	Owner      string // the account's name
	Title      string
	Access     Access
	Items      int64
	DurationMS int64
	Cover      Cover
	Changed    time.Time
}

// sep parts the fields of a packed row. It cannot occur in one: single lines
// are cleaned of control characters before they are stored.
const sep = "\x1f"

type packer struct{ b strings.Builder }

func (p *packer) text(list ...string) {
	for _, s := range list {
		p.b.WriteString(s)
		p.b.WriteString(sep)
	}
}

func (p *packer) num(list ...int64) {
	var buf [20]byte
	for _, n := range list {
		p.b.Write(strconv.AppendInt(buf[:0], n, 10))
		p.b.WriteString(sep)
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// unpacker reads fields in order; every string shares the packed row's memory.
type unpacker struct{ rest string }

func (u *unpacker) text() (s string) {
	s, u.rest, _ = strings.Cut(u.rest, sep)
	return s
}

func (u *unpacker) num() int64 {
	n, _ := strconv.ParseInt(u.text(), 10, 64) // we wrote it
	return n
}

func (u *unpacker) time() time.Time { return moment(u.num()) }

// moment reads stored milliseconds; 0 is no time.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// stamp is moment's reverse.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Pack writes the row as one text; Available, Uncounted and Key are not part of it.
func (r *TrackRow) Pack() string {
	var p packer
	p.text(string(r.ID), r.Title, r.Artist, string(r.Act), r.ActHandle, r.ActName, string(r.Release), r.ReleaseTitle)
	p.num(int64(r.Disc), int64(r.Number), r.DurationMS, flag(r.Explicit))
	p.text(r.Cover.ID, r.Cover.Light, r.Cover.Dark, r.Codec)
	p.num(r.Gain, r.AlbumGain, r.Peak, flag(r.Segmented), stamp(r.Published))
	return p.b.String()
}

// Unpack reads what Pack wrote into r and marks it available.
func (r *TrackRow) Unpack(s string) {
	u := unpacker{s}
	r.ID, r.Title, r.Artist = id.Track(u.text()), u.text(), u.text()
	r.Act, r.ActHandle, r.ActName = id.Act(u.text()), u.text(), u.text()
	r.Release, r.ReleaseTitle = id.Release(u.text()), u.text()
	r.Disc, r.Number, r.DurationMS, r.Explicit = int(u.num()), int(u.num()), u.num(), u.num() == 1
	r.Cover = Cover{u.text(), u.text(), u.text()}
	r.Codec, r.Gain, r.AlbumGain, r.Peak = u.text(), u.num(), u.num(), u.num()
	r.Segmented, r.Published = u.num() == 1, u.time()
	r.Available = true
}

// Pack writes the row as one text; Key is not part of it.
func (r *ReleaseRow) Pack() string {
	var p packer
	p.text(string(r.ID), r.Title, r.Artist, string(r.Act), r.ActHandle, r.ActName, string(r.Kind), r.Date)
	p.num(flag(r.Explicit), int64(r.Tracks), r.DurationMS)
	p.text(r.Cover.ID, r.Cover.Light, r.Cover.Dark)
	p.num(stamp(r.Published))
	return p.b.String()
}

// Unpack reads what Pack wrote into r.
func (r *ReleaseRow) Unpack(s string) {
	u := unpacker{s}
	r.ID, r.Title, r.Artist = id.Release(u.text()), u.text(), u.text()
	r.Act, r.ActHandle, r.ActName = id.Act(u.text()), u.text(), u.text()
	r.Kind, r.Date = Kind(u.text()), u.text()
	r.Explicit, r.Tracks, r.DurationMS = u.num() == 1, int(u.num()), u.num()
	r.Cover, r.Published = Cover{u.text(), u.text(), u.text()}, u.time()
}

// Pack writes the row as one text; Followers and Key are not part of it.
func (r *ActRow) Pack() string {
	var p packer
	p.text(string(r.ID), r.Handle, r.Name, r.Place, r.Cover.ID, r.Cover.Light, r.Cover.Dark)
	p.num(r.Releases)
	return p.b.String()
}

// Unpack reads what Pack wrote into r.
func (r *ActRow) Unpack(s string) {
	u := unpacker{s}
	r.ID, r.Handle, r.Name, r.Place = id.Act(u.text()), u.text(), u.text(), u.text()
	r.Cover, r.Releases = Cover{u.text(), u.text(), u.text()}, u.num()
}

// Pack writes the row as one text.
func (r *PlaylistRow) Pack() string {
	var p packer
	p.text(string(r.ID), string(r.Account), r.Owner, r.Title, string(r.Access), r.Cover.ID, r.Cover.Light, r.Cover.Dark)
	p.num(r.Items, r.DurationMS, stamp(r.Changed))
	return p.b.String()
}

// Unpack reads what Pack wrote into r.
func (r *PlaylistRow) Unpack(s string) {
	u := unpacker{s}
	r.ID, r.Account, r.Owner = id.Playlist(u.text()), id.Account(u.text()), u.text()
	r.Title, r.Access = u.text(), Access(u.text())
	r.Cover = Cover{u.text(), u.text(), u.text()}
	r.Items, r.DurationMS, r.Changed = u.num(), u.num(), u.time()
}
