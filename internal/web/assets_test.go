package web_test

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"os"
	"path"
	"strconv"
	"testing"

	"github.com/michaelperna/9ten/internal/web"
)

// Every built file is served as it was built, compressed where the client takes that and it
// saves something, and may be kept for good.
func TestAssets(t *testing.T) {
	assets, err := web.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json"}
	entries, err := os.ReadDir("dist")
	if err != nil || len(entries) == 0 {
		t.Fatal("nothing is built", err)
	}
	for _, e := range entries {
		want, err := os.ReadFile(path.Join("dist", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		at := "/assets/" + e.Name()
		plain := get(t, assets, at)
		if got := text(t, plain); plain.StatusCode != 200 || got != string(want) || plain.ContentLength != int64(len(want)) || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %s, %d bytes of %d", at, plain.Status, len(got), len(want))
		}
		if got := plain.Header.Get("Content-Type"); got != types[path.Ext(at)] {
			t.Errorf("%s is %q", at, got)
		}
		small := get(t, assets, at, "Accept-Encoding", "gzip")
		body := text(t, small)
		if small.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader([]byte(body)))
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(z); err != nil || !bytes.Equal(b.Bytes(), want) || len(body) >= len(want) {
				t.Errorf("%s: %d bytes in %d: %v", at, b.Len(), len(body), err)
			}
		} else if path.Ext(at) != ".woff2" && len(want) > 1000 || body != string(want) {
			t.Errorf("%s is not compressed", at)
		}
		for _, r := range []struct{ takes, length string }{{"", strconv.Itoa(len(want))}, {"gzip", strconv.Itoa(len(body))}} {
			req := httptest.NewRequest("HEAD", at, nil)
			req.Header.Set("Accept-Encoding", r.takes)
			w := httptest.NewRecorder()
			assets.ServeHTTP(w, req)
			if w.Body.Len() > 0 || w.Header().Get("Content-Length") != r.length || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("HEAD of %s (%s): %d bytes, %v", at, r.takes, w.Body.Len(), w.Header())
			}
		}
	}
	if res := get(t, assets, "/assets/nothing.js"); res.StatusCode != 404 || res.Header.Get("Cache-Control") != "" {
		t.Errorf("what there is not: %s, %v", res.Status, res.Header)
	}
}
