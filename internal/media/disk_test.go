package media_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// fullDisk is a store that has room for some more blobs only.
type fullDisk struct {
	*blob.Dir
	mu         sync.Mutex // renditions are made side by side
	room, puts int
}

var errFull = fault.Wrap(syscall.ENOSPC, fault.Unavailable, "The disk of this node is full, so nothing was stored. Try again when its operator has made room.")

func (d *fullDisk) fits() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.puts++
	return d.puts <= d.room
}

func (d *fullDisk) Put(ctx context.Context, key string, r io.Reader) (blob.Written, error) {
	if !d.fits() {
		return blob.Written{}, errFull
	}
	return d.Dir.Put(ctx, key, r)
}

func (d *fullDisk) PutHashed(ctx context.Context, prefix string, r io.Reader, limit int64) (string, blob.Written, error) {
	if !d.fits() {
		return "", blob.Written{}, errFull
	}
	return d.Dir.PutHashed(ctx, prefix, r, limit)
}

// TestFullDisk fills the disk before things that a preparation stores, in one
// preparation after the other. It ends with a fault that passes, says so in
// words, and goes on from the last step that was kept to the same end.
func TestFullDisk(t *testing.T) {
	tools, err := encode.Find(t.Context(), sandbox.Runner{}, "auto")
	if err != nil {
		t.Fatal(err)
	}
	pic := filepath.Join(t.TempDir(), "c.png")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=1:size=64x64", "-frames:v", "1", pic)
	path := filepath.Join(t.TempDir(), "a.flac")
	ffmpeg(t, "-t", "2", "-i", recording(t), "-i", pic, "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic", path)
	work := t.TempDir() // what is compiled once is compiled once
	open := func() (*fullDisk, *media.Preparer, media.Original) {
		d, err := blob.OpenDir(filepath.Join(t.TempDir(), "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		store := &fullDisk{Dir: d, room: 1 << 10}
		p, err := media.New(t.Context(), media.Config{Tools: tools, Blobs: store, Dir: work})
		if err != nil {
			t.Fatal(err)
		}
		return store, p, studio{p, d}.upload(t, path)
	}
	store, p, in := open()
	whole, err := p.Prepare(t.Context(), in, media.Prepared{}, nil)
	if err != nil || whole.Picture == nil || store.puts < 12 {
		t.Fatalf("with room: %d things are stored, %v", store.puts, err)
	}

	store, p, in = open()
	var kept media.Prepared
	keep := func(_ context.Context, _ media.Step, got media.Prepared) error { kept = through(t, got); return nil }
	failed := map[int]int{} // how often, by the steps that were done
	for room := 0; ; {
		store.room, store.puts = room, 0
		done := len(kept.Done)
		got, err := p.Prepare(t.Context(), in, kept, keep)
		if err == nil {
			if d := cmp.Diff(text(t, whole), text(t, got)); d != "" {
				t.Error(d)
			}
			break
		}
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, syscall.ENOSPC) || fault.Message(err) != fault.Message(errFull) {
			t.Fatalf("room for %d more after %v: %v", room, kept.Done, err)
		}
		failed[len(kept.Done)]++
		switch { // a little further each time, in each step
		case len(kept.Done) > done:
			room = 0
		case room < 3:
			room++
		default:
			room *= 2
		}
	}
	t.Logf("failed, by the steps that were done: %v", failed)
	for done, least := range []int{2, 0, 1, 4, 4} { // a playable original stores nothing
		if failed[done] < least {
			t.Errorf("failed %d times after %v", failed[done], media.Steps()[:done])
		}
	}
}
