package media

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/probe"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// A Step is one part of the preparation. They are done in this order, so that
// the first sound comes as early as can be.
type Step string

// The steps.
const (
	Probing   Step = "probe"      // what the file is; tags
	Playable  Step = "playable"   // the original, or FLAC made of it, can be heard
	Measuring Step = "loudness"   // loudness, true peak, waveform
	Covering  Step = "cover"      // the picture inside, in all sizes
	Encoding  Step = "renditions" // AAC and Opus
)

// Steps lists all steps in order.
func Steps() []Step { return []Step{Probing, Playable, Measuring, Covering, Encoding} }

// Original is an uploaded file.
type Original struct {
	Path string // a local file, named by nobody but the node
	Key  string // its blob key
	// Track names it in rendition manifests: <ULID>@<node>.
	Track string
	// Cover says whether the picture inside is wanted.
	Cover bool
}

// Rendition is one way to hear a track in segments.
type Rendition struct {
	ID       string `json:"id"`       // hex SHA-256 of the manifest: its swarm id
	Codec    string `json:"codec"`    // "flac", "aac" or "opus"
	Original bool   `json:"original"` // Frames is the uploaded file itself
	Frames   string `json:"frames"`   // blob key
	Index    string `json:"index"`    // blob key of the frame index
	Manifest []byte `json:"manifest"` // canonical bytes, for the act to sign
	Rate     int    `json:"rate"`     // Hz
	Bits     int    `json:"bits"`     // per sample, 0 for lossy codecs
	Channels int    `json:"channels"`
	Delay    uint32 `json:"delay"`   // priming samples
	Samples  uint64 `json:"samples"` // of music, per channel
	Average  uint64 `json:"average"` // bits per second
	Bytes    int64  `json:"bytes"`   // of Frames
	// TruePeak is that of the sound once this form of it is decoded, in dBTP;
	// 0 when it was not measured. Lossy forms rise above their source.
	TruePeak float64 `json:"truePeak,omitempty"`
}

// Picture is a cover that is stored: see [CoverKey] for its files.
type Picture struct {
	ID     string `json:"id"`
	Light  string `json:"light"` // accents, #rrggbb
	Dark   string `json:"dark"`
	Width  int    `json:"width"` // of the picture as it came
	Height int    `json:"height"`
}

// Prepared is everything the catalogue stores of a file. It can be kept as
// JSON between steps and handed to [Preparer.Prepare] again.
type Prepared struct {
	Done       []Step       `json:"done"`
	Report     probe.Report `json:"report"`
	Index      string       `json:"index,omitempty"`  // blob key of the original's frame index
	Inside     string       `json:"inside,omitempty"` // blob key of the picture inside, as it came
	Sound      *Sound       `json:"sound,omitempty"`  // without Waveform, which is a blob
	Waveform   string       `json:"waveform,omitempty"`
	Picture    *Picture     `json:"picture,omitempty"`
	Renditions []Rendition  `json:"renditions,omitempty"`
	// Progressive says that a browser plays the original as a file.
	Progressive bool `json:"progressive"`
	// Without lists what ffmpeg would have added.
	Without []string `json:"without,omitempty"`
}

// DurationMS is the length of the music in milliseconds.
func (p *Prepared) DurationMS() int64 { return p.Report.DurationMS() }

// Has reports whether a step is done.
func (p *Prepared) Has(s Step) bool { return slices.Contains(p.Done, s) }

// CanPlay reports whether there is anything to hear yet.
func (p *Prepared) CanPlay() bool { return p.Progressive || len(p.Renditions) > 0 }

// Preparer prepares files. It is safe for concurrent use.
type Preparer struct {
	runner sandbox.Runner
	tools  encode.Tools
	blobs  blob.Store
	temp   string
}

// Config of a Preparer.
type Config struct {
	Runner sandbox.Runner
	Tools  encode.Tools
	Blobs  blob.Store
	// Dir is a private directory for work in progress and for what is compiled
	// once. Work that a crash left there is removed by New.
	Dir string
}

// New makes a preparer. It returns an Unavailable fault when its directory
// cannot be written or the helper does not start.
func New(ctx context.Context, c Config) (*Preparer, error) {
	temp := filepath.Join(c.Dir, "temp")
	if err := os.RemoveAll(temp); err != nil {
		return nil, noRoom(err)
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, noRoom(err)
	}
	r, err := warmCache(ctx, c.Runner, c.Dir)
	if err != nil {
		return nil, err
	}
	return &Preparer{runner: r, tools: c.Tools, blobs: c.Blobs, temp: temp}, nil
}

func noRoom(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The node's work directory cannot be written. Its disk may be full.")
}

// job is one preparation under way.
type job struct {
	*Preparer
	in  Original
	p   *Prepared
	dir string // private, removed at the end
}

// Prepare does the steps that from does not have and returns the whole. After
// each it calls progress, whose error ends the preparation; what it was given
// may be stored and handed in again as from, on any later run. Every output is
// named by its content: being killed anywhere and run again gives the same.
//
// Faults that are final: Unsupported, Invalid and TooLarge, with a sentence for
// the musician. Others (Unavailable, internal, ctx's error) may pass.
func (m *Preparer) Prepare(ctx context.Context, in Original, from Prepared, progress func(context.Context, Step, Prepared) error) (Prepared, error) {
	dir, err := os.MkdirTemp(m.temp, "job-")
	if err != nil {
		return from, noRoom(err)
	}
	defer os.RemoveAll(dir)
	j := &job{Preparer: m, in: in, p: &from, dir: dir}
	for _, s := range []struct {
		step Step
		do   func(context.Context) error
	}{{Probing, j.probe}, {Playable, j.playable}, {Measuring, j.measure}, {Covering, j.cover}, {Encoding, j.encode}} {
		if from.Has(s.step) {
			continue
		}
		if err := s.do(ctx); err != nil {
			return from, fmt.Errorf("media: %s: %w", s.step, err)
		}
		from.Done = append(slices.Clip(from.Done), s.step)
		if progress != nil {
			if err := progress(ctx, s.step, from); err != nil {
				return from, err
			}
		}
	}
	return from, nil
}

// sub makes a directory that one helper may write.
func (j *job) sub(name string) (string, error) {
	d := filepath.Join(j.dir, name)
	if err := os.RemoveAll(d); err != nil {
		return "", noRoom(err)
	}
	if err := os.Mkdir(d, 0o700); err != nil {
		return "", noRoom(err)
	}
	return d, nil
}

func (j *job) probe(ctx context.Context) error {
	dir, err := j.sub("probe")
	if err != nil {
		return err
	}
	b, err := j.runner.Run(ctx, sandbox.Job{Func: "probe", In: j.in.Path, OutDir: dir})
	if err != nil {
		return err
	}
	var r probe.Report
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if r.Codec == "alac" && !j.tools.HasFLAC {
		return fault.New(fault.Unsupported, "This node cannot read ALAC. Export the track as FLAC or WAV: the sound stays the same.")
	}
	j.p.Report = r
	if j.p.Index, err = j.keepFile(ctx, "derived/index", filepath.Join(dir, probe.IndexFile)); err != nil {
		return err
	}
	if r.HasCover && j.in.Cover {
		j.p.Inside, err = j.keepFile(ctx, "derived/picture", filepath.Join(dir, probe.CoverFile))
	}
	return err
}

// keepFile stores a file by its content and returns its key, "" when there is
// no such file.
func (j *job) keepFile(ctx context.Context, prefix, path string) (string, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", noRoom(err)
	}
	defer f.Close()
	key, _, err := j.blobs.PutHashed(ctx, prefix, f, maxDerived)
	return key, err
}

func (j *job) keep(ctx context.Context, prefix string, b []byte) (string, error) {
	key, _, err := j.blobs.PutHashed(ctx, prefix, bytes.NewReader(b), maxDerived)
	return key, err
}

const maxDerived = 4 << 30

// measure decodes the original once and hears and draws it.
func (j *job) measure(ctx context.Context) error {
	s, err := j.sound(ctx)
	if err != nil {
		return err
	}
	if s == nil {
		j.p.Without = append(j.p.Without, "loudness")
		return nil
	}
	if s.Samples < j.p.Report.Samples/100*95 {
		rate := uint64(j.p.Report.Rate)
		return fault.New(fault.Invalid, "This file is damaged: only %s of %s can be read. Export it again.", clock(s.Samples/rate), clock(j.p.Report.Samples/rate))
	}
	if j.p.Waveform, err = j.keep(ctx, "derived/waveform", s.Waveform); err != nil {
		return err
	}
	s.Waveform = nil
	j.p.Sound = s
	for i := range j.p.Renditions { // so far what is or holds the original's samples
		j.p.Renditions[i].TruePeak = s.TruePeak
	}
	return nil
}

func clock(seconds uint64) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }

// sound is nil when nothing here decodes the file.
func (j *job) sound(ctx context.Context) (*Sound, error) {
	r := &j.p.Report
	if j.tools.FFmpeg != "" {
		m := newMeasure(r.Rate, r.Channels)
		if err := j.hear(ctx, j.input(), m.write); err != nil {
			return nil, err
		}
		s := m.sound()
		return &s, nil
	}
	if !goDecodes(r.Codec, r.Channels) {
		return nil, nil
	}
	b, err := j.runner.Run(ctx, sandbox.Job{Func: "measure", Args: []string{r.Codec, strconv.Itoa(r.Channels)}, In: j.in.Path})
	if err != nil {
		return nil, err
	}
	var s Sound
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	return &s, nil
}

// hear gives the samples of a file, as ffmpeg decodes it, to a function.
func (j *job) hear(ctx context.Context, in encode.Input, to func([]float32)) error {
	w := &pipe{channels: in.Channels, to: to}
	err := j.tools.PCM(ctx, j.runner, in, w)
	w.flush()
	return err
}

func (j *job) input() encode.Input {
	r := &j.p.Report
	return encode.Input{Path: j.in.Path, Container: r.Container, Rate: r.Rate, Channels: r.Channels, Bits: r.Bits, Samples: r.Samples}
}

// copyBlob writes a stored blob to a file.
func copyBlob(ctx context.Context, from blob.Store, key, path string) (err error) {
	b, err := from.Open(ctx, key)
	if err != nil {
		return err
	}
	defer b.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return noRoom(err)
	}
	if _, err = io.Copy(f, b); err != nil {
		_ = f.Close()
		return noRoom(err)
	}
	return f.Close()
}
