// Package blob keeps large, immutable pieces of bytes: originals, renditions,
// covers, segments. It knows nothing of what they mean.
//
// A key is a path of lower-case names, such as
// "original/9f86d0…" or "derived/segment/ab…/0.m4s". Names hold letters,
// digits, dash, underscore and dot, and never begin with a dot, so that no key
// leaves the store or meets its temporary files.
package blob

import (
	"context"
	"encoding/hex"
	"io"
	"iter"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Store keeps blobs by key. All methods are safe for concurrent use.
//
// Faults common to all: NotFound for a missing blob and for what is no key,
// Unavailable when the storage is full, gone or broken.
type Store interface {
	// Put stores everything r gives under key, replacing what was there. The
	// blob appears complete and durable, or not at all. An error of r is
	// returned as it is.
	Put(ctx context.Context, key string, r io.Reader) (Written, error)
	// PutHashed stores r under prefix + "/" + its SHA-256 in hex and returns
	// the key. More than limit bytes are refused (TooLarge).
	PutHashed(ctx context.Context, prefix string, r io.Reader, limit int64) (string, Written, error)
	// Open opens a blob for reading; the caller closes it.
	Open(ctx context.Context, key string) (Blob, error)
	// Stat describes a blob.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes a blob; one that is missing is no error.
	Delete(ctx context.Context, key string) error
	// List walks all blobs whose keys begin with prefix + "/" ("" for all), in
	// the order of their keys. It stops after the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Blob is an open blob. The local store's blobs are backed by *os.File, so
// that [io.Copy] from one to a TCP connection stays in the kernel. It is an
// alias, so that transports can declare the same interface as their own.
type Blob = interface {
	io.ReaderAt
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

// Info describes a stored blob.
type Info struct {
	Key     string
	Size    int64 // bytes
	ModTime time.Time
}

// Written tells what Put has stored.
type Written struct {
	SHA256 [32]byte
	Size   int64 // bytes
}

// Hex returns the hash in lower-case hex.
func (w Written) Hex() string { return hex.EncodeToString(w.SHA256[:]) }

const maxKey = 240 // bytes; names longer than a file system allows are no keys

// CheckKey returns a NotFound fault for what is no key.
func CheckKey(key string) error {
	if !validKey(key) {
		return fault.New(fault.NotFound, "There is no such file here.")
	}
	return nil
}

func validKey(key string) bool {
	if len(key) == 0 || len(key) > maxKey {
		return false
	}
	begin := true // of a name
	for i := range len(key) {
		c := key[i]
		switch {
		case c == '/':
			if begin {
				return false
			}
			begin = true
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
		case (c == '-' || c == '.') && !begin:
		default:
			return false
		}
		begin = false
	}
	return !begin
}
