package tlog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

const origin = "quayside.example/log"

var private = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func config(dir string) Config {
	return Config{Dir: dir, Origin: origin, Signer: royalty.LogSigner(origin, private), Public: royalty.PublicKey(origin, private),
		Random: rand.NewChaCha8([32]byte{1})}
}

func open(t testing.TB, dir string) *Log {
	t.Helper()
	l, err := Open(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// entries makes n distinct entries of a day.
func entries(day calendar.Day, n int) []royalty.Hash {
	out := make([]royalty.Hash, n)
	for i := range out {
		binary.BigEndian.PutUint32(out[i][:], uint32(day))
		binary.BigEndian.PutUint32(out[i][4:], uint32(i))
	}
	return out
}

func add(t testing.TB, l *Log, day calendar.Day, n int) Batch {
	t.Helper()
	b, err := l.Append(context.Background(), day, entries(day, n))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendPads(t *testing.T) {
	l := open(t, t.TempDir())
	size, day := uint64(0), calendar.Day(20261001)
	for _, c := range []struct {
		entries int
		leaves  uint64
	}{{0, 16}, {1, 16}, {16, 16}, {17, 32}, {32, 32}, {33, 64}, {300, 512}} {
		b := add(t, l, day, c.entries)
		if want := (Batch{day, size, uint64(c.entries), size + c.leaves}); b != want {
			t.Errorf("%d entries: got %+v, want %+v", c.entries, b, want)
		}
		size, day = b.Size, day.Add(1)
		seen := make(map[royalty.Hash]bool)
		for i := b.First; i < b.Size; i++ {
			e, err := l.Entry(i)
			if err != nil || seen[e] {
				t.Fatalf("leaf %d: %v, twice %v", i, err, seen[e])
			}
			seen[e] = true
		}
	}
	if c, signed := l.Head(); c.Size != size || signed == nil {
		t.Errorf("the head is %+v", c)
	}
}

func TestAppendOnce(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	day := calendar.Day(20261001)
	first := add(t, l, day, 5)
	head, _ := l.Head()
	for range 2 {
		if again := add(t, l, day, 5); again != first {
			t.Errorf("the same day again is %+v, not %+v", again, first)
		}
		l = open(t, dir)
	}
	if h, _ := l.Head(); h != head {
		t.Errorf("the head moved from %v to %v", head, h)
	}
	for name, c := range map[string]struct {
		day calendar.Day
		es  []royalty.Hash
	}{
		"fewer":   {day, entries(day, 4)},
		"others":  {day, entries(day.Add(1), 5)},
		"earlier": {day.Add(-1), entries(day, 5)},
	} {
		if _, err := l.Append(context.Background(), c.day, c.es); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: got %v, want a Conflict", name, err)
		}
	}
	if _, err := l.Append(context.Background(), 20261032, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("no day: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Append(ctx, day.Add(1), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// memory is sumdb's own way of keeping a log, to compare with.
type memory []sumdb.Hash

func (m memory) ReadHashes(indexes []int64) ([]sumdb.Hash, error) {
	out := make([]sumdb.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = m[x]
	}
	return out, nil
}

// reference reads every entry of l through its bundles and rebuilds the log.
func reference(t testing.TB, l *Log) memory {
	t.Helper()
	var m memory
	head, _ := l.Head()
	for i := range head.Size {
		e, err := l.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		hs, err := sumdb.StoredHashes(int64(i), e[:], m)
		if err != nil {
			t.Fatal(err)
		}
		m = append(m, hs...)
	}
	return m
}

func TestProofsAgreeWithSumDB(t *testing.T) {
	l := open(t, t.TempDir())
	sizes := []uint64{0}
	day := calendar.Day(20261001)
	for _, n := range []int{3, 20, 200, 1, 70, 600} {
		sizes = append(sizes, add(t, l, day, n).Size)
		day = day.Add(1)
	}
	ref := reference(t, l)
	roots := make(map[uint64]royalty.Hash)
	for _, s := range sizes {
		root, err := l.Root(s)
		if err != nil {
			t.Fatal(err)
		}
		roots[s] = root
		if s > 0 {
			if want, _ := sumdb.TreeHash(int64(s), ref); royalty.Hash(want) != root {
				t.Errorf("size %d: root differs", s)
			}
		}
		c, signed, err := l.Checkpoint(s)
		if err != nil || c.Root != root {
			t.Fatalf("checkpoint %d: %v", s, err)
		}
		if o, err := royalty.OpenCheckpoint(signed, royalty.Keys{config("").Public}); err != nil || o.Checkpoint != c {
			t.Errorf("checkpoint %d does not open: %v", s, err)
		}
	}
	for i, old := range sizes {
		for _, size := range sizes[i:] {
			p, err := l.ProveConsistency(old, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := royalty.CheckConsistency(old, size, p, roots[old], roots[size]); err != nil {
				t.Errorf("%d to %d: %v", old, size, err)
			}
		}
	}
	head := sizes[len(sizes)-1]
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, head).Draw(t, "size")
		i := rapid.Uint64Range(0, size-1).Draw(t, "leaf")
		p, err := l.ProveInclusion(i, size)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := sumdb.ProveRecord(int64(size), int64(i), ref)
		if !slices.Equal(p, hashes(want)) {
			t.Fatalf("the proof of %d in %d differs", i, size)
		}
		e, _ := l.Entry(i)
		root, err := l.Root(size)
		if err != nil {
			t.Fatal(err)
		}
		if err := royalty.CheckInclusion(royalty.EntryLeaf(e), i, size, p, root); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTiles holds every tile of every batch against the definition in C2SP
// tlog-tiles: MTH(D[(n*256+i)*256^l : (n*256+i+1)*256^l]).
func TestTiles(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	day := calendar.Day(20261001)
	for _, n := range []int{250, 1, 300, 600} { // 256, 272, 784, 1808
		add(t, l, day, n)
		day = day.Add(1)
	}
	head, _ := l.Head()
	var leaves []royalty.Hash
	for i := range head.Size {
		e, err := l.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, royalty.EntryLeaf(e))
	}
	var names []string
	err := filepath.Walk(filepath.Join(dir, "tile"), func(p string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tile/0/006", "tile/0/007.p/16", "tile/1/000.p/7", "tile/entries/007.p/16", "tile/0/001.p/16", "tile/0/000"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s among %v", want, names)
		}
	}
	for _, name := range names {
		data, err := l.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		tile, err := ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		checkTile(t, name, tile, data, leaves)
	}
}

func checkTile(t *testing.T, name string, tile sumdb.Tile, data []byte, leaves []royalty.Hash) {
	t.Helper()
	if tile.L < 0 {
		es, err := ParseBundle(data)
		if err != nil || len(es) != tile.W {
			t.Fatalf("%s: %d entries, %v", name, len(es), err)
		}
		for i, e := range es {
			if royalty.EntryLeaf(e) != leaves[int(tile.N)*256+i] {
				t.Errorf("%s: entry %d is not under its leaf", name, i)
			}
		}
		return
	}
	if len(data) != 32*tile.W {
		t.Fatalf("%s: %d bytes", name, len(data))
	}
	span := 1 << (8 * tile.L)
	for i := range tile.W {
		from := (int(tile.N)*256 + i) * span
		if want := royalty.Root(leaves[from : from+span]); royalty.Hash(data[32*i:32*i+32]) != want {
			t.Errorf("%s: hash %d differs", name, i)
		}
	}
}

func TestBeyond(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, 20261001, 3)
	_, e1 := l.Entry(16)
	_, e2 := l.Root(17)
	_, e3 := l.ProveInclusion(16, 16)
	_, e4 := l.ProveConsistency(17, 18)
	_, e5 := l.ProveConsistency(16, 15)
	_, e6 := l.Batch(20261002)
	for i, err := range []error{e1, e2, e3, e4, e5, e6} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%d: got %v, want NotFound", i+1, err)
		}
	}
}

func TestOpenRefusesAnother(t *testing.T) {
	dir := t.TempDir()
	add(t, open(t, dir), 20261001, 3)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	c := config(dir)
	c.Public = royalty.PublicKey(origin, other)
	if _, err := Open(c); !fault.Is(err, fault.Invalid) {
		t.Errorf("other key: got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tile/0/000.p/16"), make([]byte, 512), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(config(dir)); !fault.Is(err, fault.Invalid) {
		t.Errorf("altered tile: got %v", err)
	}
}

var errKilled = errors.New("killed")

// TestKilledAtEveryStep interrupts an append before and after each thing it
// persists, opens the log again as a new process would, and repeats the call:
// the batch is there once, the log is whole and continues what was signed.
func TestKilledAtEveryStep(t *testing.T) {
	for _, restart := range []bool{true, false} {
		for n := 1; ; n++ {
			if killedAt(t, n, restart) {
				if n < 12 {
					t.Fatalf("an append has only %d steps", n)
				}
				break
			}
		}
	}
}

// killedAt reports whether the append had fewer than n steps.
func killedAt(t *testing.T, n int, restart bool) bool {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, 20261001, 250) // 256 leaves
	add(t, l, 20261002, 3)
	before, _ := l.Head()
	steps, where := 0, ""
	l.dir.step = func(s string) error {
		if steps++; steps >= n {
			where = cmpOr(where, s)
			return errKilled
		}
		return nil
	}
	day := calendar.Day(20261003)
	_, err := l.Append(context.Background(), day, entries(day, 300))
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	done := err == nil
	if restart {
		l = open(t, dir)
	} else {
		l.dir.step = nil
	}
	b := add(t, l, day, 300)
	if want := (Batch{day, before.Size, 300, before.Size + 512}); b != want {
		t.Errorf("after %q: batch %+v, want %+v", where, b, want)
	}
	after, _ := l.Head()
	p, err := l.ProveConsistency(before.Size, after.Size)
	if err != nil {
		t.Fatalf("after %q: %v", where, err)
	}
	if err := royalty.CheckConsistency(before.Size, after.Size, p, before.Root, after.Root); err != nil {
		t.Errorf("after %q: %v", where, err)
	}
	root, _ := sumdb.TreeHash(int64(after.Size), reference(t, l))
	if royalty.Hash(root) != after.Root {
		t.Errorf("after %q: the entries are not those under the root", where)
	}
	if _, err := os.Stat(filepath.Join(dir, pendingFile)); err == nil {
		t.Errorf("after %q: a pending batch is left", where)
	}
	add(t, open(t, dir), day.Add(1), 1)
	return done
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	day := calendar.Day(20000101)
	for b.Loop() {
		add(b, l, day, 2000)
		day = day.Add(1)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/day")
}
