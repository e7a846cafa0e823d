// Package pcm turns audio files into samples.
//
// Two ways lead there: ffmpeg, in the sandbox, for everything the node takes;
// and decoders in Go for FLAC, WAV, MP3, Ogg Vorbis and Ogg Opus, so that a
// node without ffmpeg still measures and draws what it plays. Decoders in Go
// run inside the sandbox's helper as well: the files are strangers'.
package pcm

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"

	"github.com/hajimehoshi/go-mp3"
	"github.com/jfreymuth/oggvorbis"
	"github.com/mewkiz/flac"
	"github.com/michaelperna/9ten/internal/fault"
)

// Source gives out interleaved samples in [-1, 1].
type Source interface {
	Rate() int     // Hz
	Channels() int // 1 to 8
	// Read fills p with whole frames and returns the number of samples; io.EOF
	// at the end.
	Read(p []float32) (int, error)
}

// Readable reports whether a codec, named as in a rendition manifest, has a
// decoder in Go.
func Readable(codec string) bool { return openers[codec] != nil }

var openers = map[string]func(*os.File) (Source, error){
	"flac":   openFLAC,
	"pcm":    openWAV,
	"mp3":    openMP3,
	"vorbis": openVorbis,
	"opus":   openOpus,
}

// Open starts decoding. It returns an Unsupported fault for a codec without a
// decoder in Go, an Invalid one for a broken file. The file stays the caller's.
func Open(f *os.File, codec string) (Source, error) {
	open := openers[codec]
	if open == nil {
		return nil, fault.New(fault.Unsupported, "This node needs ffmpeg to read this file.")
	}
	s, err := open(f)
	if err != nil {
		return nil, broken(err)
	}
	if s.Channels() < 1 || s.Channels() > 8 || s.Rate() < 1 {
		return nil, broken(errors.New("bad channels or rate"))
	}
	return s, nil
}

func broken(err error) error {
	if err == nil || err == io.EOF || fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "This file is damaged: it cannot be read to the end. Export it again.")
}

type flacSource struct {
	s     *flac.Stream
	left  []float32
	buf   []float32
	scale float32
}

func openFLAC(f *os.File) (Source, error) {
	s, err := flac.New(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, err
	}
	return &flacSource{s: s, scale: 1 / float32(uint64(1)<<(s.Info.BitsPerSample-1))}, nil
}

func (s *flacSource) Rate() int     { return int(s.s.Info.SampleRate) }
func (s *flacSource) Channels() int { return int(s.s.Info.NChannels) }

func (s *flacSource) Read(p []float32) (int, error) {
	if len(s.left) == 0 {
		fr, err := s.s.ParseNext()
		if err != nil {
			return 0, broken(err)
		}
		n, ch := int(fr.BlockSize), len(fr.Subframes)
		if ch != s.Channels() {
			return 0, broken(errors.New("the number of channels changes"))
		}
		s.buf = grow(s.buf, n*ch)
		for c, sub := range fr.Subframes {
			for i, v := range sub.Samples[:n] {
				s.buf[i*ch+c] = float32(v) * s.scale
			}
		}
		s.left = s.buf[:n*ch]
	}
	n := copy(p[:len(p)/s.Channels()*s.Channels()], s.left)
	s.left = s.left[n:]
	return n, nil
}

func grow(b []float32, n int) []float32 {
	if cap(b) < n {
		return make([]float32, n)
	}
	return b[:n]
}

type mp3Source struct {
	d   *mp3.Decoder
	buf []byte
}

func openMP3(f *os.File) (Source, error) {
	d, err := mp3.NewDecoder(f)
	if err != nil {
		return nil, err
	}
	return &mp3Source{d: d, buf: make([]byte, 1<<14)}, nil
}

// Mono gives out one channel of a source whose two are the same, as an MP3 file
// of one channel is decoded.
func Mono(s Source) Source { return &monoSource{Source: s} }

type monoSource struct {
	Source
	buf []float32
}

func (*monoSource) Channels() int { return 1 }

func (s *monoSource) Read(p []float32) (int, error) {
	s.buf = grow(s.buf, 2*len(p))
	n, err := s.Source.Read(s.buf)
	for i := range n / 2 {
		p[i] = s.buf[2*i]
	}
	return n / 2, err
}

func (s *mp3Source) Rate() int   { return s.d.SampleRate() }
func (*mp3Source) Channels() int { return 2 } // mono is given out twice

func (s *mp3Source) Read(p []float32) (int, error) {
	b := s.buf[:min(len(s.buf), len(p)/2*4)]
	n, err := io.ReadFull(s.d, b)
	for i := range n / 2 {
		p[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / 32768
	}
	if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n / 2, broken(err)
}

type vorbisSource struct{ r *oggvorbis.Reader }

func openVorbis(f *os.File) (Source, error) {
	r, err := oggvorbis.NewReader(f)
	if err != nil {
		return nil, err
	}
	return &vorbisSource{r}, nil
}

func (s *vorbisSource) Rate() int     { return s.r.SampleRate() }
func (s *vorbisSource) Channels() int { return s.r.Channels() }
func (s *vorbisSource) Read(p []float32) (int, error) {
	n, err := s.r.Read(p)
	return n, broken(err)
}

// Raw reads interleaved 32-bit floats, little-endian: what ffmpeg's f32le is.
func Raw(r io.Reader, rate, channels int) Source {
	return &rawSource{r: bufio.NewReaderSize(r, 1<<16), rate: rate, channels: channels, bits: 32, float: true}
}

type rawSource struct {
	r              io.Reader
	rate, channels int
	bits           int
	float          bool
	buf            []byte
}

func (s *rawSource) Rate() int     { return s.rate }
func (s *rawSource) Channels() int { return s.channels }

func (s *rawSource) Read(p []float32) (int, error) {
	size := s.bits / 8
	frame := size * s.channels
	want := min(len(p)/s.channels*frame, 1<<16/frame*frame)
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	n, err := io.ReadFull(s.r, s.buf[:want])
	n = n / frame * frame
	if err == io.ErrUnexpectedEOF {
		if err = nil; n == 0 {
			err = io.EOF
		}
	}
	for i := range n / size {
		p[i] = s.sample(s.buf[i*size:])
	}
	return n / size, broken(err)
}

func (s *rawSource) sample(b []byte) float32 {
	le := binary.LittleEndian
	switch {
	case s.float && s.bits == 64:
		return finite(float32(math.Float64frombits(le.Uint64(b))))
	case s.float:
		return finite(math.Float32frombits(le.Uint32(b)))
	case s.bits == 8:
		return float32(int(b[0])-128) / 128
	case s.bits == 16:
		return float32(int16(le.Uint16(b))) / (1 << 15)
	case s.bits == 24:
		return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8) / (1 << 23)
	}
	return float32(int32(le.Uint32(b))) / (1 << 31)
}

// finite keeps what is no number, or far from a sample, out of sums that would
// never recover.
func finite(v float32) float32 {
	if math.Float32bits(v)&^(1<<31) > most {
		return 0
	}
	return v
}

// most is 1<<16 as bits, which order like the numbers; infinity and what is no
// number are above it.
const most = 0x4780_0000

// Floats converts little-endian 32-bit floats into dst, which must have room,
// and returns it.
func Floats(dst []float32, b []byte) []float32 {
	dst = dst[:len(b)/4]
	for i := range dst {
		dst[i] = finite(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return dst
}
