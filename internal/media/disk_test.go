package media_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
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

// TestFullDisk fills the disk before each thing a preparation stores. It ends
// with a fault that passes, says so in words, and when there is room again
// goes on from the last step that was kept to the same end.
func TestFullDisk(t *testing.T) {
	tools, err := encode.Find(t.Context(), sandbox.Runner{}, "auto")
	if err != nil {
		t.Fatal(err)
	}
	pic := filepath.Join(t.TempDir(), "c.png")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=1:size=64x64", "-frames:v", "1", pic)
	path := filepath.Join(t.TempDir(), "a.flac")
	ffmpeg(t, "-t", "2", "-i", recording(t), "-i", pic, "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic", path)
	dir := t.TempDir() // what is compiled once is compiled once
	blobs := 0
	prepare := func(room int) (store *fullDisk, p *media.Preparer, in media.Original) {
		blobs++
		d, err := blob.OpenDir(filepath.Join(t.TempDir(), strconv.Itoa(blobs)))
		if err != nil {
			t.Fatal(err)
		}
		store = &fullDisk{Dir: d, room: room}
		if p, err = media.New(t.Context(), media.Config{Tools: tools, Blobs: store, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		return store, p, studio{p, d}.upload(t, path)
	}
	store, p, in := prepare(1 << 10)
	got, err := p.Prepare(t.Context(), in, media.Prepared{}, nil)
	if err != nil || got.Picture == nil || store.puts < 12 {
		t.Fatalf("with room: %d things are stored, %v", store.puts, err)
	}
	whole, n := text(t, got), store.puts
	for _, room := range []int{0, 1, 2, 3, 4, 8, n - 5, n - 4, n - 3, n - 2, n - 1} {
		store, p, in := prepare(room)
		var kept media.Prepared
		keep := func(_ context.Context, _ media.Step, got media.Prepared) error { kept = through(t, got); return nil }
		_, err := p.Prepare(t.Context(), in, media.Prepared{}, keep)
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, syscall.ENOSPC) || fault.Message(err) != fault.Message(errFull) {
			t.Errorf("room for %d of %d: %v", room, n, err)
		}
		store.room = 1 << 10
		got, err := p.Prepare(t.Context(), in, kept, keep)
		if d := cmp.Diff(whole, text(t, got)); d != "" || err != nil {
			t.Errorf("room again after %d: %v %s", room, err, d)
		}
	}
}
