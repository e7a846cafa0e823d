package demo_test

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/demo"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/media/index"
)

// TestCatalogue: what is promised is there, plays, and may be given away.
func TestCatalogue(t *testing.T) {
	c, err := demo.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	licences, err := os.ReadFile("LICENSES.md")
	if err != nil {
		t.Fatal(err)
	}
	seen, looks := map[string]bool{}, map[string]bool{}
	var bytesTotal int64
	releases, long := 0, 0
	for _, a := range c.Acts {
		for _, r := range a.Releases {
			releases++
			if looks[r.Design] || !slices.Contains(cover.Designs(), r.Design) || !slices.Contains(cover.Palettes(), a.Palette) {
				t.Errorf("%s: no sleeve of its own: %q in %q", r.Title, r.Design, a.Palette)
			}
			looks[r.Design] = true
			if r.Licence != "CC0-1.0" {
				t.Errorf("%s: licence %q", r.Title, r.Licence)
			}
			for _, tr := range r.Tracks {
				if seen[tr.File] {
					t.Errorf("%s is there twice", tr.File)
				}
				seen[tr.File] = true
				b := read(t, tr.File)
				bytesTotal += int64(len(b))
				x, err := index.Scan(t.Context(), bytes.NewReader(b), int64(len(b)))
				if err != nil || x.Codec.String() != tr.Codec {
					t.Errorf("%s: %v", tr.File, err)
					continue
				}
				if x.Seconds() >= 60 {
					long++
				}
				for _, s := range tr.Sources {
					if s.Licence != "CC0-1.0" || s.By == "" || !strings.Contains(string(licences), "| "+s.Sample+" | "+s.By+" |") {
						t.Errorf("%s: %+v is not in LICENSES.md", tr.File, s)
					}
				}
				if len(tr.Sources) == 0 {
					t.Errorf("%s names nobody", tr.File)
				}
			}
		}
	}
	if len(c.Acts) < 9 || releases < 12 || len(seen) < 30 || long < 8 || bytesTotal > 8<<20 {
		t.Errorf("%d acts, %d releases, %d tracks, %d of a minute or more, %d bytes", len(c.Acts), releases, len(seen), long, bytesTotal)
	}
	entries, err := os.ReadDir("files")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !seen[e.Name()] {
			t.Errorf("%s is in no release", e.Name())
		}
	}
	if _, err := demo.Open("../demo.go"); err == nil {
		t.Error("a path left the files")
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	f, err := demo.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
