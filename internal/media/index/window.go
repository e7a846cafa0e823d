package index

import (
	"context"
	"io"

	"github.com/michaelperna/9ten/internal/fault"
)

// A window reads a file in large steps and shows parts of it. It is cheap when
// views move forward, and right in any order.
type window struct {
	ctx  context.Context // of one Scan; a window never outlives the call
	src  io.ReaderAt
	end  int64 // nothing at or after end is shown
	off  int64
	buf  []byte
	data []byte
}

const windowSize = 256 << 10

func newWindow(ctx context.Context, src io.ReaderAt, size int64) *window {
	return &window{ctx: ctx, src: src, end: size, buf: make([]byte, min(windowSize, max(size, 1)))}
}

// view returns the n bytes at off, fewer where the file ends. They are valid
// until the next call; n is at most windowSize.
func (w *window) view(off int64, n int) ([]byte, error) {
	if off < 0 || off >= w.end {
		return nil, nil
	}
	n = int(min(int64(n), w.end-off, windowSize))
	if i := off - w.off; i >= 0 && i+int64(n) <= int64(len(w.data)) {
		return w.data[i : i+int64(n)], nil
	}
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	want := int(min(int64(len(w.buf)), w.end-off))
	m, err := w.src.ReadAt(w.buf[:want], off)
	if m < want && err != io.EOF {
		return nil, fault.Wrap(err, fault.Unavailable, "The file could not be read from the disk. Try again later.")
	}
	w.off, w.data = off, w.buf[:m]
	return w.data[:min(n, m)], nil
}

// full is view for callers that need all n bytes; ok is false where the file
// ends before.
func (w *window) full(off int64, n int) (b []byte, ok bool, err error) {
	b, err = w.view(off, n)
	return b, err == nil && len(b) == n, err
}

// skipID3v2 returns where the file begins after ID3v2 tags (ID3v2.4 section 3.1).
func (w *window) skipID3v2(off int64) (int64, error) {
	for range 8 { // some taggers add one before another
		b, ok, err := w.full(off, 10)
		if err != nil || !ok || string(b[:3]) != "ID3" || (b[6]|b[7]|b[8]|b[9])&0x80 != 0 {
			return off, err
		}
		off += 10 + (int64(b[6])<<21 | int64(b[7])<<14 | int64(b[8])<<7 | int64(b[9]))
		if b[5]&0x10 != 0 { // footer
			off += 10
		}
	}
	return off, nil
}

// trimTags leaves out ID3v1 (128 bytes at the end) and APEv2 tags before it.
func (w *window) trimTags() error {
	if b, ok, err := w.full(w.end-128, 128); err != nil {
		return err
	} else if ok && string(b[:3]) == "TAG" {
		w.end -= 128
	}
	b, ok, err := w.full(w.end-32, 32)
	if err != nil || !ok || string(b[:8]) != "APETAGEX" {
		return err
	}
	n := int64(le32(b[12:]))
	if b[23]&0x80 != 0 { // the tag has a header as well
		n += 32
	}
	if n >= 32 && n <= w.end {
		w.end -= n
	}
	return nil
}

func le16(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }
func le32(b []byte) uint32 { return uint32(le16(b)) | uint32(le16(b[2:]))<<16 }
func le64(b []byte) uint64 { return uint64(le32(b)) | uint64(le32(b[4:]))<<32 }
func be16(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 }
func be32(b []byte) uint32 { return uint32(be16(b[2:])) | uint32(be16(b))<<16 }
func be64(b []byte) uint64 { return uint64(be32(b[4:])) | uint64(be32(b))<<32 }
