package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/problem"
)

func TestProblemsAreSaidInTheLanguage(t *testing.T) {
	r, _, _ := newRenderer(t)
	h := r.Problems(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/fine" {
			_, _ = io.WriteString(w, `{"title":"Not Found"}`)
			return
		}
		problem.Write(w, fault.On("size", fault.Invalid, "%q is empty.", "a.flac"))
	}))
	for _, tt := range []struct{ path, lang, want string }{
		{"/up", "de", `"detail":"„a.flac“ ist leer.","errors":[{"location":"size","message":"„a.flac“ ist leer."}]`},
		{"/up", "en", `"detail":"\"a.flac\" is empty."`},
		{"/fine", "de", `{"title":"Not Found"}`},
	} {
		res := get(t, h, tt.path, "Accept-Language", tt.lang)
		if body := text(t, res); !strings.Contains(body, tt.want) {
			t.Errorf("%s in %s: %s", tt.path, tt.lang, body)
		}
		if tt.path == "/up" && (res.StatusCode != 422 || res.Header.Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s in %s: %d, %s", tt.path, tt.lang, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}
