package record_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// Whatever a stranger writes, what is kept of it is theirs, short, and plays from where
// sounds are asked for.
func FuzzRecord(f *testing.F) {
	for _, pattern := range []string{"../vocab/testdata/*.json", "../document/testdata/*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			f.Fatalf("%s: %d seeds, %v", pattern, len(names), err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := vocab.Parse(b)
		if err != nil {
			return
		}
		for _, x := range []*vocab.Object{o, record.In(o)} {
			if x != nil {
				kept(t, x)
			}
		}
	})
}

const other = "https://other.example/users/somebody"

// kept holds what is read of a thing against what is promised of it.
func kept(t *testing.T, o *vocab.Object) {
	theirs := func(iri string) bool { return iri == o.ID && remote.SameOrigin(iri, o.Author()) }
	short := func(s string, most int) bool { return utf8.RuneCountInString(s) <= most }
	_, release := record.Of(o, other)
	_, list := record.Playlist(o, other)
	_, live := record.Live(o, other)
	if (release || list || live) && o.Author() != other {
		t.Errorf("%s is somebody else's, too", o.ID)
	}
	if r, ok := record.Of(o, o.Author()); ok {
		if !theirs(r.IRI) || len(r.Tracks) == 0 || len(r.Tracks) > 200 || !short(r.Title, 300) || r.Title == "" || !short(r.Artist, 300) || !short(r.Description, 10_000) {
			t.Errorf("release: %+v", r)
		}
		for _, x := range r.Tracks {
			if !strings.HasPrefix(x.Sound, "https://") || x.DurationMS < 0 || x.DurationMS > (3*366*24*time.Hour).Milliseconds() || !short(x.Title, 300) || !short(x.Lyrics, 100_000) || len(x.Peaks) > 400 ||
				x.Segments != "" && !remote.SameOrigin(x.Segments, x.IRI) || x.Manifest != "" && !remote.SameOrigin(x.Manifest, x.IRI) {
				t.Errorf("track: %+v", x)
			}
		}
	}
	if p, ok := record.Playlist(o, o.Author()); ok {
		foreign := func(e social.Entry) bool { return !strings.HasPrefix(e.IRI, "https://") || len(e.IRI) > 2048 }
		if !theirs(p.IRI) || len(p.IRI) > 2048 || len(p.Items) > social.MostEntries || slices.ContainsFunc(p.Items, foreign) || p.Updated.Before(p.Published) || !short(p.Title, 300) {
			t.Errorf("playlist: %+v", p)
		}
	}
	if l, ok := record.Live(o, o.Author()); ok && (!theirs(l.IRI) || !strings.HasPrefix(l.Link, "https://") || !short(l.Title, 200) || l.Published.IsZero()) {
		t.Errorf("live event: %+v", l)
	}
}
