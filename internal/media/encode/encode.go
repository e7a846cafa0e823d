// Package encode makes the renditions of a recording with ffmpeg, in the
// sandbox: FLAC of what is lossless and no FLAC, AAC for everybody, Opus for
// those who save. It says what is missing where ffmpeg is not there.
package encode

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// Tools are the programs at hand. The zero value has none.
type Tools struct {
	FFmpeg string // absolute path, "" for none
	// What ffmpeg can make; a build may lack one.
	HasAAC, HasOpus, HasFLAC bool
}

// Locate looks for ffmpeg: choice is "auto" for the PATH, "off" for none, or a
// path. It returns "" where there is none, and an Invalid fault when a path was
// given and no program is there.
func Locate(choice string) (path string, err error) {
	name := choice
	switch choice {
	case "off":
		return "", nil
	case "", "auto":
		name = "ffmpeg"
	}
	if path, err = exec.LookPath(name); err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil && name != "ffmpeg" {
		return "", fault.Wrap(err, fault.Invalid, "There is no ffmpeg at %s.", choice)
	}
	if err != nil {
		return "", nil
	}
	return path, nil
}

// Find asks the ffmpeg that choice names, as in [Locate], what it can make. It
// starts it. Faults: Invalid when a path was given and nothing runs there.
func Find(ctx context.Context, r sandbox.Runner, choice string) (Tools, error) {
	path, err := Locate(choice)
	if err != nil || path == "" {
		return Tools{}, err
	}
	out, err := r.Run(ctx, sandbox.Job{Exec: path, Args: []string{"-hide_banner", "-encoders"}})
	if err != nil {
		return Tools{}, fault.Wrap(err, fault.Invalid, "The ffmpeg at %s does not run.", path)
	}
	t := Tools{FFmpeg: path}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 2 || !strings.HasPrefix(f[0], "A") {
			continue
		}
		switch f[1] {
		case "aac":
			t.HasAAC = true
		case "libopus":
			t.HasOpus = true
		case "flac":
			t.HasFLAC = true
		}
	}
	return t, nil
}

// Missing is one thing an operator may want to install.
type Missing struct {
	What string `json:"what"` // the program or part
	Why  string `json:"why"`  // what the node cannot do without it
	How  string `json:"how"`  // the command that gets it
}

// Missing returns what the node goes without, for doctor. Empty means that
// every rendition can be made.
func (t Tools) Missing() []Missing {
	how := "sudo apt install ffmpeg"
	if runtime.GOOS == "darwin" {
		how = "brew install ffmpeg"
	}
	if t.FFmpeg == "" {
		return []Missing{{"ffmpeg", "Originals play as they are. There is no AAC for browsers that cannot play them, no Opus for saving data, and ALAC files are refused.", how}}
	}
	var out []Missing
	for _, p := range []struct {
		has       bool
		what, why string
	}{
		{t.HasAAC, "ffmpeg's AAC encoder", "There is no AAC for browsers that cannot play an original."},
		{t.HasOpus, "ffmpeg's Opus encoder (libopus)", "There is no Opus for saving data."},
		{t.HasFLAC, "ffmpeg's FLAC encoder", "WAV files are converted more slowly, and ALAC files are refused."},
	} {
		if !p.has {
			out = append(out, Missing{p.what, p.why, how})
		}
	}
	return out
}

// Input is a stranger's file, as probe described it.
type Input struct {
	Path      string
	Container string // "flac", "mp3", "adts", "mp4", "ogg" or "wav": ffmpeg reads as this and nothing else
	Rate      int    // Hz
	Channels  int
	Bits      int    // 0 for lossy codecs
	Samples   uint64 // per channel
}

// Output is a file ffmpeg made.
type Output struct {
	Codec     string // "flac", "aac" or "opus"
	Container string // as in [Input]
	Path      string
	Rate      int
	Channels  int
	Delay     uint32 // priming samples, where the file does not say it itself
	Samples   uint64 // of music that must be in it; 0 when the file says it itself
}

var demuxers = map[string]string{"flac": "flac", "mp3": "mp3", "adts": "aac", "mp4": "mov", "ogg": "ogg", "wav": "wav"}

// arguments opens the input and nothing else: one demuxer, local files only,
// the first sound stream, no tags.
func arguments(in Input) ([]string, error) {
	d := demuxers[in.Container]
	if d == "" {
		return nil, fault.New(fault.Unsupported, "This node cannot decode this file.")
	}
	return []string{"-v", "error", "-nostdin", "-y", "-threads", "1", "-protocol_whitelist", "file,pipe", "-f", d, "-i", in.Path}, nil
}

// stream are the options every output shares. Output bytes depend on the input
// and the encoder's version alone.
func stream(channels int) []string {
	s := []string{"-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"}
	if channels > 0 {
		s = append(s, "-ac", strconv.Itoa(channels))
	}
	return s
}

// Makes reports whether a lossy codec, "aac" or "opus", can be made.
func (t Tools) Makes(codec string) bool {
	return codec == "aac" && t.HasAAC || codec == "opus" && t.HasOpus
}

// Lossy makes the rendition in a codec that [Tools.Makes]. Each is a run of its
// own, since an encoder keeps one processor core busy.
//
// Faults: Invalid for a file ffmpeg cannot decode, and those of the sandbox.
func (t Tools) Lossy(ctx context.Context, r sandbox.Runner, in Input, dir, codec string) (Output, error) {
	args, err := arguments(in)
	if err != nil {
		return Output{}, err
	}
	o := Output{Codec: codec, Channels: min(in.Channels, 2)}
	args = append(args, stream(o.Channels)...)
	switch codec {
	case "aac":
		o.Container, o.Path, o.Rate, o.Delay = "adts", filepath.Join(dir, "aac.adts"), aacRate(in.Rate), aacDelay
		o.Samples = in.Samples * uint64(o.Rate) / uint64(in.Rate)
		args = append(args, "-ar", strconv.Itoa(o.Rate), "-c:a", "aac", "-b:a", aacBits(o.Channels), "-f", "adts", o.Path)
	case "opus":
		o.Container, o.Path, o.Rate = "ogg", filepath.Join(dir, "opus.ogg"), 48000
		args = append(args, "-ar", "48000", "-c:a", "libopus", "-b:a", opusBits(o.Channels), "-vbr", "on", "-f", "ogg", o.Path)
	}
	return o, t.run(ctx, r, in, dir, args, nil)
}

// aacDelay is the priming of ffmpeg's own encoder (one frame); ADTS has no
// place to say so.
const aacDelay = 1024

// aacRate keeps the rates browsers play and brings the others to the nearest
// of their family.
func aacRate(rate int) int {
	switch {
	case rate == 32000 || rate == 44100 || rate == 48000:
		return rate
	case rate%11025 == 0:
		return 44100
	}
	return 48000
}

func aacBits(channels int) string {
	if channels == 1 {
		return "160k"
	}
	return "256k"
}

func opusBits(channels int) string {
	if channels == 1 {
		return "80k"
	}
	return "128k"
}

// FLAC turns WAV or ALAC into FLAC without changing a sample. Floating-point
// and 32-bit files become 24 bits, which is more than any converter resolves.
// Faults as [Tools.Lossy].
func (t Tools) FLAC(ctx context.Context, r sandbox.Runner, in Input, dir string) (Output, error) {
	args, err := arguments(in)
	if err != nil {
		return Output{}, err
	}
	o := Output{Codec: "flac", Path: filepath.Join(dir, "flac.flac"), Rate: in.Rate, Channels: in.Channels}
	format := "s32"
	if in.Bits <= 16 {
		format = "s16"
	}
	args = append(append(args, stream(0)...), "-c:a", "flac", "-compression_level", "5", "-sample_fmt", format, "-f", "flac", o.Path)
	return o, t.run(ctx, r, in, dir, args, nil)
}

// PCM decodes the whole file into w as interleaved 32-bit floats, little-endian,
// at its own rate and channels. Faults as [Tools.Lossy].
func (t Tools) PCM(ctx context.Context, r sandbox.Runner, in Input, w io.Writer) error {
	args, err := arguments(in)
	if err != nil {
		return err
	}
	args = append(append(args, stream(in.Channels)...), "-ar", strconv.Itoa(in.Rate), "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1")
	return t.run(ctx, r, in, "", args, w)
}

func (t Tools) run(ctx context.Context, r sandbox.Runner, in Input, dir string, args []string, w io.Writer) error {
	// The helper may read the input under its real name only.
	real, err := filepath.EvalSymlinks(in.Path)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "The uploaded file is not there any more.")
	}
	for i, a := range args {
		if a == in.Path {
			args[i] = real
		}
	}
	_, err = r.Run(ctx, sandbox.Job{Exec: t.FFmpeg, Args: args, In: real, OutDir: dir, Stdout: w})
	if err == nil || fault.KindOf(err) != fault.Internal || ctx.Err() != nil {
		return err
	}
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return err
	}
	if strings.Contains(err.Error(), "No space left") {
		return fault.Wrap(err, fault.Unavailable, "The node's disk is full. Nothing is lost: it goes on when there is room.")
	}
	return fault.Wrap(err, fault.Invalid, "This file is damaged: it cannot be read to the end. Export it again.")
}
