package pcm_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/pcm"
)

func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg (make test installs it): %s %v", stderr.String(), err)
	}
	return out
}

func decode(t *testing.T, path, codec string) ([]float32, pcm.Source) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := pcm.Open(f, codec)
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	buf := make([]float32, 8*501)
	for {
		n, err := s.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, s
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDecodersAgreeWithFFmpeg: each decoder in Go yields what ffmpeg yields.
func TestDecodersAgreeWithFFmpeg(t *testing.T) {
	music, err := filepath.Glob(filepath.Join("..", "..", "..", ".cache", "music", "hyperrogue-music", "usr", "share", "hyperrogue", "music", "hr3-caves.ogg"))
	if err != nil || len(music) != 1 {
		t.Fatal("no recording: run tools/testmusic.sh")
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name, codec string
		args        []string
		tolerance   float64
		slack       int // samples per channel at the ends: go-mp3 keeps the encoder's delay
	}{
		{"a.flac", "flac", nil, 0, 0},
		{"b.flac", "flac", []string{"-sample_fmt", "s32"}, 0, 0},
		{"a.wav", "pcm", nil, 0, 0},
		{"b.wav", "pcm", []string{"-c:a", "pcm_s24le"}, 0, 0},
		{"c.wav", "pcm", []string{"-c:a", "pcm_f32le"}, 0, 0},
		{"a.ogg", "vorbis", []string{"-c:a", "libvorbis"}, 0.05, 1024}, // clips at full scale
		{"a.opus", "opus", []string{"-c:a", "libopus"}, 5e-3, 512},
		{"a.mp3", "mp3", nil, 2e-4, 3500},
	} {
		p := filepath.Join(dir, c.name)
		ffmpeg(t, append(append([]string{"-ss", "20", "-t", "2", "-i", music[0]}, c.args...), p)...)
		got, s := decode(t, p, c.codec)
		rate := "44100"
		if s.Rate() == 48000 {
			rate = "48000"
		}
		raw := ffmpeg(t, "-i", p, "-ar", rate, "-ac", "2", "-f", "f32le", "-")
		var want []float32
		src := pcm.Raw(bytes.NewReader(raw), s.Rate(), 2)
		buf := make([]float32, 4096)
		for {
			n, err := src.Read(buf)
			want = append(want, buf[:n]...)
			if err != nil {
				break
			}
		}
		d := len(got) - len(want)
		if d < -2*c.slack || d > 2*c.slack {
			t.Errorf("%s: %d samples, ffmpeg has %d", c.name, len(got), len(want))
			continue
		}
		if worst := best(got, want, 2*c.slack); worst > c.tolerance {
			t.Errorf("%s: differs by %g", c.name, worst)
		} else {
			t.Logf("%s: differs by at most %g", c.name, worst)
		}
	}
}

// best is the largest difference where the two fit best, shifted by up to
// slack samples.
func best(a, b []float32, slack int) float64 {
	least := math.Inf(1)
	for shift := -slack; shift <= slack; shift += 2 {
		x, y := a, b
		if shift > 0 {
			x = a[min(shift, len(a)):]
		} else {
			y = b[min(-shift, len(b)):]
		}
		worst := 0.0
		for i := slack; i < min(len(x)-slack, len(y)-slack, slack+40000) && worst < least; i++ {
			worst = max(worst, math.Abs(float64(x[i]-y[i])))
		}
		least = min(least, worst)
	}
	return least
}

func TestWAVToFLACKeepsEverySample(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ format, raw string }{{"pcm_s16le", "s16le"}, {"pcm_s24le", "s24le"}} {
		wav, out := filepath.Join(dir, c.raw+".wav"), filepath.Join(dir, c.raw+".flac")
		ffmpeg(t, "-f", "lavfi", "-i", "anoisesrc=d=1.3:a=0.7:seed=9,aformat=channel_layouts=stereo", "-c:a", c.format, wav)
		in, err := os.Open(wav)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := pcm.WAVToFLAC(t.Context(), in, f); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(in.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		a := ffmpeg(t, "-i", wav, "-f", c.raw, "-")
		b := ffmpeg(t, "-i", out, "-f", c.raw, "-")
		if sha256.Sum256(a) != sha256.Sum256(b) {
			t.Errorf("%s: samples changed (%d and %d bytes)", c.format, len(a), len(b))
		}
	}
}

func TestNoDecoder(t *testing.T) {
	if _, err := pcm.Open(nil, "alac"); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(uint8(1), []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00data\x04\x00\x00\x0000000"))
	f.Fuzz(func(t *testing.T, _ uint8, b []byte) {
		p := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		s, err := pcm.Open(file, "pcm") // the decoders that are not ours run guarded, in the helper
		if err != nil {
			return
		}
		buf := make([]float32, 1024)
		for range 1000 {
			if n, err := s.Read(buf); err != nil || n == 0 {
				return
			}
		}
	})
}
