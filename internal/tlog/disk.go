package tlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// pendingFile holds the batch that is being appended.
const pendingFile = "pending"

func batchFile(d calendar.Day) string { return fmt.Sprintf("batch/%08d", uint32(d)) }

// dir reads and writes whole files below root.
type dir struct {
	root string
	step func(string) error // see Config.Step

}

func (d *dir) at(step, path string) error {
	if d.step == nil {
		return nil
	}
	return d.step(step + " " + path)
}

// read returns a file's bytes, NotFound when there is none.
func (d *dir) read(path string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(d.root, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "The log has nothing under that name.")
	}
	return b, fault.Wrap(err, fault.Unavailable, "The log could not be read.")
}

// write replaces a file so that, whenever the machine stops, either the old or
// the new bytes are there: a temporary file, fsync, rename, fsync of the folder.
func (d *dir) write(path string, b []byte) error {
	if err := d.at("write", path); err != nil {
		return err
	}
	full := filepath.Join(d.root, filepath.FromSlash(path))
	err := d.folder(filepath.Dir(full))
	if err == nil {
		err = file.Replace(full, b, 0o644)
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The log could not be written.")
	}
	return d.at("wrote", path)
}

// folder makes a folder and its parents and makes their names durable.
func (d *dir) folder(full string) error {
	if _, err := os.Stat(full); err == nil {
		return nil
	}
	if full == d.root || full == filepath.Dir(full) {
		return os.MkdirAll(full, 0o755)
	}
	if err := d.folder(filepath.Dir(full)); err != nil {
		return err
	}
	if err := os.Mkdir(full, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return file.Sync(filepath.Dir(full))
}

func (d *dir) remove(path string) error {
	if err := d.at("remove", path); err != nil {
		return err
	}
	full := filepath.Join(d.root, filepath.FromSlash(path))
	err := os.Remove(full)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = file.Sync(filepath.Dir(full))
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The log could not be written.")
	}
	return d.at("removed", path)
}

// lastBatch returns the newest day that appended, 0 for none.
func (d *dir) lastBatch() (calendar.Day, error) {
	list, err := os.ReadDir(filepath.Join(d.root, "batch")) // by name, which is by day
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fault.Wrap(err, fault.Unavailable, "The log could not be read.")
	}
	for i := len(list) - 1; i >= 0; i-- {
		var n uint32
		if _, err := fmt.Sscanf(list[i].Name(), "%8d", &n); err == nil && calendar.Day(n).Valid() {
			return calendar.Day(n), nil
		}
	}
	return 0, nil
}

const (
	tagBatch   = "9ten/tlog-batch/v1"
	tagPending = "9ten/tlog-pending/v1"
)

func (b Batch) write(w *wire.Writer) {
	w.U32(uint32(b.Day))
	w.U64(b.First)
	w.U64(b.Entries)
	w.U64(b.Size)
}

func (b Batch) encode() []byte {
	w := wire.NewWriter(tagBatch)
	b.write(w)
	out, _ := w.Bytes() // integers cannot fail
	return out
}

func readBatch(r *wire.Reader) Batch {
	b := Batch{calendar.Day(r.U32()), r.U64(), r.U64(), r.U64()}
	if r.Err() == nil && (!b.Day.Valid() || b.Size <= b.First || b.Entries > b.Size-b.First || b.Size > 1<<62) {
		r.Fail("describes no batch")
	}
	return b
}

func parseBatch(data []byte) (Batch, error) {
	r := wire.NewReader(tagBatch, data)
	b := readBatch(r)
	return b, r.Done()
}

// pending is a batch with all its entries, padding included.
type pending struct {
	Batch
	entries []royalty.Hash
}

func (p pending) encode() []byte {
	w := wire.NewWriter(tagPending)
	p.write(w)
	w.Count(len(p.entries))
	for _, e := range p.entries {
		w.Raw(e[:])
	}
	out, _ := w.Bytes() // integers and hashes cannot fail
	return out
}

func parsePending(data []byte) (pending, error) {
	r := wire.NewReader(tagPending, data)
	p := pending{Batch: readBatch(r)}
	p.entries = make([]royalty.Hash, r.Count(len(royalty.Hash{})))
	for i := range p.entries {
		r.Raw(p.entries[i][:])
	}
	if r.Err() == nil && uint64(len(p.entries)) != p.Size-p.First {
		r.Fail("has not as many entries as it says")
	}
	return p, r.Done()
}
