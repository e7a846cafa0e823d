package probe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/probe"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

func TestMain(m *testing.M) {
	if code, ok := sandbox.Main(os.Args, map[string]sandbox.Func{
		"probe": func(ctx context.Context, c sandbox.Call, out io.Writer) error {
			r, err := probe.Inspect(ctx, c.In, c.OutDir)
			if err != nil {
				return err
			}
			return json.NewEncoder(out).Encode(r)
		},
		"warm": func(_ context.Context, c sandbox.Call, _ io.Writer) error { return probe.Warm(c.OutDir) },
	}); ok {
		os.Exit(code)
	}
	os.Exit(run(m))
}

// runner's helpers find the tag reader compiled, as on a node.
var runner sandbox.Runner

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "9ten-probe-")
	if err == nil {
		defer os.RemoveAll(dir)
		runner.Cache = dir
		err = runner.Warm(context.Background(), "warm")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func inspect(t *testing.T, path string) (probe.Report, string, error) {
	t.Helper()
	dir := t.TempDir()
	var r probe.Report
	b, err := runner.Run(t.Context(), sandbox.Job{Func: "probe", In: path, OutDir: dir})
	if err != nil {
		return r, dir, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r, dir, nil
}

func ffmpeg(t *testing.T, out string, args ...string) string {
	t.Helper()
	args = append([]string{"-v", "error", "-nostdin", "-y"}, args...)
	if b, err := exec.Command("ffmpeg", append(args, out)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg (make test installs it): %s %v", b, err)
	}
	return out
}

func TestFormats(t *testing.T) {
	dir := t.TempDir()
	src := []string{"-f", "lavfi", "-i", "sine=frequency=330:duration=2.5:sample_rate=44100", "-ac", "2", "-metadata", "title=Low tide", "-metadata", "artist=Quayside Trio", "-metadata", "track=3/9"}
	for _, c := range []struct {
		name  string
		args  []string
		codec string
		rate  int
		bits  int
		pack  bool
	}{
		{"a.flac", nil, "flac", 44100, 16, true},
		{"a24.flac", []string{"-sample_fmt", "s32", "-ar", "96000"}, "flac", 96000, 24, true},
		{"a.wav", nil, "pcm", 44100, 16, false},
		{"a24.wav", []string{"-c:a", "pcm_s24le"}, "pcm", 44100, 24, false},
		{"af.wav", []string{"-c:a", "pcm_f32le"}, "pcm", 44100, 32, false},
		{"a.mp3", nil, "mp3", 44100, 0, false},
		{"a.aac", []string{"-c:a", "aac"}, "aac", 44100, 0, true},
		{"a.m4a", []string{"-c:a", "aac"}, "aac", 44100, 0, true},
		{"alac.m4a", []string{"-c:a", "alac"}, "alac", 44100, 16, false},
		{"a.ogg", []string{"-c:a", "libvorbis"}, "vorbis", 44100, 0, false},
		{"a.opus", []string{"-c:a", "libopus"}, "opus", 48000, 0, true},
	} {
		// The name lies on purpose: only the content counts.
		made := ffmpeg(t, filepath.Join(dir, c.name), append(append([]string{}, src...), c.args...)...)
		lie := filepath.Join(dir, c.name+".pdf")
		if err := os.Rename(made, lie); err != nil {
			t.Fatal(err)
		}
		r, out, err := inspect(t, lie)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r.Codec != c.codec || r.Rate != c.rate || r.Bits != c.bits || r.Channels != 2 || r.Packable != c.pack {
			t.Errorf("%s: %+v", c.name, r)
		}
		if ms := r.DurationMS(); ms < 2490 || ms > 2560 {
			t.Errorf("%s: %d ms, want 2500", c.name, ms)
		}
		if _, err := os.Stat(filepath.Join(out, probe.IndexFile)); (err == nil) != (c.pack || c.codec == "mp3") {
			t.Errorf("%s: index: %v", c.name, err)
		}
		if c.name != "a.aac" && (r.Tags.Title != "Low tide" || r.Tags.Track != 3 && !strings.HasSuffix(c.name, ".wav")) {
			t.Errorf("%s: tags %+v", c.name, r.Tags)
		}
	}
}

func TestRefusedWithASentence(t *testing.T) {
	dir := t.TempDir()
	video := ffmpeg(t, filepath.Join(dir, "v.mp4"), "-f", "lavfi", "-i", "testsrc=d=1:size=64x64", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "mpeg4", "-c:a", "aac")
	flac := ffmpeg(t, filepath.Join(dir, "a.flac"), "-f", "lavfi", "-i", "sine=d=3")
	m4p := ffmpeg(t, filepath.Join(dir, "a.m4a"), "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
	read := func(p string) []byte {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := read(flac)
	drm := []byte(strings.Replace(string(read(m4p)), "mp4a", "drms", 1))
	for _, c := range []struct {
		name string
		body []byte
		kind fault.Kind
		word string
	}{
		{"copy-protected", drm, fault.Unsupported, "copy-protected"},
		{"empty", nil, fault.Invalid, "empty"},
		{"video", read(video), fault.Unsupported, "video"},
		{"playlist", []byte("#EXTM3U\n/etc/passwd\n"), fault.Unsupported, "playlist"},
		{"concat", []byte("ffconcat version 1.0\nfile x.wav\n"), fault.Unsupported, "playlist"},
		{"picture", []byte("\x89PNG\r\n\x1a\n0000000000"), fault.Unsupported, "picture"},
		{"zip", []byte("PK\x03\x04000000000000000000"), fault.Unsupported, "zip"},
		{"gzip", []byte("\x1f\x8b\x08000000000000000000"), fault.Unsupported, "archive"},
		{"text", []byte("Dear label, please find my song attached."), fault.Unsupported, "text"},
		{"half a FLAC", whole[:len(whole)/2], fault.Invalid, ""},
		{"noise", []byte(strings.Repeat("\x00\x91\xfe\x07\x33", 4000)), fault.Unsupported, ""},
		{"WAV that lies", []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00data\xff\xff\xff\x7f0000"), fault.Invalid, ""},
	} {
		p := filepath.Join(dir, "song.flac")
		if err := os.WriteFile(p, c.body, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := inspect(t, p)
		msg := fault.Message(err)
		if !fault.Is(err, c.kind) || !strings.Contains(msg, c.word) || !strings.HasSuffix(msg, ".") {
			t.Errorf("%s: %v, %q (%v)", c.name, fault.KindOf(err), msg, err)
		}
		t.Logf("%-16s %s", c.name, msg)
	}
}

func TestTags(t *testing.T) {
	db := -6.25
	got := probe.FromMap(map[string][]string{
		"title": {"  Cafe\u0301 \x00at night\u202e "}, "ARTISTS": {"Ottoline Amsel", "Sól", "Sól"}, "ARTIST": {"Ottoline Amsel & Sól"},
		"ALBUMARTIST": {"A; B"}, "TRACKNUMBER": {"03/12"}, "DISCNUMBER": {"2"}, "DISCTOTAL": {"2"}, "DATE": {"2024-13-40"},
		"ISRC": {"gb-abc-12-34567"}, "BARCODE": {"4 006381 333931"}, "COMPOSER": {"Clara Wieck"}, "PERFORMER:CELLO": {"Jo"},
		"MUSICBRAINZ_TRACKID": {"B10BBBFC-CF9E-42E0-BE17-E2C3E1D2600D"}, "MUSICBRAINZ_ALBUMID": {"not one"},
		"REPLAYGAIN_TRACK_GAIN": {"-6.25 dB"}, "REPLAYGAIN_ALBUM_GAIN": {"loud"}, "LYRICS": {"[00:12.30]One\r\n[00:15.00]Two"}, "BPM": {"119.7"}, "COMPILATION": {"1"},
	})
	want := probe.Tags{
		Title: "Café at night", Artists: []string{"Ottoline Amsel", "Sól"}, AlbumArtists: []string{"A", "B"}, Track: 3, Tracks: 12, Disc: 2, Discs: 2, Date: "2024",
		ISRC: "GBABC1234567", Barcode: "4006381333931", Credits: []probe.Credit{{Role: "composer", Name: "Clara Wieck"}, {Role: "cello", Name: "Jo"}},
		MusicBrainz: map[string]string{"recording": "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d"}, ReplayGain: probe.ReplayGain{TrackDB: &db},
		Lyrics: "[00:12.30]One\n[00:15.00]Two", Synced: true, BPM: 120, Compilation: true,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "GBABC123456", "GB1BC12345678", "12ABC1234567", "GBABC12E4567"} {
		if probe.ISRC(bad) != "" {
			t.Errorf("%q is no ISRC", bad)
		}
	}
}

func TestPictureAndLyricsInside(t *testing.T) {
	dir := t.TempDir()
	pic := ffmpeg(t, filepath.Join(dir, "c.png"), "-f", "lavfi", "-i", "testsrc=d=1:size=300x300", "-frames:v", "1")
	f := ffmpeg(t, filepath.Join(dir, "a.flac"), "-f", "lavfi", "-i", "sine=d=1", "-i", pic, "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic", "-metadata", "lyrics=la la")
	r, out, err := inspect(t, f)
	if err != nil || !r.HasCover || r.Tags.Lyrics != "la la" || r.Tags.Synced {
		t.Fatalf("%+v %v", r, err)
	}
	if b, err := os.ReadFile(filepath.Join(out, probe.CoverFile)); err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
		t.Errorf("the picture: %v", err)
	}
}

func FuzzTags(f *testing.F) {
	f.Add("TITLE", "x", "3/4")
	f.Fuzz(func(t *testing.T, k, v, n string) {
		got := probe.FromMap(map[string][]string{k: {v}, "TRACKNUMBER": {n}, "DATE": {v}, "ISRC": {v}, "LYRICS": {v}, "REPLAYGAIN_TRACK_GAIN": {v}})
		if strings.ContainsAny(got.Title, "\n\x00") || got.Track < 0 || got.Track > 9999 {
			t.Errorf("%+v", got)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Error(err)
		}
	})
}
