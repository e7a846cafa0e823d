package tlog

import (
	"bytes"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

func TestOpenPaths(t *testing.T) {
	l := open(t, t.TempDir())
	if _, err := l.Open("checkpoint"); !fault.Is(err, fault.NotFound) {
		t.Errorf("empty log: got %v", err)
	}
	add(t, l, 20261001, 3)
	if b, err := l.Open("checkpoint"); err != nil || !bytes.HasPrefix(b, []byte(origin+"\n16\n")) {
		t.Errorf("checkpoint: %q, %v", b, err)
	}
	for _, path := range []string{"", "tile/0/000.p/16", "tile/entries/000.p/16"} {
		if _, err := l.Open(path); (err == nil) != (path != "") {
			t.Errorf("%q: got %v", path, err)
		}
	}
	for _, path := range []string{"tile/0/000", "tile/0/000.p/17", "tile/0/000.p/15", "tile/1/000.p/1", "tile/0/001.p/1", "batch/20261001", "pending", "../x", "tile/0/../../checkpoint", "tile/63/000.p/1", "tile/0/x999/x999/x999/x999/x999/x999/999"} {
		if _, err := l.Open(path); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: got %v, want NotFound", path, err)
		}
	}
}

func TestPaths(t *testing.T) {
	for path, want := range map[string]sumdb.Tile{
		"tile/0/x001/067":                {H: 8, L: 0, N: 1067, W: 256},
		"tile/0/x001/x234/067":           {H: 8, L: 0, N: 1234067, W: 256}, // C2SP tlog-tiles
		"tile/entries/x001/x234/067":     {H: 8, L: -1, N: 1234067, W: 256},
		"tile/1/x001/x234/067.p/255":     {H: 8, L: 1, N: 1234067, W: 255},
		"tile/63/000.p/1":                {H: 8, L: 63, N: 0, W: 1},
		"tile/entries/x001/x234/067.p/8": {H: 8, L: -1, N: 1234067, W: 8},
	} {
		got, err := ParsePath(path)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", path, got, err)
		}
	}
	for _, bad := range []string{"tile/64/000", "tile/-1/000", "tile/00/000", "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/067",
		"tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/8/0/000", "tile/entries", "tile/data/000", "tile/0/000.p/1.p/1", "tile/0/x001/", "tile/0//000", "/tile/0/000", "tile/0/+01"} {
		if _, err := ParsePath(bad); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: got %v, want NotFound", bad, err)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("tile/0/x001/067")
	f.Add("tile/entries/000.p/16")
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParsePath(path)
		if err != nil {
			return
		}
		again := TilePath(tile)
		if tile.L < 0 {
			again = BundlePath(uint64(tile.N), tile.W)
		}
		if again != path {
			t.Errorf("%q reads as %+v, which is %q", path, tile, again)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add(append([]byte{0, 32}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		es, err := ParseBundle(b)
		if err == nil && len(es)*34 != len(b) {
			t.Errorf("%d entries in %d bytes", len(es), len(b))
		}
	})
}

func FuzzParsePending(f *testing.F) {
	f.Add(pending{Batch{20261001, 0, 1, 16}, make([]royalty.Hash, 16)}.encode())
	f.Add(Batch{20261001, 0, 1, 16}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := parsePending(b); err == nil && !bytes.Equal(p.encode(), b) {
			t.Error("a pending batch is written another way")
		}
		if p, err := parseBatch(b); err == nil && !bytes.Equal(p.encode(), b) {
			t.Error("a batch is written another way")
		}
	})
}
