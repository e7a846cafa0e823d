package media_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media"
)

// What a node does with a file, unless it makes renditions of it.
const (
	asFile  = "plays as a file alone"
	refuses = "refuses"
)

// matrix is every kind of file musicians send, and what becomes of it with
// ffmpeg and without: its renditions in order, * is the original itself.
var matrix = []struct {
	name       string
	args       []string
	with, bare string
	word       string // of the refusal
}{
	{"a.flac", nil, "flac* aac opus", "flac*", ""},
	{"mono.flac", []string{"-ac", "1", "-ar", "22050"}, "flac* aac opus", "flac*", ""},
	{"mono.wav", []string{"-ac", "1"}, "flac aac opus", "flac", ""},
	{"float.wav", []string{"-c:a", "pcm_f32le"}, "flac aac opus", refuses, "24 or 16 bits"},
	{"24.wav", []string{"-c:a", "pcm_s24le", "-ar", "96000"}, "flac aac opus", "flac", ""},
	{"surround.wav", []string{"-ac", "6", "-c:a", "pcm_s24le"}, "flac aac opus", "flac", ""}, // WAVE_FORMAT_EXTENSIBLE
	{"rf64.wav", []string{"-rf64", "always"}, "flac aac opus", "flac", ""},
	{"u8.wav", []string{"-c:a", "pcm_u8"}, "flac aac opus", "flac", ""},
	{"compressed.wav", []string{"-c:a", "adpcm_ms"}, refuses, refuses, "compressed"},
	{"a.aiff", nil, refuses, refuses, "AIFF"},
	{"cbr.mp3", []string{"-b:a", "192k", "-write_xing", "0", "-id3v2_version", "0"}, "aac opus", asFile, ""},
	{"cbr-lame.mp3", []string{"-b:a", "320k"}, "aac opus", asFile, ""},
	{"vbr.mp3", []string{"-q:a", "2"}, "aac opus", asFile, ""},
	{"mono.mp3", []string{"-ac", "1", "-ar", "22050", "-b:a", "48k"}, "aac opus", asFile, ""},
	{"a.aac", []string{"-c:a", "aac"}, "aac* opus", "aac*", ""},
	{"a.m4a", []string{"-c:a", "aac"}, "aac* opus", "aac*", ""},
	{"mono.m4a", []string{"-c:a", "aac", "-ac", "1"}, "aac* opus", "aac*", ""},
	{"surround.m4a", []string{"-c:a", "aac", "-ac", "6"}, "aac* opus", "aac*", ""},
	{"alac16.m4a", []string{"-c:a", "alac", "-sample_fmt", "s16p"}, "flac aac opus", refuses, "ALAC"},
	{"alac24.m4a", []string{"-c:a", "alac", "-sample_fmt", "s32p", "-ar", "96000"}, "flac aac opus", refuses, "ALAC"},
	{"a.ogg", []string{"-c:a", "libvorbis", "-q:a", "5"}, "aac opus", asFile, ""},
	{"a.opus", []string{"-c:a", "libopus"}, "opus* aac", "opus*", ""},
	{"mono.opus", []string{"-c:a", "libopus", "-ac", "1"}, "opus* aac", "opus*", ""},
	{"surround.opus", []string{"-c:a", "libopus", "-ac", "6"}, "opus* aac", "opus*", ""},
	{"flac.oga", []string{"-c:a", "flac"}, refuses, refuses, "neither Vorbis nor Opus"},
	{"speech.spx", []string{"-c:a", "libspeex", "-ar", "16000", "-ac", "1"}, refuses, refuses, "neither Vorbis nor Opus"},
	{"a.wma", []string{"-c:a", "wmav2"}, refuses, refuses, "Windows Media"},
	{"a.mka", []string{"-c:a", "flac"}, refuses, refuses, "Matroska"},
	{"a.wv", nil, refuses, refuses, "WavPack"},
	{"a.tta", nil, refuses, refuses, "Export"},
	{"a.ac3", nil, refuses, refuses, "Export"},
	{"a.mp2", []string{"-c:a", "mp2"}, refuses, refuses, "Export"},
}

// TestMatrix: each kind of file plays or is refused with a sentence that says
// what is wrong and what to do. What is measured with ffmpeg and without agrees.
func TestMatrix(t *testing.T) {
	with, bare := newStudio(t, "auto"), newStudio(t, "off")
	var mu sync.Mutex
	var list []string
	t.Run("kinds", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				path := cut(t, c.name, "3", c.args...)
				take := func(s studio, how, want string) media.Prepared {
					p, err := s.Prepare(t.Context(), s.upload(t, path), media.Prepared{}, nil)
					got := cmp.Or(codecs(p), asFile)
					if err != nil {
						got = refuses
						refusal(t, c.name, err, c.word)
					} else {
						s.check(t, c.name+" "+how, p)
					}
					if got != want || err == nil && !p.CanPlay() {
						t.Errorf("%s: %s, want %s: %v", how, got, want, err)
					}
					mu.Lock()
					defer mu.Unlock()
					list = append(list, fmt.Sprintf("%-15s %-15s %s %s", c.name, how, got, fault.Message(err)))
					return p
				}
				agree(t, take(with, "with ffmpeg", c.with), take(bare, "without ffmpeg", c.bare), c.name)
			})
		}
	})
	slices.Sort(list)
	t.Log("\n" + strings.Join(list, "\n"))
}

// agree holds what was found with ffmpeg against what was found without.
func agree(t *testing.T, full, bare media.Prepared, name string) {
	t.Helper()
	if !full.CanPlay() {
		return
	}
	r := full.Report
	if full.Sound == nil || len(full.Without) != 0 || full.Progressive != (r.Codec != "alac") {
		t.Errorf("as a file: %v, without %v", full.Progressive, full.Without)
	}
	if r.Tags.Title != "Caves" && name != "a.aac" && name != "cbr.mp3" { // which carry no tags
		t.Errorf("title %q", r.Tags.Title)
	}
	if !bare.CanPlay() {
		return
	}
	if heard := r.Codec != "aac" && (r.Codec != "opus" || r.Channels <= 2); (bare.Sound != nil) != heard || bare.Progressive != full.Progressive {
		t.Errorf("without ffmpeg: measured %v, as a file %v", bare.Sound != nil, bare.Progressive)
	}
	if bare.Sound != nil && math.Abs(bare.Sound.Integrated-full.Sound.Integrated) > 0.2 {
		t.Errorf("%.2f LUFS in Go, %.2f through ffmpeg", bare.Sound.Integrated, full.Sound.Integrated)
	}
}

// refusal checks that an error is a sentence for a musician.
func refusal(t *testing.T, name string, err error, word string) {
	t.Helper()
	m := fault.Message(err)
	ok := fault.Is(err, fault.Unsupported) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge)
	if !ok || !strings.Contains(m, word) || !strings.HasSuffix(m, ".") || strings.ContainsAny(m, "/{}") || len(m) < 20 {
		t.Errorf("%s: %v %q (%v)", name, fault.KindOf(err), m, err)
	}
}

// TestAwkwardMP3 plays files whose tags are large, old or many.
func TestAwkwardMP3(t *testing.T) {
	s := newStudio(t, "auto")
	body := read(t, cut(t, "a.mp3", "3", "-b:a", "128k", "-id3v2_version", "0"))
	picture := bytes.Repeat([]byte{0x5a, 0xff, 0xfb, 0x90}, 3<<20) // 12 MiB that look like frames
	v1 := append([]byte("TAGOld title"), make([]byte, 116)...)
	for name, b := range map[string][]byte{
		"huge picture":  append(id3("APIC", append([]byte("\x00image/jpeg\x00\x03\x00"), picture...)), body...),
		"two tags":      append(id3("TIT2", []byte("\x03One")), append(id3("TIT2", []byte("\x03Two")), body...)...),
		"ID3v1":         append(bytes.Clone(body), v1...),
		"zeros between": append(append(id3("TIT2", []byte("\x03One")), make([]byte, 4096)...), body...),
		"a lying tag":   append([]byte("ID3\x04\x00\x00\x00\x00\x00\x05TIT2\xff\xff\xff\xff\x00\x00"), body...),
	} {
		p := filepath.Join(t.TempDir(), "x.mp3")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.Prepare(t.Context(), s.upload(t, p), media.Prepared{}, nil)
		if err != nil || got.DurationMS() < 2950 || got.DurationMS() > 3080 || codecs(got) != "aac opus" {
			t.Errorf("%s: %d ms %q %v", name, got.DurationMS(), codecs(got), err)
		}
	}
}

// id3 is an ID3v2.4 tag of one frame.
func id3(frame string, body []byte) []byte {
	sync := func(n int) []byte {
		return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	}
	b := append([]byte(frame), sync(len(body))...)
	b = append(append(b, 0, 0), body...)
	return append(append([]byte("ID3\x04\x00\x00"), sync(len(b))...), b...)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHostile hands over files made to do harm. Each is refused in words or
// taken as the sound it holds, and the next honest file is prepared as ever.
func TestHostile(t *testing.T) {
	s := newStudio(t, "auto")
	flac, m4a := read(t, cut(t, "a.flac", "3")), read(t, cut(t, "a.m4a", "3", "-c:a", "aac"))
	opus, ogg := read(t, cut(t, "a.opus", "3", "-c:a", "libopus")), read(t, cut(t, "a.ogg", "2", "-c:a", "libvorbis"))
	long := bytes.Clone(flac) // STREAMINFO claims 2^36-1 samples
	binary.BigEndian.PutUint64(long[18:], binary.BigEndian.Uint64(long[18:])|(1<<36-1))
	rate := bytes.Clone(flac)
	rate[18], rate[19], rate[20] = 0, 0, rate[20]&15
	lying := bytes.Clone(ogg) // the second page claims all its lacings are full
	second := bytes.Index(lying[4:], []byte("OggS")) + 4
	for i := range int(lying[second+26]) {
		lying[second+27+i] = 255
	}
	moov := bytes.Index(m4a, []byte("moov")) - 4
	if moov < 0 {
		t.Fatal("no moov")
	}
	huge := bytes.Clone(m4a)
	binary.BigEndian.PutUint32(huge[moov:], 0xfffffff0)
	large := append(bytes.Clone(m4a[:moov]), []byte("\x00\x00\x00\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff")...)
	nested := []byte("\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42")
	const depth = 20_000
	for i := range depth { // boxes within boxes within boxes
		nested = binary.BigEndian.AppendUint32(nested, uint32(8*(depth-i)))
		nested = append(nested, []string{"moov", "trak", "mdia", "minf", "stbl"}[min(i, 4)]...)
	}
	secret := filepath.Join(t.TempDir(), "secret.wav")
	ffmpeg(t, "-f", "lavfi", "-i", "sine=d=1", secret)
	for _, c := range []struct {
		name string
		body []byte
		word string
	}{
		{"FLAC of 2^36 samples", long, "ends in the middle"},
		{"FLAC at 0 Hz", rate, "damaged"},
		{"Ogg with lying pages", lying, ""},
		{"huge box", huge, ""},
		{"64-bit box", large, ""},
		{"nested boxes", nested, ""},
		{"concat script", []byte("ffconcat version 1.0\nfile " + secret + "\n"), "playlist"},
		{"concat script after a blank", []byte("\n\nffconcat version 1.0\nfile " + secret + "\n"), ""},
		{"HLS playlist", []byte("#EXTM3U\n#EXTINF:5,\n" + secret + "\n#EXT-X-ENDLIST\n"), "playlist"},
		{"playlist behind ID3", append(id3("TIT2", []byte("\x03Hi")), []byte("#EXTM3U\n#EXTINF:5,\n"+secret+"\n")...), "not an audio file"},
		{"DASH", []byte("<?xml version=\"1.0\"?><MPD><BaseURL>file://" + secret + "</BaseURL></MPD>"), "text file"},
		{"endless ID3", []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), ""},
		{"ID3 with a bad size", []byte("ID3\x04\x00\x00\xff\xff\xff\xff" + strings.Repeat("\x00\x01", 4000)), "not an audio file"},
		{"one byte", []byte{0xff}, ""},
		{"zeros", make([]byte, 1<<20), "not an audio file"},
		{"chained Ogg", append(bytes.Clone(opus), reserial(opus)...), "several recordings"},
	} {
		p := filepath.Join(t.TempDir(), "song.mp3")
		if err := os.WriteFile(p, c.body, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Prepare(t.Context(), s.upload(t, p), media.Prepared{}, nil)
		if err == nil {
			t.Errorf("%s was taken", c.name)
			continue
		}
		refusal(t, c.name, err, c.word)
		t.Logf("%-28s %s", c.name, fault.Message(err))
	}
	sparse := filepath.Join(t.TempDir(), "sparse.wav") // 2 GB that take no room
	if err := os.WriteFile(sparse, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, 2<<30); err != nil {
		t.Fatal(err)
	}
	_, err := s.Prepare(t.Context(), media.Original{Path: sparse, Key: "original/x", Track: trackName}, media.Prepared{}, nil)
	refusal(t, "2 GB of nothing", err, "not an audio file")
	link := filepath.Join(t.TempDir(), "link.flac") // a link names what it points to and nothing else
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	_, err = s.Prepare(t.Context(), media.Original{Path: link, Key: "original/x", Track: trackName}, media.Prepared{}, nil)
	refusal(t, "link to a text", err, "text file")
	honest := filepath.Join(t.TempDir(), "honest.flac")
	if err := os.WriteFile(honest, flac, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Prepare(t.Context(), s.upload(t, honest), media.Prepared{}, nil); err != nil || codecs(p) != "flac* aac opus" {
		t.Errorf("an honest file afterwards: %q %v", codecs(p), err)
	}
}

// reserial gives the pages of an Ogg file another stream number: what follows
// it in a file is a second recording.
func reserial(b []byte) []byte {
	out := bytes.Clone(b)
	for at := 0; ; {
		i := bytes.Index(out[at:], []byte("OggS"))
		if i < 0 {
			return out
		}
		at += i
		n := 27 + int(out[at+26])
		for _, l := range out[at+27 : at+n] {
			n += int(l)
		}
		out[at+14] ^= 0x55
		binary.LittleEndian.PutUint32(out[at+22:], 0)
		binary.LittleEndian.PutUint32(out[at+22:], oggCRC(out[at:at+n]))
		at += n
	}
}

func oggCRC(b []byte) (crc uint32) {
	for _, x := range b {
		crc ^= uint32(x) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// TestCutAnywhere cuts files of every kind at many places: no place is taken
// for the whole recording unless all its music is there, and none harms.
func TestCutAnywhere(t *testing.T) {
	s := newStudio(t, "auto")
	for _, c := range []struct {
		name string
		args []string
	}{{"a.flac", nil}, {"a.wav", nil}, {"a.m4a", []string{"-c:a", "aac"}}, {"a.opus", []string{"-c:a", "libopus"}}, {"a.mp3", nil}} {
		whole := read(t, cut(t, c.name, "1", c.args...))
		for _, at := range []int{1, 4, 12, 40, 44, 60, 200, len(whole) / 4, len(whole) / 2, len(whole) - 300} {
			p := filepath.Join(t.TempDir(), hex.EncodeToString([]byte(c.name)))
			if err := os.WriteFile(p, whole[:at], 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := s.Prepare(t.Context(), s.upload(t, p), media.Prepared{}, nil)
			if err != nil {
				refusal(t, fmt.Sprintf("%s cut at %d", c.name, at), err, "")
			} else if c.name != "a.mp3" || got.DurationMS() < 900 { // MP3 may lose its last frame, as players do
				t.Errorf("%s cut at %d of %d was taken with %d ms", c.name, at, len(whole), got.DurationMS())
			}
		}
	}
}
