package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestDistIsCurrent keeps the committed assets equal to a fresh build of the
// committed sources, so that a reader of the sources knows what is served.
func TestDistIsCurrent(t *testing.T) {
	want, err := Build("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "internal", "web", "dist")
	have, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("dist holds %d files, a fresh build %d (go run ./web/build)", len(have), len(want))
	}
	for name, b := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, b) {
			t.Errorf("dist/%s differs from a fresh build (go run ./web/build)", name)
		}
	}
}

// TestBuildElsewhere builds from a copy in another folder: no path may enter
// the result.
func TestBuildElsewhere(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"src", "css", "fonts", "icons", "marks", "vendor"} {
		if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(filepath.Join("..", sub))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), mustRead(t, "../tsconfig.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Build("..")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s depends on where it is built", name)
		}
	}
}

// TestStylesheetBudget keeps look.css at 48 kB and the fonts at 56 kB.
func TestStylesheetBudget(t *testing.T) {
	files, err := Build("..")
	if err != nil {
		t.Fatal(err)
	}
	fonts := 0
	for name, b := range files {
		switch filepath.Ext(name) {
		case ".css":
			if len(b) > 48_000 {
				t.Errorf("%s has %d bytes, 48,000 are the most", name, len(b))
			}
		case ".woff2":
			fonts += len(b)
		}
	}
	if fonts > 56_000 {
		t.Errorf("fonts have %d bytes, 56,000 are the most", fonts)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
