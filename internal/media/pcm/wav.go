package pcm

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// wavFormat is what a WAV file says of its samples.
type wavFormat struct {
	rate, channels, bits int
	float                bool
	data                 int64 // length in bytes, -1 when the file does not know
}

func openWAV(f *os.File) (Source, error) {
	w, err := readWAVHeader(f)
	if err != nil {
		return nil, err
	}
	var r io.Reader = f
	if w.data >= 0 {
		r = io.LimitReader(f, w.data)
	}
	return &rawSource{r: bufio.NewReaderSize(r, 1<<16), rate: w.rate, channels: w.channels, bits: w.bits, float: w.float}, nil
}

var errWAV = errors.New("wav: bad header")

// readWAVHeader reads RIFF, RF64 and BW64 up to the first sample.
func readWAVHeader(f io.ReadSeeker) (w wavFormat, err error) {
	var h [12]byte
	if _, err := io.ReadFull(f, h[:]); err != nil {
		return w, err
	}
	if id := string(h[:4]); (id != "RIFF" && id != "RF64" && id != "BW64") || string(h[8:]) != "WAVE" {
		return w, errWAV
	}
	long := int64(-1)
	for {
		if _, err := io.ReadFull(f, h[:8]); err != nil {
			return w, err
		}
		n := int64(binary.LittleEndian.Uint32(h[4:8]))
		switch string(h[:4]) {
		case "ds64":
			var d [16]byte
			if n < 16 || n > 1<<20 {
				return w, errWAV
			}
			if _, err := io.ReadFull(f, d[:]); err != nil {
				return w, err
			}
			long = int64(binary.LittleEndian.Uint64(d[8:]) & (1<<62 - 1))
			n -= 16
		case "fmt ":
			if n < 16 || n > 1<<16 {
				return w, errWAV
			}
			b := make([]byte, n)
			if _, err := io.ReadFull(f, b); err != nil {
				return w, err
			}
			if err := w.format(b); err != nil {
				return w, err
			}
			n &= 1
		case "data":
			if w.channels == 0 {
				return w, errWAV
			}
			w.data = n
			if n == 0xffffffff {
				w.data = long
			}
			return w, nil
		}
		if _, err := f.Seek(n+n&1, io.SeekCurrent); err != nil {
			return w, err
		}
	}
}

func (w *wavFormat) format(b []byte) error {
	le := binary.LittleEndian
	tag := le.Uint16(b)
	if tag == 0xfffe && len(b) >= 26 {
		tag = le.Uint16(b[24:])
	}
	w.channels, w.rate, w.bits, w.float = int(le.Uint16(b[2:])), int(le.Uint32(b[4:])), int(le.Uint16(b[14:])), tag == 3
	ok := w.channels >= 1 && w.channels <= 8 && w.rate > 0
	switch {
	case tag == 1:
		ok = ok && (w.bits == 8 || w.bits == 16 || w.bits == 24 || w.bits == 32)
	case tag == 3:
		ok = ok && (w.bits == 32 || w.bits == 64)
	default:
		ok = false
	}
	if !ok {
		return errWAV
	}
	return nil
}
