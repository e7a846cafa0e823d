// Package media turns an uploaded file into something that can be played, seen
// and measured: probe, playable form, loudness and waveform, cover, renditions.
//
// It knows files and blobs, not releases: what to do with the result is the
// caller's matter. Everything that touches a stranger's bytes happens in the
// sandbox's helper; see [Child].
package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/media/loudness"
	"github.com/michaelperna/9ten/internal/media/pcm"
	"github.com/michaelperna/9ten/internal/media/probe"
	"github.com/michaelperna/9ten/internal/media/sandbox"
	"github.com/michaelperna/9ten/internal/media/waveform"
)

// PeakPoints is the number of values in [Sound.Peaks].
const PeakPoints = 256

// Child turns this process into a helper when args (os.Args) say so. main must
// call it before anything else and exit with code when isHelper is true.
func Child(args []string) (code int, isHelper bool) {
	return sandbox.Main(args, map[string]sandbox.Func{
		"probe":   childProbe,
		"measure": childMeasure,
		"cover":   childCover,
		"flac":    childFLAC,
		"warm":    childWarm,
	})
}

func childProbe(ctx context.Context, c sandbox.Call, out io.Writer) error {
	r, err := probe.Inspect(ctx, c.In, c.OutDir)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

func childCover(ctx context.Context, c sandbox.Call, out io.Writer) error {
	r, err := cover.Make(ctx, c.In, c.OutDir)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

func childWarm(_ context.Context, c sandbox.Call, _ io.Writer) error {
	if err := probe.Warm(c.OutDir); err != nil {
		return noCache(err)
	}
	return nil
}

func childFLAC(ctx context.Context, c sandbox.Call, _ io.Writer) (err error) {
	in, err := os.Open(c.In)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(c.OutDir, "flac.flac"))
	if err != nil {
		return noRoom(err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := &writer{File: out}
	if err := pcm.WAVToFLAC(ctx, in, w); w.failed == nil {
		return err
	}
	return noRoom(w.failed)
}

// writer remembers that it could not write, which the encoder does not tell
// from a damaged recording.
type writer struct {
	*os.File
	failed error
}

func (w *writer) Write(b []byte) (int, error) {
	n, err := w.File.Write(b)
	if err != nil {
		w.failed = err
	}
	return n, err
}

func childMeasure(ctx context.Context, c sandbox.Call, out io.Writer) error {
	f, err := os.Open(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	if len(c.Args) != 2 {
		return errors.New("measure: a codec and the number of channels are needed")
	}
	src, err := pcm.Open(f, c.Args[0])
	if err != nil {
		return err
	}
	if src.Channels() == 2 && c.Args[1] == "1" {
		src = pcm.Mono(src) // heard twice it would count as 3 LU louder
	}
	m := newMeasure(src.Rate(), src.Channels())
	buf := make([]float32, 8192*src.Channels())
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(buf)
		m.write(buf[:n])
		if errors.Is(err, io.EOF) {
			return json.NewEncoder(out).Encode(m.sound())
		}
		if err != nil {
			return err
		}
	}
}

// Sound is what a recording sounds and looks like.
type Sound struct {
	Integrated float64            `json:"integrated"` // LUFS; -70 for silence
	TruePeak   float64            `json:"truePeak"`   // dBTP; -200 for digital silence
	Gates      loudness.Histogram `json:"gates"`      // see Together
	Peaks      []byte             `json:"peaks"`      // PeakPoints values, 255 is the loudest
	Waveform   []byte             `json:"waveform,omitempty"`
	Samples    uint64             `json:"samples"` // per channel that could be decoded
}

// Together returns the loudness in LUFS of tracks played as one, gated over all
// of them, from the binary form of their [Sound.Gates].
func Together(gates [][]byte) (float64, error) {
	var all loudness.Histogram
	for _, b := range gates {
		var h loudness.Histogram
		if err := h.UnmarshalBinary(b); err != nil {
			return 0, err
		}
		all.Add(h)
	}
	return all.Integrated(), nil
}

// measure hears and draws a recording at once.
type measure struct {
	channels int
	meter    *loudness.Meter
	wave     *waveform.Maker
	samples  uint64
}

func newMeasure(rate, channels int) *measure {
	return &measure{channels: channels, meter: loudness.New(rate, channels), wave: waveform.New(rate, channels)}
}

func (m *measure) write(s []float32) {
	m.meter.Write(s)
	m.wave.Write(s)
	m.samples += uint64(len(s) / m.channels)
}

func (m *measure) sound() Sound {
	r, w := m.meter.Result(), m.wave.Wave()
	return Sound{
		Integrated: r.Integrated, TruePeak: r.TruePeak, Gates: r.Gates,
		Peaks: w.Peaks(PeakPoints), Waveform: w.Encode(), Samples: m.samples,
	}
}

// pipe hands on what is written to it as 32-bit floats, in pieces of any size,
// in blocks of one size, so that sums of floats come out the same however the
// pieces fell.
type pipe struct {
	channels int
	to       func([]float32)
	block    []byte
	buf      []float32
}

const pipeFrames = 8192

func (p *pipe) Write(b []byte) (int, error) {
	n := len(b)
	size := pipeFrames * 4 * p.channels
	if p.block == nil {
		p.block = make([]byte, 0, size)
		p.buf = make([]float32, pipeFrames*p.channels)
	}
	for len(b) > 0 {
		k := min(size-len(p.block), len(b))
		p.block, b = append(p.block, b[:k]...), b[k:]
		if len(p.block) == size {
			p.flush()
		}
	}
	return n, nil
}

// flush hands on what there is; half a frame at the end is left out.
func (p *pipe) flush() {
	frame := 4 * p.channels
	p.to(pcm.Floats(p.buf, p.block[:len(p.block)/frame*frame]))
	p.block = p.block[:0]
}

func noCache(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The node's cache cannot be written. Its disk may be full.")
}

// warmCache makes a runner whose helpers find the tag reader compiled. The
// directory belongs to this very binary, so that an upgrade compiles anew; it
// is written by a helper that has seen no stranger's file.
func warmCache(ctx context.Context, r sandbox.Runner, root string) (sandbox.Runner, error) {
	exe := r.Exe
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			return r, fmt.Errorf("media: %w", err)
		}
	}
	st, err := os.Stat(exe)
	if err != nil {
		return r, fmt.Errorf("media: %w", err)
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", exe, st.Size(), st.ModTime().UnixNano()))
	r.Cache = filepath.Join(root, "wasm-"+hex.EncodeToString(h[:8]))
	done := filepath.Join(r.Cache, "complete")
	if _, err := os.Stat(done); err == nil {
		return r, nil
	}
	old, err := filepath.Glob(filepath.Join(root, "wasm-*"))
	if err != nil {
		return r, fmt.Errorf("media: %w", err)
	}
	for _, p := range old {
		if err := os.RemoveAll(p); err != nil {
			return r, noCache(err)
		}
	}
	if err := os.MkdirAll(r.Cache, 0o700); err != nil {
		return r, noCache(err)
	}
	if err := r.Warm(ctx, "warm"); err != nil {
		return r, err
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return r, noCache(err)
	}
	return r, nil
}
