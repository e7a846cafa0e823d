package index

import (
	"encoding/binary"
	"math"

	"github.com/michaelperna/9ten/internal/fault"
)

// tag begins every encoded index. A change of the form changes the tag, and
// indexes are rebuilt from the originals.
const tag = "9ten/index/v1\x00"

var containers = [...]string{"", "flac", "mp3", "adts", "mp4", "ogg", "wav"}

// Encode returns the index as bytes: the same for the same file, always. After
// the tag come unsigned LEB128 numbers: container, codec, rate, channels, bits,
// delay, samples, file size; the configuration (length, bytes); runs of equal
// durations (count, then frames and ticks of each); the frames' sizes; extents
// (count, then gap since the last and length of each).
func (x *Index) Encode() []byte {
	b := make([]byte, 0, len(tag)+len(x.Config)+3*len(x.sizes)+6*len(x.extents)+8*len(x.runs)+64)
	b = append(b, tag...)
	put := func(v uint64) { b = binary.AppendUvarint(b, v) }
	for i, c := range containers {
		if i > 0 && c == x.Container {
			put(uint64(i))
		}
	}
	for _, v := range [...]uint64{uint64(x.Codec), uint64(x.Rate), uint64(x.Channels), uint64(x.Bits),
		uint64(x.Delay), x.Samples, uint64(x.size), uint64(len(x.Config))} {
		put(v)
	}
	b = append(b, x.Config...)
	put(uint64(len(x.runs)))
	for _, r := range x.runs {
		put(uint64(r.n))
		put(uint64(r.dur))
	}
	for _, s := range x.sizes {
		put(uint64(s))
	}
	put(uint64(len(x.extents)))
	at := int64(0)
	for _, e := range x.extents {
		put(zigzag(e.off - at))
		put(uint64(e.n))
		at = e.off + int64(e.n)
	}
	return b
}

// zigzag maps small numbers of either sign to small ones: chunks of an MP4 may
// stand in any order.
func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// Parse reads what [Index.Encode] wrote and returns an Invalid fault for
// anything else, including another encoding of the same index.
func Parse(b []byte) (*Index, error) {
	if len(b) < len(tag) || string(b[:len(tag)]) != tag {
		return nil, errIndex()
	}
	d := &decoder{b: b[len(tag):]}
	x := &Index{}
	if c := d.num(uint64(len(containers) - 1)); c > 0 {
		x.Container = containers[c]
	}
	x.Codec = Codec(d.num(uint64(PCM)))
	x.Rate = uint32(d.num(maxRate))
	x.Channels = uint8(d.num(maxChans))
	x.Bits = uint8(d.num(64))
	x.Delay = uint32(d.num(math.MaxUint32))
	x.Samples = d.num(math.MaxInt64)
	x.size = int64(d.num(math.MaxInt64))
	x.Config = d.bytes(d.num(maxConfig))
	frames := d.runs(x)
	total := d.sizes(x, frames)
	d.extents(x, total)
	if d.bad || len(d.b) > 0 || x.Container == "" || x.Codec == 0 || x.Rate == 0 || x.Channels == 0 ||
		frames > 0 && (uint64(x.Delay) > x.ticks || x.Samples > x.ticks-uint64(x.Delay)) {
		return nil, errIndex()
	}
	return x, nil
}

func errIndex() error {
	return fault.New(fault.Invalid, "The frame index of this track is damaged. It has to be rebuilt.")
}

// decoder takes an index apart; after the first mistake every call gives zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) num(limit uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if d.bad || n <= 0 || v > limit || n > 1 && d.b[n-1] == 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	out := append([]byte(nil), d.b[:n]...)
	d.b = d.b[n:]
	return out
}

// count reads the length of a list whose items take at least two bytes.
func (d *decoder) count(limit uint64) int {
	n := d.num(limit)
	if n > uint64(len(d.b)/2) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) runs(x *Index) (frames uint64) {
	x.runs = make([]run, 0, d.count(maxFrames))
	for i := 0; i < cap(x.runs) && !d.bad; i++ {
		r := run{uint32(d.num(maxFrames)), uint32(d.num(math.MaxUint32))}
		if r.n == 0 || r.dur == 0 || i > 0 && x.runs[i-1].dur == r.dur {
			d.bad = true
		}
		if frames += uint64(r.n); frames > maxFrames {
			d.bad = true
		}
		x.ticks += uint64(r.n) * uint64(r.dur)
		x.runs = append(x.runs, r)
	}
	if d.bad || frames > uint64(len(d.b)) {
		d.bad = true
		return 0
	}
	return frames
}

func (d *decoder) sizes(x *Index, n uint64) (total uint64) {
	if n == 0 {
		return 0
	}
	x.sizes = make([]uint32, n)
	for i := range x.sizes {
		x.sizes[i] = uint32(d.num(maxFrame))
		total += uint64(x.sizes[i])
	}
	return total
}

// extents reads the extents, which must hold total bytes within the file and
// be joined wherever they can.
func (d *decoder) extents(x *Index, total uint64) {
	n := d.count(maxExtents)
	if n > 0 {
		x.extents = make([]extent, 0, n)
	}
	at, pos, room := int64(0), uint64(0), false
	for i := 0; i < n && !d.bad; i++ {
		gap := unzigzag(d.num(math.MaxUint64))
		e := extent{pos: pos, off: at + gap, n: uint32(d.num(math.MaxUint32))}
		if e.n == 0 || e.off < 0 || e.off > x.size-int64(e.n) || i > 0 && gap == 0 && room {
			d.bad = true
		}
		x.extents = append(x.extents, e)
		at, pos, room = e.off+int64(e.n), pos+uint64(e.n), e.n < math.MaxUint32
	}
	if pos != total {
		d.bad = true
	}
}
