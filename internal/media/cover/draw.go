package cover

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/disintegration/imaging"
)

// drawSide is the side of a drawn cover in pixels.
const drawSide = 1200

// Draw makes a cover for a release that has none: nine squares, each as lit as
// the name decides, on a quiet ground, and one round dot. The same name gives
// the same cover, for ever.
func Draw(name string) image.Image {
	h := sha256.Sum256([]byte("9ten/cover/v1\x00" + name))
	hue := float64(h[0])/256*2*math.Pi + float64(h[1])/256*.1
	chroma := .035 + float64(h[2])/256*.075
	dark := h[3]&1 == 0
	ground, near, far := .93, .80, .42
	if dark {
		ground, near, far = .21, .34, .78
	}
	const over = 2 // drawn larger and scaled down: smooth edges
	const side = drawSide
	m := imaging.New(side, side, nrgba(fit(ground, chroma*.35, hue)))
	const margin, gap = side * 13 / 100, side * 3 / 100
	const cell = (side - 2*margin - 2*gap) / 3
	dot := int(h[4]) % 9
	turn := (float64(h[5])/256 - .5) * 1.4
	for i := range 9 {
		lit := float64(h[8+i]) / 255
		l := near + (far-near)*lit*lit
		c := fit(l, chroma*(.5+lit*.8), hue+turn*lit)
		x, y := margin+i%3*(cell+gap), margin+i/3*(cell+gap)
		if i == dot {
			disc(m, x+cell/2, y+cell/2, cell/2, nrgba(fit(far, .13, hue+math.Pi*.55)), over)
			continue
		}
		for yy := y; yy < y+cell; yy++ {
			for xx := x; xx < x+cell; xx++ {
				m.SetNRGBA(xx, yy, nrgba(c))
			}
		}
	}
	return m
}

func nrgba(c rgb) color.NRGBA { return color.NRGBA{c[0], c[1], c[2], 255} }

// disc draws a filled circle, each pixel weighed by over x over samples.
func disc(m *image.NRGBA, cx, cy, r int, c color.NRGBA, over int) {
	for y := cy - r - 1; y <= cy+r; y++ {
		for x := cx - r - 1; x <= cx+r; x++ {
			in := 0
			for k := range over * over {
				dx := float64(x-cx) + (float64(k%over)+.5)/float64(over)
				dy := float64(y-cy) + (float64(k/over)+.5)/float64(over)
				if dx*dx+dy*dy <= float64(r*r) {
					in++
				}
			}
			if in == 0 {
				continue
			}
			under, n := m.NRGBAAt(x, y), over*over
			mix := func(a, b uint8) uint8 { return uint8((int(a)*in + int(b)*(n-in)) / n) }
			m.SetNRGBA(x, y, color.NRGBA{mix(c.R, under.R), mix(c.G, under.G), mix(c.B, under.B), 255})
		}
	}
}

// PNG encodes a drawn cover.
func PNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
