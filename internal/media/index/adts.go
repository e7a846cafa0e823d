package index

// scanADTS indexes AAC in ADTS frames (ISO 14496-3 section 1.A.3). The stream
// says nothing of priming: 1024 samples are assumed, the least any encoder
// writes, and [Index.Trim] corrects it for files of our own.
func scanADTS(w *window, start int64) (*Index, error) {
	if err := w.trimTags(); err != nil {
		return nil, err
	}
	x := &Index{Info: Info{Container: "adts", Codec: AAC}}
	for pos := start; pos < w.end; {
		b, err := w.view(pos, 9)
		if err != nil {
			return nil, err
		}
		h, ok := parseADTS(b)
		switch {
		case !ok && w.end-pos < 9:
			return nil, errShort(x.ticks, 0, x.Rate)
		case !ok:
			return nil, errDamaged(x.ticks, x.Rate)
		case pos+int64(h.size) > w.end:
			return nil, errShort(x.ticks, 0, x.Rate)
		case len(x.sizes) == 0:
			x.Rate, x.Channels = h.asc.rate, h.asc.channels
			x.Config = h.asc.encode()
		case h.asc.rate != x.Rate || h.asc.channels != x.Channels:
			return nil, errDamaged(x.ticks, x.Rate)
		}
		n := h.size - uint32(h.header)
		if err := x.add(n, 1024); err != nil {
			return nil, err
		}
		if err := x.addExtent(pos+int64(h.header), uint64(n)); err != nil {
			return nil, err
		}
		pos += int64(h.size)
	}
	if x.ticks <= 1024 {
		return nil, errSilent()
	}
	x.Delay, x.Samples = 1024, x.ticks-1024
	return x, nil
}

type adtsHeader struct {
	asc    asc
	header int    // bytes: 7, or 9 with a checksum
	size   uint32 // of the frame with its header, in bytes
}

func adtsSync(b []byte) bool {
	_, ok := parseADTS(b)
	return ok
}

func parseADTS(b []byte) (h adtsHeader, ok bool) {
	if len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return h, false
	}
	h.header = 7
	if b[1]&1 == 0 {
		h.header = 9
	}
	rate, chans := b[2]>>2&15, b[2]&1<<2|b[3]>>6
	if int(rate) >= len(aacRates) || chans == 0 || b[6]&3 != 0 {
		return h, false
	}
	h.asc = asc{object: b[2]>>6 + 1, rate: aacRates[rate], channels: aacChannels[chans], layout: chans}
	h.size = uint32(b[3]&3)<<11 | uint32(b[4])<<3 | uint32(b[5])>>5
	return h, h.size > uint32(h.header)
}

var (
	aacRates    = [13]uint32{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
	aacChannels = [8]uint8{0, 1, 2, 3, 4, 5, 6, 8}
)

// asc is the part of an AudioSpecificConfig (ISO 14496-3 section 1.6.2.1) that
// players need.
type asc struct {
	object   uint8 // 2 LC, 5 SBR, 29 PS
	rate     uint32
	channels uint8
	layout   uint8
}

// encode returns the two bytes for a rate of the table.
func (a asc) encode() []byte {
	i := byte(15)
	for k, r := range aacRates {
		if r == a.rate {
			i = byte(k)
		}
	}
	return []byte{a.object<<3 | i>>1, i<<7 | a.layout<<3}
}

func parseASC(b []byte) (a asc, ok bool) {
	bits := bitReader{b: b}
	object := func() uint8 {
		o := uint8(bits.read(5))
		if o == 31 {
			o = 32 + uint8(bits.read(6))
		}
		return o
	}
	rate := func() uint32 {
		i := bits.read(4)
		if i == 15 {
			return bits.read(24)
		}
		if int(i) < len(aacRates) {
			return aacRates[i]
		}
		return 0
	}
	a.object = object()
	a.rate = rate()
	a.layout = uint8(bits.read(4))
	if a.layout < 8 {
		a.channels = aacChannels[a.layout]
	}
	if a.object == 5 || a.object == 29 { // the rate after spectral band replication
		a.rate = rate()
	}
	return a, !bits.short && a.rate > 0 && a.object > 0
}

// bitReader reads most significant bits first; past the end it gives zeros and
// remembers.
type bitReader struct {
	b     []byte
	pos   int
	short bool
}

func (r *bitReader) read(n int) (v uint32) {
	for range n {
		i := r.pos >> 3
		if i >= len(r.b) {
			r.short = true
			return 0
		}
		v = v<<1 | uint32(r.b[i]>>(7-r.pos&7)&1)
		r.pos++
	}
	return v
}
