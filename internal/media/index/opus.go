package index

import (
	"bytes"

	"github.com/michaelperna/9ten/internal/fault"
)

// opusStream reads Ogg Opus (RFC 7845). Everything counts at 48 kHz.
type opusStream struct {
	begin   uint64 // granule position of the first sample
	known   bool
	granule uint64 // of the last page that had one
	final   bool   // the last page was seen
}

func (s *opusStream) header(x *Index, n int, b []byte) (bool, error) {
	if n == 1 {
		if len(b) < 8 || string(b[:8]) != "OpusTags" {
			return false, errHeader()
		}
		return true, nil
	}
	if len(b) < 19 || b[8]>>4 != 0 || len(b) > maxConfig {
		return false, errHeader()
	}
	if b[18] != 0 && (b[18] != 1 || len(b) < 21+int(b[9])) {
		return false, fault.New(fault.Unsupported, "This Opus file has a channel layout no player knows. Export it in stereo.")
	}
	x.Config = bytes.Clone(b)
	x.Rate, x.Channels, x.Delay = 48000, b[9], uint32(le16(b[10:]))
	return false, nil
}

func (s *opusStream) packet(x *Index, size uint32, head []byte) error {
	dur := opusDuration(head)
	if dur == 0 || dur > 5760 {
		return errDamaged(x.ticks, x.Rate)
	}
	return x.add(size, dur)
}

// page keeps the granule position. A stream cut from a longer one begins later
// than zero (RFC 7845 section 4.3).
func (s *opusStream) page(x *Index, granule uint64, n int, last bool) error {
	s.final = last
	if granule == oggNoGranule || n == 0 {
		return nil
	}
	if !s.known {
		s.known = true
		if granule > x.ticks && !last {
			s.begin = granule - x.ticks
		}
	}
	if granule < s.granule || granule-s.begin > x.ticks && last {
		return errDamaged(x.ticks, x.Rate)
	}
	s.granule = granule
	return nil
}

func (s *opusStream) end(x *Index) error {
	if !s.known || s.granule < s.begin+uint64(x.Delay) {
		return errSilent()
	}
	x.Samples = min(s.granule-s.begin, x.ticks)
	if x.Samples < uint64(x.Delay) {
		return errSilent()
	}
	x.Samples -= uint64(x.Delay)
	return nil
}

// opusDuration returns the length of a packet in samples at 48 kHz (RFC 6716
// section 3.1), 0 for what is none.
func opusDuration(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	c := b[0] >> 3
	var d uint32
	switch {
	case c < 12:
		d = [4]uint32{480, 960, 1920, 2880}[c&3]
	case c < 16:
		d = [2]uint32{480, 960}[c&1]
	default:
		d = [4]uint32{120, 240, 480, 960}[c&3]
	}
	switch b[0] & 3 {
	case 0:
		return d
	case 1, 2:
		return 2 * d
	}
	if len(b) < 2 {
		return 0
	}
	return d * uint32(b[1]&63)
}

// vorbisStream describes Ogg Vorbis (Vorbis I specification section 4.2).
type vorbisStream struct{}

func (vorbisStream) header(x *Index, n int, b []byte) (bool, error) {
	if len(b) < 7 || string(b[1:7]) != "vorbis" || b[0] != byte(2*n+1) {
		return false, errHeader()
	}
	if n > 0 {
		return n == 2, nil
	}
	if len(b) < 30 || le32(b[7:]) != 0 {
		return false, errHeader()
	}
	x.Channels, x.Rate = b[11], le32(b[12:])
	return false, nil
}

func (vorbisStream) packet(*Index, uint32, []byte) error { return nil }

func (vorbisStream) page(x *Index, granule uint64, n int, _ bool) error {
	if granule == oggNoGranule || n == 0 {
		return nil
	}
	if granule < x.Samples || granule > 1<<48 {
		return errDamaged(x.Samples, x.Rate)
	}
	x.Samples = granule
	return nil
}

func (vorbisStream) end(*Index) error { return nil }
