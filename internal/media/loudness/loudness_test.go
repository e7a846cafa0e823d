package loudness_test

import (
	"bytes"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/michaelperna/9ten/internal/media/loudness"
	"github.com/michaelperna/9ten/internal/media/pcm"
)

func sine(rate int, hz, amp, phase, seconds float64) []float32 {
	s := make([]float32, 0, int(float64(rate)*seconds)*2)
	for i := range int(float64(rate) * seconds) {
		v := float32(amp * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)+phase))
		s = append(s, v, v)
	}
	return s
}

func measure(rate int, s []float32) loudness.Result {
	m := loudness.New(rate, 2)
	for len(s) > 0 { // uneven pieces must not matter
		n := min(len(s), 2*997)
		m.Write(s[:n])
		s = s[n:]
	}
	return m.Result()
}

// TestStereoSine is EBU Tech 3341 case 1: 1000 Hz at -23 dBFS in both channels
// measures -23 LUFS, at any rate.
func TestStereoSine(t *testing.T) {
	for _, rate := range []int{8000, 22050, 32000, 44100, 48000, 88200, 96000, 192000} {
		r := measure(rate, sine(rate, 1000, math.Pow(10, -23.0/20), 0, 10))
		if math.Abs(r.Integrated+23) > 0.1 {
			t.Errorf("%d Hz: %.2f LUFS, want -23", rate, r.Integrated)
		}
	}
}

// TestGates is EBU Tech 3341 case 3: quiet passages do not count.
func TestGates(t *testing.T) {
	quiet, loud := math.Pow(10, -36.0/20), math.Pow(10, -23.0/20)
	s := append(append(sine(48000, 1000, quiet, 0, 10), sine(48000, 1000, loud, 0, 60)...), sine(48000, 1000, quiet, 0, 10)...)
	if r := measure(48000, s); math.Abs(r.Integrated+23) > 0.1 {
		t.Errorf("%.2f LUFS, want -23", r.Integrated)
	}
}

// TestTruePeakBetweenSamples: a quarter-rate sine sampled at 45 degrees hides
// 3 dB of its peak from the samples (EBU Tech 3341 case 16).
func TestTruePeakBetweenSamples(t *testing.T) {
	r := measure(48000, sine(48000, 12000, 0.5, math.Pi/4, 1))
	if want := 20 * math.Log10(0.5); math.Abs(r.TruePeak-want) > 0.2 {
		t.Errorf("%.2f dBTP, want %.2f", r.TruePeak, want)
	}
}

func TestSilenceAndShort(t *testing.T) {
	r := measure(48000, make([]float32, 96000))
	if r.Integrated != loudness.Silence || r.TruePeak != -200 {
		t.Errorf("silence: %+v", r)
	}
	r = measure(48000, sine(48000, 1000, math.Pow(10, -23.0/20), 0, 0.2))
	if math.Abs(r.Integrated+23) > 0.3 {
		t.Errorf("200 ms: %.2f LUFS", r.Integrated)
	}
	if r := loudness.New(44100, 1).Result(); r.Integrated != loudness.Silence {
		t.Errorf("nothing: %+v", r)
	}
}

func TestTogether(t *testing.T) {
	a, b := sine(48000, 1000, 0.2, 0, 20), sine(48000, 1000, 0.05, 0, 20)
	whole := measure(48000, append(append([]float32{}, a...), b...))
	all := measure(48000, a).Gates
	all.Add(measure(48000, b).Gates)
	if got := all.Integrated(); math.Abs(got-whole.Integrated) > 0.1 {
		t.Errorf("together %.2f LUFS; the whole is %.2f", got, whole.Integrated)
	}
	if l := (loudness.Histogram{}).Integrated(); l != loudness.Silence {
		t.Errorf("no tracks: %v", l)
	}
}

func TestHistogramTravels(t *testing.T) {
	h := measure(48000, sine(48000, 440, 0.3, 0, 5)).Gates
	text, err := h.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var back loudness.Histogram
	if err := back.UnmarshalText(text); err != nil || back.Integrated() != h.Integrated() || h.Integrated() == loudness.Silence {
		t.Errorf("%v: %v, want %v", err, back.Integrated(), h.Integrated())
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add([]byte{1, 5, 3, 2, 9})
	f.Add([]byte{1, 0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h loudness.Histogram
		if h.UnmarshalBinary(b) != nil {
			return
		}
		out, err := h.MarshalBinary()
		var again loudness.Histogram
		if err != nil || again.UnmarshalBinary(out) != nil || again.Integrated() != h.Integrated() {
			t.Errorf("%x does not come back", b)
		}
	})
}

// TestAgainstFFmpeg holds real recordings against ffmpeg's ebur128: within
// 0.1 LU and 0.2 dB.
func TestAgainstFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is needed: make test installs it")
	}
	root := filepath.Join("..", "..", "..", ".cache", "music")
	var files []string
	for _, g := range []string{"hyperrogue-music/usr/share/hyperrogue/music/hr3-[cm]*.ogg", "asc-music/usr/share/games/asc/music/*.mp3", "sonic-pi-samples/usr/share/sonic-pi/samples/*/loop_amen*.flac", "sonic-pi-samples/usr/share/sonic-pi/samples/loop_*.flac"} {
		m, err := filepath.Glob(filepath.Join(root, g))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m[:min(3, len(m))]...)
	}
	if len(files) < 6 {
		t.Fatalf("only %d recordings: run tools/testmusic.sh", len(files))
	}
	worstI, worstP := 0.0, 0.0
	for _, f := range files {
		wantI, wantP := ebur128(t, ffmpeg, f)
		r := decode(t, ffmpeg, f)
		di, dp := math.Abs(r.Integrated-wantI), math.Abs(r.TruePeak-wantP)
		t.Logf("%-28s %7.2f LUFS (ffmpeg %6.1f)  %6.2f dBTP (ffmpeg %5.1f)", filepath.Base(f), r.Integrated, wantI, r.TruePeak, wantP)
		worstI, worstP = max(worstI, di), max(worstP, dp)
	}
	t.Logf("worst difference over %d recordings: %.2f LU, %.2f dB", len(files), worstI, worstP)
	if worstI > 0.1 || worstP > 0.2 {
		t.Errorf("too far from ffmpeg: %.2f LU, %.2f dB", worstI, worstP)
	}
}

var (
	integratedRE = regexp.MustCompile(`I:\s+(-?[\d.]+) LUFS`)
	peakRE       = regexp.MustCompile(`Peak:\s+(-?[\d.]+) dBFS`)
)

func ebur128(t *testing.T, ffmpeg, f string) (lufs, peak float64) {
	t.Helper()
	out, err := exec.Command(ffmpeg, "-nostdin", "-hide_banner", "-t", "20", "-i", f, "-map", "0:a:0", "-ac", "2", "-ar", "44100", "-af", "ebur128=peak=true", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	i := bytes.LastIndex(out, []byte("Summary"))
	for re, to := range map[*regexp.Regexp]*float64{integratedRE: &lufs, peakRE: &peak} {
		m := re.FindSubmatch(out[max(i, 0):])
		if m == nil {
			t.Fatalf("no figure in %s", out)
		}
		if *to, err = strconv.ParseFloat(string(m[1]), 64); err != nil {
			t.Fatal(err)
		}
	}
	return lufs, peak
}

func decode(t *testing.T, ffmpeg, f string) loudness.Result {
	t.Helper()
	cmd := exec.Command(ffmpeg, "-nostdin", "-v", "error", "-t", "20", "-i", f, "-map", "0:a:0", "-ac", "2", "-ar", "44100", "-f", "f32le", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	src, m := pcm.Raw(out, 44100, 2), loudness.New(44100, 2)
	buf := make([]float32, 8192)
	for {
		n, err := src.Read(buf)
		m.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return m.Result()
}

func BenchmarkMinute(b *testing.B) {
	s := sine(44100, 997, 0.9, 0.3, 60)
	for i := range s {
		s[i] *= float32(0.5 + 0.5*math.Sin(float64(i)/9e4))
	}
	for b.Loop() {
		measure(44100, s)
	}
}
