package hls

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/michaelperna/9ten/internal/blob"
)

const segmentPrefix = "derived/segment"

// cache keeps segments on disk within a limit. It may lose any of them.
type cache struct {
	blobs blob.Store
	limit int64
	log   *slog.Logger
	slots chan struct{} // writers at work
	wait  sync.WaitGroup

	mu   sync.Mutex
	used int64 // bytes
}

// count adds up what is there.
func (c *cache) count(ctx context.Context) error {
	for info, err := range c.blobs.List(ctx, segmentPrefix) {
		if err != nil {
			return err
		}
		c.used += info.Size
	}
	return nil
}

// open returns a cached segment, nil when there is none or its length is wrong.
func (c *cache) open(ctx context.Context, key string, size int64) blob.Blob {
	if c.limit <= 0 {
		return nil
	}
	b, err := c.blobs.Open(ctx, key)
	if err != nil {
		return nil // the segment is made again
	}
	if b.Size() != size {
		_ = b.Close() // opened for reading only
		return nil
	}
	return b
}

// store writes a segment in the background and calls done when data is no
// longer needed. When the disk does not keep up, segments are left out.
func (c *cache) store(key string, data []byte, done func()) {
	if int64(len(data)) > c.limit {
		done()
		return
	}
	select {
	case c.slots <- struct{}{}:
	default:
		done()
		return
	}
	c.wait.Go(func() {
		defer func() { <-c.slots; done() }()
		ctx := context.Background() // Close waits for it
		if err := c.write(ctx, key, data); err != nil {
			c.log.Warn("segment not cached", "key", key, "err", err)
		}
	})
}

func (c *cache) write(ctx context.Context, key string, data []byte) error {
	n := int64(len(data))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used+n > c.limit {
		if err := c.sweep(ctx, c.limit-c.limit/8-n); err != nil {
			return err
		}
	}
	if old, err := c.blobs.Stat(ctx, key); err == nil {
		c.used -= old.Size
	}
	if _, err := c.blobs.Put(ctx, key, bytes.NewReader(data)); err != nil {
		return err
	}
	c.used += n
	return nil
}

// sweep deletes the oldest segments until at most keep bytes remain.
func (c *cache) sweep(ctx context.Context, keep int64) error {
	var all []blob.Info
	c.used = 0
	for info, err := range c.blobs.List(ctx, segmentPrefix) {
		if err != nil {
			return err
		}
		all = append(all, info)
		c.used += info.Size
	}
	slices.SortFunc(all, func(a, b blob.Info) int {
		return cmp.Or(a.ModTime.Compare(b.ModTime), cmp.Compare(a.Key, b.Key))
	})
	for _, info := range all {
		if c.used <= max(keep, 0) {
			break
		}
		if err := c.blobs.Delete(ctx, info.Key); err != nil {
			return err
		}
		c.used -= info.Size
	}
	return nil
}

// lru keeps opened tracks within a limit of memory. The zero value with a limit
// is ready; the caller locks.
type lru struct {
	limit, used int
	order       list.List // of entry, latest first
	byID        map[string]*list.Element
}

type entry struct {
	id     string
	track  *Track
	frames string // blob key
	peak   int64  // see Source
}

func (l *lru) get(id string) (entry, bool) {
	e, ok := l.byID[id]
	if !ok {
		return entry{}, false
	}
	l.order.MoveToFront(e)
	return e.Value.(entry), true
}

func (l *lru) put(e entry) {
	if known, ok := l.byID[e.id]; ok {
		known.Value = e // the same track; its peak may be known by now
		return
	}
	if l.byID == nil {
		l.byID = make(map[string]*list.Element)
	}
	l.byID[e.id] = l.order.PushFront(e)
	l.used += e.track.Memory()
	for l.used > l.limit && l.order.Len() > 1 {
		old := l.order.Remove(l.order.Back()).(entry)
		delete(l.byID, old.id)
		l.used -= old.track.Memory()
	}
}
