// Package wire writes and reads the canonical bytes of what 9ten hashes and
// signs: an ASCII tag and a zero byte, then unsigned big-endian integers,
// strings (u16 length, UTF-8 in Unicode NFC) and lists (u32 count).
//
// Both sides keep the first error and go on harmlessly, so that a structure is
// written or read in one run of calls and judged once at the end. Two encodings
// of one value do not exist: the reader refuses everything the writer would not
// have written. It knows nothing of the structures themselves.
package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/fault"
	"golang.org/x/text/unicode/norm"
)

// MaxStr is the longest string in bytes.
const MaxStr = math.MaxUint16

// A Writer builds one structure. The zero value writes an untagged fragment
// (the input of a hash that has its own prefix).
type Writer struct {
	b   []byte
	tag string
	err error
}

// NewWriter begins a structure with its tag, given without the zero byte.
func NewWriter(tag string) *Writer {
	w := &Writer{}
	w.Reset(nil, tag)
	return w
}

// Reset begins a structure in buf's memory, which the result will share.
func (w *Writer) Reset(buf []byte, tag string) {
	w.b, w.tag, w.err = append(append(buf[:0], tag...), 0), tag, nil
}

// U8 writes one byte.
func (w *Writer) U8(v uint8) { w.b = append(w.b, v) }

// U16 writes two bytes.
func (w *Writer) U16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }

// U32 writes four bytes.
func (w *Writer) U32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }

// U64 writes eight bytes.
func (w *Writer) U64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }

// I63 writes a signed amount as a u64 and refuses a negative one.
func (w *Writer) I63(v int64) {
	if v < 0 {
		w.Fail("has a negative number")
	}
	w.U64(uint64(v))
}

// Str writes a string and refuses one that is not NFC or too long.
func (w *Writer) Str(s string) {
	switch {
	case len(s) > MaxStr:
		w.Fail("has a string of %d bytes, more than %d", len(s), MaxStr)
		return
	case !canonical(s):
		w.Fail("has a string that is not UTF-8 in Unicode NFC")
	}
	w.U16(uint16(len(s)))
	w.b = append(w.b, s...)
}

// Raw writes bytes whose number is fixed by the format.
func (w *Writer) Raw(b []byte) { w.b = append(w.b, b...) }

// Blob writes bytes of any number (u32 length), such as a nested structure.
func (w *Writer) Blob(b []byte) {
	w.Count(len(b))
	w.b = append(w.b, b...)
}

// Count begins a list of n items.
func (w *Writer) Count(n int) {
	if uint64(n) > math.MaxUint32 {
		w.Fail("has a list of %d items", n)
	}
	w.U32(uint32(n))
}

// Fail records an Invalid fault about the structure, unless there is one.
func (w *Writer) Fail(format string, args ...any) { fail(&w.err, w.tag, format, args) }

// Bytes returns the structure, or the first fault (Invalid).
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}

// A Reader takes one structure apart. After a fault every call returns zero.
type Reader struct {
	b   []byte
	tag string
	err error
}

// NewReader begins to read b, which must start with the tag and a zero byte.
func NewReader(tag string, b []byte) *Reader {
	r := &Reader{}
	r.Reset(tag, b)
	return r
}

// Reset begins to read another structure without allocating.
func (r *Reader) Reset(tag string, b []byte) {
	r.b, r.tag, r.err = b, tag, nil
	if len(b) <= len(tag) || string(b[:len(tag)]) != tag || b[len(tag)] != 0 {
		r.Fail("does not begin with its tag")
		return
	}
	r.b = b[len(tag)+1:]
}

// next takes n bytes, or returns nil after a fault.
func (r *Reader) next(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.b) {
		r.Fail("ends too early")
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// U8 reads one byte.
func (r *Reader) U8() uint8 {
	if b := r.next(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads two bytes.
func (r *Reader) U16() uint16 {
	if b := r.next(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U32 reads four bytes.
func (r *Reader) U32() uint32 {
	if b := r.next(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// U64 reads eight bytes.
func (r *Reader) U64() uint64 {
	if b := r.next(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// I63 reads a u64 below 2^63, the range of an amount.
func (r *Reader) I63() int64 {
	v := r.U64()
	if v > math.MaxInt64 {
		r.Fail("has a number above 2^63-1")
		return 0
	}
	return int64(v)
}

// Bool reads a byte that must be 0 or 1.
func (r *Reader) Bool() bool {
	v := r.U8()
	if v > 1 {
		r.Fail("has a yes or no that is neither")
	}
	return v == 1
}

// Bool writes 0 or 1.
func (w *Writer) Bool(v bool) {
	if v {
		w.U8(1)
	} else {
		w.U8(0)
	}
}

// StrBytes reads a string's bytes without checking or copying them; they share
// the input's memory. Callers keep what they know to be canonical.
func (r *Reader) StrBytes() []byte { return r.next(int(r.U16())) }

// Str reads a string and refuses one that is not UTF-8 in NFC.
func (r *Reader) Str() string {
	s := string(r.StrBytes())
	if !canonical(s) {
		r.Fail("has a string that is not UTF-8 in Unicode NFC")
		return ""
	}
	return s
}

// Raw fills dst.
func (r *Reader) Raw(dst []byte) { copy(dst, r.next(len(dst))) }

// Blob reads bytes of any number; they share the input's memory.
func (r *Reader) Blob() []byte {
	n := r.Count(1)
	return r.next(n)
}

// Count begins a list and refuses one that the bytes left cannot hold when an
// item takes at least size bytes, so that a caller may allocate for it.
func (r *Reader) Count(size int) int {
	n := r.U32()
	if uint64(n)*uint64(size) > uint64(len(r.b)) {
		r.Fail("has a list longer than itself")
		return 0
	}
	return int(n)
}

// Fail records an Invalid fault about the structure, unless there is one.
func (r *Reader) Fail(format string, args ...any) { fail(&r.err, r.tag, format, args) }

// Err returns the first fault so far.
func (r *Reader) Err() error { return r.err }

// Done returns the first fault; bytes left over are one.
func (r *Reader) Done() error {
	if r.err == nil && len(r.b) > 0 {
		r.Fail("goes on for %d bytes after its end", len(r.b))
	}
	return r.err
}

// canonical reports whether s is UTF-8 in NFC.
func canonical(s string) bool {
	return ascii(s) || utf8.ValidString(s) && norm.NFC.IsNormalString(s)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func fail(err *error, tag, format string, args []any) {
	if *err == nil {
		*err = fault.New(fault.Invalid, "%s "+format+".", append([]any{name(tag)}, args...)...)
	}
}

func name(tag string) string {
	if tag == "" {
		return "The structure"
	}
	return tag
}
