// Package loudness measures how loud a recording is, as people hear it.
//
// It is the gated programme loudness of ITU-R BS.1770-4 and EBU R 128 with the
// true peak of BS.1770-4 annex 2. Nothing is changed in the recording: the
// player applies the gain.
package loudness

import "math"

// Silence is the loudness in LUFS of a recording in which nothing passes the
// gate: the absolute gate itself.
const Silence = -70.0

// Result is one recording's measure.
type Result struct {
	Integrated float64   // LUFS, [Silence] when nothing passes the gate
	TruePeak   float64   // dBTP, -200 for digital silence
	Gates      Histogram // what album gain is made of
}

// Meter measures a recording that is written to it piece by piece. A Meter
// belongs to one goroutine.
type Meter struct {
	channels int
	weight   []float64
	filter   []kWeight
	hop      int // samples in 100 ms
	n        int
	sum      float64
	last     [4]float64 // energies of the last four hops
	hops     int
	blocks   []float64 // mean square of each 400 ms block
	peak     *Peak
}

// New returns a meter for a rate in Hz and 1 to 8 interleaved channels in the
// order of WAV files (left, right, centre, low, surrounds).
func New(rate, channels int) *Meter {
	m := &Meter{channels: channels, hop: max(1, (rate+5)/10), weight: weights(channels), filter: make([]kWeight, channels), peak: NewPeak(rate, channels)}
	for c := range m.filter {
		m.filter[c] = newKWeight(float64(rate))
	}
	return m
}

// weights are those of BS.1770 table 3: surrounds count 1.41, low effects none.
func weights(channels int) []float64 {
	w := make([]float64, channels)
	for c := range w {
		w[c] = 1
	}
	switch {
	case channels == 1: // as heard from two speakers is a matter of the player: one channel, as R 128 has it
	case channels == 4:
		w[2], w[3] = 1.41, 1.41
	case channels == 5:
		w[3], w[4] = 1.41, 1.41
	case channels >= 6:
		w[3] = 0
		for c := 4; c < channels; c++ {
			w[c] = 1.41
		}
	}
	return w
}

// Write measures whole frames of interleaved samples in [-1, 1].
func (m *Meter) Write(samples []float32) {
	frames := len(samples) / m.channels
	for at := 0; at < frames; {
		n := min(frames-at, m.hop-m.n, block)
		part := samples[at*m.channels : (at+n)*m.channels]
		for c := range m.channels {
			own := m.peak.of[c].take(part, c, m.channels)
			if m.weight[c] != 0 {
				m.sum += m.weight[c] * m.filter[c].energy(own)
			}
		}
		at += n
		if m.n += n; m.n == m.hop {
			m.endHop()
		}
	}
}

func (m *Meter) endHop() {
	m.last[m.hops%4] = m.sum / float64(m.hop)
	m.hops++
	m.sum, m.n = 0, 0
	if m.hops >= 4 {
		m.blocks = append(m.blocks, (m.last[0]+m.last[1]+m.last[2]+m.last[3])/4)
	}
}

// Result ends the measurement. A recording shorter than one block of 400 ms
// is measured as if it were one block.
func (m *Meter) Result() Result {
	if len(m.blocks) == 0 {
		total := m.sum
		for _, e := range m.last[:min(m.hops, 4)] {
			total += e * float64(m.hop)
		}
		if n := m.hops*m.hop + m.n; n > 0 {
			m.blocks = append(m.blocks, total/float64(n))
		}
	}
	r := Result{TruePeak: m.peak.Result(), Integrated: integrated(m.blocks)}
	for _, e := range m.blocks {
		r.Gates.count(e)
	}
	return r
}

func lufs(e float64) float64 { return -0.691 + 10*math.Log10(e) }

// integrated gates at -70 LUFS, then 10 LU below the mean of what is left.
func integrated(blocks []float64) float64 {
	mean := func(above float64) (float64, bool) {
		s, n := 0.0, 0
		for _, e := range blocks {
			if e > 0 && lufs(e) > above {
				s += e
				n++
			}
		}
		return s / float64(max(n, 1)), n > 0
	}
	first, ok := mean(Silence)
	if !ok {
		return Silence
	}
	e, ok := mean(max(Silence, lufs(first)-10))
	if !ok {
		return Silence
	}
	return lufs(e)
}
