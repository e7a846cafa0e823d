package probe

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.senan.xyz/taglib"
	"golang.org/x/text/unicode/norm"
)

// Tags are what a file says about itself. All text is UTF-8 in NFC, trimmed
// and bounded; nothing in it is to be believed without the musician's eye.
type Tags struct {
	Title        string            `json:"title,omitempty"`
	Artists      []string          `json:"artists,omitempty"`
	Album        string            `json:"album,omitempty"`
	AlbumArtists []string          `json:"albumArtists,omitempty"`
	Genres       []string          `json:"genres,omitempty"`
	Date         string            `json:"date,omitempty"` // YYYY, YYYY-MM or YYYY-MM-DD
	Track        int               `json:"track,omitempty"`
	Tracks       int               `json:"tracks,omitempty"`
	Disc         int               `json:"disc,omitempty"`
	Discs        int               `json:"discs,omitempty"`
	DiscTitle    string            `json:"discTitle,omitempty"`
	ISRC         string            `json:"isrc,omitempty"`
	Barcode      string            `json:"barcode,omitempty"`
	Label        string            `json:"label,omitempty"`
	Catalogue    string            `json:"catalogue,omitempty"`
	Copyright    string            `json:"copyright,omitempty"`
	Licence      string            `json:"licence,omitempty"`
	Language     string            `json:"language,omitempty"`
	Comment      string            `json:"comment,omitempty"`
	Compilation  bool              `json:"compilation,omitempty"`
	BPM          int               `json:"bpm,omitempty"`
	Credits      []Credit          `json:"credits,omitempty"`
	MusicBrainz  map[string]string `json:"musicBrainz,omitempty"` // "recording", "track", "release", "releaseGroup", "artist", "albumArtist", "work" to UUID
	ReplayGain   ReplayGain        `json:"replayGain,omitzero"`
	Lyrics       string            `json:"lyrics,omitempty"`
	Synced       bool              `json:"synced,omitempty"` // Lyrics are LRC: lines begin with [mm:ss.xx]
}

// Credit is one person in one role.
type Credit struct {
	Role string `json:"role"` // "composer", "lyricist", "performer", "producer", ...
	Name string `json:"name"`
}

// ReplayGain is what the file claims, in dB and linear peak, as text in Set
// only when it parses. The node measures its own.
type ReplayGain struct {
	TrackDB *float64 `json:"trackDb,omitempty"`
	AlbumDB *float64 `json:"albumDb,omitempty"`
}

const (
	maxText   = 512
	maxLong   = 8 << 10
	maxLyrics = 64 << 10
	maxValues = 32
)

// readTags returns zero values where tags cannot be read. TagLib wants to open
// the directory of its file too, which is out of reach here: it is shown a
// link in dir, with the suffix that belongs to the content.
func readTags(path, dir, container, codec string) (Tags, []byte) {
	link := filepath.Join(dir, "tags"+suffix(container, codec))
	if err := os.Symlink(path, link); err != nil {
		return Tags{}, nil
	}
	defer os.Remove(link)
	raw, err := taglib.ReadTags(link)
	if err != nil {
		return Tags{}, nil
	}
	t := FromMap(raw)
	if s := clean(syncedLyrics(path), maxLyrics, true); s != "" && !t.Synced {
		t.Lyrics, t.Synced = s, true
	}
	img, err := taglib.ReadImage(link)
	if err != nil {
		return t, nil
	}
	return t, img
}

func suffix(container, codec string) string {
	switch {
	case container == "mp4":
		return ".m4a"
	case container == "adts":
		return ".aac"
	case container == "ogg" && codec == "opus":
		return ".opus"
	}
	return "." + container
}

// FromMap makes tags from TagLib's property map, whatever is in it.
func FromMap(raw map[string][]string) Tags {
	m := make(tagMap, len(raw))
	for k, v := range raw {
		m[strings.ToUpper(strings.TrimSpace(k))] = v
	}
	t := Tags{
		Title:        m.one(taglib.Title),
		Artists:      m.people(taglib.Artists, taglib.Artist),
		Album:        m.one(taglib.Album),
		AlbumArtists: m.people("ALBUMARTISTS", taglib.AlbumArtist),
		Genres:       m.many(taglib.Genre),
		Date:         date(m.one(taglib.Date), m.one(taglib.ReleaseDate), m.one("YEAR"), m.one(taglib.OriginalDate)),
		DiscTitle:    m.one(taglib.DiscSubtitle),
		ISRC:         ISRC(m.one(taglib.ISRC)),
		Barcode:      digits(m.one(taglib.Barcode), 8, 14),
		Label:        m.one(taglib.Label),
		Catalogue:    m.one(taglib.CatalogNumber),
		Copyright:    m.one(taglib.Copyright),
		Licence:      m.one(taglib.License),
		Language:     m.one(taglib.Language),
		Comment:      m.text(maxLong, taglib.Comment),
		Compilation:  m.one(taglib.Compilation) == "1",
		Lyrics:       m.text(maxLyrics, taglib.Lyrics, "UNSYNCEDLYRICS", "SYNCEDLYRICS"),
		Credits:      m.credits(),
		MusicBrainz:  m.musicBrainz(),
		ReplayGain:   ReplayGain{TrackDB: m.decibel("REPLAYGAIN_TRACK_GAIN"), AlbumDB: m.decibel("REPLAYGAIN_ALBUM_GAIN")},
	}
	t.Track, t.Tracks = m.number(taglib.TrackNumber, "TRACKTOTAL", "TOTALTRACKS")
	t.Disc, t.Discs = m.number(taglib.DiscNumber, "DISCTOTAL", "TOTALDISCS")
	if bpm, err := strconv.ParseFloat(m.one(taglib.BPM), 64); err == nil && bpm >= 1 && bpm < 1000 {
		t.BPM = int(bpm + 0.5)
	}
	t.Synced = lrcLine.MatchString(t.Lyrics)
	return t
}

var (
	lrcLine = regexp.MustCompile(`(?m)^\s*\[\d{1,3}:\d{2}([.:]\d{1,3})?\]`)
	isrc    = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$`)
	uuid    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	isoDate = regexp.MustCompile(`^(\d{4})(?:[-/.]?(\d{2})(?:[-/.]?(\d{2}))?)?`)
	pair    = regexp.MustCompile(`^\s*0*(\d{1,4})\s*(?:/\s*0*(\d{1,4}))?\s*$`)
)

// ISRC returns a recording code in the form of ISO 3901 without hyphens, or ""
// for what is none.
func ISRC(s string) string {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "", ".", "").Replace(strings.TrimSpace(s)))
	s = strings.TrimPrefix(s, "ISRC:")
	if s = strings.TrimPrefix(s, "ISRC"); !isrc.MatchString(s) {
		return ""
	}
	return s
}

type tagMap map[string][]string

// clean makes text fit to be shown: NFC, bounded, no control characters, no
// marks that turn the direction of writing, no spaces without a width.
func clean(s string, limit int, lines bool) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	s = norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n"))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, r == '\t' && lines:
			return r
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == 0x200b, r == 0x2060, r == 0xfeff:
			return -1
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return strings.TrimSpace(s)
}

func (m tagMap) text(limit int, keys ...string) string {
	for _, k := range keys {
		for _, v := range m[k] {
			if v = clean(v, limit, true); v != "" {
				return v
			}
		}
	}
	return ""
}

func (m tagMap) one(key string) string {
	for _, v := range m[key] {
		if v = clean(v, maxText, false); v != "" {
			return v
		}
	}
	return ""
}

// many returns a key's values in order, each once.
func (m tagMap) many(key string) []string {
	var out []string
	for _, v := range m[key] {
		for part := range strings.SplitSeq(v, "\x00") {
			if part = clean(part, maxText, false); part != "" && !slices.Contains(out, part) && len(out) < maxValues {
				out = append(out, part)
			}
		}
	}
	return out
}

// people prefers the tag that holds each name for itself. A single value with
// semicolons, as some programs write it, is several names; a comma or an
// ampersand may belong to one.
func (m tagMap) people(each, joined string) []string {
	if v := m.many(each); len(v) > 0 {
		return v
	}
	v := m.many(joined)
	if len(v) != 1 || !strings.Contains(v[0], ";") {
		return v
	}
	return tagMap{"": strings.Split(v[0], ";")}.many("")
}

var roles = []struct{ key, role string }{
	{taglib.Composer, "composer"},
	{taglib.Lyricist, "lyricist"},
	{"WRITER", "writer"},
	{taglib.Arranger, "arranger"},
	{taglib.Performer, "performer"},
	{taglib.Conductor, "conductor"},
	{taglib.Producer, "producer"},
	{taglib.Engineer, "engineer"},
	{taglib.Mixer, "mixer"},
	{taglib.DJMixer, "dj mixer"},
	{taglib.Remixer, "remixer"},
}

func (m tagMap) credits() (out []Credit) {
	for _, r := range roles {
		for _, n := range m.people("", r.key) {
			out = append(out, Credit{r.role, n})
		}
	}
	var more []Credit
	for k := range m { // TagLib names instruments in the key: PERFORMER:CELLO
		if what, ok := strings.CutPrefix(k, "PERFORMER:"); ok {
			for _, n := range m.many(k) {
				more = append(more, Credit{clean(strings.ToLower(what), maxText, false), n})
			}
		}
	}
	slices.SortFunc(more, func(a, b Credit) int { return strings.Compare(a.Role+"\x00"+a.Name, b.Role+"\x00"+b.Name) })
	out = append(out, more...)
	return out[:min(len(out), 4*maxValues)]
}

func (m tagMap) musicBrainz() map[string]string {
	out := map[string]string{}
	for _, k := range []struct{ key, name string }{
		{taglib.MusicBrainzTrackID, "recording"},
		{taglib.MusicBrainzReleaseTrackID, "track"},
		{taglib.MusicBrainzAlbumID, "release"},
		{taglib.MusicBrainzReleaseGroupID, "releaseGroup"},
		{taglib.MusicBrainzArtistID, "artist"},
		{taglib.MusicBrainzAlbumArtistID, "albumArtist"},
		{taglib.MusicBrainzWorkID, "work"},
	} {
		if v := strings.ToLower(m.one(k.key)); uuid.MatchString(v) {
			out[k.name] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// number reads "3", "03/12" or "3" with a total of its own.
func (m tagMap) number(key string, totals ...string) (n, of int) {
	atoi := func(s string) int {
		v, err := strconv.Atoi(s)
		if err != nil {
			return 0
		}
		return v
	}
	if p := pair.FindStringSubmatch(m.one(key)); p != nil {
		n, of = atoi(p[1]), atoi(p[2])
	}
	for _, k := range totals {
		if p := pair.FindStringSubmatch(m.one(k)); p != nil && of == 0 {
			of = atoi(p[1])
		}
	}
	return n, of
}

func (m tagMap) decibel(key string) *float64 {
	s := strings.TrimSpace(strings.TrimSuffix(strings.ToLower(m.one(key)), "db"))
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > -100 && v < 100) {
		return nil
	}
	return &v
}

// date returns the first text that begins with a possible date.
func date(candidates ...string) string {
	for _, s := range candidates {
		p := isoDate.FindStringSubmatch(s)
		if p == nil || p[1] < "1860" {
			continue
		}
		switch {
		case p[2] < "01" || p[2] > "12":
			return p[1]
		case p[3] < "01" || p[3] > "31":
			return p[1] + "-" + p[2]
		}
		return p[1] + "-" + p[2] + "-" + p[3]
	}
	return ""
}

func digits(s string, least, most int) string {
	s = strings.NewReplacer("-", "", " ", "").Replace(s)
	if len(s) < least || len(s) > most || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// Warm compiles the tag reader, which keeps what it made in TMPDIR. It reads a
// file of its own in dir.
func Warm(dir string) error {
	p := filepath.Join(dir, "warm.wav")
	const silence = "RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00\x00\x00\x00\x00"
	if err := os.WriteFile(p, []byte(silence), 0o600); err != nil {
		return err
	}
	defer os.Remove(p)
	_, err := taglib.ReadTags(p)
	return err
}
