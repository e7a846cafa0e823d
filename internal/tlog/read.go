package tlog

import (
	"math"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// Open returns the file a path of C2SP tlog-tiles names: "checkpoint",
// "tile/0/x001/067", "tile/1/000.p/5", "tile/entries/000.p/16". Everything but
// the checkpoint never changes. Faults: NotFound for paths that are none and
// for what the log does not reach.
func (l *Log) Open(path string) ([]byte, error) {
	if path == "checkpoint" {
		l.mu.RLock()
		defer l.mu.RUnlock()
		if l.signed == nil {
			return nil, fault.New(fault.NotFound, "This log has no checkpoint yet.")
		}
		return append([]byte(nil), l.signed...), nil
	}
	t, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	head, _ := l.Head()
	if !within(t, head.Size) {
		return nil, fault.New(fault.NotFound, "The log does not reach as far as that tile.")
	}
	return l.dir.read(path)
}

// within reports whether a tree of that size has all of the tile, so that
// nothing of an unfinished batch is shown.
func within(t sumdb.Tile, size uint64) bool {
	level := max(t.L, 0)
	if level > 7 || t.N > math.MaxInt64/tileWidth-1 {
		return false
	}
	return uint64(t.N)*tileWidth+uint64(t.W) <= size>>(tileHeight*level)
}

// Batch returns what a day appended, or NotFound.
func (l *Log) Batch(day calendar.Day) (Batch, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.batch(day)
}

func (l *Log) batch(day calendar.Day) (Batch, error) {
	b, err := l.dir.read(batchFile(day))
	if err != nil {
		return Batch{}, err
	}
	return parseBatch(b)
}

// Entry returns the entry at index i, or NotFound.
func (l *Log) Entry(i uint64) (royalty.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.entry(i)
}

func (l *Log) entry(i uint64) (h royalty.Hash, err error) {
	if i >= l.head.Size {
		return h, fault.New(fault.NotFound, "The log has no entry %d.", i)
	}
	n := i / tileWidth
	data, err := l.dir.read(BundlePath(n, int(min(tileWidth, l.head.Size-n*tileWidth))))
	if err != nil {
		return h, err
	}
	entries, err := ParseBundle(data)
	if err != nil {
		return h, err
	}
	if i%tileWidth >= uint64(len(entries)) {
		return h, fault.New(fault.Invalid, "An entry bundle of the log is too short.")
	}
	return entries[i%tileWidth], nil
}

// Root returns the root that the log had, or has, at a size, or NotFound for
// one it has not reached.
func (l *Log) Root(size uint64) (royalty.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.reached(size); err != nil {
		return royalty.Hash{}, err
	}
	return l.reader(l.head.Size).root(size)
}

// Checkpoint signs the head the log had at a size, such as that after a day's
// batch. It is consistent with every other, because the log only grows. Faults:
// NotFound for a size it has not reached.
func (l *Log) Checkpoint(size uint64) (royalty.Checkpoint, []byte, error) {
	root, err := l.Root(size)
	if err != nil {
		return royalty.Checkpoint{}, nil, err
	}
	c := royalty.Checkpoint{Origin: l.cfg.Origin, Size: size, Root: root}
	signed, err := c.Sign(l.cfg.Signer)
	return c, signed, err
}

// ProveInclusion returns the audit path of leaf i in the log of a size. Faults:
// NotFound for places it has not reached.
func (l *Log) ProveInclusion(i, size uint64) ([]royalty.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.reached(size); err != nil {
		return nil, err
	}
	if i >= size {
		return nil, fault.New(fault.NotFound, "There is no leaf %d in a log of %d.", i, size)
	}
	p, err := sumdb.ProveRecord(int64(size), int64(i), l.reader(l.head.Size))
	return hashes(p), err
}

// ProveConsistency returns the proof that the log of a size continues the one
// of an older size; it is empty when the older one is empty or the same.
// Faults: NotFound for sizes it has not reached or in the wrong order.
func (l *Log) ProveConsistency(old, size uint64) ([]royalty.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.reached(size); err != nil {
		return nil, err
	}
	if old > size {
		return nil, fault.New(fault.NotFound, "A log of %d leaves does not continue one of %d.", size, old)
	}
	if old == 0 {
		return nil, nil
	}
	p, err := sumdb.ProveTree(int64(size), int64(old), l.reader(l.head.Size))
	return hashes(p), err
}

func (l *Log) reached(size uint64) error {
	if size > l.head.Size {
		return fault.New(fault.NotFound, "The log has %d leaves, not %d.", l.head.Size, size)
	}
	return nil
}

func hashes[P ~[]sumdb.Hash](p P) []royalty.Hash {
	var out []royalty.Hash
	for _, h := range p {
		out = append(out, royalty.Hash(h))
	}
	return out
}

// reader reads nodes from the tiles of a log of size leaves, and from those
// added in memory behind them. It keeps the tiles it has read.
type reader struct {
	dir   *dir
	size  uint64
	tiles map[sumdb.Tile][]byte
	base  int64 // stored hashes on disk
	added []sumdb.Hash
}

func (l *Log) reader(size uint64) *reader {
	return &reader{dir: &l.dir, size: size, tiles: make(map[sumdb.Tile][]byte), base: sumdb.StoredHashCount(int64(size))}
}

// ReadHashes implements sumdb's HashReader.
func (r *reader) ReadHashes(indexes []int64) ([]sumdb.Hash, error) {
	out := make([]sumdb.Hash, len(indexes))
	for i, x := range indexes {
		var err error
		if out[i], err = r.hash(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reader) hash(index int64) (sumdb.Hash, error) {
	if index >= r.base {
		if n := index - r.base; n < int64(len(r.added)) {
			return r.added[n], nil
		}
		return sumdb.Hash{}, fault.New(fault.Internal, "A node beyond the log was asked for.")
	}
	t := sumdb.TileForIndex(tileHeight, index)
	wide := t
	wide.W = int(min(tileWidth, r.size>>(tileHeight*t.L)-uint64(t.N)*tileWidth))
	data, ok := r.tiles[wide]
	if !ok {
		var err error
		if data, err = r.dir.read(TilePath(wide)); err != nil {
			return sumdb.Hash{}, fault.Wrap(err, fault.Invalid, "A tile of the log is missing.")
		}
		if len(data) != wide.W*sumdb.HashSize {
			return sumdb.Hash{}, fault.New(fault.Invalid, "A tile of the log has the wrong length.")
		}
		r.tiles[wide] = data
	}
	h, err := sumdb.HashFromTile(wide, data, index)
	return h, fault.Wrap(err, fault.Invalid, "A tile of the log cannot be read.")
}

func (r *reader) root(size uint64) (royalty.Hash, error) {
	if size == 0 {
		return royalty.Hash{}, nil
	}
	h, err := sumdb.TreeHash(int64(size), r)
	return royalty.Hash(h), err
}
