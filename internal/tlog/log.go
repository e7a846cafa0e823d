// Package tlog keeps a node's append-only log of listening on disk, in the
// layout of C2SP tlog-tiles, so that a plain file server could serve it.
//
// It knows entries (32-byte hashes), tiles, checkpoints and the one batch that
// each day appends; it knows no rows, no listeners and no HTTP. Hashing and
// proofs are those of golang.org/x/mod/sumdb/tlog, checkpoints those of
// package royalty.
package tlog

import (
	"context"
	"crypto/rand"
	"io"
	"math/bits"
	"slices"
	"sync"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// MinBatch is the least number of leaves a day appends.
const MinBatch = 16

// Config says where a log is and who signs it.
type Config struct {
	Dir    string      // made when missing; nobody else writes there
	Origin string      // first line of checkpoints: royalty.LogOrigin(node)
	Signer note.Signer // the node's log key: royalty.LogSigner
	Public royalty.Key // verifies what Signer signs, asked when the log is opened
	Random io.Reader   // of padding; nil is crypto/rand
	// Step, when set, is called before ("write x") and after ("wrote x") a file
	// changes; an error stands for a disk that failed there. For tests.
	Step func(string) error
}

// Batch is what one day appended.
type Batch struct {
	Day     calendar.Day
	First   uint64 // index of the day's first leaf
	Entries uint64 // real ones, from First on; padding follows
	Size    uint64 // of the log after the batch
}

// A Log is one node's log. Its methods may be called at once from anywhere; an
// append excludes another and readers see the log before or after it.
type Log struct {
	cfg Config
	dir dir

	mu     sync.RWMutex
	head   royalty.Checkpoint
	signed []byte // head as a note; nil while the log is empty
}

// Open opens a log, or begins one, and finishes a batch that a crash
// interrupted. Faults: Invalid when what is there is of another origin or key,
// or its checkpoint and tiles contradict each other; Unavailable when the disk
// fails.
func Open(cfg Config) (*Log, error) {
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	l := &Log{cfg: cfg, dir: dir{root: cfg.Dir, step: cfg.Step}, head: royalty.Checkpoint{Origin: cfg.Origin}}
	if err := l.load(); err != nil {
		return nil, err
	}
	if err := l.recover(); err != nil {
		return nil, err
	}
	return l, nil
}

// load reads the checkpoint and holds it against the tiles' right edge.
func (l *Log) load() error {
	signed, err := l.dir.read("checkpoint")
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := royalty.OpenCheckpoint(signed, royalty.Keys{l.cfg.Public})
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The log's checkpoint is not signed by this node's log key.")
	}
	if o.Origin != l.cfg.Origin {
		return fault.New(fault.Invalid, "The log is that of %s, not of %s.", o.Origin, l.cfg.Origin)
	}
	root, err := l.reader(o.Size).root(o.Size)
	if err != nil {
		return err
	}
	if root != o.Root {
		return fault.New(fault.Invalid, "The log's tiles do not add up to its checkpoint.")
	}
	l.head, l.signed = o.Checkpoint, signed
	return nil
}

// Head returns the newest checkpoint, and as a signed note. The note is nil
// while the log is empty.
func (l *Log) Head() (royalty.Checkpoint, []byte) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.head, slices.Clone(l.signed)
}

// Append adds a day's entries, which the caller gives in pseudonym order, pads
// them with random ones to a power of two (at least [MinBatch]), and signs the
// new head. When it returns, the batch is on disk.
//
// A day is appended once. The same entries again return the same batch, also
// after a crash at any moment. Faults: Conflict for other entries, or a day
// before the last one; Unavailable when the disk fails, after which the same
// call may be repeated.
func (l *Log) Append(ctx context.Context, day calendar.Day, entries []royalty.Hash) (Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Batch{}, err
	}
	if !day.Valid() {
		return Batch{}, fault.New(fault.Invalid, "%d is no day to append to the log.", uint32(day))
	}
	if err := l.recover(); err != nil {
		return Batch{}, err
	}
	switch b, err := l.batch(day); {
	case err == nil:
		return b, l.same(b, entries)
	case !fault.Is(err, fault.NotFound):
		return Batch{}, err
	}
	last, err := l.dir.lastBatch()
	if err != nil {
		return Batch{}, err
	}
	if day < last {
		return Batch{}, fault.New(fault.Conflict, "The log has already passed %s: it ends with %s.", day, last)
	}
	p, err := l.pad(day, entries)
	if err != nil {
		return Batch{}, err
	}
	if err := l.dir.write(pendingFile, p.encode()); err != nil {
		return Batch{}, err
	}
	if err := l.finish(p); err != nil {
		return Batch{}, err
	}
	return p.Batch, nil
}

// pad decides on a batch: its random leaves are drawn once, before anything of
// it is on disk, and kept in the pending file.
func (l *Log) pad(day calendar.Day, entries []royalty.Hash) (pending, error) {
	n := max(uint64(len(entries)), MinBatch)
	if n&(n-1) != 0 {
		n = 1 << bits.Len64(n)
	}
	p := pending{Batch: Batch{day, l.head.Size, uint64(len(entries)), l.head.Size + n}, entries: make([]royalty.Hash, n)}
	copy(p.entries, entries)
	for i := len(entries); i < len(p.entries); i++ {
		if _, err := io.ReadFull(l.cfg.Random, p.entries[i][:]); err != nil {
			return pending{}, fault.Wrap(err, fault.Unavailable, "There is no randomness to pad the log with.")
		}
	}
	return p, nil
}

// recover finishes the batch that a pending file describes. Each step writes
// the same bytes however often it runs; the checkpoint is the moment at which
// the batch exists for others.
func (l *Log) recover() error {
	b, err := l.dir.read(pendingFile)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := parsePending(b)
	if err != nil {
		return err
	}
	return l.finish(p)
}

// finish takes a pending batch from wherever it stopped to its end.
func (l *Log) finish(p pending) error {
	switch l.head.Size {
	case p.First:
		if err := l.extend(p); err != nil {
			return err
		}
	case p.Size: // the checkpoint was written, what follows was not
	default:
		return fault.New(fault.Invalid, "The log holds %d leaves, but a batch was begun at %d.", l.head.Size, p.First)
	}
	if err := l.dir.write(batchFile(p.Day), p.Batch.encode()); err != nil {
		return err
	}
	return l.dir.remove(pendingFile)
}

// extend writes tiles, bundles and at last the checkpoint of a batch.
func (l *Log) extend(p pending) error {
	over, err := l.hashes(p)
	if err != nil {
		return err
	}
	for _, t := range sumdb.NewTiles(tileHeight, int64(p.First), int64(p.Size)) {
		data, err := sumdb.ReadTileData(t, over)
		if err != nil {
			return err
		}
		if err := l.dir.write(TilePath(t), data); err != nil {
			return err
		}
	}
	if err := l.bundles(p); err != nil {
		return err
	}
	root, err := over.root(p.Size)
	if err != nil {
		return err
	}
	head := royalty.Checkpoint{Origin: l.cfg.Origin, Size: p.Size, Root: root}
	signed, err := head.Sign(l.cfg.Signer)
	if err != nil {
		return err
	}
	if err := l.dir.write("checkpoint", signed); err != nil {
		return err
	}
	l.head, l.signed = head, signed
	return nil
}

// hashes computes the nodes a batch adds, on top of those on disk.
func (l *Log) hashes(p pending) (*reader, error) {
	r := l.reader(p.First)
	for i, e := range p.entries {
		leaf := sumdb.Hash(royalty.EntryLeaf(e))
		more, err := sumdb.StoredHashesForRecordHash(int64(p.First)+int64(i), leaf, r)
		if err != nil {
			return nil, err
		}
		r.added = append(r.added, more...)
	}
	return r, nil
}

// bundles writes the entry bundles that a batch fills or begins.
func (l *Log) bundles(p pending) error {
	var data []byte
	n := p.First / tileWidth
	if old := p.First % tileWidth; old > 0 {
		var err error
		if data, err = l.dir.read(BundlePath(n, int(old))); err != nil {
			return err
		}
	}
	for i := p.First; i < p.Size; i++ {
		data = append(data, 0, byte(len(royalty.Hash{})))
		data = append(data, p.entries[i-p.First][:]...)
		if w := int(i%tileWidth) + 1; w == tileWidth || i == p.Size-1 {
			if err := l.dir.write(BundlePath(i/tileWidth, w), data); err != nil {
				return err
			}
			data = data[:0]
		}
	}
	return nil
}

// same refuses (Conflict) entries other than those a batch begins with.
func (l *Log) same(b Batch, entries []royalty.Hash) error {
	conflict := fault.New(fault.Conflict, "The log already holds %s, with other entries.", b.Day)
	if uint64(len(entries)) != b.Entries {
		return conflict
	}
	for i, e := range entries {
		got, err := l.entry(b.First + uint64(i))
		if err != nil {
			return err
		}
		if got != e {
			return conflict
		}
	}
	return nil
}
