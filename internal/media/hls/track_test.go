package hls_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/index"
)

var update = flag.Bool("update", false, "rewrite golden files")

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, &errs)
	}
	return out.Bytes()
}

// sound encodes seconds of a chord with noise.
func sound(t testing.TB, name, seconds string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	src := "sine=f=220:d=" + seconds + ",volume=0.5[s];anoisesrc=d=" + seconds + ":a=0.1:seed=3[n];[s][n]amix=2"
	ffmpeg(t, append(append([]string{"-filter_complex", src}, args...), path)...)
	return path
}

func load(t testing.TB, path string) (*hls.Track, []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := hls.New(x)
	if err != nil {
		t.Fatal(err)
	}
	return tr, b
}

// whole joins init and all segments.
func whole(t testing.TB, tr *hls.Track, src []byte) []byte {
	t.Helper()
	out := bytes.Clone(tr.Init())
	for i := range tr.Segments() {
		n := len(out)
		var err error
		if out, err = tr.AppendSegment(out, bytes.NewReader(src), i); err != nil {
			t.Fatal(err)
		}
		if len(out)-n != tr.Size(i) {
			t.Fatalf("segment %d has %d bytes, Size says %d", i, len(out)-n, tr.Size(i))
		}
	}
	return out
}

// The sound of the packaged FLAC is that of the original, to the bit: its MD5
// is the one STREAMINFO holds, at every depth, rate and number of channels.
func TestFLACIsIdentical(t *testing.T) {
	type file struct {
		name, seconds, sample string
		args                  []string
	}
	files := []file{
		{"long.flac", "31.7", "s16le", []string{"-ar", "44100", "-ac", "2", "-sample_fmt", "s16"}},
		{"short.flac", "0.1", "s16le", []string{"-ar", "44100", "-ac", "1", "-sample_fmt", "s16"}},
	}
	for _, form := range [][2]string{{"8000", "1"}, {"44100", "2"}, {"48000", "1"}, {"48000", "6"}, {"88200", "2"}, {"96000", "2"}, {"192000", "2"}} {
		for _, depth := range [][2]string{{"s16", "s16le"}, {"s32", "s24le"}} {
			files = append(files, file{form[0] + "-" + form[1] + "-" + depth[0] + ".flac", "6.9", depth[1], []string{"-ar", form[0], "-ac", form[1], "-sample_fmt", depth[0]}})
		}
	}
	for _, c := range files {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := sound(t, c.name, c.seconds, c.args...)
			tr, b := load(t, path)
			packed := filepath.Join(t.TempDir(), "packed.mp4")
			if err := os.WriteFile(packed, whole(t, tr, b), 0o600); err != nil {
				t.Fatal(err)
			}
			md5 := func(p string) string {
				return string(ffmpeg(t, "-i", p, "-map", "0:a", "-c:a", "pcm_"+c.sample, "-f", "md5", "-"))
			}
			if got, want := md5(packed), md5(path); got != want {
				t.Errorf("decoded %s, original %s", got, want)
			}
			want := "MD5=" + hex.EncodeToString(tr.Index().Config[18:34])
			if got := strings.TrimSpace(md5(packed)); got != want {
				t.Errorf("decoded %s, STREAMINFO says %s", got, want)
			}
		})
	}
}

// Lossy codecs decode to as many samples as went in, without an error. Padding at
// the end, up to two frames, is left in by ffmpeg when a file is fragmented.
func TestLossyDecodes(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"a.m4a", []string{"-ar", "44100", "-ac", "2", "-b:a", "256k"}},
		{"a.aac", []string{"-ar", "48000", "-ac", "2", "-b:a", "128k"}},
		{"a.opus", []string{"-ac", "2", "-c:a", "libopus", "-b:a", "128k"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr, b := load(t, sound(t, c.name, "15", c.args...))
			packed := filepath.Join(t.TempDir(), "packed.mp4")
			if err := os.WriteFile(packed, whole(t, tr, b), 0o600); err != nil {
				t.Fatal(err)
			}
			pcm := ffmpeg(t, "-xerror", "-i", packed, "-map", "0:a", "-f", "s16le", "-")
			got, x := uint64(len(pcm)/4), tr.Index()
			if d := math.Abs(float64(got) - float64(x.Samples)); d > 2048 {
				t.Errorf("%d samples, want %d", got, x.Samples)
			}
		})
	}
}

// lengths reads the EXTINF lines.
func lengths(t *testing.T, playlist []byte) (sum float64, longest float64, n int) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^#EXTINF:(\d+\.\d{6}),$`).FindAllSubmatch(playlist, -1) {
		f, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, longest, n = sum+f, max(longest, f), n+1
	}
	return sum, longest, n
}

func TestPlaylist(t *testing.T) {
	for _, seconds := range []string{"0.2", "6", "6.3", "18.02", "40"} {
		for _, name := range []string{"a.flac", "a.m4a", "a.opus"} {
			tr, _ := load(t, sound(t, name, seconds, "-ar", "48000", "-ac", "2"))
			p := tr.Playlist()
			sum, longest, n := lengths(t, p)
			x := tr.Index()
			if want := float64(x.Samples) / float64(x.Rate); math.Abs(sum-want) > 0.001 {
				t.Errorf("%s %s: %f s in the playlist, %f s of music", name, seconds, sum, want)
			}
			m := regexp.MustCompile(`TARGETDURATION:(\d+)\n`).FindSubmatch(p)
			if td, _ := strconv.Atoi(string(m[1])); float64(td) < math.Round(longest) || td > 7 {
				t.Errorf("%s %s: target %d, longest %f", name, seconds, td, longest)
			}
			if n != tr.Segments() || !bytes.HasSuffix(p, []byte("#EXT-X-ENDLIST\n")) {
				t.Errorf("%s %s: %d of %d segments", name, seconds, n, tr.Segments())
			}
		}
	}
}

func TestMaster(t *testing.T) {
	tr, _ := load(t, sound(t, "a.flac", "7", "-ar", "44100", "-ac", "2"))
	aac, _ := load(t, sound(t, "a.m4a", "7", "-ar", "44100", "-ac", "2", "-b:a", "128k"))
	m := string(hls.Master([]hls.Variant{{"a/index.m3u8", tr, -310}, {"b/index.m3u8", tr, 0}, {"c/index.m3u8", aac, 1_254}}))
	seen := map[string]bool{}
	for _, b := range regexp.MustCompile(`:BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=\d+,CODECS="(fLaC|mp4a.40.2)"(?:,X-TRUE-PEAK=-?\d+\.\d\d)?\n([abc])/`).FindAllStringSubmatch(m, -1) {
		if seen[b[1]] {
			t.Errorf("two variants of %s bit/s", b[1])
		}
		seen[b[1]] = true
	}
	if !strings.Contains(m, `fLaC",X-TRUE-PEAK=-0.31`+"\na/") || !strings.Contains(m, "fLaC\"\nb/") || !strings.Contains(m, `mp4a.40.2",X-TRUE-PEAK=1.25`+"\nc/") {
		t.Errorf("true peaks in\n%s", m)
	}
	if len(seen) != 3 {
		t.Errorf("%d variants in\n%s", len(seen), m)
	}
}

func TestMP3IsNotPackaged(t *testing.T) {
	b, err := os.ReadFile(sound(t, "a.mp3", "1"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hls.New(x); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
}

func TestSegmentFaults(t *testing.T) {
	tr, b := load(t, sound(t, "a.flac", "7"))
	for _, n := range []int{-1, tr.Segments(), 1 << 30} {
		if _, err := tr.AppendSegment(nil, bytes.NewReader(b), n); !fault.Is(err, fault.NotFound) {
			t.Errorf("segment %d: %v", n, err)
		}
	}
	if _, err := tr.AppendSegment(nil, bytes.NewReader(b[:100]), 0); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a shortened file: %v", err)
	}
}

// Golden: the same frames give the same bytes for ever. A change here is a new
// Muxer. The files are small recordings kept in testdata.
func TestGoldenBytes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range files {
		if filepath.Ext(f) == ".golden" {
			continue
		}
		tr, b := load(t, f)
		m, err := tr.Manifest(context.Background(), bytes.NewReader(b), "01ARZ3NDEKTSV4RRFFQ69G5FAV@example.org")
		if err != nil {
			t.Fatal(err)
		}
		swarm, err := m.SwarmID()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s\n  swarm %s\n  init %x\n  playlist %x\n  index %x\n", filepath.Base(f), swarm,
			sha256.Sum256(tr.Init()), sha256.Sum256(tr.Playlist()), sha256.Sum256(tr.Index().Encode()))
		for _, s := range m.Segments {
			fmt.Fprintf(&got, "  %x %d bytes %d samples\n", s.SHA256, s.Bytes, s.Samples)
		}
	}
	const golden = "testdata/bytes.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("segments have changed: raise Muxer, then -update\n%s", got.String())
	}
}

func BenchmarkSegment(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"a.flac", []string{"-ar", "44100", "-ac", "2"}},
		{"a.m4a", []string{"-ar", "44100", "-ac", "2", "-b:a", "256k"}},
		{"a.opus", []string{"-ac", "2", "-c:a", "libopus", "-b:a", "128k"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := sound(b, c.name, "30", c.args...)
			tr, _ := load(b, path)
			var buf []byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if buf, err = tr.AppendSegment(buf[:0], f, i%4); err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
