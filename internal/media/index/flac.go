package index

import (
	"bytes"

	"github.com/michaelperna/9ten/internal/fault"
)

// Longest frame the format allows: 65535 samples of 8 channels at 33 bits,
// uncompressed, with room for headers.
const maxFLACFrame = 65536*8*33/8 + 4096

// maxMetadata bounds the blocks before the first frame (a cover is 16 MiB at most).
const maxMetadata = 1 << 10

// scanFLAC indexes native FLAC (RFC 9639). A frame ends where the running
// CRC-16 is zero and a header follows that passes its CRC-8, agrees with
// STREAMINFO and carries the next number: chance cannot imitate all four.
func scanFLAC(w *window, start int64) (*Index, error) {
	x := &Index{Info: Info{Container: "flac", Codec: FLAC}}
	pos, total, err := x.flacMetadata(w, start+4)
	if err != nil {
		return nil, err
	}
	if err := w.trimTags(); err != nil {
		return nil, err
	}
	b, err := w.view(pos, 32)
	if err != nil {
		return nil, err
	}
	h, ok := parseFLACHeader(b)
	if !ok || !h.fits(&x.Info) {
		if total > 0 && w.end-pos < 32 {
			return nil, errShort(0, total, x.Rate)
		}
		return nil, errHeader()
	}
	first := h.number
	for {
		n, next, err := flacFrame(w, pos, h, func(o flacHeader) bool {
			want := first + uint64(len(x.sizes)) + 1
			if h.variable {
				want = first + x.ticks + uint64(h.block)
			}
			return o.number == want && o.variable == h.variable && o.fits(&x.Info)
		})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if w.end-pos > maxFLACFrame || total != 0 && x.ticks+uint64(h.block) >= total {
				return nil, errDamaged(x.ticks, x.Rate)
			}
			return nil, errShort(x.ticks, total, x.Rate)
		}
		if err := x.add(uint32(n), h.block); err != nil {
			return nil, err
		}
		if err := x.addExtent(pos, uint64(n)); err != nil {
			return nil, err
		}
		pos += n
		if next == nil {
			break
		}
		h = *next
	}
	if x.ticks < total {
		return nil, errShort(x.ticks, total, x.Rate)
	}
	x.Samples = x.ticks
	return x, nil
}

// flacMetadata reads the blocks before the frames and returns where the first
// frame begins and how many samples STREAMINFO promises (0: not said).
func (x *Index) flacMetadata(w *window, pos int64) (int64, uint64, error) {
	var total uint64
	for i := range maxMetadata {
		b, ok, err := w.full(pos, 4)
		if err != nil {
			return 0, 0, err
		}
		if !ok {
			return 0, 0, errHeader()
		}
		last, typ, n := b[0]&0x80 != 0, b[0]&0x7f, int64(be32(b)&0xffffff)
		if (typ == 0) != (i == 0) || typ == 127 || i == 0 && n != 34 {
			return 0, 0, errHeader()
		}
		if i == 0 {
			si, ok, err := w.full(pos+4, 34)
			if err != nil {
				return 0, 0, err
			}
			if !ok {
				return 0, 0, errHeader()
			}
			x.Config = bytes.Clone(si)
			v := be64(si[10:])
			x.Rate = uint32(v >> 44)
			x.Channels = uint8(v>>41&7) + 1
			x.Bits = uint8(v>>36&31) + 1
			total = v & (1<<36 - 1)
			if x.Rate == 0 {
				return 0, 0, errHeader()
			}
		}
		if pos += 4 + n; last {
			return pos, total, nil
		}
	}
	return 0, 0, fault.New(fault.Unsupported, "This FLAC file has more than %d metadata blocks. Export the track again.", maxMetadata)
}

// flacFrame returns the length of the frame at pos and the header after it,
// nil at the end of the file; length 0 when no end was found.
func flacFrame(w *window, pos int64, h flacHeader, follows func(flacHeader) bool) (int64, *flacHeader, error) {
	const step, ahead = 64 << 10, 32
	var crc uint16
	at := pos
	for at-pos <= maxFLACFrame {
		b, err := w.view(at, step+ahead)
		if err != nil {
			return 0, nil, err
		}
		end := at+int64(len(b)) >= w.end
		limit := len(b)
		if !end {
			limit -= ahead
		}
		done := 0
		if at == pos {
			done = min(h.size, limit)
			crc = crc16(0, b[:done])
		}
		for done < limit {
			j := bytes.IndexByte(b[done:limit], 0xff)
			if j < 0 {
				break
			}
			crc = crc16(crc, b[done:done+j])
			done += j
			if crc == 0 {
				if o, ok := parseFLACHeader(b[done:]); ok && follows(o) {
					return at + int64(done) - pos, &o, nil
				}
			}
			crc = crc16(crc, b[done:done+1])
			done++
		}
		crc = crc16(crc, b[done:limit])
		at += int64(limit)
		if end {
			if crc == 0 && at > pos+int64(h.size) {
				return at - pos, nil, nil
			}
			return 0, nil, nil
		}
	}
	return 0, nil, nil
}

// flacHeader is a frame header (RFC 9639 section 9.1). Zero rate or bits refer
// to STREAMINFO.
type flacHeader struct {
	variable bool
	block    uint32 // samples
	rate     uint32 // Hz
	channels uint8
	bits     uint8
	number   uint64 // of the frame, or of its first sample if variable
	size     int    // of the header in bytes
}

func (h flacHeader) fits(i *Info) bool {
	return (h.rate == 0 || h.rate == i.Rate) && (h.bits == 0 || h.bits == i.Bits) && h.channels == i.Channels
}

var (
	flacRates = [12]uint32{0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}
	flacBits  = [8]uint8{0, 8, 12, 255, 16, 20, 24, 32} // 255: reserved
)

func parseFLACHeader(b []byte) (h flacHeader, ok bool) {
	if len(b) < 6 || b[0] != 0xff || b[1]&0xfe != 0xf8 || b[3]&1 != 0 {
		return h, false
	}
	bc, rc, cc, wc := b[2]>>4, b[2]&15, b[3]>>4, b[3]>>1&7
	if bc == 0 || rc == 15 || cc > 10 || flacBits[wc] == 255 {
		return h, false
	}
	h.variable, h.bits = b[1]&1 == 1, flacBits[wc]
	if h.channels = 2; cc < 8 {
		h.channels = cc + 1
	}
	n, num := codedNumber(b[4:])
	if n == 0 {
		return h, false
	}
	h.number = num
	n += 4
	if len(b) < n+5 { // longest block size and rate fields and the CRC
		b = append(bytes.Clone(b), 0, 0, 0, 0, 0)
	}
	switch {
	case bc == 1:
		h.block = 192
	case bc <= 5:
		h.block = 576 << (bc - 2)
	case bc == 6:
		h.block = uint32(b[n]) + 1
		n++
	case bc == 7:
		h.block = uint32(be16(b[n:])) + 1
		n += 2
	default:
		h.block = 256 << (bc - 8)
	}
	switch rc {
	case 12:
		h.rate = uint32(b[n]) * 1000
		n++
	case 13:
		h.rate = uint32(be16(b[n:]))
		n += 2
	case 14:
		h.rate = uint32(be16(b[n:])) * 10
		n += 2
	default:
		h.rate = flacRates[rc]
	}
	h.size = n + 1
	return h, crc8(b[:n]) == b[n]
}

// codedNumber reads a frame or sample number, coded like UTF-8 up to 36 bits.
// It returns the length, 0 for what is none.
func codedNumber(b []byte) (n int, v uint64) {
	if len(b) == 0 {
		return 0, 0
	}
	x := b[0]
	if x < 0x80 {
		return 1, uint64(x)
	}
	for m := byte(0x80); x&m != 0; m >>= 1 {
		n++
	}
	if n < 2 || n > 7 || len(b) < n {
		return 0, 0
	}
	v = uint64(x) & (1<<(7-n) - 1)
	for _, c := range b[1:n] {
		if c&0xc0 != 0x80 {
			return 0, 0
		}
		v = v<<6 | uint64(c&0x3f)
	}
	return n, v
}
