package cover

import (
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"
)

// Accent is a cover's colour for the page: Light on light surfaces, Dark on
// dark ones, as #rrggbb. Either has a contrast of at least 4.6 to the worst
// surface of its theme.
type Accent struct {
	Light string `json:"light"`
	Dark  string `json:"dark"`
}

// The worst surfaces: hovered rows of the dark and of the light theme.
const (
	darkSurface  = 0x23221f
	lightSurface = 0xe4e1da
	minContrast  = 4.6
)

const hueBins = 36

// AccentOf computes the accent of a picture. It looks at 64 x 64 pixels in
// OKLCH, lets the strongest of 36 hues win, and moves its lightness until the
// contrast holds.
func AccentOf(m image.Image) Accent {
	s := samples(m)
	type bin struct{ w, a, b, c float64 }
	var bins [hueBins]bin
	for i := 0; i < len(s.Pix); i += 4 {
		l, a, b := toOK(rgb{s.Pix[i], s.Pix[i+1], s.Pix[i+2]})
		c := math.Hypot(a, b)
		if c < .026 || l < .18 || l > .96 {
			continue
		}
		deg := math.Mod(math.Atan2(b, a)*180/math.Pi+360, 360)
		q := &bins[int(deg/10)%hueBins]
		w := c * c * (1 - math.Abs(l-.62)*.9)
		q.w, q.a, q.b, q.c = q.w+w, q.a+a*w, q.b+b*w, q.c+c*w
	}
	best, most := -1, 0.0
	for i, q := range bins {
		w := q.w + .5*(bins[(i+hueBins-1)%hueBins].w+bins[(i+1)%hueBins].w)
		if q.w > 0 && w > most {
			best, most = i, w
		}
	}
	hue, chroma := 1.2, .02 // a grey cover
	if best >= 0 && most > .25 {
		q := bins[best]
		hue = math.Atan2(q.b, q.a)
		chroma = math.Min(.17, math.Max(.085, q.c/q.w*1.05))
	}
	return accentFor(hue, chroma)
}

// samples takes 64 x 64 pixels the way a canvas does: each the mean of the four
// around its place in a picture of at most 640 pixels. Averaging everything
// would turn thin bright lines into grey.
func samples(m image.Image) *image.NRGBA {
	if m.Bounds().Dx() > 640 || m.Bounds().Dy() > 640 {
		m = imaging.Resize(m, 640, 640, imaging.Box)
	}
	src := imaging.Clone(m)
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	out := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			fx, fy := (float64(x)+.5)*float64(w)/64-.5, (float64(y)+.5)*float64(h)/64-.5
			o := out.PixOffset(x, y)
			for c := range 3 {
				out.Pix[o+c] = bilinear(src, fx, fy, c)
			}
			out.Pix[o+3] = 255
		}
	}
	return out
}

func bilinear(m *image.NRGBA, fx, fy float64, c int) uint8 {
	at := func(x, y int) float64 {
		x, y = max(0, min(x, m.Rect.Dx()-1)), max(0, min(y, m.Rect.Dy()-1))
		return float64(m.Pix[m.PixOffset(x, y)+c])
	}
	x, y := int(math.Floor(fx)), int(math.Floor(fy))
	u, v := fx-float64(x), fy-float64(y)
	top := at(x, y)*(1-u) + at(x+1, y)*u
	low := at(x, y+1)*(1-u) + at(x+1, y+1)*u
	return uint8(top*(1-v) + low*v + .5)
}

// accentFor finds the two lightnesses of a hue in radians.
func accentFor(hue, chroma float64) Accent {
	find := func(surface uint32, from, step float64) string {
		bg := rgb{uint8(surface >> 16), uint8(surface >> 8), uint8(surface)}
		var v rgb
		for l := from; l > .05 && l < .99; l += step {
			if v = fit(l, chroma, hue); contrast(v, bg) >= minContrast {
				break
			}
		}
		return v.String()
	}
	return Accent{Dark: find(darkSurface, .72, .005), Light: find(lightSurface, .60, -.005)}
}

type rgb [3]uint8

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

func linear(v uint8) float64 {
	c := float64(v) / 255
	if c <= .04045 {
		return c / 12.92
	}
	return math.Pow((c+.055)/1.055, 2.4)
}

func gamma(c float64) uint8 {
	if c <= .0031308 {
		c *= 12.92
	} else {
		c = 1.055*math.Pow(c, 1/2.4) - .055
	}
	return uint8(math.Max(0, math.Min(255, math.Floor(255*c+.5))))
}

// toOK converts sRGB to OKLab (Björn Ottosson, 2020).
func toOK(c rgb) (l, a, b float64) {
	r, g, bl := linear(c[0]), linear(c[1]), linear(c[2])
	x := math.Cbrt(.4122214708*r + .5363325363*g + .0514459929*bl)
	y := math.Cbrt(.2119034982*r + .6806995451*g + .1073969566*bl)
	z := math.Cbrt(.0883024619*r + .2817188376*g + .6299787005*bl)
	return .2104542553*x + .793617785*y - .0040720468*z,
		1.9779984951*x - 2.428592205*y + .4505937099*z,
		.0259040371*x + .7827717662*y - .808675766*z
}

func fromOK(l, a, b float64) [3]float64 {
	x := math.Pow(l+.3963377774*a+.2158037573*b, 3)
	y := math.Pow(l-.1055613458*a-.0638541728*b, 3)
	z := math.Pow(l-.0894841775*a-1.291485548*b, 3)
	return [3]float64{
		4.0767416621*x - 3.3077115913*y + .2309699292*z,
		-1.2684380046*x + 2.6097574011*y - .3413193965*z,
		-.0041960863*x - .7034186147*y + 1.707614701*z,
	}
}

// fit lowers the chroma until the colour is within sRGB; hue and lightness stay.
func fit(l, chroma, hue float64) rgb {
	v := fromOK(l, 0, 0)
	for c := chroma; c >= 0; c -= .004 {
		w := fromOK(l, c*math.Cos(hue), c*math.Sin(hue))
		if inGamut(w) {
			v = w
			break
		}
	}
	return rgb{gamma(v[0]), gamma(v[1]), gamma(v[2])}
}

func inGamut(v [3]float64) bool {
	for _, c := range v {
		if c < -.0005 || c > 1.0005 {
			return false
		}
	}
	return true
}

// contrast is the ratio of WCAG 2.
func contrast(a, b rgb) float64 {
	lum := func(c rgb) float64 { return .2126*linear(c[0]) + .7152*linear(c[1]) + .0722*linear(c[2]) }
	x, y := lum(a), lum(b)
	return (math.Max(x, y) + .05) / (math.Min(x, y) + .05)
}
