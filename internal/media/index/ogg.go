package index

import (
	"github.com/michaelperna/9ten/internal/fault"
)

const (
	oggMaxPage   = 27 + 255 + 255*255
	oggNoGranule = ^uint64(0)
	// maxOggHeader bounds a header packet (comments may hold a cover).
	maxOggHeader = 16 << 20
	maxPages     = 1 << 24
)

// oggPage is a page of Ogg (RFC 3533 section 6); body is valid until the next read.
type oggPage struct {
	off             int64 // of the body in the file
	continued, last bool
	first           bool
	granule         uint64
	serial          uint32
	sequence        uint32
	lacing, body    []byte
	size            int64
}

// oggRead reads the page at pos. ok is false where there is none; cut is true
// where a page begins that the file does not hold completely.
func oggRead(w *window, pos int64) (p oggPage, ok, cut bool, err error) {
	b, err := w.view(pos, oggMaxPage)
	if err != nil || len(b) < 4 || string(b[:4]) != "OggS" {
		return p, false, len(b) > 0 && len(b) < 4, err
	}
	if len(b) < 27 || len(b) < 27+int(b[26]) {
		return p, false, true, nil
	}
	n := 27 + int(b[26])
	body := 0
	for _, l := range b[27:n] {
		body += int(l)
	}
	if len(b) < n+body {
		return p, false, true, nil
	}
	b = b[:n+body]
	crc := crc32ogg(0, b[:22])
	crc = crc32ogg(crc, []byte{0, 0, 0, 0})
	if b[4] != 0 || crc32ogg(crc, b[26:]) != le32(b[22:]) {
		return p, false, false, nil
	}
	return oggPage{
		off: pos + int64(n), continued: b[5]&1 != 0, first: b[5]&2 != 0, last: b[5]&4 != 0,
		granule: le64(b[6:]), serial: le32(b[14:]), sequence: le32(b[18:]),
		lacing: b[27:n], body: b[n:], size: int64(len(b)),
	}, true, false, nil
}

// oggStream receives the packets of one logical stream.
type oggStream interface {
	// header takes the whole packets before the sound; done after the last one.
	header(x *Index, n int, packet []byte) (done bool, err error)
	// packet takes the size of one packet of sound and its first two bytes.
	packet(x *Index, size uint32, head []byte) error
	// page ends a page on which n packets ended.
	page(x *Index, granule uint64, n int, last bool) error
	// end is called after the last page.
	end(x *Index) error
}

// oggScanner follows packets over pages.
type oggScanner struct {
	x       *Index
	s       oggStream
	frames  bool // note where packets are
	headers int  // header packets read
	sound   bool
	packet  []byte // a header packet, or the first bytes of one of sound
	length  uint64 // of the packet so far
	open    bool   // a packet goes on on the next page
}

func scanOgg(w *window, start int64) (*Index, error) {
	p, ok, _, err := oggRead(w, start)
	if err != nil {
		return nil, err
	}
	if !ok || !p.first {
		return nil, errHeader()
	}
	x := &Index{Info: Info{Container: "ogg"}}
	s := oggScanner{x: x}
	switch {
	case len(p.body) >= 8 && string(p.body[:8]) == "OpusHead":
		x.Codec, s.s, s.frames = Opus, &opusStream{}, true
	case len(p.body) >= 7 && string(p.body[:7]) == "\x01vorbis":
		x.Codec, s.s = Vorbis, &vorbisStream{}
	default:
		return nil, fault.New(fault.Unsupported, "This Ogg file holds neither Vorbis nor Opus. Export the track as FLAC, or as Ogg Vorbis or Opus.")
	}
	serial, pages := p.serial, uint32(0)
	pos, sequence := start, p.sequence
	for ended := false; pos < w.end; pos += p.size {
		var cut bool
		if p, ok, cut, err = oggRead(w, pos); err != nil {
			return nil, err
		}
		switch {
		case cut && !ended:
			return nil, errShort(x.music(), 0, x.Rate)
		case !ok && ended:
			pos, p.size = w.end, 0 // tags of an unknown kind at the end
			continue
		case !ok:
			return nil, errDamaged(x.ticks, max(x.Rate, 1))
		case p.first && p.serial != serial && ended:
			return nil, fault.New(fault.Unsupported, "This Ogg file holds several recordings one after another. Export each as a track of its own.")
		case p.serial != serial:
			continue // a picture or a video beside the sound
		case ended || pages > 0 && p.sequence != sequence || pages >= maxPages:
			return nil, errDamaged(x.ticks, max(x.Rate, 1))
		}
		pages, sequence, ended = pages+1, p.sequence+1, p.last
		if err := s.take(p); err != nil {
			return nil, err
		}
	}
	if s.open || !s.sound {
		return nil, errShort(x.music(), 0, x.Rate)
	}
	if err := s.s.end(x); err != nil {
		return nil, err
	}
	return x, nil
}

// music returns the samples read so far, for a sentence.
func (x *Index) music() uint64 { return max(x.ticks, x.Samples) }

// take follows the packets of one page.
func (s *oggScanner) take(p oggPage) error {
	if p.continued != s.open {
		return errDamaged(s.x.ticks, max(s.x.Rate, 1))
	}
	at, ended, soundFrom := 0, 0, -1
	if s.sound {
		soundFrom = 0
	}
	for i := 0; i < len(p.lacing); {
		n := 0
		done := false
		for i < len(p.lacing) && !done {
			n += int(p.lacing[i])
			done = p.lacing[i] < 255
			i++
		}
		if err := s.part(p.body[at : at+n]); err != nil {
			return err
		}
		at += n
		if s.open = !done; s.open {
			break
		}
		wasSound := s.sound
		if err := s.finishPacket(); err != nil {
			return err
		}
		switch {
		case wasSound:
			ended++
		case s.sound:
			soundFrom = at
		}
	}
	if soundFrom < 0 {
		return nil
	}
	if s.frames && at > soundFrom {
		if err := s.x.addExtent(p.off+int64(soundFrom), uint64(at-soundFrom)); err != nil {
			return err
		}
	}
	return s.s.page(s.x, p.granule, ended, p.last)
}

// part adds bytes to the packet in hand.
func (s *oggScanner) part(b []byte) error {
	s.length += uint64(len(b))
	if s.length > maxOggHeader {
		return errDamaged(s.x.ticks, max(s.x.Rate, 1))
	}
	if s.sound {
		b = b[:min(len(b), max(2-len(s.packet), 0))]
	}
	s.packet = append(s.packet, b...)
	return nil
}

func (s *oggScanner) finishPacket() error {
	defer func() { s.packet, s.length = s.packet[:0], 0 }()
	if s.sound {
		return s.s.packet(s.x, uint32(s.length), s.packet)
	}
	done, err := s.s.header(s.x, s.headers, s.packet)
	s.headers++
	s.sound = done
	return err
}
