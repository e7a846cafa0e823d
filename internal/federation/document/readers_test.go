package document_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/document"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// Where documents are read with a signature, who does not sign, signs another
// address, or is of a blocked server, reads nothing and does not learn what is
// here. The node's own actor and the pages are everybody's.
func TestReaders(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, n := s.Actor("ada"), fedtest.NewNode(t, s)
	mux := serveOn(t, n, document.NewReaders(remote.Verifier{Origin: fedtest.Origin, Keys: n.Servers}, func(*http.Request) string { return "192.0.2.1" }, n.Now))
	path := "/ap/acts/" + string(act)
	ask := func(path string, sign ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", asked)
		for _, signed := range sign {
			out := httptest.NewRequest(http.MethodGet, fedtest.Origin+signed, nil)
			if err := ada.Key.Sign(out, nil, sig.Cavage, n.Now()); err != nil {
				t.Fatal(err)
			}
			for name, v := range out.Header {
				r.Header[name] = v
			}
		}
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, r)
		return rec
	}
	for what, c := range map[string]struct {
		got  *httptest.ResponseRecorder
		code int
	}{
		"the node":               {ask("/ap/node"), http.StatusOK},
		"unsigned":               {ask(path), http.StatusUnauthorized},
		"unsigned, not here":     {ask("/ap/acts/01KAZ0000000000000000000ZZ"), http.StatusUnauthorized},
		"an activity, as a page": {get(mux, "/ap/activities/01KAZ0000000000000000000ZZ", "text/html"), http.StatusUnauthorized},
		"signed":                 {ask(path, path), http.StatusOK},
		"signed, a page of it":   {ask(path+"/outbox?page=1", path+"/outbox?page=1"), http.StatusOK},
		"signed for another":     {ask(path, path+"/outbox"), http.StatusUnauthorized},
		"a browser":              {get(mux, path, "text/html"), http.StatusSeeOther},
	} {
		if c.got.Code != c.code {
			t.Errorf("%s: %d, want %d: %s", what, c.got.Code, c.code, c.got.Body)
		}
	}
	if got := ask(path, path).Header().Get("Cache-Control"); !strings.HasPrefix(got, "private") {
		t.Errorf("a cache in between may keep what was read with a signature: %q", got)
	}
	if err := (&social.Desk{Store: n.DB, Host: "nine.example", Policy: &social.HostPolicy{Store: n.DB}}).Decide(t.Context(), social.Rule{Host: s.Host(), Verdict: social.Block}); err != nil {
		t.Fatal(err)
	}
	n.Pass(time.Minute)
	if got := ask(path, path).Code; got != http.StatusForbidden {
		t.Errorf("a blocked server: %d", got)
	}
}

// Signatures are not checked without end for one address.
func TestReadersAreBounded(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	mux := serveOn(t, n, document.NewReaders(remote.Verifier{Origin: fedtest.Origin, Keys: n.Servers}, func(*http.Request) string { return "192.0.2.1" }, n.Now))
	ada := s.Actor("ada")
	for range 400 {
		r := httptest.NewRequest(http.MethodGet, fedtest.Origin+"/ap/acts/"+string(act), nil)
		if err := ada.Key.Sign(r, nil, sig.Cavage, n.Now()); err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", asked)
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, r)
		if rec.Code == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("400 signatures of one address within a moment were checked")
}
