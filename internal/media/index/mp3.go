package index

// mp3Decoder is the delay every MP3 decoder adds to the encoder's, in samples.
const mp3Decoder = 529

// Bytes of anything else that a reader skips before the first frame and, in
// all, between frames.
const (
	maxMP3Lead  = 1 << 20
	maxMP3Noise = 1 << 20
)

var (
	mp3Rates1 = [16]uint32{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	mp3Rates2 = [16]uint32{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	mp3Hz     = [4][3]uint32{{11025, 12000, 8000}, {}, {22050, 24000, 16000}, {44100, 48000, 32000}}
)

// mp3Header is a frame header of MPEG-1, 2 or 2.5 Layer III (ISO 11172-3
// section 2.4.1.3).
type mp3Header struct {
	version  byte
	rate     uint32
	channels uint8
	size     uint32 // of the whole frame in bytes
	dur      uint32
}

func parseMP3Header(b []byte) (h mp3Header, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return h, false
	}
	v, layer, br, sr := b[1]>>3&3, b[1]>>1&3, b[2]>>4, b[2]>>2&3
	if v == 1 || layer != 1 || br == 0 || br == 15 || sr == 3 || b[3]&3 == 2 {
		return h, false
	}
	h.version, h.rate, h.channels = v, mp3Hz[v][sr], 2
	if b[3]>>6 == 3 {
		h.channels = 1
	}
	pad := uint32(b[2] >> 1 & 1)
	if v == 3 {
		h.size, h.dur = 144000*mp3Rates1[br]/h.rate+pad, 1152
	} else {
		h.size, h.dur = 72000*mp3Rates2[br]/h.rate+pad, 576
	}
	return h, true
}

func (h mp3Header) like(o mp3Header) bool { return h.version == o.version && h.rate == o.rate }

// side returns the length of header and side information, after which the
// Xing tag stands.
func (h mp3Header) side() int {
	switch {
	case h.version == 3 && h.channels == 2:
		return 36
	case h.version != 3 && h.channels == 1:
		return 13
	}
	return 21
}

// mp3Chain reports whether frames follow one another from pos: a sync word
// alone is nothing, since sound and pictures are full of them.
func mp3Chain(w *window, pos int64, like *mp3Header) (mp3Header, bool, error) {
	var first mp3Header
	for i := range 3 {
		b, err := w.view(pos, 4)
		if err != nil {
			return first, false, err
		}
		h, ok := parseMP3Header(b)
		switch {
		case i > 0 && pos >= w.end:
			return first, i > 1 || pos == w.end, nil // the file is that short
		case !ok || like != nil && !like.like(h):
			return first, false, nil
		case i == 0:
			first = h
		}
		like = &h
		pos += int64(h.size)
	}
	return first, true, nil
}

// mp3Sync finds the next chain of frames at or after pos, within limit bytes.
func mp3Sync(w *window, pos int64, limit int64, like *mp3Header) (int64, mp3Header, bool, error) {
	for stop := min(w.end, pos+limit); pos < stop; pos++ {
		b, err := w.view(pos, 2)
		if err != nil {
			return 0, mp3Header{}, false, err
		}
		if len(b) < 2 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
			continue
		}
		if h, ok, err := mp3Chain(w, pos, like); ok || err != nil {
			return pos, h, ok, err
		}
	}
	return 0, mp3Header{}, false, nil
}

// scanMP3 indexes Layer III. Everything that is no MP3 either ends here, so
// the first fault is that of a foreign file.
func scanMP3(w *window, start int64) (*Index, error) {
	if err := w.trimTags(); err != nil {
		return nil, err
	}
	pos, h, ok, err := mp3Sync(w, start, maxMP3Lead, nil)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errForeign()
	}
	x := &Index{Info: Info{Container: "mp3", Codec: MP3, Rate: h.rate, Channels: h.channels}}
	tag, err := readXing(w, pos, h)
	if err != nil {
		return nil, err
	}
	if tag.found {
		pos += int64(h.size)
	}
	if err := x.mp3Frames(w, pos, h); err != nil {
		return nil, err
	}
	promised := uint64(tag.frames) * uint64(h.dur)
	if got := uint64(len(x.sizes)); tag.frames > 0 && got+2 < uint64(tag.frames) {
		return nil, errShort(x.ticks, promised, x.Rate)
	}
	x.Samples = x.ticks
	if tag.gapless {
		x.Delay = tag.delay + mp3Decoder
		cut := uint64(x.Delay) + uint64(max(tag.padding, mp3Decoder)-mp3Decoder)
		if cut < x.ticks {
			x.Samples = x.ticks - cut
		} else {
			x.Delay = 0 // a tag copied from another file
		}
	}
	return x, nil
}

func (x *Index) mp3Frames(w *window, pos int64, first mp3Header) error {
	noise := int64(0)
	for w.end-pos >= 4 {
		b, err := w.view(pos, 4)
		if err != nil {
			return err
		}
		h, ok := parseMP3Header(b)
		if !ok || !h.like(first) {
			next, _, ok, err := mp3Sync(w, pos+1, maxMP3Noise-noise, &first)
			if err != nil {
				return err
			}
			if !ok && w.end-pos > maxMP3Noise-noise {
				return errDamaged(x.ticks, x.Rate)
			}
			if !ok {
				return nil // tags of an unknown kind at the end
			}
			noise += next - pos
			pos = next
			continue
		}
		if pos+int64(h.size) > w.end {
			return nil // players drop a last frame that is cut off
		}
		if err := x.add(h.size, h.dur); err != nil {
			return err
		}
		if err := x.addExtent(pos, uint64(h.size)); err != nil {
			return err
		}
		pos += int64(h.size)
	}
	return nil
}

// xing is what the first frame says of the file in a Xing or Info tag and its
// LAME extension; that frame holds no sound.
type xing struct {
	found, gapless bool
	frames         uint32
	delay, padding uint32 // samples
}

func readXing(w *window, pos int64, h mp3Header) (t xing, err error) {
	b, err := w.view(pos, int(h.size))
	if err != nil || len(b) < h.side()+8 {
		return t, err
	}
	if len(b) >= 54 && string(b[36:40]) == "VBRI" {
		t.found, t.frames = true, be32(b[50:])
		return t, nil
	}
	b = b[h.side():]
	if s := string(b[:4]); s != "Xing" && s != "Info" {
		return t, nil
	}
	t.found = true
	flags, n := be32(b[4:]), 8
	for i, size := range [4]int{4, 4, 100, 4} { // frames, bytes, seek table, quality
		if flags&(1<<i) == 0 {
			continue
		}
		if i == 0 && len(b) >= n+4 {
			t.frames = be32(b[n:])
		}
		n += size
	}
	if len(b) >= n+25 && (b[n] == 'L' || b[n] == 'G') { // LAME, Lavc, Lavf, GOGO
		v := be32(b[n+21:]) // 12 bits delay, 12 bits padding, 8 bits of something else
		t.gapless, t.delay, t.padding = true, v>>20, v>>8&0xfff
	}
	return t, nil
}
