// Command build makes the demonstration catalogue's audio files from the
// recordings of the Debian package sonic-pi-samples:
//
//	tools/testmusic.sh && go run ./internal/demo/build
//
// It needs ffmpeg. Run it from the repository's root.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/demo"
	"github.com/michaelperna/9ten/internal/media/pcm"
)

const (
	samples = ".cache/music/sonic-pi-samples/usr/share/sonic-pi/samples"
	target  = "internal/demo/files"
	rate    = 48000
	peak    = 0.84 // -1.5 dBFS
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	c, err := demo.Catalogue()
	if err != nil {
		return err
	}
	for _, a := range c.Acts {
		for _, r := range a.Releases {
			for i, t := range r.Tracks {
				mix, err := arrange(ctx, t.Parts)
				if err != nil {
					return fmt.Errorf("%s: %w", t.File, err)
				}
				if err := write(ctx, mix, t, tags(a, r, t, i+1)); err != nil {
					return fmt.Errorf("%s: %w", t.File, err)
				}
				fmt.Fprintf(out, "%5.1f s  %s\n", float64(len(mix)/2)/rate, t.File)
			}
		}
	}
	return nil
}

// arrange mixes the parts and brings the loudest sample to the peak.
func arrange(ctx context.Context, parts []demo.Part) ([]float32, error) {
	var mix []float32
	for _, p := range parts {
		s, err := load(ctx, p.Sample)
		if err != nil {
			return nil, err
		}
		fade(s, max(p.Fade, .004))
		gain := math.Pow(10, p.Gain/20)
		left, right := float32(gain*math.Min(1, 1-p.Pan)), float32(gain*math.Min(1, 1+p.Pan))
		for bar := range p.Bars {
			for _, hit := range p.Hits {
				at := 2 * int((p.From+float64(bar)*p.Bar+hit)*rate)
				if n := at + len(s); n > len(mix) {
					mix = append(mix, make([]float32, n-len(mix))...)
				}
				for i := 0; i < len(s); i += 2 {
					mix[at+i] += left * s[i]
					mix[at+i+1] += right * s[i+1]
				}
			}
		}
	}
	var top float32
	for _, v := range mix {
		top = max(top, v, -v)
	}
	for i := range mix {
		mix[i] *= peak / max(top, 1e-6)
	}
	return mix, nil
}

func load(ctx context.Context, sample string) ([]float32, error) {
	b, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-i", filepath.Join(samples, sample+".flac"), "-ac", "2", "-ar", strconv.Itoa(rate), "-f", "f32le", "-").Output()
	return pcm.Floats(make([]float32, len(b)/4), b), err
}

func fade(s []float32, seconds float64) {
	n := min(int(seconds*rate), len(s)/4)
	for i := range n {
		g := float32(i) / float32(n)
		for c := range 2 {
			s[2*i+c] *= g
			s[len(s)-1-2*i-c] *= g
		}
	}
}

func tags(a demo.Act, r demo.Release, t demo.Track, number int) []string {
	var by []string
	for _, s := range t.Sources {
		by = append(by, fmt.Sprintf("%s: %s, %d", s.Sample, s.By, s.Year))
	}
	var out []string
	for _, kv := range [][2]string{
		{"title", t.Title}, {"artist", a.Name}, {"album", r.Title}, {"album_artist", a.Name}, {"date", r.Date}, {"genre", strings.Join(r.Genres, "; ")},
		{"track", fmt.Sprintf("%d/%d", number, len(r.Tracks))}, {"license", "https://creativecommons.org/publicdomain/zero/1.0/"}, {"comment", "Recordings (CC0): " + strings.Join(by, "; ")},
	} {
		out = append(out, "-metadata", kv[0]+"="+kv[1])
	}
	return out
}

var encoders = map[string][]string{
	"opus":   {"-c:a", "libopus", "-b:a", "44k"},
	"vorbis": {"-c:a", "libvorbis", "-q:a", "1"},
	"flac":   {"-c:a", "flac", "-sample_fmt", "s16", "-ar", "44100"},
}

func write(ctx context.Context, mix []float32, t demo.Track, tags []string) error {
	raw := make([]byte, 0, 4*len(mix))
	for _, v := range mix {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	args := []string{"-v", "error", "-y", "-f", "f32le", "-ar", strconv.Itoa(rate), "-ac", "2", "-i", "-", "-fflags", "+bitexact", "-flags:a", "+bitexact"}
	args = append(append(append(args, tags...), encoders[t.Codec]...), filepath.Join(target, t.File))
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(raw), os.Stderr
	return cmd.Run()
}
