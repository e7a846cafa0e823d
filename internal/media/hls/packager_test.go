package hls_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/hls"
)

const rendition = "ab12"

// watched counts openings of the frames and can refuse to write.
type watched struct {
	blob.Store
	reads atomic.Int32
	hold  chan struct{} // when not nil, opening the frames waits for it
	full  atomic.Bool
	bug   atomic.Bool // opening the frames panics
	peak  atomic.Int64
}

func (w *watched) Open(ctx context.Context, key string) (blob.Blob, error) {
	if key == "original/a" {
		w.reads.Add(1)
		if w.hold != nil {
			<-w.hold
		}
		if w.bug.Load() {
			panic("a bug")
		}
	}
	return w.Store.Open(ctx, key)
}

func (w *watched) Put(ctx context.Context, key string, r io.Reader) (blob.Written, error) {
	if w.full.Load() {
		return blob.Written{}, fault.New(fault.Unavailable, "The disk is full.")
	}
	return w.Store.Put(ctx, key, r)
}

func newPackager(t *testing.T, limit int64) (*hls.Packager, *watched, *hls.Track, []byte) {
	t.Helper()
	ctx := context.Background()
	dir, err := blob.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tr, src := load(t, "testdata/tone.flac")
	for key, b := range map[string][]byte{"original/a": src, "derived/index/a": tr.Index().Encode()} {
		if _, err := dir.Put(ctx, key, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	w := &watched{Store: dir}
	p, err := hls.NewPackager(ctx, hls.Config{Blobs: w, CacheBytes: limit, Source: func(_ context.Context, id string) (hls.Source, error) {
		if !strings.HasPrefix(id, rendition) {
			return hls.Source{}, fault.New(fault.NotFound, "no such rendition")
		}
		return hls.Source{Frames: "original/a", Index: "derived/index/a", Peak: w.peak.Load()}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p, w, tr, src
}

func read(t *testing.T, p *hls.Packager, id string, n int) []byte {
	t.Helper()
	b, err := p.Segment(context.Background(), id, n)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	data, err := io.ReadAll(b)
	if err != nil || int64(len(data)) != b.Size() {
		t.Fatalf("%d bytes of %d: %v", len(data), b.Size(), err)
	}
	return data
}

func TestPackagerCaches(t *testing.T) {
	p, w, tr, src := newPackager(t, 1<<20)
	want, _ := tr.AppendSegment(nil, bytes.NewReader(src), 1)
	if got := read(t, p, rendition, 1); !bytes.Equal(got, want) {
		t.Error("made bytes differ")
	}
	if err := p.Close(); err != nil { // the cache is written
		t.Fatal(err)
	}
	if got := read(t, p, rendition, 1); !bytes.Equal(got, want) || w.reads.Load() != 1 {
		t.Errorf("cached bytes differ, or were made again (%d)", w.reads.Load())
	}
	b, err := p.Segment(context.Background(), rendition, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, ok := b.(interface{ Fd() uintptr }); !ok {
		t.Error("a cached segment is not a file the kernel can send")
	}
	if _, err := p.Segment(context.Background(), rendition, 9); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := p.Segment(context.Background(), "none", 0); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func TestPackagerWorksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, tr, src := newPackager(t, 1<<20)
		w.hold = make(chan struct{})
		want, _ := tr.AppendSegment(nil, bytes.NewReader(src), 0)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := read(t, p, rendition, 0); !bytes.Equal(got, want) {
					t.Error("bytes differ")
				}
			})
		}
		synctest.Wait() // one is at work, the others wait for it
		gone, leave := context.WithCancel(context.Background())
		all.Go(func() {
			if _, err := p.Segment(gone, rendition, 0); !errors.Is(err, context.Canceled) {
				t.Errorf("a listener who left got %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(w.hold)
		all.Wait()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if n := w.reads.Load(); n != 1 {
			t.Errorf("the work was done %d times for 20", n)
		}
	})
}

// A bug in making a segment harms who asked first, not all who ever ask.
func TestPackagerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, tr, src := newPackager(t, 1<<20)
		w.hold = make(chan struct{})
		w.bug.Store(true)
		var all sync.WaitGroup
		all.Go(func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is hidden")
				}
			}()
			_, _ = p.Segment(t.Context(), rendition, 0)
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := p.Segment(t.Context(), rendition, 0); !fault.Is(err, fault.Internal) {
				t.Errorf("who waited for it got %v", err)
			}
		})
		synctest.Wait()
		close(w.hold)
		all.Wait()
		w.bug.Store(false)
		want, _ := tr.AppendSegment(nil, bytes.NewReader(src), 0)
		if got := read(t, p, rendition, 0); !bytes.Equal(got, want) {
			t.Error("bytes differ")
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Several listeners at once get right bytes although buffers are used again.
func TestPackagerBuffersAreNotMixed(t *testing.T) {
	p, _, tr, src := newPackager(t, 0)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			want, _ := tr.AppendSegment(nil, bytes.NewReader(src), i%2)
			for k := range 50 {
				if got := read(t, p, rendition+strings.Repeat("0", k%3), i%2); !bytes.Equal(got, want) {
					t.Error("bytes differ")
					return
				}
			}
		})
	}
	all.Wait()
}

func TestPackagerFullDisk(t *testing.T) {
	p, w, tr, src := newPackager(t, 1<<20)
	w.full.Store(true)
	want, _ := tr.AppendSegment(nil, bytes.NewReader(src), 0)
	for range 3 {
		if got := read(t, p, rendition, 0); !bytes.Equal(got, want) {
			t.Error("bytes differ")
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPackagerLimit(t *testing.T) {
	const limit = 250_000
	p, w, _, _ := newPackager(t, limit)
	for i := range 9 {
		read(t, p, fmt.Sprint(rendition, i), 0)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		var used int64
		for info, err := range w.List(context.Background(), "derived/segment") {
			if err != nil {
				t.Fatal(err)
			}
			used += info.Size
		}
		if used > limit || used == 0 {
			t.Fatalf("after %d segments the cache holds %d bytes, limit %d", i+1, used, limit)
		}
	}
}

// A segment cut short by a crash, or an original that changed, is noticed.
func TestPackagerDamage(t *testing.T) {
	p, w, tr, src := newPackager(t, 1<<20)
	ctx := context.Background()
	if _, err := w.Store.Put(ctx, "derived/segment/"+rendition+"/0.m4s", strings.NewReader("half")); err != nil {
		t.Fatal(err)
	}
	want, _ := tr.AppendSegment(nil, bytes.NewReader(src), 0)
	if got := read(t, p, rendition, 0); !bytes.Equal(got, want) {
		t.Error("half a segment was given out")
	}
	if _, err := w.Store.Put(ctx, "original/a", bytes.NewReader(src[:len(src)-1])); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Segment(ctx, rendition, 1); !fault.Is(err, fault.Unavailable) {
		t.Errorf("another original: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMasterOfRenditions(t *testing.T) {
	p, w, _, _ := newPackager(t, 0)
	m, err := p.Master(context.Background(), "/media/", []string{rendition, rendition + "1"})
	if err != nil || strings.Count(string(m), "/index.m3u8\n") != 2 || !strings.Contains(string(m), "\n/media/"+rendition+"/index.m3u8\n") {
		t.Errorf("%v\n%s", err, m)
	}
	if w.peak.Store(-1_500); strings.Contains(string(m), "X-TRUE-PEAK") {
		t.Errorf("nothing was measured:\n%s", m)
	}
	for range 2 { // known once it is measured, and from then on
		if m, err = p.Master(t.Context(), "", []string{rendition}); err != nil || !strings.Contains(string(m), ",X-TRUE-PEAK=-1.50\n") {
			t.Errorf("%v\n%s", err, m)
		}
	}
}
