// Package cover makes the pictures a page shows out of the picture a stranger
// sent: square, in four sizes, in JPEG and WebP, without metadata, and with
// the colour the page takes from it.
//
// [Make] is meant for the sandbox's helper: it decodes hostile bytes and
// starts a WASM runtime.
package cover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/disintegration/imaging"
	"github.com/gen2brain/webp"
	"github.com/michaelperna/9ten/internal/fault"
	_ "golang.org/x/image/webp"
)

// Limits on a stranger's picture, checked before it is decoded.
const (
	MaxBytes = 20 << 20
	MaxSide  = 8000 // pixels
	MinSide  = 32
)

// Sizes are the sides in pixels that a page may ask for.
var Sizes = [...]int{96, 240, 640, 1200}

// Variant is one file of a cover.
type Variant struct {
	Size   int    `json:"size"`   // the size asked for, one of Sizes
	Side   int    `json:"side"`   // its real side in pixels: never more than the picture had
	Format string `json:"format"` // "webp" or "jpg"
	File   string `json:"file"`   // its name in the directory given to Make
}

// Cover is what a release stores.
type Cover struct {
	Width    int       `json:"width"` // of the picture as it came
	Height   int       `json:"height"`
	Accent   Accent    `json:"accent"`
	Variants []Variant `json:"variants"`
}

// Make decodes the picture at path and writes its variants into dir.
//
// Faults: Unsupported for what is no JPEG, PNG, WebP or GIF; TooLarge beyond
// the limits; Invalid for a damaged or tiny picture.
func Make(_ context.Context, path, dir string) (Cover, error) {
	m, err := open(path)
	if err != nil {
		return Cover{}, err
	}
	return write(m, dir)
}

func open(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The uploaded picture cannot be read.")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The uploaded picture cannot be read.")
	}
	return Decode(b)
}

// Decode reads a picture within the limits, of a moving one its first frame,
// and turns it as its EXIF orientation says. Faults as [Make].
func Decode(b []byte) (image.Image, error) {
	if len(b) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "This picture is larger than 20 MB. Save it as a JPEG of 3000 by 3000 pixels.")
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(b))
	switch {
	case errors.Is(err, image.ErrFormat):
		return nil, fault.New(fault.Unsupported, "This is not a picture we can read. Save it as JPEG, PNG or WebP.")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "This picture is damaged. Save it again as JPEG or PNG.")
	case c.Width > MaxSide || c.Height > MaxSide:
		return nil, fault.New(fault.TooLarge, "This picture has %d by %d pixels. Save it with at most %d on each side; 3000 by 3000 is plenty.", c.Width, c.Height, MaxSide)
	case c.Width < MinSide || c.Height < MinSide:
		return nil, fault.New(fault.Invalid, "This picture is only %d by %d pixels. A cover looks good from 1200 by 1200.", c.Width, c.Height)
	}
	still, at, moves := firstFrame(b)
	if !moves {
		still = b
	}
	m, err := imaging.Decode(bytes.NewReader(still), imaging.AutoOrientation(true))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "This picture is damaged. Save it again as JPEG or PNG.")
	}
	switch {
	case format == "gif":
		m = placed(m, m.Bounds().Min, c)
	case format == "webp" && moves:
		m = placed(videoRange(m), at, c)
	case format == "webp":
		m = videoRange(m)
	}
	return m, nil
}

// videoRange converts what the WebP decoder yields. WebP keeps luma in 16 to
// 235 (RFC 6386 section 9.2), Go's YCbCr means the full range of JPEG, so that
// colours would look washed out.
func videoRange(m image.Image) image.Image {
	var y *image.YCbCr
	var alpha func(x, y int) uint8
	switch v := m.(type) {
	case *image.YCbCr:
		y, alpha = v, func(int, int) uint8 { return 255 }
	case *image.NYCbCrA:
		y, alpha = &v.YCbCr, func(px, py int) uint8 { return v.A[v.AOffset(px, py)] }
	default:
		return m
	}
	out := image.NewNRGBA(y.Rect)
	for py := y.Rect.Min.Y; py < y.Rect.Max.Y; py++ {
		for px := y.Rect.Min.X; px < y.Rect.Max.X; px++ {
			l := 1.164383 * (float64(y.Y[y.YOffset(px, py)]) - 16)
			k := y.COffset(px, py)
			cb, cr := float64(y.Cb[k])-128, float64(y.Cr[k])-128
			out.SetNRGBA(px, py, color.NRGBA{
				clamp(l + 1.596027*cr), clamp(l - 0.391762*cb - 0.812968*cr), clamp(l + 2.017232*cb), alpha(px, py),
			})
		}
	}
	return out
}

func clamp(v float64) uint8 { return uint8(max(0, min(255, v+.5))) }

// Write makes the variants of a picture drawn by the node, such as [Draw]'s.
func Write(m image.Image, dir string) (Cover, error) { return write(m, dir) }

func write(m image.Image, dir string) (Cover, error) {
	b := m.Bounds()
	out := Cover{Width: b.Dx(), Height: b.Dy()}
	side := min(b.Dx(), b.Dy())
	square := image.Image(imaging.CropCenter(m, side, side))
	largest := min(side, Sizes[len(Sizes)-1])
	base := onWhite(imaging.Resize(square, largest, largest, imaging.Lanczos))
	out.Accent = AccentOf(base)
	for i := len(Sizes) - 1; i >= 0; i-- {
		n := min(Sizes[i], largest)
		s := base
		if n != largest {
			s = imaging.Resize(base, n, n, imaging.Lanczos)
		}
		for _, e := range encoders {
			v := Variant{Size: Sizes[i], Side: n, Format: e.format, File: fmt.Sprintf("%d.%s", Sizes[i], e.format)}
			body, err := e.within(s, budget(Sizes[i]))
			if err != nil {
				return Cover{}, fmt.Errorf("cover: %s: %w", v.File, err)
			}
			if err := os.WriteFile(filepath.Join(dir, v.File), body, 0o600); err != nil {
				return Cover{}, fault.Wrap(err, fault.Unavailable, "The node cannot store the cover. Its disk may be full.")
			}
			out.Variants = append(out.Variants, v)
		}
	}
	return out, nil
}

// onWhite puts a picture with transparent parts on white.
func onWhite(m *image.NRGBA) *image.NRGBA {
	if m.Opaque() {
		return m
	}
	white := imaging.New(m.Bounds().Dx(), m.Bounds().Dy(), color.White)
	return imaging.Overlay(white, m, image.Point{}, 1)
}

// budget is the most bytes a variant should have: 240 px must stay under
// 30 KB and 640 px under 180 KB, or a page of covers is slow.
func budget(size int) int {
	switch size {
	case 96:
		return 8 << 10
	case 240:
		return 29 << 10
	case 640:
		return 170 << 10
	}
	return 500 << 10
}

type encoder struct {
	format string
	encode func(w io.Writer, m image.Image, quality int) error
}

var encoders = [...]encoder{
	{"webp", func(w io.Writer, m image.Image, q int) error {
		return webp.Encode(w, m, webp.Options{Quality: q, Method: webp.DefaultMethod})
	}},
	{"jpg", func(w io.Writer, m image.Image, q int) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: q}) }},
}

// within lowers the quality until the file fits; the lowest is taken as it is.
func (e encoder) within(m image.Image, most int) ([]byte, error) {
	var b bytes.Buffer
	for q := 84; q >= 44; q -= 10 {
		b.Reset()
		if err := e.encode(&b, m, q); err != nil {
			return nil, err
		}
		if b.Len() <= most {
			break
		}
	}
	return b.Bytes(), nil
}
