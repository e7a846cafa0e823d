package music

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/fault"
)

func TestFromFilename(t *testing.T) {
	for name, want := range map[string]struct {
		Disc, Number int
		Title        string
	}{
		"03 - Low Tide.flac":      {0, 3, "Low Tide"},
		"1-03 Low Tide.flac":      {1, 3, "Low Tide"},
		"2.11. Low_Tide.mp3":      {2, 11, "Low Tide"},
		"Low Tide.flac":           {0, 0, "Low Tide"},
		"99 Luftballons.flac":     {0, 99, "Luftballons"}, // the tags know better
		"1999.flac":               {0, 0, "1999"},
		`C:\music\07. 4'33".flac`: {0, 7, `4'33"`},
		"x/y/12) End.opus":        {0, 12, "End"},
	} {
		got := want
		got.Disc, got.Number, got.Title = FromFilename(name)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q:\n%s", name, d)
		}
	}
}

func TestDraft(t *testing.T) {
	files := []FileTags{
		{Title: "a", Artist: "Ada", Album: "Tides", Date: "2026-11-24T00:00:00Z", Genres: []string{"Jazz; Ambient / Drone"}, Licence: "https://creativecommons.org/licenses/by-nc-sa/4.0/"},
		{Title: "b", Artist: "Ada & Bo", AlbumArtist: "Ada", Album: "Tides", Date: "2026-00-00", Licence: "CC BY-NC-SA 4.0"},
		{Title: "c", Artist: "Ada", Album: "Tide", Genres: []string{"JAZZ"}, Explicit: true, Language: "nonsense!"},
		{Title: "d", Artist: "Ada"},
	}
	for i := range files {
		files[i] = files[i].clean()
	}
	want := Facts{Title: "Tides", Artist: "Ada", Kind: EP, Date: "2026-11-24", Licence: CCBYNCSA, Explicit: true, Tags: []string{"jazz", "ambient", "drone"}}
	if d := cmp.Diff(want, draft(files)); d != "" {
		t.Error(d)
	}

	r := Release{Facts: Facts{Title: "By hand", Artist: "The Act", Kind: Album, Licence: CC0}, Edited: []string{"title", "licence"}}
	r.fill(files)
	if r.Facts.Title != "By hand" || r.Facts.Licence != CC0 || r.Facts.Artist != "Ada" || r.Facts.Kind != EP {
		t.Errorf("filled: %+v", r.Facts)
	}
	tr := Track{Filename: "02 - b.flac", Disc: 1, Number: 9, Edited: []string{"number"}}
	tr.fill(files[1], "ada")
	if tr.Title != "b" || tr.Number != 9 || tr.Artist != "Ada & Bo" {
		t.Errorf("filled: %+v", tr)
	}
	tr.fill(files[0], "ADA")
	if tr.Artist != "" {
		t.Errorf("the release's artist is repeated: %q", tr.Artist)
	}
}

func TestLicenceIn(t *testing.T) {
	for in, want := range map[string]Licence{
		"": AllRights, "all rights reserved": AllRights, "CC0 1.0": CC0, "http://creativecommons.org/publicdomain/zero/1.0/": CC0,
		"https://creativecommons.org/licenses/by/3.0/": CCBY, "https://creativecommons.org/licenses/by-nc-nd/4.0": CCBYNCND,
		"cc by-sa": CCBYSA, "CC-BY-ND 4.0": CCBYND, "CC-BY": CCBY, "creative": AllRights,
	} {
		if got := licenceIn(in); got != want {
			t.Errorf("licenceIn(%q) = %s, want %s", in, got, want)
		}
	}
	for _, l := range Licences() {
		if got := licenceIn(l.URL()); got != l {
			t.Errorf("the address of %s gives %s", l, got)
		}
	}
}

func TestISRCAndDate(t *testing.T) {
	for in, want := range map[string]string{"": "", "de-a12-26-00001": "DEA122600001", "ISRC USRC17607839": "USRC17607839"} {
		if got, err := ISRC(in); got != want || err != nil {
			t.Errorf("ISRC(%q) = %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"x", "DEA12260000", "DEA1226000011", "D1A122600001", "DEA12260000A"} {
		if got, err := ISRC(bad); err == nil {
			t.Errorf("ISRC(%q) = %q", bad, got)
		}
	}
	for _, ok := range []string{"", "2026", "2026-02", "2024-02-29"} {
		if got, err := Date(ok); got != ok || err != nil {
			t.Errorf("Date(%q) = %q, %v", ok, got, err)
		}
	}
	for _, bad := range []string{"26", "2026-13", "2026-02-30", "24.11.2026", "0000", "1066"} {
		if _, err := Date(bad); err == nil {
			t.Errorf("Date(%q) passes", bad)
		}
	}
}

func TestTimed(t *testing.T) {
	got, ok := Timed("[ti:x]\n[00:12.5]two\n[00:01.20][01:00]one\nplain\n[00:12.500]three")
	want := []TimedLine{{1_200, "one"}, {12_500, "two"}, {12_500, "three"}, {60_000, "one"}}
	if d := cmp.Diff(want, got); d != "" || !ok {
		t.Errorf("%v\n%s", ok, d)
	}
	got, _ = Timed("[00:01.00] <00:01.00> word <00:01.40>by <00:02>word\n[offset: +1500]\n[00:10]later")
	if d := cmp.Diff([]TimedLine{{0, "word by word"}, {8_500, "later"}}, got); d != "" {
		t.Error(d)
	}
	if _, ok := Timed("la la\n[chorus]\nla"); ok {
		t.Error("plain words are taken for timed ones")
	}
}

func TestAlbumGain(t *testing.T) {
	s := Studio{Together: func(gates [][]byte) (int64, error) {
		loudness := map[string]int64{"one": -14_000, "one two": -18_500, "silence": -70_000}[string(bytes.Join(gates, []byte(" ")))]
		if loudness == 0 {
			return 0, fault.New(fault.Invalid, "The stored loudness of a track is damaged.")
		}
		return loudness, nil
	}}
	for _, c := range []struct {
		gates []string
		want  int64
		bad   bool
	}{
		{nil, 0, false}, {[]string{""}, 0, false}, {[]string{"one"}, -4_000, false}, {[]string{"one", "", "two"}, 500, false},
		{[]string{"silence"}, 12_000, false}, {[]string{"damaged"}, 0, true},
	} {
		assets := make([]Asset, len(c.gates))
		for i, g := range c.gates {
			assets[i].Gates = []byte(g)
		}
		if got, err := s.albumGain(assets); (err != nil) != c.bad || !c.bad && got != c.want {
			t.Errorf("%v: %d, want %d (%v)", c.gates, got, c.want, err)
		}
	}
}
