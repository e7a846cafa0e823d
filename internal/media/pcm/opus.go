package pcm

import (
	"bufio"
	"bytes"
	"encoding/binary"
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
	left48 uint64 // samples per channel still to come, priming included
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
	end, err := lastGranule(f)
	if err != nil {
		return nil, err
	}
	gain := float32(math.Pow(10, float64(r.Header.OutputGain)/256/20))
	return &opusSource{r: r, d: d, skip: int(r.PreSkip()), left48: end, packet: make([]byte, opusPacket), pcm: make([]float32, opusFrame*ch), gain: gain}, nil
}

func (s *opusSource) Rate() int     { return opusRate }
func (s *opusSource) Channels() int { return s.d.Channels() }

func (s *opusSource) Read(p []float32) (int, error) {
	ch := s.Channels()
	for len(s.left) == 0 {
		n, _, err := s.r.ReadPacketInto(s.packet)
		if errors.Is(err, io.EOF) || err == nil && s.left48 == 0 {
			return 0, io.EOF
		}
		if err != nil {
			return 0, broken(err)
		}
		k, err := s.d.Decode(s.packet[:n], s.pcm)
		if err != nil {
			return 0, broken(err)
		}
		k = int(min(uint64(k), s.left48))
		s.left48 -= uint64(k)
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

// lastGranule returns the position in the last page of the file (RFC 3533
// section 6): where the music ends, counted with the priming samples.
func lastGranule(f *os.File) (uint64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	const longestPage = 65307
	b := make([]byte, min(st.Size(), 2*longestPage))
	if _, err := f.ReadAt(b, st.Size()-int64(len(b))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for i := bytes.LastIndex(b, []byte("OggS")); i >= 0; i = bytes.LastIndex(b[:i], []byte("OggS")) {
		if len(b)-i < 14 {
			continue
		}
		if g := binary.LittleEndian.Uint64(b[i+6:]); g != math.MaxUint64 {
			return g, nil
		}
	}
	return 0, errors.New("opus: no last page")
}
