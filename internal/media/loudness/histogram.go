package loudness

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	binsPerLU = 20
	bins      = 90 * binsPerLU // -70 to +20 LUFS
)

// Histogram counts the 400 ms blocks of a recording by loudness, in steps of
// 0.05 LU from -70 LUFS. Album gain is exact to half a step without keeping
// every block. The zero value is empty.
type Histogram struct{ n map[uint16]uint32 }

func (h *Histogram) count(e float64) {
	if e <= 0 {
		return
	}
	if l := lufs(e); l > Silence {
		h.put(uint16(min(int((l-Silence)*binsPerLU), bins-1)), 1)
	}
}

func (h *Histogram) put(bin uint16, n uint32) {
	if h.n == nil {
		h.n = map[uint16]uint32{}
	}
	if s := h.n[bin] + n; s >= n { // never wraps: 2^32 blocks are 13 years
		h.n[bin] = s
	}
}

// Add counts the blocks of another recording too.
func (h *Histogram) Add(o Histogram) {
	for b, n := range o.n {
		h.put(b, n)
	}
}

// Integrated returns the gated loudness in LUFS, [Silence] when empty.
func (h Histogram) Integrated() float64 {
	mean := func(above float64) (float64, bool) {
		s, n := 0.0, 0.0
		for b := range uint16(bins) { // in order, so that sums are reproducible
			if k := h.n[b]; k > 0 && level(b) > above {
				s += float64(k) * math.Pow(10, (level(b)+0.691)/10)
				n += float64(k)
			}
		}
		return s / max(n, 1), n > 0
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

func level(b uint16) float64 { return Silence + (float64(b)+0.5)/binsPerLU }

// MarshalBinary writes pairs of (gap to the previous bin, count) as varints in
// rising order. It never fails.
func (h Histogram) MarshalBinary() ([]byte, error) {
	out := []byte{1}
	prev := 0
	for b := range bins {
		if k := h.n[uint16(b)]; k > 0 {
			out = binary.AppendUvarint(out, uint64(b-prev))
			out = binary.AppendUvarint(out, uint64(k))
			prev = b
		}
	}
	return out, nil
}

// UnmarshalBinary reads what MarshalBinary wrote; an Invalid fault otherwise.
func (h *Histogram) UnmarshalBinary(p []byte) error {
	bad := func() error { return fault.New(fault.Invalid, "The stored loudness of a track is damaged.") }
	if len(p) == 0 || p[0] != 1 {
		return bad()
	}
	out := Histogram{}
	bin := uint64(0)
	for p, first := p[1:], true; len(p) > 0; first = false {
		gap, k := binary.Uvarint(p)
		if k <= 0 || gap >= bins || (gap == 0 && !first) {
			return bad()
		}
		n, m := binary.Uvarint(p[k:])
		if bin += gap; m <= 0 || n == 0 || n > math.MaxUint32 || bin >= bins {
			return bad()
		}
		out.put(uint16(bin), uint32(n))
		p = p[k+m:]
	}
	*h = out
	return nil
}

// MarshalText and UnmarshalText let a histogram travel in JSON (base64 of the
// binary form is what encoding/json makes of the bytes).
func (h Histogram) MarshalText() ([]byte, error) {
	b, err := h.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText wrote.
func (h *Histogram) UnmarshalText(p []byte) error {
	b, err := base64.StdEncoding.AppendDecode(nil, p)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The stored loudness of a track is damaged.")
	}
	return h.UnmarshalBinary(b)
}
