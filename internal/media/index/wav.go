package index

import "github.com/michaelperna/9ten/internal/fault"

// maxChunks bounds the RIFF chunks before the sound.
const maxChunks = 1 << 10

// scanWAV describes RIFF, RF64 and BW64 files (EBU Tech 3306) of integer or
// floating-point samples. A length of zero or all ones, as written to a pipe,
// means up to the end of the file.
func scanWAV(w *window, start int64) (*Index, error) {
	x := &Index{Info: Info{Container: "wav", Codec: PCM}}
	b, ok, err := w.full(start, 12)
	if err != nil {
		return nil, err
	}
	if !ok || string(b[8:12]) != "WAVE" {
		return nil, errForeign()
	}
	var align, long uint64
	pos := start + 12
	for range maxChunks {
		b, ok, err := w.full(pos, 8)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errSilent()
		}
		name, n := string(b[:4]), uint64(le32(b[4:]))
		pos += 8
		switch name {
		case "ds64":
			b, ok, err := w.full(pos, 28)
			if err != nil {
				return nil, err
			}
			if ok {
				long = le64(b[8:])
			}
		case "fmt ":
			if align, err = x.wavFormat(w, pos, n); err != nil {
				return nil, err
			}
		case "data":
			return x.wavData(w, pos, n, long, align)
		}
		pos += int64(n) + int64(n&1)
	}
	return nil, errHeader()
}

// wavFormat reads the fmt chunk and returns the bytes per sample of all channels.
func (x *Index) wavFormat(w *window, pos int64, n uint64) (uint64, error) {
	b, ok, err := w.full(pos, int(min(n, 40)))
	if err != nil {
		return 0, err
	}
	if !ok || n < 16 {
		return 0, errHeader()
	}
	kind, chans, bits := le16(b), le16(b[2:]), le16(b[14:])
	if kind == 0xfffe && len(b) >= 26 {
		kind = le16(b[24:])
	}
	if kind != 1 && kind != 3 {
		return 0, fault.New(fault.Unsupported, "This WAV file is compressed (format %d). Export the track as plain 16- or 24-bit WAV, or as FLAC.", kind)
	}
	align := uint64(le16(b[12:]))
	if chans == 0 || chans > maxChans {
		return 0, fault.New(fault.Unsupported, "This file has %d channels. Export it in stereo.", chans)
	}
	if bits == 0 || bits > 64 || align != uint64(chans)*uint64((bits+7)/8) {
		return 0, errHeader()
	}
	x.Rate, x.Channels, x.Bits = le32(b[4:]), uint8(chans), uint8(bits)
	return align, nil
}

func (x *Index) wavData(w *window, pos int64, n, long, align uint64) (*Index, error) {
	if align == 0 {
		return nil, errHeader()
	}
	left := uint64(max(w.end-pos, 0))
	if n == 0xffffffff && long > 0 {
		n = long
	} else if n == 0xffffffff || n == 0 {
		n = left
	}
	if n > left+align {
		return nil, errShort(left/align, n/align, x.Rate)
	}
	x.Samples = min(n, left) / align
	return x, nil
}
