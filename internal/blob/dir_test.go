package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func leftovers(t *testing.T, d *Dir) int {
	t.Helper()
	e, err := os.ReadDir(filepath.Join(d.root, temp))
	if err != nil {
		t.Fatal(err)
	}
	return len(e)
}

func TestRoundTrip(t *testing.T) {
	ctx, d := context.Background(), open(t)
	data := bytes.Repeat([]byte("sound "), 100_000)
	w, err := d.Put(ctx, "derived/segment/ab/0.m4s", bytes.NewReader(data))
	if err != nil || w.Size != int64(len(data)) || w.SHA256 != sha256.Sum256(data) {
		t.Fatalf("%+v %v", w, err)
	}
	b, err := d.Open(ctx, "derived/segment/ab/0.m4s")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	part := make([]byte, 5)
	if _, err := b.ReadAt(part, 6); err != nil || string(part) != "sound" || b.Size() != w.Size {
		t.Errorf("%q %v", part, err)
	}
	key, _, err := d.PutHashed(ctx, "original", bytes.NewReader(data), 1<<20)
	if err != nil || key != "original/"+w.Hex() {
		t.Fatal(key, err)
	}
	if again, _, err := d.PutHashed(ctx, "original", bytes.NewReader(data), 1<<20); err != nil || again != key {
		t.Fatal(again, err)
	}
	if _, _, err := d.PutHashed(ctx, "original", bytes.NewReader(data), 100); !fault.Is(err, fault.TooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	var keys []string
	for i, err := range d.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, i.Key)
	}
	if want := []string{"derived/segment/ab/0.m4s", key}; !slices.Equal(keys, want) {
		t.Errorf("listed %v, want %v", keys, want)
	}
	for range 2 {
		if err := d.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Stat(ctx, key); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted: %v", err)
	}
	if n := leftovers(t, d); n != 0 {
		t.Errorf("%d temporary files left", n)
	}
}

func TestKeys(t *testing.T) {
	d := open(t)
	outside := filepath.Join(filepath.Dir(d.root), "outside")
	for _, key := range []string{
		"", "/", "..", "../outside", "a/../../outside", "/etc/passwd", "a//b", "a/", "/a", ".tmp/x", "a/.hidden",
		"A", "a b", "a\\b", "a\x00b", "a/./b", "-a", "ä", strings.Repeat("a", 241),
	} {
		if _, err := d.Put(context.Background(), key, strings.NewReader("x")); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", key, err)
		}
		if _, err := d.Open(context.Background(), key); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", key, err)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a key left the store")
	}
	if err := CheckKey("original/00ff"); err != nil {
		t.Error(err)
	}
}

// A directory is no blob, and neither is what a link points to by name only.
func TestOnlyFiles(t *testing.T) {
	ctx, d := context.Background(), open(t)
	if _, err := d.Put(ctx, "a/b", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(ctx, "a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a directory was opened: %v", err)
	}
	if _, err := d.Open(ctx, "a/b/c"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a file was used as a directory: %v", err)
	}
}

// failing fails at one step with a full disk.
type failing struct {
	*os.File
	room    int
	atSync  bool
	atClose bool
}

func (f *failing) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

func (f *failing) Sync() error {
	if f.atSync {
		return syscall.ENOSPC
	}
	return f.File.Sync()
}

func (f *failing) Close() error {
	err := f.File.Close()
	if f.atClose {
		return syscall.EDQUOT
	}
	return err
}

func TestFullDisk(t *testing.T) {
	for _, c := range []failing{{room: 300_000}, {room: 1 << 30, atSync: true}, {room: 1 << 30, atClose: true}} {
		d := open(t)
		if _, err := d.Put(context.Background(), "x", strings.NewReader("old")); err != nil {
			t.Fatal(err)
		}
		d.make = func(dir string) (file, error) {
			f, err := os.CreateTemp(dir, "")
			return &failing{f, c.room, c.atSync, c.atClose}, err
		}
		_, err := d.Put(context.Background(), "x", bytes.NewReader(make([]byte, 600_000)))
		if !fault.Is(err, fault.Unavailable) || !strings.HasPrefix(fault.Message(err), "The disk of this node is full") {
			t.Errorf("%+v: %v", c, err)
		}
		if n := leftovers(t, d); n != 0 {
			t.Errorf("%d partial files left", n)
		}
		if b, err := os.ReadFile(filepath.Join(d.root, "x")); err != nil || string(b) != "old" {
			t.Errorf("the blob before it was harmed: %q %v", b, err)
		}
	}
}

func TestReaderFails(t *testing.T) {
	d, broken := open(t), errors.New("connection lost")
	r := io.MultiReader(strings.NewReader("half"), &errReader{broken})
	if _, err := d.Put(context.Background(), "x", r); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := d.Stat(context.Background(), "x"); !fault.Is(err, fault.NotFound) || leftovers(t, d) != 0 {
		t.Errorf("half a blob was kept: %v", err)
	}
}

type errReader struct{ err error }

func (r *errReader) Read([]byte) (int, error) { return 0, r.err }

func TestCrashIsSwept(t *testing.T) {
	d := open(t)
	if err := os.WriteFile(filepath.Join(d.root, temp, "123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(context.Background(), "kept", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	again, err := OpenDir(d.root)
	if err != nil {
		t.Fatal(err)
	}
	if leftovers(t, again) != 0 {
		t.Error("temporary files survive a start")
	}
	if _, err := again.Stat(context.Background(), "kept"); err != nil {
		t.Error(err)
	}
}

// TestPrune: what was stored a moment ago, or stored again, is never pruned;
// what is old is.
func TestPrune(t *testing.T) {
	root := t.TempDir()
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	key, _, err := d.PutHashed(ctx, "original", strings.NewReader("my song"), 100)
	if err != nil {
		t.Fatal(err)
	}
	hourAgo := time.Now().Add(-time.Hour)
	prune := func(want bool, why string) {
		t.Helper()
		if got, err := d.Prune(ctx, key, hourAgo); got != want || err != nil {
			t.Errorf("%s: pruned %v, %v", why, got, err)
		}
	}
	prune(false, "young")
	p, err := d.Path(key)
	if err != nil {
		t.Fatal(err)
	}
	old := hourAgo.Add(-time.Hour)
	if err := os.Chtimes(p, old, old); err != nil {
		t.Fatal(err)
	}
	if again, _, err := d.PutHashed(ctx, "original", strings.NewReader("my song"), 100); again != key || err != nil {
		t.Fatalf("the same bytes are stored twice: %s %v", again, err)
	}
	prune(false, "stored again")
	if err := os.Chtimes(p, old, old); err != nil {
		t.Fatal(err)
	}
	prune(true, "old")
	prune(false, "gone")
	if _, err := d.Prune(ctx, "../etc", hourAgo); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}
