package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
)

// A session slides as one browses, and a cookie that is over is taken away;
// but never on an answer that a cache may give to somebody else.
func TestSharedAnswersCarryNoCookie(t *testing.T) {
	h := newResidence(t, timeOf("2026-11-24T12:00:00Z"), 0)
	handler, err := h.handler()
	h.ok(err)
	in, err := h.accounts.SignIn(t.Context(), "ada", "a long enough password", account.Client{})
	h.ok(err)
	ask := func(path, token string) http.Header {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.AddCookie(&http.Cookie{Name: "session", Value: token})
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Header()
	}
	for _, token := range []string{in.Token, "over"} {
		for _, path := range []string{"/assets/app.css", "/media/x/0.m4s", "/covers/x/96.webp", "/log/checkpoint", "/manifest.webmanifest"} {
			h.set(h.now().Add(2 * time.Hour))
			if c := ask(path, token).Get("Set-Cookie"); c != "" {
				t.Errorf("%s sets %q", path, c)
			}
		}
		h.set(h.now().Add(2 * time.Hour))
		if c := ask("/search", token).Get("Set-Cookie"); c == "" {
			t.Error("a page does not move the session's end")
		}
	}
}
