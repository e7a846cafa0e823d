package pcm

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
	"github.com/michaelperna/9ten/internal/fault"
)

const flacBlock = 4096

// WAVToFLAC writes a WAV file as FLAC without changing a sample, slower and a
// little larger than ffmpeg does. It is for a node without ffmpeg.
//
// Faults: Invalid for a broken file, Unsupported for floating point and for
// more than 24 bits.
func WAVToFLAC(ctx context.Context, f *os.File, out io.WriteSeeker) error {
	w, err := readWAVHeader(f)
	if err != nil {
		return broken(err)
	}
	if w.float || w.bits > 24 {
		return fault.New(fault.Unsupported, "This WAV file has more than 24 bits. Export it with 24 or 16 bits: nobody hears the difference.")
	}
	var r io.Reader = f
	if w.data >= 0 {
		r = io.LimitReader(f, w.data)
	}
	// The encoder would close what it is given; the file is the caller's.
	enc, err := flac.NewEncoder(struct{ io.WriteSeeker }{out}, &meta.StreamInfo{
		BlockSizeMin: 16, BlockSizeMax: flacBlock, SampleRate: uint32(w.rate), NChannels: uint8(w.channels), BitsPerSample: uint8(w.bits),
	})
	if err != nil {
		return broken(err)
	}
	enc.EnablePredictionAnalysis(true)
	r = bufio.NewReaderSize(r, 1<<16)
	size := w.bits / 8
	buf := make([]byte, flacBlock*size*w.channels)
	for num := uint64(0); ; num++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf)
		n /= size * w.channels
		if n > 0 {
			if err := enc.WriteFrame(w.frame(buf, n, num)); err != nil {
				return broken(err)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return enc.Close()
		}
		if err != nil {
			return broken(err)
		}
	}
}

func (w wavFormat) frame(b []byte, n int, num uint64) *frame.Frame {
	f := &frame.Frame{Header: frame.Header{
		HasFixedBlockSize: false, BlockSize: uint16(n), SampleRate: uint32(w.rate),
		Channels: channelCodes[w.channels-1], BitsPerSample: uint8(w.bits), Num: num * flacBlock,
	}}
	size := w.bits / 8
	for c := range w.channels {
		s := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: n, Samples: make([]int32, n)}
		for i := range n {
			s.Samples[i] = wholeSample(b[(i*w.channels+c)*size:], size)
		}
		f.Subframes = append(f.Subframes, s)
	}
	return f
}

func wholeSample(b []byte, size int) int32 {
	switch size {
	case 1:
		return int32(b[0]) - 128
	case 2:
		return int32(int16(binary.LittleEndian.Uint16(b)))
	}
	return int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24) >> 8
}

var channelCodes = [...]frame.Channels{
	frame.ChannelsMono, frame.ChannelsLR, frame.ChannelsLRC, frame.ChannelsLRLsRs,
	frame.ChannelsLRCLsRs, frame.ChannelsLRCLfeLsRs, frame.ChannelsLRCLfeCsSlSr, frame.ChannelsLRCLfeLsRsSlSr,
}
