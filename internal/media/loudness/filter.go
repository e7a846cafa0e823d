package loudness

import "math"

// kWeight is the two-stage weighting of BS.1770-4 annex 1, computed for any
// rate from the analogue prototype that yields the standard's figures at 48 kHz.
type kWeight struct {
	b0, b1, b2, a1, a2 float64 // shelf
	c1, c2             float64 // high-pass: numerator 1, -2, 1
	z1, z2, y1, y2     float64
}

func newKWeight(rate float64) (k kWeight) {
	w := math.Tan(math.Pi * math.Min(1681.974450955533/rate, 0.49))
	const q = 0.7071752369554196
	vh := math.Pow(10, 3.999843853973347/20)
	vb := math.Pow(vh, 0.4996667741545416)
	a0 := 1 + w/q + w*w
	k.b0, k.b1, k.b2 = (vh+vb*w/q+w*w)/a0, 2*(w*w-vh)/a0, (vh-vb*w/q+w*w)/a0
	k.a1, k.a2 = 2*(w*w-1)/a0, (1-w/q+w*w)/a0
	w = math.Tan(math.Pi * 38.13547087602444 / rate)
	const q2 = 0.5003270373238773
	a0 = 1 + w/q2 + w*w
	k.c1, k.c2 = 2*(w*w-1)/a0, (1-w/q2+w*w)/a0
	return k
}

// energy filters channel c of interleaved samples and returns the sum of squares.
func (k *kWeight) energy(s []float32, c, step int) (sum float64) {
	z1, z2, y1, y2 := k.z1, k.z2, k.y1, k.y2
	for i := c; i < len(s); i += step {
		x := float64(s[i])
		y := k.b0*x + z1
		z1 = k.b1*x - k.a1*y + z2
		z2 = k.b2*x - k.a2*y
		o := y + y1 // the high-pass, in the same transposed form
		y1 = -2*y - k.c1*o + y2
		y2 = y - k.c2*o
		sum += o * o
	}
	const tiny = 1e-30 // denormal numbers are slow and inaudible
	if math.Abs(z1) < tiny && math.Abs(y1) < tiny {
		z1, z2, y1, y2 = 0, 0, 0, 0
	}
	k.z1, k.z2, k.y1, k.y2 = z1, z2, y1, y2
	return sum
}

const taps = 16 // samples that one interpolated value is made of

// truePeak finds the largest value of the signal between its samples too, at
// four times the rate (twice above 96 kHz, as is above 192 kHz).
type truePeak struct {
	phase [][taps]float32
	reach float32 // an interpolated value exceeds no sample by more than this factor
	buf   []float32
	fill  int
	max   float64
}

const peakBlock = 1024

func newTruePeak(rate int) truePeak {
	over := 4
	switch {
	case rate >= 192000:
		over = 1
	case rate >= 96000:
		over = 2
	}
	p := truePeak{reach: 1, buf: make([]float32, taps+peakBlock), fill: taps}
	for f := 1; f < over; f++ {
		row := sincRow(float64(f) / float64(over))
		var l1 float32
		for _, v := range row {
			l1 += float32(math.Abs(float64(v)))
		}
		p.reach = max(p.reach, l1)
		p.phase = append(p.phase, row)
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
		x := float64(i-taps/2+1) - frac
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

func (p *truePeak) write(s []float32, c, step int) {
	for i := c; i < len(s); i += step {
		p.buf[p.fill] = s[i]
		if p.fill++; p.fill == len(p.buf) {
			p.scan()
		}
	}
}

// flush lets the last samples ring out.
func (p *truePeak) flush() {
	for range taps {
		p.write([]float32{0}, 0, 1)
	}
	p.scan()
}

// scan interpolates only where it could raise the maximum, which is exact: no
// interpolated value exceeds its samples by more than reach.
func (p *truePeak) scan() {
	const part = 32
	for at := 0; at+taps < p.fill; at += part {
		end := min(at+part, p.fill-taps)
		var top float32
		for _, v := range p.buf[at : end+taps] {
			top = max(top, v, -v)
		}
		p.max = max(p.max, float64(top))
		if float64(top*p.reach) <= p.max {
			continue
		}
		p.interpolate(at, end)
	}
	copy(p.buf, p.buf[p.fill-taps:p.fill])
	p.fill = taps
}

func (p *truePeak) interpolate(at, end int) {
	for r := range p.phase {
		row := &p.phase[r]
		for i := at; i < end; i++ {
			w := (*[taps]float32)(p.buf[i : i+taps])
			var a, b float32
			for k := 0; k < taps; k += 2 {
				a += w[k] * row[k]
				b += w[k+1] * row[k+1]
			}
			if s := a + b; s < 0 {
				p.max = max(p.max, float64(-s))
			} else {
				p.max = max(p.max, float64(s))
			}
		}
	}
}
