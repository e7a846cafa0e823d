package music

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// FileTags are what a file says of itself. They come from strangers: every
// field is cleaned and cut before it is used, and a wrong one is left out.
type FileTags struct {
	Title       string   `json:"title,omitempty"`
	Artist      string   `json:"artist,omitempty"`
	AlbumArtist string   `json:"albumartist,omitempty"`
	Album       string   `json:"album,omitempty"`
	Date        string   `json:"date,omitempty"`
	Genres      []string `json:"genres,omitempty"`
	Label       string   `json:"label,omitempty"`
	Language    string   `json:"language,omitempty"`
	Licence     string   `json:"licence,omitempty"` // text or address
	ISRC        string   `json:"isrc,omitempty"`
	Recording   string   `json:"recording,omitempty"` // in MusicBrainz
	Comment     string   `json:"comment,omitempty"`
	Lyrics      string   `json:"lyrics,omitempty"`
	Disc        int      `json:"disc,omitempty"`
	Number      int      `json:"number,omitempty"`
	Explicit    bool     `json:"explicit,omitempty"`
}

// clean makes the tags safe to store.
func (t FileTags) clean() FileTags {
	for _, s := range []*string{&t.Title, &t.Artist, &t.AlbumArtist, &t.Album} {
		*s = cut(OneLine(*s), titleMax)
	}
	for _, s := range []*string{&t.Label, &t.Licence, &t.Comment} {
		*s = cut(OneLine(*s), nameMax)
	}
	t.Lyrics = cut(prose(t.Lyrics), lyricsMax)
	t.Date = tagDate(t.Date)
	t.Language = Language(t.Language)
	t.ISRC, _ = ISRC(t.ISRC) // "" when it is none
	t.Recording = RecordingID(t.Recording)
	var genres []string
	for _, g := range t.Genres {
		// One field often holds several: "Jazz; Ambient/Drone".
		for _, part := range strings.FieldsFunc(g, func(r rune) bool { return r == ';' || r == '/' || r == ',' || r == 0 }) {
			if f := Tag(part); f != "" && !slices.Contains(genres, f) && len(genres) < 5 {
				genres = append(genres, f)
			}
		}
	}
	t.Genres = genres
	if t.Disc < 1 || t.Disc > 99 {
		t.Disc = 0
	}
	if t.Number < 1 || t.Number > 999 {
		t.Number = 0
	}
	return t
}

var dateStart = regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?`)

// tagDate takes what is a date at the start of a tag ("2026-11-24T00:00:00").
func tagDate(s string) string {
	m := dateStart.FindString(strings.TrimSpace(s))
	for {
		if d, err := Date(m); err == nil {
			return d
		}
		i := strings.LastIndexByte(m, '-')
		if i < 0 {
			return ""
		}
		m = m[:i] // 2026-00-00 is how some programs write 2026
	}
}

var filePrefix = regexp.MustCompile(`^(?:(\d{1,2})[-.])?(\d{1,3})(?:\s*[-._)]\s*|\s+)(.+)$`)

// FromFilename reads "1-03 - Low Tide.flac" as disc 1, number 3, "Low Tide".
// Disc and number are 0 when the name does not begin with them.
func FromFilename(name string) (disc, number int, title string) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = OneLine(strings.ReplaceAll(strings.TrimSuffix(name, path.Ext(name)), "_", " "))
	if m := filePrefix.FindStringSubmatch(name); m != nil {
		disc, _ = strconv.Atoi(m[1])   // "" is 0
		number, _ = strconv.Atoi(m[2]) // digits by the pattern
		if title = strings.TrimSpace(m[3]); number > 0 && title != "" {
			return disc, number, cut(title, titleMax)
		}
	}
	return 0, 0, cut(name, titleMax)
}

// draft votes on the facts of a release over the tags of its files, which are
// clean. A field most files agree on wins; a tie goes to the one seen first.
func draft(files []FileTags) Facts {
	field := func(get func(FileTags) string) string {
		values := make([]string, len(files))
		for i, f := range files {
			values[i] = get(f)
		}
		return majority(values)
	}
	f := Facts{
		Title:    field(func(t FileTags) string { return t.Album }),
		Artist:   field(func(t FileTags) string { return t.AlbumArtist }),
		Date:     field(func(t FileTags) string { return t.Date }),
		Label:    field(func(t FileTags) string { return t.Label }),
		Language: field(func(t FileTags) string { return t.Language }),
		Licence:  licenceIn(field(func(t FileTags) string { return string(licenceIn(t.Licence)) })),
		Kind:     Album,
	}
	if f.Artist == "" {
		f.Artist = field(func(t FileTags) string { return t.Artist })
	}
	for _, t := range files {
		f.Explicit = f.Explicit || t.Explicit
		for _, g := range t.Genres {
			if !slices.Contains(f.Tags, g) && len(f.Tags) < 8 {
				f.Tags = append(f.Tags, g)
			}
		}
	}
	switch n := len(files); {
	case n <= 3:
		f.Kind = Single
	case n <= 6:
		f.Kind = EP
	}
	if f.Title == "" && len(files) == 1 {
		f.Title = files[0].Title
	}
	return f
}

func majority(values []string) string {
	best, most := "", 0
	count := map[string]int{}
	for _, v := range values {
		if v != "" {
			count[v]++
		}
	}
	for _, v := range values { // in order, so that a tie goes to the first
		if count[v] > most {
			best, most = v, count[v]
		}
	}
	return best
}

// licenceIn finds a licence of the closed list in a tag: its address or its
// name. Everything else, nothing too, leaves all rights reserved to say.
func licenceIn(s string) Licence {
	s = strings.ToLower(s)
	switch {
	case strings.Contains(s, "publicdomain/zero") || strings.Contains(s, "cc0"):
		return CC0
	case strings.Contains(s, "creativecommons.org/licenses/"):
		_, rest, _ := strings.Cut(s, "/licenses/")
		form, _, _ := strings.Cut(rest, "/")
		s = "cc-" + form
	}
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), "-")
	best := AllRights
	for _, l := range Licences()[1:] {
		if strings.HasPrefix(s, string(l)) && (best == AllRights || len(l) > len(best)) {
			best = l
		}
	}
	return best
}

// fill takes over what the files say into fields nobody has written.
func (r *Release) fill(files []FileTags) {
	d := draft(files)
	hand := func(name string) bool { return slices.Contains(r.Edited, name) }
	text := func(name string, to *string, from string) {
		if !hand(name) && from != "" {
			*to = from
		}
	}
	text("title", &r.Facts.Title, d.Title)
	text("artist", &r.Facts.Artist, d.Artist)
	text("date", &r.Facts.Date, d.Date)
	text("label", &r.Facts.Label, d.Label)
	text("language", &r.Facts.Language, d.Language)
	if !hand("tags") && len(d.Tags) > 0 {
		r.Facts.Tags = d.Tags
	}
	if !hand("licence") && d.Licence != AllRights {
		r.Facts.Licence = d.Licence
	}
	if !hand("kind") {
		r.Facts.Kind = d.Kind
	}
	if !hand("explicit") {
		r.Facts.Explicit = d.Explicit
	}
}

// fill takes over what the file says into fields nobody has written. The
// release's artist is not repeated on its tracks.
func (t *Track) fill(f FileTags, releaseArtist string) {
	hand := func(name string) bool { return slices.Contains(t.Edited, name) }
	disc, number, title := FromFilename(t.Filename)
	if f.Title != "" {
		title = f.Title
	}
	if !hand("title") && title != "" {
		t.Title = title
	}
	if !hand("artist") {
		t.Artist = f.Artist
		if strings.EqualFold(t.Artist, releaseArtist) {
			t.Artist = ""
		}
	}
	if n := cmp.Or(f.Number, number); !hand("number") && n > 0 {
		t.Number = n
	}
	if n := cmp.Or(f.Disc, disc); !hand("disc") && n > 0 {
		t.Disc = n
	}
	if !hand("isrc") && f.ISRC != "" {
		t.ISRC = f.ISRC
	}
	t.Recording = f.Recording // nobody writes it by hand
	if !hand("lyrics") && f.Lyrics != "" {
		t.Lyrics = f.Lyrics
	}
	if !hand("explicit") && f.Explicit {
		t.Explicit = true
	}
}
