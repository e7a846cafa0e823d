// Package web serves the pages people look at.
//
// It knows templates, words and assets; it asks the domain for what it shows
// and never an engine. Pages are always rendered whole: everything but
// playing works without JavaScript, and a page that was navigated to is the
// page that was loaded.
package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"path"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

//go:embed templates
var templateFS embed.FS

// Renderer turns page structs into HTML in the viewer's language. Safe for
// concurrent use.
type Renderer struct {
	assets  *Assets
	words   *Catalogue
	secure  bool
	sets    map[language.Tag]map[string]lazy // by language, by page
	buffers sync.Pool
	zips    sync.Pool
}

// lazy parses a template when it is first shown and keeps it.
type lazy func() (*template.Template, error)

// NewRenderer lists the pages in each language. secure says that the node is
// reached over https. A page is parsed when it is first shown: each holds a
// copy of layout and partials, and most nodes never show most of them in most
// languages. A test parses them all.
func NewRenderer(assets *Assets, words *Catalogue, secure bool) (*Renderer, error) {
	r := &Renderer{assets: assets, words: words, secure: secure, sets: map[language.Tag]map[string]lazy{}}
	r.buffers.New = func() any { return new(bytes.Buffer) }
	r.zips.New = func() any { w, _ := gzip.NewWriterLevel(nil, gzip.DefaultCompression); return w }
	for _, lang := range words.Languages() {
		set, err := list(templateFS, r.funcs(lang))
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		r.sets[lang] = set
	}
	return r, nil
}

// list reads the layout and the partials once, and every page on a copy of
// them, each when it is needed.
func list(files fs.FS, funcs template.FuncMap) (map[string]lazy, error) {
	base := sync.OnceValues(func() (*template.Template, error) {
		return template.New("").Funcs(funcs).Option("missingkey=error").ParseFS(files, "templates/layout.html", "templates/partials/*.html")
	})
	pages, err := fs.Glob(files, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	set := map[string]lazy{}
	for _, p := range pages {
		set[strings.TrimSuffix(path.Base(p), ".html")] = sync.OnceValues(func() (*template.Template, error) {
			b, err := base()
			if err != nil {
				return nil, err
			}
			t, err := b.Clone()
			if err != nil {
				return nil, err
			}
			return t.ParseFS(files, p)
		})
	}
	return set, nil
}

// Render writes a whole page: templates/pages/<name>.html within the layout,
// in the language of the page, the "lang" cookie or the request. Nothing is
// written when the template fails; the error is then for the log and the
// caller answers.
func (r *Renderer) Render(w http.ResponseWriter, req *http.Request, status int, name string, page Paged) error {
	base := page.Base()
	lang := r.words.Match(base.Lang, req)
	base.Lang, base.path = lang.String(), req.URL.Path
	parse := r.sets[lang][name]
	if parse == nil {
		return fmt.Errorf("web: no page %q", name)
	}
	t, err := parse()
	if err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	buf := r.buffers.Get().(*bytes.Buffer)
	defer r.buffers.Put(buf)
	buf.Reset()
	if err := t.ExecuteTemplate(buf, "layout", page); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	h := w.Header()
	SecurityHeaders(h, r.secure)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", base.Lang)
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	if !AcceptsGzip(req) || buf.Len() < 1024 {
		w.WriteHeader(status)
		_, _ = w.Write(buf.Bytes()) // the client is gone: nothing to do
		return nil
	}
	r.compress(w, status, buf.Bytes())
	return nil
}

// compress sends body as gzip. The header holds a name of random length, so
// that the size of the answer says little about a token that the page holds
// beside words a stranger chose (BREACH).
func (r *Renderer) compress(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := r.zips.Get().(*gzip.Writer)
	defer r.zips.Put(z)
	z.Reset(w)
	z.Name = strings.Repeat("9", 1+rand.IntN(48))
	_, _ = z.Write(body)
	_ = z.Close()
}

// Check parses every page in every language, for the test that does so.
func (r *Renderer) Check() error {
	for lang, pages := range r.sets {
		for name, parse := range pages {
			if _, err := parse(); err != nil {
				return fmt.Errorf("web: page %s in %s: %w", name, lang, err)
			}
		}
	}
	return nil
}
