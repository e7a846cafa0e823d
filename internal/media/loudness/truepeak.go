package loudness

import "math"

const (
	taps   = 16 // samples that one interpolated value is made of
	centre = taps/2 - 1
	block  = 2048 // frames worked on at once
)

// A Peak finds the true peak of a recording that is written to it piece by
// piece, and nothing else of it. A Peak belongs to one goroutine.
type Peak struct {
	channels int
	of       []truePeak
}

// NewPeak returns a Peak for a rate in Hz and interleaved channels.
func NewPeak(rate, channels int) *Peak {
	p := &Peak{channels: channels, of: make([]truePeak, channels)}
	for c := range p.of {
		p.of[c] = newTruePeak(rate)
	}
	return p
}

// Write measures whole frames of interleaved samples in [-1, 1].
func (p *Peak) Write(samples []float32) {
	for len(samples) > 0 {
		n := min(len(samples), block*p.channels)
		for c := range p.of {
			p.of[c].take(samples[:n], c, p.channels)
		}
		samples = samples[n:]
	}
}

// Result ends the measurement: dBTP, -200 for digital silence.
func (p *Peak) Result() float64 {
	db := -200.0
	for c := range p.of {
		p.of[c].flush()
		if m := p.of[c].max; m > 0 {
			db = max(db, 20*math.Log10(float64(m)))
		}
	}
	return db
}

// truePeak finds the largest value of one channel between its samples too, at
// four times the rate (twice above 96 kHz, as is above 192 kHz).
type truePeak struct {
	phase []phase
	reach float32 // no interpolated value exceeds all its samples by more than this factor
	buf   []float32
	tops  []float32 // the largest of each taps samples of buf
	max   float32
}

// phase is one of the places between two samples.
type phase struct {
	row [taps]float32
	// What the middle two and the middle four samples, and those outside of
	// them, add at most, for samples of 1.
	near, outside2, outside4 float32
}

func newTruePeak(rate int) truePeak {
	over := 4
	switch {
	case rate >= 192000:
		over = 1
	case rate >= 96000:
		over = 2
	}
	p := truePeak{reach: 1, buf: make([]float32, taps, 2*taps+block), tops: make([]float32, 0, 3+block/taps)}
	for f := 1; f < over; f++ {
		ph := phase{row: sincRow(float64(f) / float64(over))}
		sum := func(from, to int) (s float32) {
			for _, v := range ph.row[from:to] {
				s += float32(math.Abs(float64(v)))
			}
			return s
		}
		all := sum(0, taps) * (1 + 1e-5) // more than rounding adds
		ph.near = sum(centre, centre+2)
		ph.outside2, ph.outside4 = all-ph.near, all-sum(centre-1, centre+3)
		p.reach = max(p.reach, all)
		p.phase = append(p.phase, ph)
	}
	return p
}

// sincRow is one phase of a Kaiser-windowed ideal interpolator, scaled to pass
// a constant unchanged.
func sincRow(frac float64) (row [taps]float32) {
	const beta = 5.0
	var sum float64
	var v [taps]float64
	for i := range taps {
		x := float64(i-centre) - frac
		t := x / (taps / 2)
		w := 0.0
		if t > -1 && t < 1 {
			w = bessel0(beta*math.Sqrt(1-t*t)) / bessel0(beta)
		}
		v[i] = w * math.Sin(math.Pi*x) / (math.Pi * x)
		sum += v[i]
	}
	for i := range v {
		row[i] = float32(v[i] / sum)
	}
	return row
}

func bessel0(x float64) float64 {
	s, t := 1.0, 1.0
	for k := 1.0; t > 1e-12*s; k++ {
		t *= x * x / (4 * k * k)
		s += t
	}
	return s
}

// take measures channel c of at most block frames and returns that channel
// alone, until the next call.
func (p *truePeak) take(s []float32, c, step int) []float32 {
	p.buf = append(p.buf[:0], p.buf[len(p.buf)-taps:]...)
	n := len(s) / step
	p.buf = p.buf[:taps+n]
	own := p.buf[taps:]
	for i := range own {
		own[i] = s[c]
		s = s[min(step, len(s)):]
	}
	p.scan()
	return own
}

// flush lets the last samples ring out.
func (p *truePeak) flush() { p.take(make([]float32, taps), 0, 1) }

// magnitude is |v| as bits, which order like the numbers.
func magnitude(v float32) uint32 { return math.Float32bits(v) &^ (1 << 31) }

// scan interpolates only where it could raise the maximum, which is exact: a
// value between samples exceeds none of those it is made of by more than reach.
func (p *truePeak) scan() {
	p.tops = p.tops[:0]
	var most uint32
	for b := p.buf; len(b) > 0; b = b[min(taps, len(b)):] {
		var top uint32
		for _, v := range b[:min(taps, len(b))] {
			top = max(top, magnitude(v))
		}
		p.tops = append(p.tops, math.Float32frombits(top))
		most = max(most, top)
	}
	p.max = max(p.max, math.Float32frombits(most))
	for k := range p.tops[:len(p.tops)-1] {
		if top := max(p.tops[k], p.tops[k+1]); top*p.reach > p.max {
			p.interpolate(k*taps, min((k+1)*taps, len(p.buf)-taps), top)
		}
	}
}

// interpolate looks between the samples of [at, end) and those that follow;
// none is larger than top. Most places are passed over by what the middle
// samples alone tell.
func (p *truePeak) interpolate(at, end int, top float32) {
	low := top
	for r := range p.phase {
		ph := &p.phase[r]
		low = min(low, (p.max-ph.outside2*top)/ph.near)
	}
	least := magnitude(max(0, low)) // one of the middle two must exceed it
	for i := at; i < end; i++ {
		w := (*[taps]float32)(p.buf[i:])
		if max(magnitude(w[centre]), magnitude(w[centre+1])) <= least {
			continue
		}
		for r := range p.phase {
			ph := &p.phase[r]
			row := &ph.row
			s := w[6]*row[6] + w[7]*row[7] + w[8]*row[8] + w[9]*row[9]
			if left := p.max - ph.outside4*top; s <= left && s >= -left {
				continue
			}
			s += w[0]*row[0] + w[1]*row[1] + w[2]*row[2] + w[3]*row[3] + w[4]*row[4] + w[5]*row[5] +
				w[10]*row[10] + w[11]*row[11] + w[12]*row[12] + w[13]*row[13] + w[14]*row[14] + w[15]*row[15]
			p.max = max(p.max, s, -s)
		}
	}
}
