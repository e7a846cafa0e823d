package hls

import (
	"bytes"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

// Source says where a rendition's bytes are.
type Source struct {
	Frames string // blob key of the original or of the stored frames
	Index  string // blob key of the encoded frame index
	Peak   int64  // true peak in thousandths of dBTP, 0 not measured
}

// Config of a [Packager].
type Config struct {
	// Blobs holds originals and indexes. Segments are cached there under
	// "derived/segment/<rendition>/<n>.m4s".
	Blobs blob.Store
	// Source finds a rendition, or returns a NotFound fault. What it says of an
	// id never changes, because the id is a hash, save that a peak is measured.
	Source func(ctx context.Context, rendition string) (Source, error)
	// CacheBytes bounds the segments kept on disk; 0 keeps none. The oldest go
	// first, since any can be made again.
	CacheBytes int64
	// MemoryBytes bounds the indexes kept in memory; 0 means 32 MiB.
	MemoryBytes int
	// Lost, if set, is called when a rendition's frames or index are not where
	// Source says. It reports whether they are being made again.
	Lost func(ctx context.Context, rendition string) bool
	// Log hears of a cache that cannot be written.
	Log *slog.Logger
}

// A Packager gives out segments of any rendition: from the cache where they
// are, made on the spot where not. Requests for the same missing segment share
// one piece of work. It is safe for concurrent use; Close waits for what it
// still writes.
type Packager struct {
	cfg    Config
	cache  cache
	bufs   sync.Pool // *[]byte
	mu     sync.Mutex
	flight map[segmentID]*call
	tracks lru
}

type segmentID struct {
	rendition string
	n         int
}

func (s segmentID) key() string {
	return segmentPrefix + "/" + s.rendition + "/" + strconv.Itoa(s.n) + ".m4s"
}

// NewPackager makes a packager and counts what the cache holds.
func NewPackager(ctx context.Context, cfg Config) (*Packager, error) {
	if cfg.MemoryBytes == 0 {
		cfg.MemoryBytes = 32 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Packager{cfg: cfg, flight: make(map[segmentID]*call), tracks: lru{limit: cfg.MemoryBytes}}
	p.bufs.New = func() any { return new([]byte) }
	p.cache = cache{blobs: cfg.Blobs, limit: cfg.CacheBytes, log: cfg.Log, slots: make(chan struct{}, 4)}
	return p, p.cache.count(ctx)
}

// Close waits for segments being written to the cache. No method may be called
// after it.
func (p *Packager) Close() error {
	p.cache.wait.Wait()
	return nil
}

// Track opens a rendition, or finds it in memory. Faults: those of Source, and
// Unavailable when blobs cannot be read.
func (p *Packager) Track(ctx context.Context, rendition string) (*Track, error) {
	e, err := p.entry(ctx, rendition)
	return e.track, err
}

func (p *Packager) entry(ctx context.Context, rendition string) (entry, error) {
	p.mu.Lock()
	e, ok := p.tracks.get(rendition)
	p.mu.Unlock()
	if ok {
		return e, nil
	}
	return p.open(ctx, rendition)
}

func (p *Packager) open(ctx context.Context, rendition string) (entry, error) {
	src, err := p.cfg.Source(ctx, rendition)
	if err != nil {
		return entry{}, err
	}
	t, err := p.load(ctx, src.Index)
	if err != nil {
		return entry{}, p.lost(ctx, rendition, err)
	}
	e := entry{id: rendition, track: t, frames: src.Frames, peak: src.Peak}
	p.mu.Lock()
	p.tracks.put(e)
	p.mu.Unlock()
	return e, nil
}

// lost tells of a blob that is not there and says so to the listener.
func (p *Packager) lost(ctx context.Context, rendition string, err error) error {
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
		return err
	}
	if p.cfg.Lost == nil || !p.cfg.Lost(ctx, rendition) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "This track is being prepared again. Try again in a minute.")
}

// maxIndex bounds an encoded index: a day of AAC takes a fifth of it.
const maxIndex = 64 << 20

func (p *Packager) load(ctx context.Context, key string) (*Track, error) {
	b, err := p.cfg.Blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // opened for reading only
	if b.Size() > maxIndex {
		return nil, fault.New(fault.Invalid, "The frame index of this track is damaged. It has to be rebuilt.")
	}
	data := make([]byte, b.Size())
	if n, err := b.ReadAt(data, 0); n < len(data) {
		return nil, fault.Wrap(err, fault.Unavailable, "This track cannot be read from the disk right now. Try again later.")
	}
	x, err := index.Parse(data)
	if err != nil {
		return nil, err
	}
	return New(x)
}

// Playlist returns the media playlist of a rendition.
func (p *Packager) Playlist(ctx context.Context, rendition string) ([]byte, error) {
	t, err := p.Track(ctx, rendition)
	if err != nil {
		return nil, err
	}
	return t.Playlist(), nil
}

// Master returns the master playlist of renditions of one track, in the order
// given; each is named prefix + id + "/index.m3u8".
func (p *Packager) Master(ctx context.Context, prefix string, renditions []string) ([]byte, error) {
	vs := make([]Variant, len(renditions))
	for i, id := range renditions {
		e, err := p.entry(ctx, id)
		if err == nil && e.peak == 0 { // opened before it was measured
			e, err = p.open(ctx, id)
		}
		if err != nil {
			return nil, err
		}
		vs[i] = Variant{URI: prefix + id + "/index.m3u8", Track: e.track, Peak: e.peak}
	}
	return Master(vs), nil
}

// Init returns the initialization segment of a rendition. The caller must not
// change it.
func (p *Packager) Init(ctx context.Context, rendition string) ([]byte, error) {
	t, err := p.Track(ctx, rendition)
	if err != nil {
		return nil, err
	}
	return t.Init(), nil
}

// Segment opens segment n of a rendition; the caller closes it. A cache that is
// full or broken never keeps a segment from being given out.
func (p *Packager) Segment(ctx context.Context, rendition string, n int) (blob.Blob, error) {
	e, err := p.entry(ctx, rendition)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= e.track.Segments() {
		return nil, errSegment()
	}
	id := segmentID{rendition, n}
	if b := p.cache.open(ctx, id.key(), int64(e.track.Size(n))); b != nil {
		return b, nil
	}
	return p.shared(ctx, id, e)
}

// call is one segment being made, for everybody who asked meanwhile.
type call struct {
	done    chan struct{}
	waiting int // callers besides the one at work; guarded by Packager.mu
	made    *made
	err     error
}

// made is a finished segment in memory. The last to let go gives the buffer back.
type made struct {
	buf  *[]byte
	refs int // guarded by Packager.mu
	at   time.Time
}

func (p *Packager) shared(ctx context.Context, id segmentID, e entry) (blob.Blob, error) {
	p.mu.Lock()
	if c, ok := p.flight[id]; ok {
		c.waiting++
		p.mu.Unlock()
		return p.await(ctx, id, c)
	}
	c := &call{done: make(chan struct{})}
	p.flight[id] = c
	p.mu.Unlock()

	p.work(ctx, id, e, c)
	if c.err != nil {
		return nil, c.err
	}
	m := c.made
	p.cache.store(id.key(), *m.buf, func() { p.release(m) })
	return p.view(m), nil
}

// work makes the segment for everybody who asked. One listener who leaves must
// not spoil it for the others, and none of them waits for a panic.
func (p *Packager) work(ctx context.Context, id segmentID, e entry, c *call) {
	defer func() {
		p.mu.Lock()
		delete(p.flight, id)
		if c.made != nil {
			c.made.refs = 2 + c.waiting // this caller, the cache, and those who wait
		}
		p.mu.Unlock()
		close(c.done)
	}()
	c.err = fault.New(fault.Internal, "This part of the track could not be made.")
	c.made, c.err = p.produce(context.WithoutCancel(ctx), id, e)
}

func (p *Packager) await(ctx context.Context, id segmentID, c *call) (blob.Blob, error) {
	select {
	case <-c.done:
		if c.err != nil {
			return nil, c.err
		}
		return p.view(c.made), nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	working := p.flight[id] == c
	if working {
		c.waiting--
	}
	p.mu.Unlock()
	if !working && c.made != nil {
		p.release(c.made)
	}
	return nil, ctx.Err()
}

func (p *Packager) produce(ctx context.Context, id segmentID, e entry) (*made, error) {
	src, err := p.cfg.Blobs.Open(ctx, e.frames)
	if err != nil {
		return nil, p.lost(ctx, id.rendition, err)
	}
	defer func() { _ = src.Close() }() // opened for reading only
	if src.Size() != e.track.x.SourceSize() {
		return nil, fault.New(fault.Unavailable, "The file of this track is not the one that was indexed. It has to be prepared again.")
	}
	buf := p.bufs.Get().(*[]byte)
	b, err := e.track.AppendSegment((*buf)[:0], src, id.n)
	*buf = b
	if err != nil {
		p.bufs.Put(buf)
		return nil, err
	}
	return &made{buf: buf, at: src.ModTime()}, nil
}

func (p *Packager) release(m *made) {
	p.mu.Lock()
	m.refs--
	last := m.refs == 0
	p.mu.Unlock()
	if last {
		p.bufs.Put(m.buf)
	}
}

// view is a segment in memory as a blob. Closing it twice is harmless.
type view struct {
	bytes.Reader
	p *Packager
	m *made
}

func (p *Packager) view(m *made) *view {
	v := &view{p: p, m: m}
	v.Reset(*m.buf)
	return v
}

func (v *view) ModTime() time.Time { return v.m.at }

func (v *view) Close() error {
	if v.p != nil {
		v.Reset(nil)
		v.p.release(v.m)
		v.p = nil
	}
	return nil
}
