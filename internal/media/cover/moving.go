package cover

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
)

// firstFrame turns a moving WebP into a still one that holds its first frame,
// and says where in the picture that is; ok is false for what does not move.
// The container is that of RFC 9649, section 2.7.
func firstFrame(b []byte) (still []byte, at image.Point, ok bool) {
	const header, frame, moves = 12, 16, 0x02
	if len(b) < header+8+10 || string(b[header:header+4]) != "VP8X" || b[header+8]&moves == 0 {
		return nil, at, false
	}
	for b = b[header:]; len(b) >= 8; {
		n := uint64(binary.LittleEndian.Uint32(b[4:]))
		n += n & 1
		if n > uint64(len(b)-8) {
			return nil, at, false
		}
		body := b[8 : 8+n]
		if string(b[:4]) != "ANMF" || n < frame {
			b = b[8+n:]
			continue
		}
		at = image.Pt(2*u24(body), 2*u24(body[3:]))
		still = []byte("RIFF\x00\x00\x00\x00WEBP")
		if bytes.HasPrefix(body[frame:], []byte("ALPH")) {
			still = append(still, "VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"...)
			still = append(still, body[6:12]...) // its sides, less one, as here
		}
		still = append(still, body[frame:]...)
		binary.LittleEndian.PutUint32(still[4:], uint32(len(still)-8))
		return still, at, true
	}
	return nil, at, false
}

func u24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// placed puts a frame that is only a part of its picture where it belongs.
func placed(m image.Image, at image.Point, c image.Config) image.Image {
	whole := image.Rect(0, 0, c.Width, c.Height)
	part := m.Bounds().Sub(m.Bounds().Min).Add(at)
	if part == whole {
		return m
	}
	out := image.NewNRGBA(whole)
	draw.Draw(out, part, m, m.Bounds().Min, draw.Src)
	return out
}
