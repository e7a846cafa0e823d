package cover

import "math"

// tide: a sun over lines of water that grow towards the beholder.
func tide(d *sheet) {
	d.fill(d.a, disc(d.between(.42, .7)*side, d.between(.34, .42)*side, d.between(.2, .25)*side))
	water := []uint32{d.ink, d.b, d.ink, d.c}
	for i := range 13 {
		f := float64(i)
		y, s := side*(.42+f*f*.0028+f*.014), d.swell(1.1, 2.3, .7)
		way := curve(func(x float64) float64 { return y + s(x)*(14+f*3.2) })
		d.fill(d.ground, under(way, side+9))
		d.fill(water[i%len(water)], line(way, even(5+f*1.5)))
	}
}

// rings: the grooves of a record, seen a little from the side.
func rings(d *sheet) {
	x, y := d.between(.35, .65)*side, d.between(.4, .6)*side
	for r := .98; r > .12; r -= d.between(.03, .075) {
		d.fill(d.pick(d.ink, d.a, d.b, d.ground, d.c, d.ink), disc(x, y, r*side))
	}
	d.fill(d.a, disc(x, y, .15*side))
	d.fill(d.ground, disc(x, y, .025*side))
}

// bands: broad slanted bands and one disc on them, as on a poster.
func bands(d *sheet) {
	slope := d.between(.35, .7)
	at := d.between(.2, .35) * side
	for i, c := range []uint32{d.a, d.ink, d.b, d.ink, d.c} {
		w := []float64{.26, .035, .09, .015, .05}[i] * side
		y := func(x float64) float64 { return at + side*.62 - x*slope }
		d.fill(c, shape{{-9, y(-9)}, {side + 9, y(side + 9)}, {side + 9, y(side+9) + w}, {-9, y(-9) + w}})
		at += w + side*.035
	}
	x, y, r := d.between(.6, .75)*side, d.between(.2, .28)*side, .17*side
	for i, c := range []uint32{d.ink, d.ground, d.ink, d.a} {
		d.fill(c, disc(x, y, r*[]float64{1, .58, .4, .14}[i]))
	}
}

// tiles: quarter rings that meet by chance.
func tiles(d *sheet) {
	n := 4 + d.IntN(2)
	cell := float64(side) / float64(n)
	for i := range n * n {
		x, y := float64(i%n)*cell, float64(i/n)*cell
		d.fill(d.pick(d.ground, d.c, mix(d.ground, d.c, .45)), rect(x, y, cell+1, cell+1))
		turn := d.IntN(4)
		from := float64(turn) * math.Pi / 2
		cx, cy := x+cell*float64((turn+1)/2%2), y+cell*float64(turn/2)
		c := d.pick(d.ink, d.a, d.b, d.ink)
		d.fill(c, ring(cx, cy, .64*cell, cell, from, from+math.Pi/2))
		d.fill(d.pick(d.a, d.b, c), ring(cx, cy, 0, .34*cell, from, from+math.Pi/2))
	}
}

// halftone: a disc printed in dots, lit from one side.
func halftone(d *sheet) {
	const step = side / 44.0
	lx, ly := d.between(-.35, .35), d.between(-.35, .35)
	var dots []shape
	for j := range 44 {
		for i := range 44 {
			x, y := (float64(i)+.5+.5*float64(j%2))*step, (float64(j)+.5)*step
			u, v := x/side*2-1, y/side*2-1
			r := math.Hypot(u, v)
			tone := .12
			if r < .76 && r > .17 {
				tone = .35 + .75*math.Hypot(u-lx, v-ly)
			}
			dots = append(dots, disc(x, y, step*.56*min(1, math.Sqrt(tone))))
		}
	}
	d.fill(d.ink, dots...)
	d.fill(d.a, ring(side/2, side/2, .085*side, .1*side, 0, 2*math.Pi))
}

// strokes: hairs along a current, like a feather or a field in the wind.
func strokes(d *sheet) {
	u, v, w := d.swell(.8, 1.7), d.swell(.6, 1.3), d.swell(1.1, .5)
	lean := d.between(-.9, -.3)
	for i := range 900 {
		p := point{side * (.5 + .19*d.NormFloat64()), side * (.52 + .17*d.NormFloat64())}
		n := 14 + d.IntN(26)
		way := make([]point, n)
		for k := range way {
			way[k] = p
			t := lean + 1.5*u(p.x) + 1.3*v(p.y) + .7*w(p.x+p.y)
			p.x, p.y = p.x+9*math.Cos(t), p.y+9*math.Sin(t)
		}
		c := mix(d.ink, d.b, d.Float64()*.8)
		if i%41 == 0 {
			c = d.a
		}
		wide := d.between(2, 6)
		d.fill(c, line(way, func(part float64) float64 { return wide * math.Sin(math.Pi*(.08+.92*part)) }))
	}
	d.fill(d.a, disc(d.between(.58, .7)*side, d.between(.26, .36)*side, .028*side))
}

// hills: ridge behind ridge, paler with the distance, and a low sun.
func hills(d *sheet) {
	sky := mix(d.ground, d.c, .5)
	for i := range 60 {
		d.fill(mix(d.ground, sky, float64(i)/59), rect(0, float64(i)*side*.7/60, side, side*.7/60+2))
	}
	d.fill(d.a, disc(d.between(.3, .7)*side, d.between(.36, .44)*side, .11*side))
	for i := range 6 {
		f := float64(i) / 5
		s, rough := d.swell(.9, 1.9, 3.1), d.swell(7, 13, 23)
		y := side * (.46 + .1*float64(i))
		d.fill(mix(mix(sky, d.b, .45), d.ink, f), under(curve(func(x float64) float64 { return y - side*.09*s(x) - side*.022*rough(x) }), side+9))
	}
}

// ridges: a pulse drawn again and again, one line before the other.
func ridges(d *sheet) {
	d.fill(d.b, rect(0, 0, side, side))
	d.fill(d.ground, rect(.07*side, .07*side, .86*side, .86*side))
	mid, lit := d.between(.42, .58)*side, 8+d.IntN(26)
	for i := range 46 {
		y := side * (.2 + .0158*float64(i))
		s, fine := d.swell(3, 7, 11), d.swell(19, 29)
		tall := side * .16 * math.Exp(-math.Pow((float64(i)-22)/14, 2))
		var way []point
		for x := .12 * side; x <= .88*side; x += 4 {
			bell := math.Exp(-math.Pow((x-mid)/(side*.14), 2))
			way = append(way, point{x, y - tall*bell*(.62+.5*s(x)) - 4*fine(x)*(.3+bell)})
		}
		c := d.ink
		if i >= lit && i < lit+4 {
			c = d.a
		}
		d.fill(d.ground, under(way, y+side*.03))
		d.fill(c, line(way, even(4.5)))
	}
}

// cutouts: four sheets of paper, a leaf cut out of each.
func cutouts(d *sheet) {
	papers := []uint32{d.ground, d.a, d.b, d.c}
	d.Shuffle(4, func(i, j int) { papers[i], papers[j] = papers[j], papers[i] })
	for i, paper := range papers {
		x, y := float64(i%2)*side/2, float64(i/2)*side/2
		d.fill(paper, rect(x, y, side/2+1, side/2+1))
		lobes, turn, deep := float64(4+d.IntN(4)), d.between(0, 6), d.between(.16, .3)
		s := d.swell(side/6.2832, 2*side/6.2832)
		leaf := papers[(i+1+d.IntN(3))%4]
		if leaf == paper || i == 3 {
			leaf = d.ink
		}
		d.fill(leaf, around(x+side/4, y+side/4, 0, 2*math.Pi, func(t float64) float64 {
			return side * .165 * (1 + deep*math.Sin(lobes*t+turn) + .14*s(t))
		}))
	}
}

// windows: a house front at night, somebody still awake.
func windows(d *sheet) {
	for i := range 40 {
		d.fill(mix(d.ground, d.b, float64(i)/60), rect(0, float64(i)*side/40, side, side/40+2))
	}
	const cols, rows = 7, 9
	left, top, w := .17*side, d.between(.1, .18)*side, .66*side
	d.fill(mix(d.ground, d.ink, .8), rect(left, top, w, side))
	cell, high := w/cols, side*.088
	awake := map[int]bool{d.IntN(cols * rows): true, d.IntN(cols * rows): true, d.IntN(cols * rows): true}
	for i := range cols * rows {
		x, y := left+float64(i%cols)*cell, top+.045*side+float64(i/cols)*high
		c := mix(d.ground, d.ink, d.between(.3, .55))
		if awake[i] {
			c = d.a
		}
		d.fill(c, rect(x+cell*.2, y, cell*.6, high*.62))
	}
	s := d.swell(5, 9, 17)
	d.fill(mix(d.b, d.ink, .35), under(curve(func(x float64) float64 { return side*.9 - side*.022*s(x) }), side+9))
}

// lanterns: lights out of focus, one through the other.
func lanterns(d *sheet) {
	dark := mix(d.ground, 0x0d0c0b, .55)
	if l, _, _ := toOK(rgb{uint8(d.ground >> 16), uint8(d.ground >> 8), uint8(d.ground)}); l > .6 {
		dark = mix(d.ink, 0x0d0c0b, .3)
	}
	d.fill(dark, rect(0, 0, side, side))
	for range 58 {
		x, y, r := d.between(-.05, 1.05)*side, math.Pow(d.Float64(), .8)*side*.92, side*(.025+.09*math.Pow(d.Float64(), 1.6))
		c := d.pick(d.a, d.a, d.b, d.c, mix(d.a, d.c, .5))
		d.glaze(c, d.between(.18, .5), disc(x, y, r))
		d.glaze(c, .3, ring(x, y, r*.93, r, 0, 2*math.Pi))
	}
	for x := -.02; x < 1; {
		w := d.between(.05, .16)
		d.fill(mix(dark, 0x0a0908, .7), rect(x*side, side*d.between(.82, .93), w*side+1, side))
		x += w
	}
}

// rays: a low sun and its beams.
func rays(d *sheet) {
	x, y := d.between(.3, .7)*side, d.between(.62, .74)*side
	n := 15 + 2*d.IntN(4)
	turn := d.between(0, 1)
	for i := range n {
		from := (float64(i) + turn) * 2 * math.Pi / float64(n)
		d.fill([]uint32{d.a, d.c, d.a, d.b}[i%4], shape{{x, y}, {x + 2*side*math.Cos(from), y + 2*side*math.Sin(from)}, {x + 2*side*math.Cos(from+math.Pi/float64(n)), y + 2*side*math.Sin(from+math.Pi/float64(n))}})
	}
	d.fill(d.ground, disc(x, y, .25*side))
	d.fill(d.ink, disc(x, y, .215*side))
	d.fill(d.ink, rect(-9, y, side+18, side))
	for i := range 7 {
		h := y + side*(.02+.012*float64(i*i))
		d.fill(d.ground, rect(x-side*(.3-.03*float64(i)), h, side*(.6-.06*float64(i)), side*.006+float64(i)))
	}
}

// petals: flowers in a meadow, no two alike.
func petals(d *sheet) {
	for range 26 {
		x, y := d.between(0, 1)*side, d.between(0, 1)*side
		way := []point{{x, y}, {x + d.between(-40, 40), y + side*.2}, {x + d.between(-80, 80), y + side*.5}}
		d.fill(mix(d.ground, d.ink, .35), line(way, even(7)))
	}
	for i := range 24 {
		x, y := (float64(i%5)+d.between(0, 1))*side/5, (float64(i/5)+d.between(0, 1))*side/5
		r, n, turn := side*d.between(.055, .105), 5+d.IntN(4), d.between(0, 6)
		c := d.pick(d.a, d.b, d.c, d.a, d.c)
		for k := range n {
			t := turn + float64(k)*2*math.Pi/float64(n)
			d.fill(mix(c, d.ink, .12*float64(k%2)), disc(x+r*.62*math.Cos(t), y+r*.62*math.Sin(t), r*.46))
		}
		d.fill(d.ink, disc(x, y, r*.3))
	}
}

// arches: gate within gate.
func arches(d *sheet) {
	x, y := side/2.0, d.between(.52, .58)*side
	colours := []uint32{d.ink, d.a, d.c, d.b, d.ground, d.ink}
	d.Shuffle(4, func(i, j int) { colours[i], colours[j] = colours[j], colours[i] })
	for i := range 6 {
		r := side * (.43 - .068*float64(i))
		d.fill(colours[i], disc(x, y, r), rect(x-r, y, 2*r, side))
	}
	d.fill(d.a, disc(x+side*d.between(-.3, .3), side*.12, .05*side))
}

// weave: ribbons over and under each other.
func weave(d *sheet) {
	const n = 6
	step, wide := side/float64(n), side/float64(n)*.62
	var down, across [n]uint32
	for i := range n {
		down[i], across[i] = d.pick(d.ink, d.b, d.ink, mix(d.ink, d.b, .5)), d.pick(d.a, d.c, d.a, mix(d.a, d.c, .5))
	}
	lane := func(i int) float64 { return (float64(i)+.5)*step - wide/2 }
	for i := range n {
		d.fill(down[i], rect(lane(i), -9, wide, side+18))
	}
	for j := range n {
		d.fill(across[j], rect(-9, lane(j), side+18, wide))
	}
	for i := range n * n {
		if x, y := i%n, i/n; (x+y)%2 == 0 {
			d.fill(down[x], rect(lane(x), lane(y)-(step-wide)/2, wide, step))
		}
	}
}

// moons: nine phases, three by three.
func moons(d *sheet) {
	step, r := side*.27, side*.1
	for i := range 9 {
		x, y := side/2+float64(i%3-1)*step, side/2+float64(i/3-1)*step
		lit := d.pick(d.ink, d.ink, d.c)
		if i == d.IntN(9) {
			lit = d.a
		}
		phase := math.Cos(math.Pi * (float64(i) + .5) / 9)
		d.fill(mix(d.ground, d.b, .45), disc(x, y, r))
		half := around(x, y, -math.Pi/2, math.Pi/2, func(float64) float64 { return r })
		for k := 40; k >= 0; k-- {
			t := -math.Pi/2 + math.Pi*float64(k)/40
			half = append(half, point{x + phase*r*math.Cos(t), y + r*math.Sin(t)})
		}
		d.fill(lit, half)
	}
}
