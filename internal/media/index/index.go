// Package index reads audio files and notes where their frames are, so that
// segments can be cut from the original at any time without decoding it.
//
// Files come from strangers. Every reader works forward through an
// [io.ReaderAt] in bounded memory, trusts no length it has not checked against
// the file, and refuses what it cannot read with a sentence a musician can act
// on. Nothing is decoded here: that happens in the sandbox.
package index

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
)

// Codec says how the sound in a file is coded.
type Codec uint8

// The codecs a node takes. FLAC, AAC and Opus can be packaged for the browser
// as they are; the rest is played progressively or transcoded.
const (
	FLAC Codec = iota + 1
	AAC
	Opus
	MP3
	Vorbis
	ALAC
	PCM
)

var codecNames = [...]string{"", "flac", "aac", "opus", "mp3", "vorbis", "alac", "pcm"}

// String returns the codec's name in lower case, as rendition manifests use it.
func (c Codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return ""
}

// Limits on what one file may hold. A day of AAC at 48 kHz fits.
const (
	maxFrames  = 1 << 22
	maxExtents = 1 << 22
	maxConfig  = 1 << 10
	maxFrame   = 4 << 20 // bytes; the largest is an uncompressed FLAC frame of 8 channels
	maxRate    = 768_000
	minRate    = 1_000
	maxChans   = 8
)

// Info is what a listener's player and a credit sheet need to know of a file.
type Info struct {
	Container string // "flac", "mp3", "adts", "mp4", "ogg" or "wav"
	Codec     Codec
	Rate      uint32 // Hz; also the unit of every duration in the index
	Channels  uint8
	Bits      uint8  // per sample where the codec has a word length, else 0
	Delay     uint32 // priming samples a decoder gives out before the music
	Samples   uint64 // of music, per channel, without delay and padding
}

// Seconds returns the length of the music, rounded down.
func (i Info) Seconds() uint64 { return i.Samples / uint64(max(i.Rate, 1)) }

// An Index is a file's properties and the place of every frame. Frames follow
// one another in a logical stream, which is the concatenation of extents of the
// file: one extent for FLAC, one per page in Ogg, one per frame in ADTS.
// An Index is immutable once built and safe for concurrent use.
type Index struct {
	Info
	Config  []byte // STREAMINFO, AudioSpecificConfig or OpusHead
	size    int64  // of the file in bytes
	sizes   []uint32
	runs    []run
	extents []extent
	ticks   uint64 // sum of all durations
}

type run struct{ n, dur uint32 } // n frames of dur ticks each

type extent struct {
	pos uint64 // in the logical stream
	off int64  // in the file
	n   uint32
}

// Frames returns the number of frames; 0 when the file is only described.
func (x *Index) Frames() int { return len(x.sizes) }

// Ticks returns the sum of all frame durations, including delay and padding.
func (x *Index) Ticks() uint64 { return x.ticks }

// SourceSize returns the length in bytes of the file the index describes.
func (x *Index) SourceSize() int64 { return x.size }

// Packable reports whether the frames can be put into fragmented MP4 that
// browsers play.
func (x *Index) Packable() bool {
	return len(x.sizes) > 0 && (x.Codec == FLAC || x.Codec == AAC || x.Codec == Opus)
}

// Memory estimates the bytes an index occupies, for caches.
func (x *Index) Memory() int { return 4*len(x.sizes) + 8*len(x.runs) + 24*len(x.extents) + 256 }

// Each calls f for every frame in order with its size in bytes and duration in
// ticks, until f returns false.
func (x *Index) Each(f func(size, dur uint32) bool) { x.Range(0, len(x.sizes), f) }

// Range is [Index.Each] for frames a to b (excluded).
func (x *Index) Range(a, b int, f func(size, dur uint32) bool) {
	first := 0 // frame of the run
	for _, r := range x.runs {
		end := first + int(r.n)
		for i := max(a, first); i < min(b, end); i++ {
			if !f(x.sizes[i], r.dur) {
				return
			}
		}
		if first = end; first >= b {
			return
		}
	}
}

// Sizes returns the sizes in bytes of frames a to b (excluded). The caller must
// not change them.
func (x *Index) Sizes(a, b int) []uint32 { return x.sizes[a:b] }

// Trim replaces delay and length, for a file whose encoder told us more than
// the file itself does. It returns an Invalid fault if the frames are too few.
func (x *Index) Trim(delay uint32, samples uint64) error {
	if uint64(delay) > x.ticks || samples > x.ticks-uint64(delay) {
		return fault.New(fault.Invalid, "The encoder wrote less sound than it was given. Upload the track again.")
	}
	x.Delay, x.Samples = delay, samples
	return nil
}

// ReadLogical fills dst from the logical stream, beginning at pos. It returns
// an Invalid fault when pos lies outside, and io's errors from src.
func (x *Index) ReadLogical(dst []byte, src io.ReaderAt, pos uint64) error {
	i, ok := slices.BinarySearchFunc(x.extents, pos, func(e extent, p uint64) int {
		switch {
		case p < e.pos:
			return 1
		case p >= e.pos+uint64(e.n):
			return -1
		}
		return 0
	})
	for len(dst) > 0 {
		if !ok || i >= len(x.extents) {
			return fault.New(fault.Invalid, "The frame index does not fit its file.")
		}
		e := x.extents[i]
		skip := pos - e.pos
		n := min(len(dst), int(uint64(e.n)-skip))
		if m, err := src.ReadAt(dst[:n], e.off+int64(skip)); m < n {
			return noEOF(err)
		}
		dst, pos, i = dst[n:], pos+uint64(n), i+1
	}
	return nil
}

// Extract copies the logical stream of src to w and returns the index of the
// copy, in which frames follow one another without gaps.
func (x *Index) Extract(ctx context.Context, w io.Writer, src io.ReaderAt) (*Index, error) {
	y := *x
	y.extents, y.size = nil, 0
	for _, e := range x.extents {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := io.CopyN(w, io.NewSectionReader(src, e.off, int64(e.n)), int64(e.n)); err != nil {
			return nil, noEOF(err)
		}
		if err := y.addExtent(y.size, uint64(e.n)); err != nil {
			return nil, err
		}
		y.size += int64(e.n)
	}
	return &y, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// add notes one frame of size bytes (in an extent of its own, or as a part of
// one added separately) and dur ticks.
func (x *Index) add(size, dur uint32) error {
	if len(x.sizes) >= maxFrames {
		return fault.New(fault.TooLarge, "This file is longer than a day. Split it into tracks.")
	}
	if size > maxFrame || dur == 0 {
		return errDamaged(x.ticks, x.Rate)
	}
	x.sizes = append(x.sizes, size)
	x.ticks += uint64(dur)
	if n := len(x.runs); n > 0 && x.runs[n-1].dur == dur {
		x.runs[n-1].n++
		return nil
	}
	x.runs = append(x.runs, run{1, dur})
	return nil
}

// addExtent appends n bytes of the file at off to the logical stream.
func (x *Index) addExtent(off int64, n uint64) error {
	var pos uint64
	for n > 0 {
		if k := len(x.extents); k > 0 {
			e := &x.extents[k-1]
			if e.off+int64(e.n) == off && e.n < math.MaxUint32 {
				m := min(n, uint64(math.MaxUint32-e.n))
				e.n += uint32(m)
				off, n = off+int64(m), n-m
				continue
			}
			pos = e.pos + uint64(e.n)
		}
		if len(x.extents) >= maxExtents {
			return fault.New(fault.TooLarge, "This file is longer than a day. Split it into tracks.")
		}
		m := min(n, math.MaxUint32)
		x.extents = append(x.extents, extent{pos, off, uint32(m)})
		off, n = off+int64(m), n-m
	}
	return nil
}

// finish checks what all files must have.
func (x *Index) finish() (*Index, error) {
	switch {
	case x.Rate < minRate || x.Rate > maxRate:
		return nil, fault.New(fault.Unsupported, "This file has a sample rate of %d Hz, which no player can play. Export it at 44.1 or 48 kHz.", x.Rate)
	case x.Channels == 0 || x.Channels > maxChans:
		return nil, fault.New(fault.Unsupported, "This file has %d channels. Export it in stereo.", x.Channels)
	case x.Samples == 0:
		return nil, errSilent()
	}
	x.sizes, x.extents = slices.Clip(x.sizes), slices.Clip(x.extents)
	return x, nil
}

func errSilent() error {
	return fault.New(fault.Invalid, "There is no sound in this file. Export the track again.")
}

func errForeign() error {
	return fault.New(fault.Unsupported, "This is not an audio file we can read. Export the track as FLAC or WAV; MP3, AAC (M4A), Ogg Vorbis and Opus work too.")
}

// errShort says that a file stops before its end; total is 0 when unknown.
func errShort(read, total uint64, rate uint32) error {
	r := uint64(max(rate, 1))
	if total <= read {
		return fault.New(fault.Invalid, "This file ends in the middle, after %d s. Export the track again.", read/r)
	}
	return fault.New(fault.Invalid, "This file ends in the middle: %d of %d s could be read. Export the track again.", read/r, total/r)
}

// errDamaged says where a file stops making sense, in ticks from its start.
func errDamaged(at uint64, rate uint32) error {
	s := at / uint64(max(rate, 1))
	return fault.New(fault.Invalid, "This file is damaged at %d:%02d. Export the track again.", s/60, s%60)
}

func errHeader() error {
	return fault.New(fault.Invalid, "The beginning of this file is damaged. Export the track again.")
}
