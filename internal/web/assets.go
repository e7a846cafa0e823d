package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed dist
var distFS embed.FS

// Assets are the built scripts, styles, fonts and marks. Their names carry
// their hash, so a browser may keep them for good. Safe for concurrent use.
type Assets struct {
	dist  fs.FS              // read in place: a copy of all of it would be kept for as long as the node runs
	files map[string]*asset  // by file name
	names map[string]builtAs // by logical name, from manifest.json
}

// builtAs is one line of manifest.json (written by web/build).
type builtAs struct {
	File    string   `json:"file"`
	Imports []string `json:"imports"`
}

type asset struct {
	mime  string
	small func() []byte // its gzip form, nil when that saves nothing; made on first use
}

// mimes are the content types of what the build puts out, by extension.
var mimes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".json": "application/json", ".png": "image/png",
}

// LoadAssets reads the files built into the binary. It fails when the build
// is incomplete.
func LoadAssets() (*Assets, error) {
	sub, err := fs.Sub(distFS, "dist")
	if err != nil {
		return nil, err
	}
	return loadAssets(sub)
}

func loadAssets(dist fs.FS) (*Assets, error) {
	a := &Assets{dist: dist, files: map[string]*asset{}, names: map[string]builtAs{}}
	manifest, err := fs.ReadFile(dist, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("web: the built assets are missing (go run ./web/build): %w", err)
	}
	if err := json.Unmarshal(manifest, &a.names); err != nil {
		return nil, fmt.Errorf("web: manifest.json: %w", err)
	}
	entries, err := fs.ReadDir(dist, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if mime := mimes[path.Ext(e.Name())]; mime != "" {
			a.files[e.Name()] = &asset{mime: mime, small: sync.OnceValue(func() []byte { return squeeze(dist, e.Name()) })}
		}
	}
	for name, b := range a.names {
		if a.files[b.File] == nil {
			return nil, fmt.Errorf("web: %s is built as %s, which is missing", name, b.File)
		}
	}
	return a, nil
}

// squeeze returns the gzip form of a file, or nil when that is not smaller.
func squeeze(dist fs.FS, name string) []byte {
	if path.Ext(name) == ".woff2" {
		return nil
	}
	body, err := fs.ReadFile(dist, name)
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                  // a bytes.Buffer does not fail
	_ = w.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// URL returns the address of an asset by its logical name ("look.css"), or
// "" when there is none: a test over all templates finds that.
func (a *Assets) URL(name string) string {
	if b, ok := a.names[name]; ok {
		return "/assets/" + b.File
	}
	return ""
}

// Preload returns the addresses of the scripts that an entry imports at once.
func (a *Assets) Preload(name string) []string {
	var urls []string
	for _, f := range a.names[name].Imports {
		urls = append(urls, "/assets/"+f)
	}
	return urls
}

// ServeHTTP answers GET and HEAD of /assets/{file}, compressed where the
// client takes gzip. Unknown names are 404 and never cached.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	f := a.files[name]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	if AcceptsGzip(r) {
		if z := f.small(); z != nil {
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", strconv.Itoa(len(z)))
			if r.Method != http.MethodHead {
				_, _ = w.Write(z) // the client is gone: nothing to do
			}
			return
		}
	}
	http.ServeFileFS(w, r, a.dist, name)
}

// AcceptsGzip reports whether the client takes gzip (RFC 9110, section
// 12.5.3; a quality of zero is a refusal).
func AcceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" || coding == "*" {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0") || strings.HasPrefix(q, "q=0.00") && strings.Trim(q[5:], "0") != ""
		}
	}
	return false
}
