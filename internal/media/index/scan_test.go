package index_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

const noise = "anoisesrc=d=%s:c=pink:r=%s:a=0.3:seed=9"

// encode makes a file of seconds of noise with ffmpeg.
func encode(t testing.TB, name, seconds, rate string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	src := strings.NewReplacer("d=%s", "d="+seconds, "r=%s", "r="+rate).Replace(noise)
	all := append([]string{"-v", "error", "-nostdin", "-f", "lavfi", "-i", src}, args...)
	if out, err := exec.Command("ffmpeg", append(all, "-y", path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

func scan(t testing.TB, path string) (*index.Index, []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return x, b
}

var real = []struct {
	name, seconds, rate string
	args                []string
	want                index.Info
	packets             bool // ffprobe's packets must be ours
}{
	{"16.flac", "13.37", "44100", []string{"-ac", "2", "-sample_fmt", "s16"},
		index.Info{Container: "flac", Codec: index.FLAC, Rate: 44100, Channels: 2, Bits: 16, Samples: 589617}, true},
	{"24.flac", "5", "96000", []string{"-ac", "1", "-sample_fmt", "s32", "-bits_per_raw_sample", "24", "-frame_size", "1000"},
		index.Info{Container: "flac", Codec: index.FLAC, Rate: 96000, Channels: 1, Bits: 24, Samples: 480000}, true},
	{"vbr.mp3", "7", "44100", []string{"-ac", "2", "-q:a", "2"},
		index.Info{Container: "mp3", Codec: index.MP3, Rate: 44100, Channels: 2, Delay: 1105, Samples: 308700}, true},
	{"lsf.mp3", "7", "22050", []string{"-ac", "1", "-b:a", "48k"},
		index.Info{Container: "mp3", Codec: index.MP3, Rate: 22050, Channels: 1, Delay: 1105, Samples: 154350}, true},
	{"a.aac", "7", "48000", []string{"-ac", "2", "-b:a", "256k"},
		index.Info{Container: "adts", Codec: index.AAC, Rate: 48000, Channels: 2, Delay: 1024, Samples: 336896}, true},
	{"a.m4a", "7", "44100", []string{"-ac", "2", "-b:a", "256k"},
		index.Info{Container: "mp4", Codec: index.AAC, Rate: 44100, Channels: 2, Delay: 1024, Samples: 308700}, true},
	{"fast.m4a", "7", "44100", []string{"-ac", "2", "-b:a", "64k", "-movflags", "+faststart"},
		index.Info{Container: "mp4", Codec: index.AAC, Rate: 44100, Channels: 2, Delay: 1024, Samples: 308700}, true},
	{"alac.m4a", "7", "44100", []string{"-ac", "2", "-c:a", "alac", "-sample_fmt", "s16p"},
		index.Info{Container: "mp4", Codec: index.ALAC, Rate: 44100, Channels: 2, Bits: 16, Samples: 308700}, false},
	{"a.opus", "7", "48000", []string{"-ac", "2", "-c:a", "libopus", "-b:a", "128k"},
		index.Info{Container: "ogg", Codec: index.Opus, Rate: 48000, Channels: 2, Delay: 312, Samples: 336000}, true},
	{"big.opus", "7", "48000", []string{"-ac", "2", "-c:a", "libopus", "-b:a", "510k", "-frame_duration", "60", "-page_duration", "1"},
		index.Info{Container: "ogg", Codec: index.Opus, Rate: 48000, Channels: 2, Delay: 312, Samples: 336000}, true},
	{"a.ogg", "7", "44100", []string{"-ac", "2", "-c:a", "libvorbis"},
		index.Info{Container: "ogg", Codec: index.Vorbis, Rate: 44100, Channels: 2, Samples: 308700}, false},
	{"a.wav", "7", "44100", []string{"-ac", "2", "-c:a", "pcm_s24le"},
		index.Info{Container: "wav", Codec: index.PCM, Rate: 44100, Channels: 2, Bits: 24, Samples: 308700}, false},
	{"rf64.wav", "2", "44100", []string{"-ac", "2", "-c:a", "pcm_f32le", "-rf64", "always"},
		index.Info{Container: "wav", Codec: index.PCM, Rate: 44100, Channels: 2, Bits: 32, Samples: 88200}, false},
}

func TestRealFiles(t *testing.T) {
	for _, c := range real {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, c.name, c.seconds, c.rate, c.args...)
			x, b := scan(t, path)
			if x.Info != c.want {
				t.Errorf("info\n got %+v\nwant %+v", x.Info, c.want)
			}
			if x.SourceSize() != int64(len(b)) {
				t.Errorf("size %d, want %d", x.SourceSize(), len(b))
			}
			e := x.Encode()
			y, err := index.Parse(e)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(y.Encode(), e) {
				t.Error("an index that was parsed encodes differently")
			}
			if c.packets {
				samePackets(t, path, y, b)
			} else if x.Frames() != 0 {
				t.Errorf("%d frames of a file that is only described", x.Frames())
			}
		})
	}
}

// samePackets compares sizes, durations and content with what ffprobe reads.
func samePackets(t *testing.T, path string, x *index.Index, file []byte) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-show_packets", "-select_streams", "a", "-show_data_hash", "crc32", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var probe struct {
		Packets []struct {
			Size string `json:"size"`
		} `json:"packets"`
	}
	if err := json.Unmarshal(out, &probe); err != nil {
		t.Fatal(err)
	}
	// ffprobe shows ADTS packets with their headers.
	header := 0
	if x.Container == "adts" {
		header = 7
	}
	if len(probe.Packets) != x.Frames() {
		t.Fatalf("%d frames, ffprobe reads %d", x.Frames(), len(probe.Packets))
	}
	i, pos := 0, uint64(0)
	x.Each(func(size, dur uint32) bool {
		if want, _ := strconv.Atoi(probe.Packets[i].Size); int(size)+header != want {
			t.Errorf("frame %d has %d bytes, ffprobe reads %d", i, size, want)
			return false
		}
		frame := make([]byte, size)
		if err := x.ReadLogical(frame, bytes.NewReader(file), pos); err != nil {
			t.Errorf("frame %d: %v", i, err)
			return false
		}
		if x.Codec == index.FLAC && (frame[0] != 0xff || frame[1]&0xfe != 0xf8) {
			t.Errorf("frame %d does not begin with a sync word", i)
		}
		pos += uint64(size)
		i++
		return true
	})
	var copied bytes.Buffer
	y, err := x.Extract(context.Background(), &copied, bytes.NewReader(file))
	if err != nil || uint64(copied.Len()) != pos || y.SourceSize() != int64(pos) {
		t.Errorf("extracted %d bytes of %d: %v", copied.Len(), pos, err)
	}
	if y != nil {
		if _, err := index.Parse(y.Encode()); err != nil {
			t.Errorf("index of the copy: %v", err)
		}
	}
}

func TestTagsAround(t *testing.T) {
	id3 := append([]byte("ID3\x04\x00\x00\x00\x00\x02\x00"), make([]byte, 256)...)
	copy(id3[100:], "\xff\xfb\x90\x64 a picture may hold a sync word")
	id1 := append([]byte("TAG"), make([]byte, 125)...)
	for _, name := range []string{"16.flac", "vbr.mp3", "a.aac"} {
		for _, c := range real {
			if c.name != name {
				continue
			}
			x, b := scan(t, encode(t, c.name, c.seconds, c.rate, c.args...))
			b = append(append(bytes.Clone(id3), b...), id1...)
			y, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if x.Info != y.Info || x.Frames() != y.Frames() {
				t.Errorf("%s: tags change the music: %+v, %+v", name, x.Info, y.Info)
			}
		}
	}
}

func TestBroken(t *testing.T) {
	const again = " Export the track again."
	for _, c := range []struct {
		file  string
		spoil func(b []byte) []byte
		kind  fault.Kind
		want  string
	}{
		{"16.flac", func(b []byte) []byte { return b[:len(b)/3] }, fault.Invalid, "of 13 s could be read." + again},
		{"16.flac", func(b []byte) []byte { return b[:9000] }, fault.Invalid, "of 13 s could be read." + again},
		{"vbr.mp3", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "This file ends in the middle: 3 of 7 s could be read." + again},
		{"a.aac", func(b []byte) []byte { return b[:len(b)-10] }, fault.Invalid, "This file ends in the middle, after 7 s." + again},
		{"a.aac", func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+2000]); return b }, fault.Invalid, "This file is damaged at 0:03." + again},
		{"a.m4a", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "This M4A file was never finished: its table of contents is missing." + again},
		{"fast.m4a", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "of 7 s could be read." + again},
		{"a.opus", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "This file ends in the middle, after"},
		{"a.opus", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, fault.Invalid, "This file is damaged at 0:0"},
		{"a.ogg", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "This file ends in the middle, after"},
		{"a.wav", func(b []byte) []byte { return b[:len(b)/2] }, fault.Invalid, "This file ends in the middle: 3 of 7 s could be read." + again},
		{"a.wav", func(b []byte) []byte { return nil }, fault.Invalid, "This file is empty." + again},
		{"a.wav", func(b []byte) []byte { return b[200:5000] }, fault.Unsupported, "This is not an audio file we can read."},
		{"a.wav", func(b []byte) []byte { return []byte("FORM\x00\x00\x10\x00AIFFCOMM") }, fault.Unsupported, "This is an AIFF file."},
		{"a.m4a", func(b []byte) []byte {
			return bytes.Replace(b, []byte("mp4a\x00\x00\x00\x00\x00\x00"), []byte("drms\x00\x00\x00\x00\x00\x00"), 1)
		}, fault.Unsupported, "This file is copy-protected"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			for _, r := range real {
				if r.name != c.file {
					continue
				}
				b, err := os.ReadFile(encode(t, r.name, r.seconds, r.rate, r.args...))
				if err != nil {
					t.Fatal(err)
				}
				b = c.spoil(b)
				_, err = index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
				if !fault.Is(err, c.kind) || !strings.Contains(fault.Message(err), c.want) {
					t.Errorf("got %v %q, want %v %q", fault.KindOf(err), err, c.kind, c.want)
				}
			}
		})
	}
}

// A file that asks for more memory than it is worth is refused before any is given.
func TestGreedyTables(t *testing.T) {
	box := func(name string, body ...[]byte) []byte {
		b := bytes.Join(body, nil)
		n := len(b) + 8
		return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), name[0], name[1], name[2], name[3]}, b...)
	}
	stsz := box("stsz", []byte{0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff})
	stts := box("stts", []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	for _, table := range [][]byte{stsz, stts} {
		hdlr := box("hdlr", make([]byte, 8), []byte("soun"), make([]byte, 13))
		f := append(box("ftyp", []byte("M4A \x00\x00\x00\x00")), box("moov", box("trak", box("mdia", hdlr, box("minf", box("stbl", table)))))...)
		if _, err := index.Scan(context.Background(), bytes.NewReader(f), int64(len(f))); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	}
}

// A table that names the same bytes over and over would make a copy of the
// frames larger than any disk.
func TestRepeatedChunks(t *testing.T) {
	_, b := scan(t, encode(t, "a.m4a", "2", "44100", "-ac", "1", "-b:a", "64k", "-frag_duration", "0"))
	i := bytes.Index(b, []byte("stsz"))
	n := int(b[i+12])<<24 | int(b[i+13])<<16 | int(b[i+14])<<8 | int(b[i+15])
	for k := range n { // every frame takes half the file
		copy(b[i+16+4*k:], []byte{0, 0, byte(len(b) / 2 >> 8), byte(len(b) / 2)})
	}
	j := bytes.Index(b, []byte("stco"))
	clear(b[j+12 : j+12+4*int(b[j+11])])
	if _, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b))); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}
