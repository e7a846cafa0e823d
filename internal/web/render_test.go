package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/web"
)

// newRenderer returns a renderer over the built assets.
func newRenderer(t testing.TB) (*web.Renderer, *web.Assets, *web.Catalogue) {
	t.Helper()
	assets, err := web.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	words, err := web.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	r, err := web.NewRenderer(assets, words, false)
	if err != nil {
		t.Fatal(err)
	}
	return r, assets, words
}

func basePage(*http.Request) web.Page {
	return web.Page{
		CSRF: "token", Nav: web.NavBrowse, Viewer: web.Viewer{Name: "Jonna", Handle: "jonna"},
		Node: web.NodeFacts{Name: "Quayside", Place: "Bremen", Operator: "Anneke Thoms", Unreviewed: true},
	}
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Pages are parsed when they are first shown: what does not parse is found here.
func TestEveryPageParses(t *testing.T) {
	r, _, _ := newRenderer(t)
	if err := r.Check(); err != nil {
		t.Error(err)
	}
}

func TestKitRenders(t *testing.T) {
	r, assets, _ := newRenderer(t)
	res := get(t, r.Kit(basePage, nil), "/kit")
	body := text(t, res)
	if res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, body)
	}
	for _, want := range []string{
		`<link rel="stylesheet" href="` + assets.URL("look.css") + `">`, `<main id="main"`, `hx-history-elt`,
		`style="--lit:0.853"`, `$2.03<span class="micro">1744</span>`, `aria-describedby="f-payout-e"`, `Quayside, a 9ten node in Bremen, run by Anneke Thoms`,
		`name="csrf" value="token"`, `<b>$1.62</b>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the kit lacks %s", want)
		}
	}
	for _, never := range []string{"ZgotmplZ", "<no value>", `href=""`, `src=""`, "%!"} {
		if i := strings.Index(body, never); i >= 0 {
			t.Errorf("the kit has %s: %s", never, body[max(0, i-120):i+40])
		}
	}
}

func TestPagesAreForThisOriginOnly(t *testing.T) {
	r, _, _ := newRenderer(t)
	h := get(t, r.Kit(basePage, nil), "/kit").Header
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'self'", "script-src 'self';", "media-src 'self' blob:", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %s", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe-eval") || strings.Contains(csp, "script-src 'self' 'unsafe") {
		t.Errorf("policy %q lets strangers' scripts run", csp)
	}
}

func TestLanguages(t *testing.T) {
	r, _, _ := newRenderer(t)
	tests := []struct{ name, header, value, want string }{
		{"the browser's wish", "Accept-Language", "de-CH, en;q=0.5", `<html lang="de"`},
		{"the cookie comes first", "Cookie", "lang=de", `<html lang="de"`},
		{"a language we lack", "Accept-Language", "fr", `<html lang="en"`},
		{"nonsense", "Cookie", "lang=%00<script>", `<html lang="en"`},
	}
	for _, tt := range tests {
		if body := text(t, get(t, r.Kit(basePage, nil), "/kit", tt.header, tt.value)); !strings.Contains(body, tt.want) {
			t.Errorf("%s: the page lacks %s", tt.name, tt.want)
		}
	}
}

func TestCompression(t *testing.T) {
	r, _, _ := newRenderer(t)
	res := get(t, r.Kit(basePage, nil), "/kit", "Accept-Encoding", "br, gzip")
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("the page is not compressed")
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || !strings.HasSuffix(strings.TrimSpace(string(b)), "</html>") {
		t.Errorf("the compressed page does not end: %v", err)
	}
	if res := get(t, r.Kit(basePage, nil), "/kit", "Accept-Encoding", "gzip;q=0"); res.Header.Get("Content-Encoding") != "" {
		t.Error("a client that refuses gzip got it")
	}
}

// words finds the sentences that templates and Go code say.
var said = regexp.MustCompile(`(?:\bT|\bsay) "((?:[^"\\]|\\.)+)"|\bsay\("((?:[^"\\]|\\.)+)"`)

func TestGermanLacksNothing(t *testing.T) {
	_, _, words := newRenderer(t)
	n := 0
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || (!strings.HasSuffix(path, ".html") && !strings.HasSuffix(path, ".go")) || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			key := m[1] + m[2]
			n++
			if key != "key" && words.Missing(language.German, key) {
				t.Errorf("%s says %q, which strings/de-*.json lacks", path, key)
			}
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Errorf("%d sentences found, %v", n, err)
	}
}

var (
	drawn  = regexp.MustCompile(`icon "([a-z-]+)"|icon\([^,()]+(?:\([^)]*\))?, ([^;]+)\)|(?:newIcon|symbol)\((?:"[a-z]+", )?"([a-z-]+)"`)
	quoted = regexp.MustCompile(`"([a-z-]+)"`)
)

func TestIconsAreThoseInUse(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range []string{"templates", "../../web/src", "."} {
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !(strings.HasSuffix(path, ".html") || strings.HasSuffix(path, ".ts")) || e.Name() == "dom.ts" {
				return err
			}
			b, err := os.ReadFile(path)
			for _, m := range drawn.FindAllStringSubmatch(string(b), -1) {
				used[m[1]], used[m[3]] = true, true
				for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
					used[q[1]] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob("../../web/icons/*.svg")
	shipped := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".svg")
		shipped[name] = true
		if !used[name] {
			t.Logf("icon %s is shipped and not drawn", name)
		}
	}
	for name := range used {
		if name != "" && !shipped[name] {
			t.Errorf("icon %s is drawn and not shipped", name)
		}
	}
}
