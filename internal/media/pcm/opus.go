package pcm

import (
	"bufio"
	"errors"
	"io"
	"math"
	"os"

	"github.com/thesyncim/gopus"
	"github.com/thesyncim/gopus/container/ogg"
)

const (
	opusRate   = 48000
	opusFrame  = 5760  // samples per channel in the longest packet
	opusPacket = 61440 // bytes: 48 frames of 1,275 bytes and their headers
)

// opusSource decodes the first stream of an Ogg Opus file, without the
// priming samples and the padding after the last granule position.
type opusSource struct {
	r      *ogg.Reader
	d      *gopus.Decoder
	skip   int
	given  uint64 // samples per channel decoded so far
	packet []byte
	pcm    []float32
	left   []float32
	gain   float32
}

func openOpus(f *os.File) (Source, error) {
	r, err := ogg.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, err
	}
	ch := int(r.Channels())
	if ch != 1 && ch != 2 {
		return nil, errors.New("opus: more than two channels")
	}
	d, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(opusRate, ch))
	if err != nil {
		return nil, err
	}
	gain := float32(math.Pow(10, float64(r.Header.OutputGain)/256/20))
	return &opusSource{r: r, d: d, skip: int(r.PreSkip()), packet: make([]byte, opusPacket), pcm: make([]float32, opusFrame*ch), gain: gain}, nil
}

func (s *opusSource) Rate() int     { return opusRate }
func (s *opusSource) Channels() int { return s.d.Channels() }

func (s *opusSource) Read(p []float32) (int, error) {
	ch := s.Channels()
	for len(s.left) == 0 {
		n, granule, err := s.r.ReadPacketInto(s.packet)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.EOF
			}
			return 0, broken(err)
		}
		k, err := s.d.Decode(s.packet[:n], s.pcm)
		if err != nil {
			return 0, broken(err)
		}
		s.given += uint64(k)
		if s.r.EOF() && granule < s.given && granule > 0 {
			k -= int(min(s.given-granule, uint64(k)))
		}
		cut := min(s.skip, k)
		s.skip -= cut
		s.left = s.pcm[cut*ch : k*ch]
		for i := range s.left {
			s.left[i] *= s.gain
		}
	}
	n := copy(p[:len(p)/ch*ch], s.left)
	s.left = s.left[n:]
	return n, nil
}
