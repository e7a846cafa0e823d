package tlog

import (
	"github.com/michaelperna/9ten/internal/fault"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// Verify reads the whole log: each entry gives its leaf, each node follows
// from those below it, and all of them give the root of the checkpoint. It
// returns an Invalid fault that names what does not hold.
func (l *Log) Verify() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	size := l.head.Size
	r := l.reader(size)
	for n := uint64(0); n < size; n += tileWidth {
		width := int(min(tileWidth, size-n))
		data, err := l.dir.read(BundlePath(n/tileWidth, width))
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The entries from %d on cannot be read.", n)
		}
		entries, err := ParseBundle(data)
		if err != nil {
			return err
		}
		if len(entries) != width {
			return fault.New(fault.Invalid, "There are %d entries from %d on, not %d.", len(entries), n, width)
		}
		for i, e := range entries {
			if err := r.follows(int64(n)+int64(i), sumdb.RecordHash(e[:])); err != nil {
				return err
			}
		}
	}
	root, err := r.root(size)
	if err == nil && size > 0 && root != l.head.Root {
		err = fault.New(fault.Invalid, "The tiles do not give the root of the checkpoint.")
	}
	return err
}

// follows holds the nodes that leaf n completes against the tiles.
func (r *reader) follows(n int64, leaf sumdb.Hash) error {
	want, err := sumdb.StoredHashesForRecordHash(n, leaf, r)
	if err != nil {
		return err
	}
	first := sumdb.StoredHashIndex(0, n)
	for i, w := range want {
		got, err := r.hash(first + int64(i))
		if err != nil {
			return err
		}
		if got != w {
			return fault.New(fault.Invalid, "Leaf %d of the log was changed, or a node above it.", n)
		}
	}
	return nil
}
