package stream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/id"
)

// serve sends content under a strong tag and closes it. Ranges, conditions and
// HEAD are net/http's; the tag takes the place of a date.
func serve(w http.ResponseWriter, r *http.Request, tag string, c Content) error {
	w.Header()["Etag"] = []string{`"` + tag + `"`}
	if !sendWhole(w, r, c) {
		http.ServeContent(w, r, "", time.Time{}, c)
	}
	_ = c.Close() // opened for reading only
	return nil
}

// conditions are the headers that ask for something else than the whole.
var conditions = [...]string{"Range", "If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}

// sendWhole hands a plain GET of a file to the kernel with as few system calls
// as there can be: open, fstat, the header, sendfile. It reports false, having
// done nothing, when the request or the connection is of another kind.
func sendWhole(w http.ResponseWriter, r *http.Request, c Content) bool {
	to, ok := w.(io.ReaderFrom)
	_, file := c.(syscall.Conn)
	if !ok || !file || r.Method != http.MethodGet {
		return false
	}
	for _, name := range conditions {
		if _, ok := r.Header[name]; ok {
			return false
		}
	}
	h := w.Header()
	h["Accept-Ranges"] = acceptRanges
	h["Content-Length"] = []string{strconv.FormatInt(c.Size(), 10)}
	w.WriteHeader(http.StatusOK)
	_, _ = to.ReadFrom(&io.LimitedReader{R: c, N: c.Size()}) // the listener may have gone on
	return true
}

func serveBytes(w http.ResponseWriter, r *http.Request, tag string, b []byte) {
	w.Header()["Etag"] = []string{`"` + tag + `"`}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// maxKnown bounds each table of known; a full one starts again.
const maxKnown = 1 << 14

// known remembers what the catalogue said, so that a stream of segments does
// not ask for each of them.
type known struct {
	mu         sync.RWMutex
	tracks     map[id.Track]state
	renditions map[string]id.Track
	forgotten  uint64 // how often something was forgotten
}

type state struct {
	track Track
	until time.Time
}

func (k *known) track(ctx context.Context, name id.Track, now time.Time, fresh time.Duration, c Catalogue) (Track, error) {
	k.mu.RLock()
	s, ok := k.tracks[name]
	before := k.forgotten
	k.mu.RUnlock()
	// A clock that jumps back must not keep a state longer than it was good for.
	if ok && now.Before(s.until) && s.until.Sub(now) <= fresh {
		return s.track, nil
	}
	t, err := c.Track(ctx, name)
	if err != nil {
		return Track{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.forgotten != before { // what was read may be what was to be forgotten
		return t, nil
	}
	if k.tracks == nil || len(k.tracks) >= maxKnown {
		k.tracks = make(map[id.Track]state)
	}
	k.tracks[name] = state{t, now.Add(fresh)}
	return t, nil
}

func (k *known) trackOf(ctx context.Context, rendition string, c Catalogue) (id.Track, error) {
	k.mu.RLock()
	t, ok := k.renditions[rendition]
	k.mu.RUnlock()
	if ok {
		return t, nil
	}
	t, err := c.TrackOf(ctx, rendition)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.renditions == nil || len(k.renditions) >= maxKnown {
		k.renditions = make(map[string]id.Track)
	}
	k.renditions[rendition] = t
	return t, nil
}

func (k *known) forget(name id.Track) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.tracks, name)
	k.forgotten++
}
