package cover_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	"github.com/michaelperna/9ten/internal/media/cover"
)

// corners are the colours of the test pictures: red and green above blue and
// white, 96 by 64 pixels.
var corners = [4]color.RGBA{{0xd0, 0x18, 0x18, 255}, {0x18, 0xa0, 0x30, 255}, {0x18, 0x30, 0xc0, 255}, {0xf0, 0xf0, 0xf0, 255}}

// TestPicturesFromElsewhere makes covers of files as print shops, cameras and
// other programs write them: the right way up, in the right colours, and of a
// moving picture the first frame.
func TestPicturesFromElsewhere(t *testing.T) {
	files := map[string][]byte{"gif that starts small": startsSmall(t)}
	for _, name := range []string{"cmyk.jpg", "turned.jpg", "progressive.jpg", "deep.png", "deep-alpha.png", "moving.gif", "moving.webp", "still.webp"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	for name, b := range files {
		c, dir, err := make1(t, b)
		if err != nil || c.Width != 96 || c.Height != 64 {
			t.Errorf("%s: %d by %d, %v", name, c.Width, c.Height, err)
			continue
		}
		for _, v := range c.Variants {
			body, err := os.ReadFile(filepath.Join(dir, v.File))
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := image.Decode(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range corners {
				at := image.Pt(v.Side/8+i%2*v.Side*3/4, v.Side/8+i/2*v.Side*3/4)
				if got := color.RGBAModel.Convert(m.At(at.X, at.Y)).(color.RGBA); v.Format == "jpg" && far(got, want) {
					t.Errorf("%s %s: %v at %v, want %v", name, v.File, got, at, want)
				}
			}
		}
	}
}

func far(a, b color.RGBA) bool {
	apart := func(x, y uint8) bool { return max(x, y)-min(x, y) > 20 }
	return apart(a.R, b.R) || apart(a.G, b.G) || apart(a.B, b.B)
}

// startsSmall is a moving GIF whose first frame covers only the middle of the
// picture, on the background that the file names.
func startsSmall(t *testing.T) []byte {
	t.Helper()
	p := color.Palette{corners[0], corners[1], corners[2], corners[3]}
	whole := image.NewPaletted(image.Rect(0, 0, 96, 64), p)
	for i, c := range corners {
		x, y := i%2*48, i/2*32
		draw.Draw(whole, image.Rect(x, y, x+48, y+32), image.NewUniform(c), image.Point{}, draw.Src)
	}
	first := image.NewPaletted(image.Rect(6, 2, 90, 62), p)
	draw.Draw(first, first.Rect, whole, first.Rect.Min, draw.Src)
	var b bytes.Buffer
	g := gif.GIF{Image: []*image.Paletted{first, whole}, Delay: []int{10, 10}, Config: image.Config{ColorModel: p, Width: 96, Height: 64}}
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzMovingWebP(f *testing.F) {
	for _, name := range []string{"moving.webp", "still.webp"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := cover.Decode(b)
		if err == nil && (m.Bounds().Dx() > cover.MaxSide || m.Bounds().Empty()) {
			t.Errorf("a picture of %v", m.Bounds())
		}
	})
}
