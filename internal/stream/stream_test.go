package stream_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/index"
	"github.com/michaelperna/9ten/internal/stream"
)

const (
	open   = id.Track("01ARZ3NDEKTSV4RRFFQ69G5FAV")
	secret = id.Track("01ARZ3NDEKTSV4RRFFQ69G5FAW")
)

var (
	openID   = strings.Repeat("a", 64)
	secretID = strings.Repeat("b", 64)
)

// node is a server over a real store with one recording under two tracks.
type node struct {
	*stream.Server
	url      string
	dir      *blob.Dir
	root     string
	packager *hls.Packager
	track    *hls.Track
	file     []byte
	takenOff bool
	asked    int // questions to the catalogue
	now      time.Time
}

func (n *node) Track(_ context.Context, t id.Track) (stream.Track, error) {
	n.asked++
	if n.takenOff {
		return stream.Track{}, fault.New(fault.NotFound, "This track was taken down.")
	}
	o := stream.Original{Key: "original/0123", Type: "audio/flac"}
	switch t {
	case open:
		return stream.Track{Public: true, Renditions: []string{openID}, Original: o}, nil
	case secret:
		return stream.Track{Renditions: []string{secretID}, Original: o}, nil
	}
	return stream.Track{}, fault.New(fault.NotFound, "no such track")
}

func (n *node) TrackOf(_ context.Context, r string) (id.Track, error) {
	switch r {
	case openID:
		return open, nil
	case secretID:
		return secret, nil
	}
	return "", fault.New(fault.NotFound, "no such rendition")
}

// manifest is a real one, signed by the act's key.
func (n *node) manifest() ([]byte, ed25519.PrivateKey) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	m, err := n.track.Manifest(context.Background(), bytes.NewReader(n.file), string(open)+"@node.example")
	if err != nil {
		panic(err)
	}
	b, err := m.Encode()
	if err != nil {
		panic(err)
	}
	return b, key
}

func (n *node) Manifest(context.Context, string) (stream.Manifest, error) {
	b, key := n.manifest()
	return stream.Manifest{Bytes: b, Signature: ed25519.Sign(key, b), Act: "act", Key: key.Public().(ed25519.PublicKey)}, nil
}

func (n *node) Cover(_ context.Context, cover string, size int, format string) (string, error) {
	return fmt.Sprintf("derived/cover/%s-%d.%s", cover, size, format), nil
}

type tiles map[string]string

func (t tiles) Open(path string) ([]byte, error) {
	if b, ok := t[path]; ok {
		return []byte(b), nil
	}
	return nil, fault.New(fault.NotFound, "no such tile")
}

func start(t testing.TB, cache int64) *node {
	t.Helper()
	ctx := context.Background()
	n := &node{root: t.TempDir(), now: time.UnixMilli(1_700_000_000_000)}
	var err error
	if n.dir, err = blob.OpenDir(n.root); err != nil {
		t.Fatal(err)
	}
	if n.file, err = os.ReadFile("../media/hls/testdata/tone.flac"); err != nil {
		t.Fatal(err)
	}
	x, err := index.Scan(ctx, bytes.NewReader(n.file), int64(len(n.file)))
	if err != nil {
		t.Fatal(err)
	}
	if n.track, err = hls.New(x); err != nil {
		t.Fatal(err)
	}
	for key, b := range map[string][]byte{"original/0123": n.file, "derived/index/a": x.Encode(), "derived/cover/c1-96.webp": []byte("RIFF....WEBP")} {
		if _, err := n.dir.Put(ctx, key, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	n.packager, err = hls.NewPackager(ctx, hls.Config{Blobs: n.dir, CacheBytes: cache, Source: func(context.Context, string) (hls.Source, error) {
		return hls.Source{Frames: "original/0123", Index: "derived/index/a"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	n.Server = stream.New(stream.Config{
		Catalogue: n, Packager: n.packager, Blobs: n.dir,
		Tiles: tiles{"checkpoint": "example.org/log\n1\n", "tile/0/000.p/1": "hash"},
		Allow: func(_ context.Context, r *http.Request, _ id.Track) error {
			if r.Header.Get("Cookie") == "" {
				return fault.New(fault.Unauthenticated, "Sign in to hear this track.")
			}
			return nil
		},
		Now: func() time.Time { return n.now },
	})
	mux := http.NewServeMux()
	n.Register(mux)
	srv := httptest.NewServer(mux)
	n.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		if err := n.packager.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *node) do(t testing.TB, method, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, n.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, b
}

func TestAnswers(t *testing.T) {
	n := start(t, 1<<20)
	segment, err := n.track.AppendSegment(nil, bytes.NewReader(n.file), 0)
	if err != nil {
		t.Fatal(err)
	}
	const forever, again = "public, max-age=31536000, immutable", "no-cache"
	for _, c := range []struct {
		path, kind, cache string
		body              []byte
	}{
		{"/media/" + string(open) + "/master.m3u8", "application/vnd.apple.mpegurl", again, nil},
		{"/media/" + openID + "/index.m3u8", "application/vnd.apple.mpegurl", forever, n.track.Playlist()},
		{"/media/" + openID + "/init.mp4", "audio/mp4", forever, n.track.Init()},
		{"/media/" + openID + "/0.m4s", "audio/mp4", forever, segment},
		{"/media/" + openID + "/manifest.json", "application/json", again, nil},
		{"/media/" + string(open) + "/original", "audio/flac", again, n.file},
		{"/media/" + strings.ToLower(string(open)) + "/original", "audio/flac", again, n.file},
		{"/covers/c1/96.webp", "image/webp", forever, []byte("RIFF....WEBP")},
		{"/log/checkpoint", "text/plain; charset=utf-8", again, []byte("example.org/log\n1\n")},
		{"/log/tile/0/000.p/1", "application/octet-stream", forever, []byte("hash")},
	} {
		for round := range 2 { // made, then from the cache
			res, b := n.do(t, "GET", c.path)
			if res.StatusCode != 200 || c.body != nil && !bytes.Equal(b, c.body) {
				t.Fatalf("%s (%d): %s, %d bytes", c.path, round, res.Status, len(b))
			}
			h := res.Header
			tag := h.Get("Etag")
			if h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache || h.Get("X-Content-Type-Options") != "nosniff" ||
				h.Get("Access-Control-Allow-Origin") != "*" || len(tag) < 4 || res.ContentLength != int64(len(b)) {
				t.Errorf("%s: %v", c.path, h)
			}
			head, empty := n.do(t, "HEAD", c.path)
			if head.StatusCode != 200 || head.ContentLength != int64(len(b)) || len(empty) > 0 || head.Header.Get("Etag") != tag {
				t.Errorf("HEAD %s: %s %v", c.path, head.Status, head.Header)
			}
			if res, b := n.do(t, "GET", c.path, "If-None-Match", tag); res.StatusCode != 304 || len(b) > 0 {
				t.Errorf("%s with its tag: %s", c.path, res.Status)
			}
			if res, part := n.do(t, "GET", c.path, "Range", "bytes=2-3"); res.StatusCode != 206 || !bytes.Equal(part, b[2:4]) {
				t.Errorf("range of %s: %s", c.path, res.Status)
			}
			if res, part := n.do(t, "GET", c.path, "Range", "bytes=-5"); res.StatusCode != 206 || !bytes.Equal(part, b[len(b)-min(5, len(b)):]) {
				t.Errorf("the end of %s: %s", c.path, res.Status)
			}
			if res, part := n.do(t, "GET", c.path, "Range", "bytes=0-0,2-3"); res.StatusCode != 206 || !strings.HasPrefix(res.Header.Get("Content-Type"), "multipart/byteranges") || !bytes.Contains(part, b[2:4]) {
				t.Errorf("two ranges of %s: %s %v", c.path, res.Status, res.Header)
			}
			if res, part := n.do(t, "GET", c.path, "Range", "bytes=2-3", "If-Range", tag); res.StatusCode != 206 || !bytes.Equal(part, b[2:4]) {
				t.Errorf("range of the same version of %s: %s", c.path, res.Status)
			}
			if res, part := n.do(t, "GET", c.path, "Range", "bytes=2-3", "If-Range", `"another"`); res.StatusCode != 200 || len(part) != len(b) {
				t.Errorf("range of another version of %s: %s", c.path, res.Status)
			}
			if res, _ := n.do(t, "GET", c.path, "Range", "bytes=99999999-"); res.StatusCode != 416 {
				t.Errorf("range beyond %s: %s", c.path, res.Status)
			}
			if res, _ := n.do(t, "POST", c.path); res.StatusCode != 405 {
				t.Errorf("POST %s: %s", c.path, res.Status)
			}
		}
	}
	if _, b := n.do(t, "GET", "/media/"+string(open)+"/master.m3u8"); !bytes.Contains(b, []byte("\n../"+openID+"/index.m3u8\n")) {
		t.Errorf("master playlist:\n%s", b)
	}
	if res, _ := n.do(t, "OPTIONS", "/media/"+openID+"/0.m4s"); res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD" {
		t.Errorf("preflight: %s %v", res.Status, res.Header)
	}
}

// A listener can hold every byte it hears against what the act signed.
func TestManifestFitsItsSegments(t *testing.T) {
	n := start(t, 1<<20)
	_, body := n.do(t, "GET", "/media/"+openID+"/manifest.json")
	var got struct {
		Segments                 []struct{ SHA256 string }
		Manifest, Signature, Key []byte
		Samples                  uint64
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(got.Key, got.Manifest, got.Signature) || len(got.Segments) != n.track.Segments() || got.Samples != n.track.Index().Samples {
		t.Errorf("%s", body)
	}
	for i, s := range got.Segments {
		_, b := n.do(t, "GET", fmt.Sprintf("/media/%s/%d.m4s", openID, i))
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != s.SHA256 {
			t.Errorf("segment %d is not the one that was signed", i)
		}
	}
}

func TestNothingThere(t *testing.T) {
	n := start(t, 0)
	for _, path := range []string{
		"/media/" + openID + "/99.m4s", "/media/" + openID + "/00.m4s", "/media/" + openID + "/-1.m4s", "/media/" + openID + "/1.mp4",
		"/media/" + openID + "/9999999999999999999.m4s", "/media/" + openID + "/.m4s", "/media/" + openID + "/+0.m4s",
		"/media/" + strings.ToUpper(openID) + "/0.m4s", "/media/" + strings.Repeat("c", 64) + "/0.m4s", "/media/x/master.m3u8",
		"/media/" + openID + "/..%2f..%2foriginal", "/media/..%2f" + openID + "/0.m4s",
		"/covers/c1/96.svg", "/covers/c1/096.webp", "/covers/c1/640.webp", "/covers/..%2f..%2foriginal/96.webp",
		"/log/tile/9", "/log/batch/20260101", "/log/..%2fkeys", "/log/",
	} {
		res, b := n.do(t, "GET", path)
		if res.StatusCode != 404 {
			t.Errorf("%s: %s", path, res.Status)
		}
		if res.Header.Get("Content-Type") == "application/problem+json" && (res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Etag") != "") {
			t.Errorf("%s: an error may be cached: %v", path, res.Header)
		}
		if strings.Contains(string(b), n.root) {
			t.Errorf("%s shows a path of the disk", path)
		}
	}
}

func TestAccess(t *testing.T) {
	n := start(t, 1<<20)
	paths := []string{"/media/" + string(secret) + "/master.m3u8", "/media/" + string(secret) + "/original",
		"/media/" + secretID + "/index.m3u8", "/media/" + secretID + "/init.mp4", "/media/" + secretID + "/0.m4s", "/media/" + secretID + "/manifest.json"}
	for _, path := range paths {
		if res, _ := n.do(t, "GET", path, "Cookie", "me=1"); res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private, ") {
			t.Errorf("%s: %s %v", path, res.Status, res.Header)
		}
		if res, b := n.do(t, "GET", path); res.StatusCode != 401 || !strings.Contains(string(b), "Sign in to hear this track.") {
			t.Errorf("%s for a stranger: %s", path, res.Status)
		}
	}
}

// A track taken down is gone at once when told, else when its state is old.
func TestTakenDown(t *testing.T) {
	n := start(t, 1<<20)
	path := "/media/" + openID + "/0.m4s"
	get := func() int { res, _ := n.do(t, "GET", path); return res.StatusCode }
	for range 5 {
		if got := get(); got != 200 {
			t.Fatal(got)
		}
	}
	if n.asked != 1 {
		t.Errorf("the catalogue was asked %d times in one moment", n.asked)
	}
	n.takenOff = true
	if got := get(); got != 200 {
		t.Errorf("%d: the state should still be believed", got)
	}
	n.now = n.now.Add(2 * time.Second)
	if got := get(); got != 404 {
		t.Errorf("%d two seconds after the take-down", got)
	}
	n.takenOff = false
	if got := get(); got != 200 {
		t.Error(got)
	}
	n.takenOff = true
	n.Forget(open)
	if got := get(); got != 404 {
		t.Errorf("%d after it was forgotten", got)
	}
	n.takenOff = false
	get()
	n.takenOff = true
	n.now = n.now.Add(-time.Hour) // the clock jumps back
	if got := get(); got != 404 {
		t.Errorf("%d: an old state outlives a clock that jumps back", got)
	}
}

// Without a cache that can be written everything is still heard.
func TestBrokenCache(t *testing.T) {
	n := start(t, 1<<20)
	if err := os.WriteFile(filepath.Join(n.root, "derived", "segment"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want, _ := n.track.AppendSegment(nil, bytes.NewReader(n.file), 1)
	for range 3 {
		if res, b := n.do(t, "GET", "/media/"+openID+"/1.m4s"); res.StatusCode != 200 || !bytes.Equal(b, want) {
			t.Errorf("%s, %d bytes", res.Status, len(b))
		}
	}
	if err := os.Remove(filepath.Join(n.root, "original", "0123")); err != nil {
		t.Fatal(err)
	}
	if res, _ := n.do(t, "GET", "/media/"+openID+"/0.m4s"); res.StatusCode != 404 {
		t.Errorf("without an original: %s", res.Status)
	}
}

// BenchmarkCached compares a cached segment with a bare ServeFile of the same
// bytes, over loopback.
func BenchmarkCached(b *testing.B) {
	n := start(b, 1<<20)
	n.do(b, "GET", "/media/"+openID+"/0.m4s")
	if err := n.packager.Close(); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(n.root, "derived", "segment", openID, "0.m4s")
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
	defer bare.Close()
	for _, c := range []struct{ name, url string }{{"bare", bare.URL + "/0.m4s"}, {"stream", n.url + "/media/" + openID + "/0.m4s"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
			for b.Loop() {
				res, err := client.Get(c.url)
				if err != nil {
					b.Fatal(err)
				}
				m, err := io.Copy(io.Discard, res.Body)
				if err != nil {
					b.Fatal(err)
				}
				_ = res.Body.Close()
				b.SetBytes(m)
			}
		})
	}
}
