package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What costs a node nothing is no question for a sound.
func TestAskedFromTheBeginning(t *testing.T) {
	for _, c := range []struct {
		method, part string
		want         bool
	}{
		{http.MethodGet, "", true}, {http.MethodGet, "bytes=0-", true}, {http.MethodGet, "bytes = 0-", true},
		{http.MethodHead, "", false}, {http.MethodGet, "bytes=0-0", false}, {http.MethodGet, "bytes=5000-", false}, {http.MethodGet, "bytes=-1", false}, {http.MethodGet, "bytes=0-,9-9", false},
	} {
		r := httptest.NewRequest(c.method, "/media/x/original", nil)
		if c.part != "" {
			r.Header.Set("Range", c.part)
		}
		if got := fromTheBeginning(r); got != c.want {
			t.Errorf("%s %q: %v", c.method, c.part, got)
		}
	}
}
