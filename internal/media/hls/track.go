// Package hls packages audio for the browser just in time: fragmented MP4
// segments and playlists (RFC 8216, ISO 14496-12) cut from an original file and
// its frame index. Nothing is decoded or stored twice, and the bytes of a
// segment depend on the frames alone, so that they can be named by their hash.
package hls

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

// Muxer names the version of everything that decides a segment's bytes: where
// segments end and how boxes are written. It is part of every rendition's
// manifest; whoever changes a byte changes it, and golden hashes watch.
const Muxer = "9ten-fmp4/1"

// target is the length of a segment in seconds. Segment n begins with the first
// frame at or after n*target, in every codec of a track alike.
const target = 6

// maxSegment bounds a segment in bytes: six seconds of 8 channels at 192 kHz
// and 32 bits are 37 MB.
const maxSegment = 64 << 20

// A Track is a file ready to be cut. It is immutable and safe for concurrent use.
type Track struct {
	x    *index.Index
	segs []segment
	init []byte
	peak uint64 // bits per second of the densest segment
}

type segment struct {
	a, b  int    // frames, b excluded
	pos   uint64 // of the first frame in the logical stream
	bytes uint32 // of all frames
	start uint64 // ticks
	ticks uint32 // length
	dur   uint32 // ticks of each frame, 0 when they differ
}

// New prepares a track. It returns an Unsupported fault for a codec that
// browsers do not play in MP4.
func New(x *index.Index) (*Track, error) {
	if !x.Packable() {
		return nil, fault.New(fault.Unsupported, "Sound in %s is played from the original file, not in segments.", x.Codec)
	}
	t := &Track{x: x}
	if err := t.cut(); err != nil {
		return nil, err
	}
	init, err := encodeInit(x)
	if err != nil {
		return nil, err
	}
	t.init = init
	for i, s := range t.segs {
		t.peak = max(t.peak, rate(uint64(t.Size(i)), uint64(s.ticks), x.Rate))
	}
	return t, nil
}

// cut places the segments. A remainder of less than half a second of music
// joins the segment before it.
func (t *Track) cut() error {
	x := t.x
	end := x.Ticks()
	if music := uint64(x.Delay) + x.Samples; music < end {
		end = music
	}
	half := uint64(x.Rate) / 2
	s, i, now, next := segment{}, 0, uint64(0), uint64(target)*uint64(x.Rate)
	var pos, bytes, ticks uint64
	shut := func() bool {
		s.b, s.bytes, s.ticks = i, uint32(bytes), uint32(ticks)
		t.segs = append(t.segs, s)
		ok := bytes <= maxSegment && ticks <= math.MaxUint32
		s, bytes, ticks = segment{a: i, pos: pos, start: now}, 0, 0
		return ok
	}
	fits := true
	x.Each(func(size, dur uint32) bool {
		if now >= next && now+half <= end {
			fits = shut()
			next = (now/(target*uint64(x.Rate)) + 1) * target * uint64(x.Rate)
		}
		switch {
		case i == s.a:
			s.dur = dur
		case s.dur != dur:
			s.dur = 0
		}
		i++
		pos, bytes = pos+uint64(size), bytes+uint64(size)
		now, ticks = now+uint64(dur), ticks+uint64(dur)
		return fits
	})
	if !fits || !shut() {
		return fault.New(fault.Unsupported, "Six seconds of this file take more than %d MiB. Export the track again as FLAC in stereo.", maxSegment>>20)
	}
	return nil
}

// rate returns bits per second, rounded up.
func rate(bytes, ticks uint64, perSecond uint32) uint64 {
	return (bytes*8*uint64(perSecond) + ticks - 1) / max(ticks, 1)
}

// Index returns what the track was made from.
func (t *Track) Index() *index.Index { return t.x }

// Segments returns how many there are, at least one.
func (t *Track) Segments() int { return len(t.segs) }

// Init returns the initialization segment. The caller must not change it.
func (t *Track) Init() []byte { return t.init }

// Size returns the length of segment n in bytes.
func (t *Track) Size(n int) int { return t.segs[n].header() + int(t.segs[n].bytes) }

// Memory estimates the bytes the track occupies, for caches.
func (t *Track) Memory() int { return t.x.Memory() + 56*len(t.segs) + len(t.init) }

// AppendSegment appends segment n to dst, reading frames from src. It returns
// a NotFound fault when there is no such segment, Unavailable when src cannot
// be read.
func (t *Track) AppendSegment(dst []byte, src io.ReaderAt, n int) ([]byte, error) {
	if n < 0 || n >= len(t.segs) {
		return dst, errSegment()
	}
	s := &t.segs[n]
	dst = slices.Grow(dst, t.Size(n))
	dst = t.appendHeader(dst, s, uint32(n+1))
	body := len(dst)
	dst = dst[:body+int(s.bytes)]
	if err := t.x.ReadLogical(dst[body:], src, s.pos); err != nil {
		return dst[:body], fault.Wrap(err, fault.Unavailable, "This track cannot be read from the disk right now. Try again later.")
	}
	return dst, nil
}

func errSegment() error { return fault.New(fault.NotFound, "This track has no such part.") }

// CodecString returns the codec for CODECS (RFC 6381).
func (t *Track) CodecString() string {
	switch t.x.Codec {
	case index.FLAC:
		return "fLaC"
	case index.Opus:
		return "Opus"
	}
	object := t.x.Config[0] >> 3 // audio object type (ISO 14496-3 section 1.6.2.1)
	if object == 31 && len(t.x.Config) > 1 {
		object = 32 + (t.x.Config[0]&7<<3 | t.x.Config[1]>>5)
	}
	return fmt.Sprintf("mp4a.40.%d", object)
}
