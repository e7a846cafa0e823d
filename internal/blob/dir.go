package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// temp holds files being written. A key cannot name it, since it begins with a dot.
const temp = ".tmp"

// Dir is a [Store] in a local directory; a blob's key is its path there. One
// process owns the directory.
type Dir struct {
	root string
	// make writes a temporary file; tests put a full disk in its place.
	make func(dir string) (file, error)
	bufs sync.Pool
	// mu keeps Prune and what makes a blob young again apart.
	mu sync.Mutex
}

var _ Store = (*Dir)(nil)

// file is what Put needs of *os.File.
type file interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// OpenDir opens the store at root, making the directory if it is missing, and
// removes the temporary files of writes that a crash has cut off.
func OpenDir(root string) (*Dir, error) {
	t := filepath.Join(root, temp)
	if err := os.RemoveAll(t); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The media folder cannot be written. Check who owns it.")
	}
	if err := os.MkdirAll(t, 0o700); err != nil {
		return nil, storageFault(err)
	}
	return &Dir{
		root: root,
		make: func(dir string) (file, error) { return os.CreateTemp(dir, "") },
		bufs: sync.Pool{New: func() any { return new([256 << 10]byte) }},
	}, nil
}

// Path returns where a blob is or would be. Sandboxed helpers open originals by it.
func (d *Dir) Path(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	return filepath.Join(d.root, filepath.FromSlash(key)), nil
}

// Put implements [Store].
func (d *Dir) Put(ctx context.Context, key string, r io.Reader) (Written, error) {
	dst, err := d.Path(key)
	if err != nil {
		return Written{}, err
	}
	tmp, w, err := d.write(ctx, r, -1)
	if err != nil {
		return Written{}, err
	}
	return w, d.publish(tmp, dst)
}

// PutHashed implements [Store]. Bytes that are there already are not replaced.
func (d *Dir) PutHashed(ctx context.Context, prefix string, r io.Reader, limit int64) (string, Written, error) {
	if err := CheckKey(prefix); err != nil {
		return "", Written{}, err
	}
	tmp, w, err := d.write(ctx, r, limit)
	if err != nil {
		return "", Written{}, err
	}
	key := prefix + "/" + w.Hex()
	dst := filepath.Join(d.root, filepath.FromSlash(key))
	if d.renew(dst, w.Size) {
		return key, w, storageFault(os.Remove(tmp))
	}
	return key, w, d.publish(tmp, dst)
}

// renew makes a blob of that size young again, so that [Dir.Prune] leaves it to
// whoever was just told of it. It reports false where there is none.
func (d *Dir) renew(path string, size int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := os.Lstat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() != size {
		return false
	}
	now := time.Now()
	return os.Chtimes(path, now, now) == nil
}

// write copies r into a synced temporary file. Whatever fails, the file is gone.
func (d *Dir) write(ctx context.Context, r io.Reader, limit int64) (name string, w Written, err error) {
	f, err := d.make(filepath.Join(d.root, temp))
	if err != nil {
		return "", w, storageFault(err)
	}
	open := true
	defer func() {
		if open {
			_ = f.Close() // the error in hand is the one that matters
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	buf := d.bufs.Get().(*[256 << 10]byte)
	defer d.bufs.Put(buf)
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", w, err
		}
		n, rerr := r.Read(buf[:])
		h.Write(buf[:n])
		if _, err := f.Write(buf[:n]); err != nil {
			return "", w, storageFault(err)
		}
		if w.Size += int64(n); limit >= 0 && w.Size > limit {
			return "", w, fault.New(fault.TooLarge, "This file is larger than the %d MiB this node takes.", limit>>20)
		}
		if rerr == io.EOF {
			break
		}
		if rerr != nil {
			return "", w, rerr
		}
	}
	if err := f.Sync(); err != nil {
		return "", w, storageFault(err)
	}
	open = false
	if err := f.Close(); err != nil {
		return "", w, storageFault(err)
	}
	h.Sum(w.SHA256[:0])
	return f.Name(), w, nil
}

// publish gives a temporary file its place and makes the place durable.
func (d *Dir) publish(tmp, dst string) error {
	err := d.rename(tmp, dst)
	if errors.Is(err, fs.ErrNotExist) {
		if err = d.mkdir(filepath.Dir(dst)); err == nil {
			err = d.rename(tmp, dst)
		}
	}
	if err == nil {
		err = syncDir(filepath.Dir(dst))
	}
	if err != nil {
		_ = os.Remove(tmp)
		return storageFault(err)
	}
	return nil
}

func (d *Dir) rename(tmp, dst string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return os.Rename(tmp, dst)
}

// mkdir makes a directory and its parents up to the root, each durable in its parent.
func (d *Dir) mkdir(dir string) error {
	if dir == d.root {
		return nil
	}
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if err := d.mkdir(filepath.Dir(dir)); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case err != nil:
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// opened is a blob of a local directory. Embedding keeps the file's WriteTo,
// which the kernel serves to a connection by itself.
type opened struct {
	*os.File
	size int64
	mod  time.Time
}

func (o *opened) Size() int64        { return o.size }
func (o *opened) ModTime() time.Time { return o.mod }

// Open implements [Store].
func (d *Dir) Open(_ context.Context, key string) (Blob, error) {
	f, info, err := d.OpenFile(key)
	if err != nil {
		return nil, err
	}
	return &opened{f, info.Size, info.ModTime}, nil
}

// OpenFile opens a blob as a plain file, for servers that know how to send one.
func (d *Dir) OpenFile(key string) (*os.File, Info, error) {
	p, err := d.Path(key)
	if err != nil {
		return nil, Info{}, err
	}
	f, err := openPlain(p)
	if err != nil {
		return nil, Info{}, storageFault(err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, Info{}, storageFault(err)
	}
	return f, Info{key, st.Size(), st.ModTime()}, nil
}

// openPlain opens a regular file. os.Open asks the kernel in five calls whether
// it can be polled, which no regular file can; a segment is sent in six.
func openPlain(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, syscall.EINTR):
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// Stat implements [Store].
func (d *Dir) Stat(_ context.Context, key string) (Info, error) {
	p, err := d.Path(key)
	if err != nil {
		return Info{}, err
	}
	st, err := os.Lstat(p)
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, storageFault(err)
	}
	return Info{key, st.Size(), st.ModTime()}, nil
}

// Delete implements [Store]. Folders that become empty stay.
func (d *Dir) Delete(_ context.Context, key string) error {
	p, err := d.Path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storageFault(err)
	}
	return nil
}

// Prune deletes a blob that nobody stored, or stored again, since a time, and
// reports whether it did. Who puts a blob first and tells of it afterwards, in
// less than that time, is never left with a name for nothing.
func (d *Dir) Prune(_ context.Context, key string, since time.Time) (bool, error) {
	p, err := d.Path(key)
	if err != nil {
		return false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := os.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!st.Mode().IsRegular() || !st.ModTime().Before(since)) {
		return false, nil
	}
	if err == nil {
		err = os.Remove(p)
	}
	return err == nil, storageFault(err)
}

// List implements [Store].
func (d *Dir) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if prefix != "" && !validKey(prefix) {
			yield(Info{}, CheckKey(prefix))
			return
		}
		d.walk(ctx, prefix, yield)
	}
}

// walk lists one directory and those below it; false means stop.
func (d *Dir) walk(ctx context.Context, key string, yield func(Info, error) bool) bool {
	entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(key)))
	if err == nil {
		err = ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		yield(Info{}, storageFault(err))
		return false
	}
	for _, e := range entries {
		k := path.Join(key, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.IsDir() {
			if !d.walk(ctx, k, yield) {
				return false
			}
			continue
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !st.Mode().IsRegular() {
			continue // deleted meanwhile, or nothing of ours
		}
		if err != nil {
			yield(Info{}, storageFault(err))
			return false
		}
		if !yield(Info{k, st.Size(), st.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// storageFault tells a missing blob, a full disk and a broken one apart.
func storageFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.Wrap(err, fault.NotFound, "There is no such file here.")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(err, fault.Unavailable, "The disk of this node is full, so nothing was stored. Try again when its operator has made room.")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The disk of this node cannot be read or written. Try again later.")
}
