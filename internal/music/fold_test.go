package music

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"Sigur Rós", []string{"sigur", "ros"}},
		{"SIGUR ROS", []string{"sigur", "ros"}},
		{"Motörhead – Ace of Spades", []string{"motorhead", "ace", "of", "spades"}},
		{"Straße, Ærø, Łódź", []string{"strasse", "aero", "lodz"}},
		{"Don't Don’t", []string{"dont", "dont"}},
		{"a-ha", []string{"a", "ha"}},
		{"坂本 龍一", []string{"坂", "本", "龍", "一"}},
		{"ﬁne Ⅻ", []string{"fine", "xii"}},
		{`title: "x" OR (y*) NEAR/2 -z ^`, []string{"title", "x", "or", "y", "near", "2", "z"}},
		{"  \x00\t", nil},
	} {
		if d := cmp.Diff(c.want, Terms(c.in)); d != "" {
			t.Errorf("Terms(%q):\n%s", c.in, d)
		}
	}
}

func TestSlugAndHandle(t *testing.T) {
	for in, want := range map[string]string{
		"Sigur Rós": "sigur-ros", "坂本": "act", "!!!": "act", "X": "act", "The   9ten Band": "the-9ten-band",
		strings.Repeat("long ", 20): "long-long-long-long-long-lon",
	} {
		got := Slug(in)
		if got != want {
			t.Errorf("Slug(%q) = %q, want %q", in, got, want)
		}
		if _, err := Handle(got); err != nil {
			t.Errorf("the slug %q is no handle: %v", got, err)
		}
	}
	for _, bad := range []string{"", "a", "-ab", "ab-", "a_b", "ä-ö", strings.Repeat("a", 33), "a b"} {
		if h, err := Handle(bad); err == nil {
			t.Errorf("Handle(%q) = %q", bad, h)
		}
	}
	if h, err := Handle(" @Ada-9 "); h != "ada-9" || err != nil {
		t.Errorf("Handle = %q, %v", h, err)
	}
}

// FuzzTerms: nothing but letters and digits is left, folding twice is folding
// once, and a prefix of what was typed finds what was stored.
func FuzzTerms(f *testing.F) {
	f.Add(`"Ægir" OR title:x*`)
	f.Add("İstanbul ıI")
	f.Add("\xff\xfe'’")
	f.Fuzz(func(t *testing.T, s string) {
		terms := Terms(s)
		for _, w := range terms {
			for _, r := range w {
				if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
					t.Fatalf("%q holds %q", w, r)
				}
			}
		}
		if again := Terms(strings.Join(terms, " ")); !slices.Equal(again, terms) {
			t.Fatalf("%q folds to %q, then to %q", s, terms, again)
		}
	})
}

// FuzzTags: whatever a file says of itself, a release and a track filled from
// it pass their own checks.
func FuzzTags(f *testing.F) {
	f.Add("Low Tide", "2026-11-24T00:00:00", "Jazz; Drone/Ambient", "DE-A12-26-00001", "de", "01 - x.flac", 3)
	f.Add("\x00\u202e", "2026-00-00", "", "x", "zz-zz-zz-zz", "..", -1)
	f.Fuzz(func(t *testing.T, text, date, genre, isrc, language, file string, n int) {
		tags := FileTags{Title: text, Artist: text, AlbumArtist: text, Album: text, Date: date, Genres: []string{genre, text}, Label: text,
			Language: language, Licence: text, ISRC: isrc, Lyrics: text, Disc: n, Number: n}.clean()
		r := Release{Facts: Facts{Kind: Album, Licence: AllRights}}
		r.fill([]FileTags{tags})
		if err := r.Facts.check(); err != nil {
			t.Fatalf("release: %v", err)
		}
		track := Track{Disc: 1, Number: 1, Filename: cut(OneLine(file), titleMax)}
		track.fill(tags, r.Facts.Artist)
		if err := track.check(); err != nil {
			t.Fatalf("track: %v", err)
		}
		if strings.ContainsAny(track.Title+r.Facts.Title, sep+"\n\x00") {
			t.Fatalf("a control character is left in %q", track.Title)
		}
		Timed(text)
	})
}
