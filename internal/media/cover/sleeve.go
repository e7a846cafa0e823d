package cover

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
)

// side is the edge of a drawn cover in pixels.
const side = 1200

// A Sleeve says what to draw for a release that has no cover of its own. The
// same sleeve gives the same picture, for ever.
type Sleeve struct {
	Act     string `json:"act"`     // decides the colours
	Title   string `json:"title"`   // with the act, decides the design and its shapes
	Palette string `json:"palette"` // one of Palettes; "" lets the act decide
	Design  string `json:"design"`  // one of Designs; "" lets act and title decide
}

// Designs are the names a sleeve may choose from.
func Designs() []string { return names(designs) }

// Palettes are the names of the colours a sleeve may choose from.
func Palettes() []string { return names(palettes) }

// named is one entry of a list that sleeves choose from.
type named[T any] struct {
	name string
	it   T
}

func names[T any](list []named[T]) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = n.name
	}
	return out
}

// choose finds a name in a list, or lets h decide.
func choose[T any](list []named[T], name string, h uint64) T {
	for _, n := range list {
		if n.name == name {
			return n.it
		}
	}
	return list[h%uint64(len(list))].it
}

// designs are what sleeves can look like, as unlike each other as the covers
// in a shop.
var designs = []named[func(*sheet)]{
	{"tide", tide}, {"rings", rings}, {"bands", bands}, {"tiles", tiles}, {"halftone", halftone}, {"strokes", strokes}, {"hills", hills},
	{"ridges", ridges}, {"cutouts", cutouts}, {"windows", windows}, {"lanterns", lanterns}, {"rays", rays}, {"petals", petals}, {"arches", arches},
	{"weave", weave}, {"moons", moons},
}

// A palette is a ground, an ink that reads on it, and three more colours.
type palette struct{ ground, ink, a, b, c uint32 }

var palettes = []named[palette]{
	{"shore", palette{0xefe6d2, 0x173a48, 0xe2542f, 0x2c7a78, 0xd9a441}},
	{"night", palette{0x161a33, 0xf5e6c8, 0xe4607f, 0x5b73d6, 0xf2b8c6}},
	{"forest", palette{0x14352b, 0xeee6cc, 0xd9792a, 0x6fa37a, 0xb9cf86}},
	{"brass", palette{0xe8b62a, 0x1a160f, 0xc2452a, 0xf6eed8, 0x8a6a14}},
	{"poster", palette{0xd6412b, 0xf5efe3, 0x1a1718, 0xf3a58d, 0x2b418f}},
	{"cobalt", palette{0x2547a6, 0xf6e3d3, 0xf0593f, 0x101f52, 0xf3c443}},
	{"rose", palette{0xf2cbc4, 0x22393b, 0xe2563c, 0x2e7166, 0xfbf4e8}},
	{"slate", palette{0xdde0df, 0x1e2d38, 0xdf9f28, 0x7c909b, 0xb7c1c4}},
	{"neon", palette{0x121110, 0xf4f1ea, 0xa8dc32, 0x5a5853, 0xe9e4d8}},
	{"dune", palette{0xe9bb7c, 0x59291a, 0xc85f2c, 0xf8ebd2, 0x9a4a22}},
	{"plum", palette{0x3b2359, 0xf7e4b8, 0xee6a40, 0x8a5bc2, 0xf1a3c1}},
	{"lagoon", palette{0x0f4b53, 0xeaf1e5, 0xf08b4c, 0x41a8a1, 0x082d33}},
}

// Draw draws the sleeve.
func (s Sleeve) Draw() image.Image {
	act, both := sha256.Sum256([]byte("9ten/sleeve/v1\x00"+s.Act)), sha256.Sum256([]byte("9ten/sleeve/v1\x00"+s.Act+"\x00"+s.Title))
	word := func(h [32]byte, i int) uint64 { return binary.BigEndian.Uint64(h[8*i:]) }
	d := &sheet{
		m: image.NewRGBA(image.Rect(0, 0, side, side)), palette: choose(palettes, s.Palette, word(act, 0)),
		Rand: rand.New(rand.NewPCG(word(both, 1), word(both, 2))), //nolint:gosec // a drawing keeps no secret
	}
	d.fill(d.ground, rect(0, 0, side, side))
	choose(designs, s.Design, word(both, 0))(d)
	return d.m
}

// hex makes a colour of 0xrrggbb.
func hex(v uint32) color.NRGBA { return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

// mix is the colour between a and b, part of the way, in OKLab.
func mix(a, b uint32, part float64) uint32 {
	l1, a1, b1 := toOK(rgb{uint8(a >> 16), uint8(a >> 8), uint8(a)})
	l2, a2, b2 := toOK(rgb{uint8(b >> 16), uint8(b >> 8), uint8(b)})
	v := fromOK(l1+(l2-l1)*part, a1+(a2-a1)*part, b1+(b2-b1)*part)
	return uint32(gamma(v[0]))<<16 | uint32(gamma(v[1]))<<8 | uint32(gamma(v[2]))
}

// PNG encodes a drawn cover, quickly: the variants that listeners get are made
// of it.
func PNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	err := e.Encode(&b, m)
	return b.Bytes(), err
}
