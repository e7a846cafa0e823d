package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/problem"
)

// Problems lets an API answer its problem documents in the language of the
// request: a page shows what an upload was refused for as it stands there.
func (r *Renderer) Problems(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		lang := r.words.Match("", req)
		if lang == language.English {
			next.ServeHTTP(w, req)
			return
		}
		p := &problems{ResponseWriter: w}
		next.ServeHTTP(p, req)
		p.end(func(text string) string { return r.words.Kept(lang, text) })
	})
}

// problems holds a problem document back; all else goes through.
type problems struct {
	http.ResponseWriter
	status int // of a problem, 0 when it is none
	body   bytes.Buffer
}

func (p *problems) WriteHeader(status int) {
	if status >= 400 && strings.HasPrefix(p.Header().Get("Content-Type"), "application/problem+json") {
		p.status = status
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *problems) Write(b []byte) (int, error) {
	if p.status != 0 {
		return p.body.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

func (p *problems) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// end sends what was held back, said in another language.
func (p *problems) end(say func(string) string) {
	if p.status == 0 {
		return
	}
	body := p.body.Bytes()
	var d problem.Document
	if json.Unmarshal(body, &d) == nil {
		d.Title, d.Detail = say(d.Title), say(d.Detail)
		for i := range d.Errors {
			d.Errors[i].Message = say(d.Errors[i].Message)
		}
		if said, err := json.Marshal(d); err == nil {
			body = said
		}
	}
	if p.Header().Get("Content-Length") != "" {
		p.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	p.ResponseWriter.WriteHeader(p.status)
	_, _ = p.ResponseWriter.Write(body) // the client may be gone
}
