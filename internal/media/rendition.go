package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/index"
	"github.com/michaelperna/9ten/internal/media/loudness"
	"github.com/michaelperna/9ten/internal/media/pcm"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// goDecodes reports whether a recording can be measured without ffmpeg; Opus in
// more than two channels only plays.
func goDecodes(codec string, channels int) bool {
	return pcm.Readable(codec) && (codec != "opus" || channels <= 2)
}

// playable makes the first way to hear the track: the original in segments
// where its frames can be packaged, FLAC made of WAV and ALAC, and the original
// as a file for what browsers play that way.
func (j *job) playable(ctx context.Context) error {
	r := &j.p.Report
	switch {
	case r.Packable:
		return j.original(ctx)
	case r.Codec == "pcm" || r.Codec == "alac":
		return j.toFLAC(ctx)
	}
	j.p.Progressive = true // MP3 and Ogg Vorbis
	return nil
}

// original makes a rendition whose frames are in the uploaded file.
func (j *job) original(ctx context.Context) error {
	f, err := os.Open(j.in.Path)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The uploaded file cannot be read.")
	}
	defer f.Close()
	b, err := j.blobs.Open(ctx, j.p.Index)
	if err != nil {
		return err
	}
	defer b.Close()
	raw, err := io.ReadAll(b)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The stored frame index cannot be read.")
	}
	x, err := index.Parse(raw)
	if err != nil {
		return err
	}
	if x.SourceSize() <= 0 || x.Codec.String() != j.p.Report.Codec {
		return fault.New(fault.Invalid, "The frame index does not fit its file.")
	}
	rend, err := j.describe(ctx, x, f)
	if err != nil {
		return err
	}
	rend.Original, rend.Frames, rend.Index, rend.Bytes = true, j.in.Key, j.p.Index, x.SourceSize()
	rend.Bits = j.p.Report.Bits
	j.add(rend)
	j.p.Progressive = true
	return nil
}

// toFLAC makes FLAC of what is lossless and no FLAC: not one sample changes up
// to 24 bits.
func (j *job) toFLAC(ctx context.Context) error {
	dir, err := j.sub("flac")
	if err != nil {
		return err
	}
	r := &j.p.Report
	out := encode.Output{Codec: "flac", Path: filepath.Join(dir, "flac.flac")}
	if j.tools.HasFLAC {
		out, err = j.tools.FLAC(ctx, j.runner, j.input(), dir)
	} else {
		_, err = j.runner.Run(ctx, sandbox.Job{Func: "flac", In: j.in.Path, OutDir: dir})
	}
	if err != nil {
		return err
	}
	rend, err := j.derived(ctx, out)
	if err != nil {
		return err
	}
	if rend.Samples != r.Samples {
		return fault.New(fault.Invalid, "This file is damaged: only %s of %s can be read. Export it again.", clock(rend.Samples/uint64(r.Rate)), clock(r.Samples/uint64(r.Rate)))
	}
	rend.Bits = min(r.Bits, 24)
	j.add(rend)
	j.p.Progressive = r.Codec == "pcm"
	return nil
}

// encode makes what is missing of the ladder, side by side: AAC for everybody,
// Opus for those who save. What the original is already is not made again.
func (j *job) encode(ctx context.Context) error {
	var codecs []string
	for _, c := range []string{"aac", "opus"} {
		switch {
		case j.p.Report.Codec == c:
		case j.tools.Makes(c):
			codecs = append(codecs, c)
		default:
			j.p.Without = append(j.p.Without, c)
		}
	}
	made := make([]Rendition, len(codecs))
	g, ctx := errgroup.WithContext(ctx)
	for i, c := range codecs {
		g.Go(func() (err error) {
			if made[i], err = j.lossy(ctx, c); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, r := range made {
		j.add(r)
	}
	return nil
}

// lossy makes one rendition and hears how high it peaks.
func (j *job) lossy(ctx context.Context, codec string) (Rendition, error) {
	dir, err := j.sub(codec)
	if err != nil {
		return Rendition{}, err
	}
	o, err := j.tools.Lossy(ctx, j.runner, j.input(), dir, codec)
	if err != nil {
		return Rendition{}, err
	}
	r, err := j.derived(ctx, o)
	if err != nil {
		return r, err
	}
	r.TruePeak, err = j.peak(ctx, o)
	return r, err
}

// peak is the true peak of a lossy form in dBTP, heard as it is decoded.
func (j *job) peak(ctx context.Context, o encode.Output) (float64, error) {
	p := loudness.NewPeak(o.Rate, o.Channels)
	err := j.hear(ctx, encode.Input{Path: o.Path, Container: o.Container, Rate: o.Rate, Channels: o.Channels}, p.Write)
	return p.Result(), err
}

// derived stores a file the node made: its frames one after another, and their
// index.
func (j *job) derived(ctx context.Context, o encode.Output) (Rendition, error) {
	f, err := os.Open(o.Path)
	if err != nil {
		return Rendition{}, noRoom(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Rendition{}, noRoom(err)
	}
	x, err := index.Scan(ctx, f, st.Size())
	if err != nil {
		return Rendition{}, err
	}
	if o.Samples > 0 {
		if err := x.Trim(o.Delay, o.Samples); err != nil {
			return Rendition{}, err
		}
	}
	path := o.Path + ".frames"
	frames, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Rendition{}, noRoom(err)
	}
	defer frames.Close()
	if x, err = x.Extract(ctx, frames, f); err != nil {
		return Rendition{}, err
	}
	rend, err := j.describe(ctx, x, frames)
	if err != nil {
		return Rendition{}, err
	}
	rend.Bytes = x.SourceSize()
	if rend.Frames, err = j.keepFile(ctx, "derived/frames", path); err != nil {
		return Rendition{}, err
	}
	rend.Index, err = j.keep(ctx, "derived/index", x.Encode())
	return rend, err
}

// describe cuts the segments once, to name the rendition by their hashes.
func (j *job) describe(ctx context.Context, x *index.Index, src io.ReaderAt) (Rendition, error) {
	t, err := hls.New(x)
	if err != nil {
		return Rendition{}, err
	}
	m, err := t.Manifest(ctx, src, j.in.Track)
	if err != nil {
		return Rendition{}, err
	}
	b, err := m.Encode()
	if err != nil {
		return Rendition{}, err
	}
	sum := sha256.Sum256(b)
	return Rendition{
		ID: hex.EncodeToString(sum[:]), Codec: x.Codec.String(), Manifest: b,
		Rate: int(x.Rate), Channels: int(x.Channels), Delay: x.Delay, Samples: x.Samples, Average: t.Average(),
	}, nil
}

// add puts a rendition in the place of an earlier attempt at it.
func (j *job) add(r Rendition) {
	rs := slices.DeleteFunc(slices.Clone(j.p.Renditions), func(o Rendition) bool { return o.Codec == r.Codec })
	j.p.Renditions = append(rs, r)
}
