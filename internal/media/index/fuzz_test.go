package index_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

// fuzzScan feeds changed files of one kind to Scan: it answers with an index
// that survives being written and read, or with a fault for a person.
func fuzzScan(f *testing.F, name string, args ...string) {
	rate := "48000"
	b, err := os.ReadFile(encode(f, name, "0.3", rate, args...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := index.Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported && k != fault.TooLarge {
				t.Fatalf("%v: %v", k, err)
			}
			return
		}
		e := x.Encode()
		y, err := index.Parse(e)
		if err != nil || !bytes.Equal(y.Encode(), e) {
			t.Fatalf("an index that was written is not read: %v\n%+v", err, x.Info)
		}
		pos := uint64(0)
		x.Each(func(size, _ uint32) bool { pos += uint64(size); return true })
		if pos > uint64(len(b)) {
			t.Fatalf("%d bytes of frames in %d", pos, len(b))
		}
		if x.Frames() > 0 {
			if err := x.ReadLogical(make([]byte, 1), bytes.NewReader(b), pos-1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzFLAC(f *testing.F) { fuzzScan(f, "a.flac", "-ac", "1", "-frame_size", "512") }
func FuzzMP3(f *testing.F)  { fuzzScan(f, "a.mp3", "-ac", "1", "-b:a", "64k") }
func FuzzADTS(f *testing.F) { fuzzScan(f, "a.aac", "-ac", "1", "-b:a", "32k") }
func FuzzMP4(f *testing.F)  { fuzzScan(f, "a.m4a", "-ac", "1", "-b:a", "32k") }
func FuzzOpus(f *testing.F) { fuzzScan(f, "a.opus", "-ac", "1", "-c:a", "libopus", "-b:a", "16k") }
func FuzzVorbis(f *testing.F) {
	fuzzScan(f, "a.ogg", "-ac", "1", "-c:a", "libvorbis")
}
func FuzzWAV(f *testing.F) { fuzzScan(f, "a.wav", "-ac", "1", "-c:a", "pcm_u8") }

func FuzzParse(f *testing.F) {
	for _, name := range []string{"a.flac", "a.opus", "a.aac"} {
		x, _ := scan(f, encode(f, name, "0.2", "48000", "-ac", "1"))
		f.Add(x.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := index.Parse(b)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(x.Encode(), b) {
			t.Fatal("two encodings of one index")
		}
	})
}
