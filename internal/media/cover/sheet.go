package cover

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/vector"
)

// A sheet is what a design draws on: its pixels, colours and luck.
type sheet struct {
	*rand.Rand
	palette
	m *image.RGBA
}

// A point is a place on a sheet; a shape is a polygon of them.
type point struct{ x, y float64 }
type shape []point

// fill paints shapes, edges smooth. Shapes in one call are one area.
func (d *sheet) fill(c uint32, shapes ...shape) { d.paint(hex(c), shapes...) }

// glaze paints shapes that let through what lies under them.
func (d *sheet) glaze(c uint32, alpha float64, shapes ...shape) {
	k := hex(c)
	k.A = uint8(alpha * 255)
	d.paint(k, shapes...)
}

func (d *sheet) paint(c color.Color, shapes ...shape) {
	box := bounds(shapes).Intersect(d.m.Rect)
	if box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	at := func(p point) (x, y float32) {
		return float32(p.x) - float32(box.Min.X), float32(p.y) - float32(box.Min.Y)
	}
	for _, s := range shapes {
		for i, p := range s {
			x, y := at(p)
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	r.Draw(d.m, box, image.NewUniform(c), image.Point{})
}

func bounds(shapes []shape) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, s := range shapes {
		for _, p := range s {
			low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	if low.x > high.x {
		return image.Rectangle{}
	}
	return image.Rect(int(low.x)-1, int(low.y)-1, int(high.x)+2, int(high.y)+2)
}

func rect(x, y, w, h float64) shape { return shape{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}} }

func disc(x, y, r float64) shape {
	return around(x, y, 0, 2*math.Pi, func(float64) float64 { return r })
}

// around is a shape about a middle, whose radius follows the angle.
func around(x, y, from, to float64, radius func(angle float64) float64) shape {
	const steps = 180
	s := make(shape, 0, steps+1)
	for i := range steps + 1 {
		t := from + (to-from)*float64(i)/steps
		r := radius(t)
		s = append(s, point{x + r*math.Cos(t), y + r*math.Sin(t)})
	}
	return s
}

// ring is the part of a ring between two angles.
func ring(x, y, inner, outer, from, to float64) shape {
	s := around(x, y, from, to, func(float64) float64 { return outer })
	return append(s, around(x, y, to, from, func(float64) float64 { return inner })...)
}

// line is a stroke through points, as wide as width says along its way (0 to 1).
func line(way []point, width func(part float64) float64) shape {
	n := len(way)
	left, right := make(shape, 0, 2*n), make(shape, 0, n)
	for i, p := range way {
		a, b := way[max(0, i-1)], way[min(n-1, i+1)]
		dx, dy := b.x-a.x, b.y-a.y
		l := max(math.Hypot(dx, dy), 1e-9)
		w := width(float64(i)/float64(n-1)) / 2
		left, right = append(left, point{p.x - dy/l*w, p.y + dx/l*w}), append(right, point{p.x + dy/l*w, p.y - dx/l*w})
	}
	for i := len(right) - 1; i >= 0; i-- {
		left = append(left, right[i])
	}
	return left
}

// curve samples y = f(x) across the sheet, and past its edges.
func curve(f func(x float64) float64) []point {
	var way []point
	for x := -20.0; x <= side+20; x += 8 {
		way = append(way, point{x, f(x)})
	}
	return way
}

// under is the area below a curve, down to a depth.
func under(way []point, depth float64) shape {
	s := append(shape{}, way...)
	return append(s, point{way[len(way)-1].x, depth}, point{way[0].x, depth})
}

// even is a width that does not change.
func even(w float64) func(float64) float64 { return func(float64) float64 { return w } }

// between is a number from low to high, by chance.
func (d *sheet) between(low, high float64) float64 { return low + (high-low)*d.Float64() }

// pick is one of the colours, by chance.
func (d *sheet) pick(of ...uint32) uint32 { return of[d.IntN(len(of))] }

// swell is a sum of a few waves with random phases, within -1 and 1.
func (d *sheet) swell(waves ...float64) func(x float64) float64 {
	phase := make([]float64, len(waves))
	for i := range phase {
		phase[i] = d.between(0, 2*math.Pi)
	}
	return func(x float64) float64 {
		y := 0.0
		for i, w := range waves {
			y += math.Sin(x*w*2*math.Pi/side+phase[i]) / float64(len(waves))
		}
		return y
	}
}
