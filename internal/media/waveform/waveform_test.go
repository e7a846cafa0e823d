package waveform_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/media/waveform"
)

func draw(rate, channels, frames, piece int) waveform.Wave {
	m := waveform.New(rate, channels)
	s := make([]float32, 0, frames*channels)
	for i := range frames {
		for range channels {
			s = append(s, float32(math.Sin(float64(i)/40)*float64(i)/float64(frames)))
		}
	}
	for len(s) > 0 {
		n := min(len(s), piece*channels)
		m.Write(s[:n])
		s = s[n:]
	}
	return m.Wave()
}

func TestGoldenHeader(t *testing.T) {
	m := waveform.New(44100, 1)
	m.Write([]float32{-1, 0.5})
	want := []byte{2, 0, 0, 0, 1, 0, 0, 0, 0x44, 0xac, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x80, 0x40}
	if got := m.Wave().Encode(); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestPiecesDoNotMatter(t *testing.T) {
	a, b := draw(44100, 2, 300_000, 300_000), draw(44100, 2, 300_000, 777)
	if !slices.Equal(a.Points, b.Points) || a.Stretch != b.Stretch {
		t.Error("the drawing depends on how it was written")
	}
}

func TestLongRecordingsStaySmall(t *testing.T) {
	w := draw(8000, 1, 256*16384*3, 1<<16)
	if n := len(w.Points) / 2; n > 16384 || n < 8192 || w.Stretch != 1024 {
		t.Errorf("%d points of %d samples", n, w.Stretch)
	}
}

func TestComesBack(t *testing.T) {
	w := draw(48000, 2, 100_000, 512)
	back, err := waveform.Parse(w.Encode())
	if err != nil || !slices.Equal(back.Points, w.Points) || back.Rate != 48000 || back.Stretch != w.Stretch {
		t.Errorf("%v %+v", err, back)
	}
}

func TestPeaks(t *testing.T) {
	p := draw(48000, 2, 480_000, 512).Peaks(400)
	if len(p) != 400 || p[399] < 200 || slices.Max(p) != 255 || p[10] >= p[200] || p[200] >= p[390] {
		t.Errorf("a rising sound must rise: %v", p)
	}
	if p := (waveform.Wave{}).Peaks(4); !bytes.Equal(p, make([]byte, 4)) {
		t.Errorf("nothing: %v", p)
	}
	if p := draw(48000, 1, 500, 512).Peaks(400); len(p) != 400 || p[0] == 0 {
		t.Errorf("short: %v", p)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(draw(48000, 1, 3000, 512).Encode())
	f.Add([]byte{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := waveform.Parse(b)
		if err != nil {
			return
		}
		w.Peaks(10)
		if again, err := waveform.Parse(w.Encode()); err != nil || !slices.Equal(again.Points, w.Points) {
			t.Errorf("%x does not come back: %v", b, err)
		}
	})
}
