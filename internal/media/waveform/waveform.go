// Package waveform draws a recording small: the smallest and largest value of
// every stretch of samples.
//
// The stored form is version 2 of the .dat format of BBC audiowaveform, one
// channel of 8 bits, so that other tools read it.
package waveform

import (
	"encoding/binary"
	"math"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	version    = 2
	flag8bit   = 1
	headerSize = 24
	minStretch = 256
	maxPoints  = 16384 // beyond which two stretches become one
)

// Wave is a drawn recording.
type Wave struct {
	Rate    int    // Hz
	Stretch int    // samples per point
	Points  []int8 // smallest, largest, smallest, ...; full scale is -128 to 127
}

// Maker draws a recording that is written to it piece by piece. It keeps at
// most 16,384 points: when there are more, it halves the resolution, so that
// the result depends on the samples alone and a day fits as well as a jingle.
type Maker struct {
	rate, channels int
	stretch, n     int
	lo, hi         float32
	points         []int8
}

// New returns a maker for a rate in Hz and interleaved channels, which are mixed.
func New(rate, channels int) *Maker {
	return &Maker{rate: rate, channels: channels, stretch: minStretch}
}

// Write draws whole frames of interleaved samples in [-1, 1].
func (m *Maker) Write(samples []float32) {
	for len(samples) >= m.channels {
		n := min(m.stretch-m.n, len(samples)/m.channels)
		lo, hi := span(samples[:n*m.channels], m.channels)
		if m.n > 0 {
			lo, hi = min(lo, m.lo), max(hi, m.hi)
		}
		m.lo, m.hi, samples = lo, hi, samples[n*m.channels:]
		if m.n += n; m.n == m.stretch {
			m.end()
		}
	}
}

// span returns the smallest and the largest value of frames mixed to one
// channel.
func span(s []float32, channels int) (lo, hi float32) {
	scale := 1 / float32(channels)
	lo, hi = float32(math.Inf(1)), float32(math.Inf(-1))
	for ; len(s) >= channels; s = s[channels:] {
		var v float32
		for _, x := range s[:channels] {
			v += x
		}
		if v *= scale; v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	return lo, hi
}

func (m *Maker) end() {
	m.points = append(m.points, small(m.lo), small(m.hi))
	m.n = 0
	if len(m.points) < 2*maxPoints {
		return
	}
	for i := 0; i < maxPoints; i += 2 {
		m.points[i] = min(m.points[2*i], m.points[2*i+2])
		m.points[i+1] = max(m.points[2*i+1], m.points[2*i+3])
	}
	m.points = m.points[:maxPoints]
	m.stretch *= 2
}

func small(v float32) int8 {
	return int8(max(-128, min(127, math.Round(float64(v)*128))))
}

// Wave ends the drawing.
func (m *Maker) Wave() Wave {
	if m.n > 0 {
		m.points = append(m.points, small(m.lo), small(m.hi))
		m.n = 0
	}
	return Wave{Rate: m.rate, Stretch: m.stretch, Points: m.points}
}

// Encode writes the .dat file.
func (w Wave) Encode() []byte {
	b := make([]byte, headerSize, headerSize+len(w.Points))
	for i, v := range []int{version, flag8bit, w.Rate, w.Stretch, len(w.Points) / 2, 1} {
		binary.LittleEndian.PutUint32(b[4*i:], uint32(v))
	}
	for _, p := range w.Points {
		b = append(b, byte(p))
	}
	return b
}

// Parse reads a .dat file of version 1 or 2 with one channel of 8 bits. It
// returns an Invalid fault for anything else.
func Parse(b []byte) (Wave, error) {
	bad := func() (Wave, error) {
		return Wave{}, fault.New(fault.Invalid, "The stored waveform of a track is damaged.")
	}
	if len(b) < 20 {
		return bad()
	}
	u := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	head := headerSize
	switch u(0) {
	case 1:
		head = 20
	case version:
		if len(b) < headerSize || u(5) != 1 {
			return bad()
		}
	default:
		return bad()
	}
	n := uint64(len(b)-head) / 2
	if u(1) != flag8bit || u(2) == 0 || u(2) > math.MaxInt32 || u(3) == 0 || u(3) > math.MaxInt32 || uint64(u(4)) != n || (len(b)-head)%2 != 0 {
		return bad()
	}
	w := Wave{Rate: int(u(2)), Stretch: int(u(3)), Points: make([]int8, 2*n)}
	for i := range w.Points {
		w.Points[i] = int8(b[head+i])
	}
	return w, nil
}

// Peaks reduces a drawing to n bytes for a page: 0 is silence, 255 the
// recording's own loudest stretch, so that a quiet one is seen as well. A
// drawing with fewer points is stretched; an empty one yields zeros.
func (w Wave) Peaks(n int) []byte {
	out := make([]byte, n)
	count := len(w.Points) / 2
	if count == 0 {
		return out
	}
	tops := make([]int, n)
	top := 0
	for i := range n {
		a := i * count / n
		b := max(a+1, (i+1)*count/n)
		for _, p := range w.Points[2*a : 2*b] {
			tops[i] = max(tops[i], int(p), -int(p))
		}
		top = max(top, tops[i])
	}
	for i, t := range tops {
		out[i] = byte(t * 255 / max(top, 1))
	}
	return out
}
