package media_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/index"
	"github.com/michaelperna/9ten/internal/media/sandbox"
	"github.com/michaelperna/9ten/internal/media/waveform"
)

func TestMain(m *testing.M) {
	if code, ok := media.Child(os.Args); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const trackName = "01JAYZ0000000000000000TRAK@node.example"

type studio struct {
	*media.Preparer
	blobs *blob.Dir
}

func newStudio(t testing.TB, choice string) studio {
	t.Helper()
	tools, err := encode.Find(t.Context(), sandbox.Runner{}, choice)
	if err != nil {
		t.Fatal(err)
	}
	if choice == "auto" && len(tools.Missing()) > 0 {
		t.Fatalf("make test installs ffmpeg: %v", tools.Missing())
	}
	return studioIn(t, t.TempDir(), tools)
}

func studioIn(t testing.TB, dir string, tools encode.Tools) studio {
	t.Helper()
	b, err := blob.OpenDir(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := media.New(t.Context(), media.Config{Tools: tools, Blobs: b, Dir: filepath.Join(dir, "media")})
	if err != nil {
		t.Fatal(err)
	}
	return studio{p, b}
}

// upload stores a file as an original.
func (s studio) upload(t testing.TB, path string) media.Original {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	key, _, err := s.blobs.PutHashed(t.Context(), "original", f, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.blobs.Path(key)
	if err != nil {
		t.Fatal(err)
	}
	return media.Original{Path: p, Key: key, Track: trackName, Cover: true}
}

func ffmpeg(t testing.TB, args ...string) []byte {
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

func recording(t testing.TB) string {
	t.Helper()
	p := filepath.Join("..", "..", ".cache", "music", "hyperrogue-music", "usr", "share", "hyperrogue", "music", "hr3-caves.ogg")
	if _, err := os.Stat(p); err != nil {
		t.Fatal("no recording: run tools/testmusic.sh")
	}
	return p
}

// cut makes a test file of real music.
func cut(t testing.TB, name string, seconds string, args ...string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	ffmpeg(t, append(append([]string{"-ss", "10", "-t", seconds, "-i", recording(t), "-map_metadata", "-1", "-metadata", "title=Caves"}, args...), p)...)
	return p
}

func codecs(p media.Prepared) string {
	var out []string
	for _, r := range p.Renditions {
		name := r.Codec
		if r.Original {
			name += "*"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// check plays every rendition through the packager and ffmpeg.
func (s studio) check(t *testing.T, name string, p media.Prepared) {
	t.Helper()
	if p.Sound != nil {
		w, err := waveform.Parse(s.read(t, p.Waveform))
		if err != nil || len(w.Points) == 0 || len(p.Sound.Peaks) != media.PeakPoints || slices.Max(p.Sound.Peaks) != 255 {
			t.Errorf("%s: waveform %v", name, err)
		}
	}
	for _, r := range p.Renditions {
		body := s.mp4(t, r)
		f := filepath.Join(t.TempDir(), "r.mp4")
		if err := os.WriteFile(f, body, 0o600); err != nil {
			t.Fatal(err)
		}
		raw := ffmpeg(t, "-i", f, "-f", "s16le", "-")
		got := uint64(len(raw)) / 2 / uint64(r.Channels)
		if got < r.Samples || got > r.Samples+uint64(r.Rate)/5 {
			t.Errorf("%s %s: %d samples can be heard, %d were promised", name, r.Codec, got, r.Samples)
		}
		if ms := r.Samples * 1000 / uint64(r.Rate); ms < uint64(p.DurationMS())-30 || ms > uint64(p.DurationMS())+30 {
			t.Errorf("%s %s: %d ms, the original has %d", name, r.Codec, ms, p.DurationMS())
		}
	}
}

func (s studio) read(t testing.TB, key string) []byte {
	t.Helper()
	b, err := s.blobs.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	body, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (s studio) mp4(t testing.TB, r media.Rendition) []byte {
	t.Helper()
	x, err := index.Parse(s.read(t, r.Index))
	if err != nil {
		t.Fatal(err)
	}
	track, err := hls.New(x)
	if err != nil {
		t.Fatal(err)
	}
	src := bytes.NewReader(s.read(t, r.Frames))
	out := slices.Clone(track.Init())
	for n := range track.Segments() {
		if out, err = track.AppendSegment(out, src, n); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestLosslessStaysLossless: WAV and ALAC come out of the browser's path with
// every sample they had.
func TestLosslessStaysLossless(t *testing.T) {
	s := newStudio(t, "auto")
	for _, c := range []struct {
		name, raw string
		args      []string
	}{
		{"a.wav", "s16le", nil},
		{"b.wav", "s24le", []string{"-c:a", "pcm_s24le"}},
		{"a.m4a", "s16le", []string{"-c:a", "alac", "-sample_fmt", "s16p"}},
		{"a.flac", "s24le", []string{"-sample_fmt", "s32"}},
	} {
		path := cut(t, c.name, "6.7", c.args...)
		p, err := s.Prepare(t.Context(), s.upload(t, path), media.Prepared{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := filepath.Join(t.TempDir(), "r.mp4")
		if err := os.WriteFile(f, s.mp4(t, p.Renditions[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		a, b := ffmpeg(t, "-i", path, "-f", c.raw, "-"), ffmpeg(t, "-i", f, "-f", c.raw, "-")
		if md5.Sum(a) != md5.Sum(b) {
			t.Errorf("%s: %d bytes went in, %d others came out", c.name, len(a), len(b))
		}
	}
}

// TestKilledAnywhere stops one preparation after every step, before and after
// the caller kept the result, and goes on in a new process: the end is the same.
func TestKilledAnywhere(t *testing.T) {
	tools := encode.Tools{}
	dir := t.TempDir()
	if found, err := encode.Find(t.Context(), sandbox.Runner{}, "auto"); err == nil {
		tools = found
	}
	pic := filepath.Join(t.TempDir(), "c.png")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=1:size=300x300", "-frames:v", "1", pic)
	path := filepath.Join(t.TempDir(), "a.flac")
	ffmpeg(t, "-t", "4", "-i", recording(t), "-i", pic, "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic", path)
	s := studioIn(t, dir, tools)
	in := s.upload(t, path)
	whole, err := s.Prepare(t.Context(), in, media.Prepared{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Picture == nil || len(whole.Done) != len(media.Steps()) {
		t.Fatalf("%+v", whole)
	}
	errKilled := errors.New("killed")
	again := studioIn(t, dir, tools)
	if again.blobs, err = blob.OpenDir(filepath.Join(dir, "again")); err != nil {
		t.Fatal(err)
	}
	start := func() {
		if again.Preparer, err = media.New(t.Context(), media.Config{Tools: tools, Blobs: again.blobs, Dir: filepath.Join(dir, "media")}); err != nil {
			t.Fatal(err)
		}
	}
	start()
	in = again.upload(t, path)
	var saved media.Prepared
	for _, at := range media.Steps() {
		for _, kept := range []bool{false, true} {
			_, err := again.Prepare(t.Context(), in, saved, func(_ context.Context, step media.Step, p media.Prepared) error {
				if step != at {
					t.Errorf("killed at %s (kept: %v): %s is done again", at, kept, step)
				}
				if kept {
					saved = through(t, p)
				}
				return errKilled
			})
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			start() // a new process
		}
	}
	got, err := again.Prepare(t.Context(), in, saved, func(context.Context, media.Step, media.Prepared) error { return errKilled })
	if d := cmp.Diff(text(t, whole), text(t, got)); d != "" || err != nil {
		t.Errorf("killed ten times: %v %s", err, d)
	}
	for _, size := range []int{96, 240, 640, 1200} {
		for _, f := range []string{"webp", "jpg"} {
			key, err := media.CoverKey(whole.Picture.ID, size, f)
			if err != nil || !bytes.Equal(s.read(t, key), again.read(t, key)) || len(s.read(t, key)) == 0 {
				t.Error(size, f, err)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "media", "temp", "*")); err != nil || len(left) != 0 {
		t.Errorf("work left behind: %v %v", left, err)
	}
}

func text(t *testing.T, p media.Prepared) string {
	t.Helper()
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func through(t *testing.T, p media.Prepared) (out media.Prepared) {
	t.Helper()
	if err := json.Unmarshal([]byte(text(t, p)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBrokenFilesAreRefused(t *testing.T) {
	s := newStudio(t, "auto")
	flac, err := os.ReadFile(cut(t, "a.flac", "5"))
	if err != nil {
		t.Fatal(err)
	}
	mp3, err := os.ReadFile(cut(t, "a.mp3", "20"))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(mp3) / 4; i < len(mp3); i++ { // frames keep their place, their content is gone
		if mp3[i] != 0xff && (i < 4 || mp3[i-1] != 0xff && mp3[i-2] != 0xff && mp3[i-3] != 0xff) {
			mp3[i] ^= byte(i * 7)
		}
	}
	for name, body := range map[string][]byte{"cut": flac[:len(flac)*2/3], "empty": nil, "text": []byte("no music here, sorry to say")} {
		p := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(p, body, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Prepare(t.Context(), media.Original{Path: p, Key: "original/x", Track: trackName}, media.Prepared{}, nil)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(p, mp3, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Prepare(t.Context(), media.Original{Path: p, Key: "original/x", Track: trackName}, media.Prepared{}, nil)
	if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) {
		t.Errorf("scrambled: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Prepare(ctx, s.upload(t, cut(t, "b.flac", "2")), media.Prepared{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestMissing(t *testing.T) {
	if m := (encode.Tools{}).Missing(); len(m) != 1 || m[0].What != "ffmpeg" || !strings.Contains(m[0].How, "install ffmpeg") {
		t.Errorf("%+v", m)
	}
	if _, err := encode.Find(t.Context(), sandbox.Runner{}, "/no/such/ffmpeg"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := media.CoverKey("../../etc", 96, "jpg"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func TestDrawnCoverIsStored(t *testing.T) {
	s := newStudio(t, "off")
	sleeve := cover.Sleeve{Act: "Quayside Trio", Title: "Low tide"}
	a, err := s.Draw(t.Context(), sleeve)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Draw(t.Context(), sleeve)
	if err != nil || a != b || a.Light == "" || a.Width != 1200 {
		t.Errorf("%+v %+v %v", a, b, err)
	}
}

// BenchmarkFourMinutes reports what the issue asks for: seconds to the first
// sound, and CPU of all renditions against bare ffmpeg making the same ladder.
func BenchmarkFourMinutes(b *testing.B) {
	s := newStudio(b, "auto")
	path := filepath.Join(b.TempDir(), "four.flac")
	ffmpeg(b, "-stream_loop", "3", "-i", recording(b), "-t", "240", path)
	in := s.upload(b, path)
	for b.Loop() {
		start, from := time.Now(), cpu()
		at := map[media.Step]time.Duration{}
		used := map[media.Step]time.Duration{}
		last := from
		if _, err := s.Prepare(b.Context(), in, media.Prepared{}, func(_ context.Context, step media.Step, _ media.Prepared) error {
			at[step], used[step], last = time.Since(start), cpu()-last, cpu()
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		before := cpu()
		dir := b.TempDir()
		ffmpeg(b, "-threads", "1", "-i", path, "-map", "0:a:0", "-c:a", "aac", "-b:a", "256k", filepath.Join(dir, "a.m4a"), "-map", "0:a:0", "-c:a", "libopus", "-b:a", "128k", filepath.Join(dir, "o.ogg"))
		bare := cpu() - before
		b.ReportMetric(at[media.Playable].Seconds(), "s-to-sound")
		b.ReportMetric(used[media.Measuring].Seconds(), "cpu-s-loudness")
		b.ReportMetric(used[media.Encoding].Seconds(), "cpu-s-renditions")
		b.ReportMetric(used[media.Encoding].Seconds()/bare.Seconds(), "x-bare-ffmpeg")
		b.ReportMetric(at[media.Encoding].Seconds(), "s-all")
	}
}

// cpu is the processor time of this process and of the helpers it waited for.
func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// TestTruePeakOfRenditions: lossy forms of loud music rise above it. Each form
// is measured as it is decoded, and turned up by what is left it does not clip.
func TestTruePeakOfRenditions(t *testing.T) {
	loud := filepath.Join(t.TempDir(), "loud.wav")
	ffmpeg(t, "-ss", "10", "-t", "6", "-i", recording(t), "-af", "volume=20dB,alimiter=limit=1:level=0,aformat=s16", loud)
	s := newStudio(t, "auto")
	p, err := s.Prepare(t.Context(), s.upload(t, loud), media.Prepared{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if codecs(p) != "flac aac opus" {
		t.Fatal(codecs(p))
	}
	for _, r := range p.Renditions {
		f := filepath.Join(t.TempDir(), "r.mp4")
		if err := os.WriteFile(f, s.mp4(t, r), 0o600); err != nil {
			t.Fatal(err)
		}
		got := peakOf(t, f, 0)
		if math.Abs(got-r.TruePeak) > 0.5 {
			t.Errorf("%s: stored %.2f dBTP, ffmpeg measures %.2f", r.Codec, r.TruePeak, got)
		}
		if r.Codec != "flac" && r.TruePeak < p.Renditions[0].TruePeak+0.1 {
			t.Errorf("%s: %.2f dBTP says nothing the original did not", r.Codec, r.TruePeak)
		}
		if turned := peakOf(t, f, -r.TruePeak); turned > 0.2 {
			t.Errorf("%s clips at %.2f dBTP", r.Codec, turned)
		}
	}
}

// peakOf asks ffmpeg for a file's true peak after a gain.
func peakOf(t *testing.T, path string, gain float64) float64 {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-af", fmt.Sprintf("aformat=flt,volume=%fdB,ebur128=peak=true", gain), "-f", "null", "-").CombinedOutput()
	m := regexp.MustCompile(`True peak:\s+Peak:\s+(-?[\d.]+) dBFS`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
