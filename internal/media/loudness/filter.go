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

// energy filters the samples of one channel and returns their sum of squares.
func (k *kWeight) energy(s []float32) (sum float64) {
	z1, z2, y1, y2 := k.z1, k.z2, k.y1, k.y2
	for _, v := range s {
		x := float64(v)
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
