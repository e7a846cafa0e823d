package loudness

import (
	"math"
	"math/rand/v2"
	"testing"
)

// everywhere interpolates at every place, and passes over none.
func everywhere(rate int, s []float32) (top float64) {
	p := newTruePeak(rate)
	s = append(append(make([]float32, taps), s...), make([]float32, taps)...)
	for i := range s[:len(s)-taps] {
		top = max(top, math.Abs(float64(s[i])))
		for _, ph := range p.phase {
			sum := 0.0
			for k, v := range ph.row {
				sum += float64(v) * float64(s[i+k])
			}
			top = max(top, math.Abs(sum))
		}
	}
	return top
}

// TestPassingOverIsExact: looking only where the maximum could rise finds the
// same maximum as looking everywhere, in signals where it is easy, loud, rare,
// and at an end.
func TestPassingOverIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3341, 15))
	signals := map[string]func(i int) float64{
		"noise":    func(int) float64 { return r.Float64()*2 - 1 },
		"limited":  func(int) float64 { return math.Copysign(0.99, r.Float64()-0.5) },
		"quiet":    func(int) float64 { return r.NormFloat64() * 0.02 },
		"swelling": func(i int) float64 { return float64(i) / 9000 * math.Sin(float64(i)*1.55) },
		"waning":   func(i int) float64 { return (1 - float64(i)/9001) * math.Sin(float64(i)*1.57+0.78) },
		"rare":     func(i int) float64 { return math.Exp(-math.Abs(float64(i%3000)-1500.4)) * math.Cos(float64(i)*3) },
		"last":     func(i int) float64 { return float64(i/8999) * 0.5 },
		"square":   func(i int) float64 { return float64(i/7%2*2-1) * 0.7 },
	}
	for name, at := range signals {
		for _, rate := range []int{44100, 96000, 192000} {
			for n := range 3 {
				s := make([]float32, 9000)
				two := make([]float32, 0, 2*len(s))
				for i := range s {
					s[i] = float32(at(i))
					two = append(two, s[i]/2, s[i])
				}
				p, m := NewPeak(rate, 2), New(rate, 2)
				for left := two; len(left) > 0; { // pieces of any size
					k := min(2*(1+r.IntN(1+3000*n)), len(left))
					p.Write(left[:k])
					m.Write(left[:k])
					left = left[k:]
				}
				want := 20 * math.Log10(everywhere(rate, s))
				if got := p.Result(); math.Abs(got-want) > 1e-4 {
					t.Errorf("%s at %d Hz: %.6f dBTP, everywhere it is %.6f", name, rate, got, want)
				}
				if got := m.Result().TruePeak; math.Abs(got-want) > 1e-4 {
					t.Errorf("%s at %d Hz: the meter says %.6f dBTP, everywhere it is %.6f", name, rate, got, want)
				}
			}
		}
	}
	if got := NewPeak(44100, 2).Result(); got != -200 {
		t.Errorf("nothing at all: %v dBTP", got)
	}
}
