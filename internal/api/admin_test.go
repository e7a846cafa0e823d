package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
)

func TestTheOperatorLooksAfterAccounts(t *testing.T) {
	h := newHouse(t)
	root, ada := h.browser(h.root), h.browser(h.signUp("ada"))
	ada.refused(http.MethodGet, "/accounts", nil, http.StatusForbidden)
	ada.refused(http.MethodGet, "/audit", nil, http.StatusForbidden)
	ada.refused(http.MethodPut, "/accounts/ada/role", map[string]any{"role": "admin"}, http.StatusForbidden)
	ada.refused(http.MethodPost, "/studio", nil, http.StatusForbidden)
	root.refused(http.MethodPut, "/accounts/grace/role", map[string]any{"role": "listener"}, http.StatusConflict)
	root.refused(http.MethodPut, "/accounts/nobody/role", map[string]any{"role": "artist"}, http.StatusNotFound)
	h.clock.Add(1000)
	root.do(http.MethodPut, "/accounts/ada/role", map[string]any{"role": "artist"}, http.StatusNoContent, nil)
	var list struct {
		Rows []struct{ Handle, Role string }
	}
	if root.do(http.MethodGet, "/accounts", nil, http.StatusOK, &list); len(list.Rows) != 2 {
		t.Errorf("%+v", list)
	}
	var log struct {
		Rows []struct{ Action, Actor string }
	}
	if root.do(http.MethodGet, "/audit", nil, http.StatusOK, &log); len(log.Rows) == 0 || log.Rows[0].Action != "account.role" {
		t.Errorf("%+v", log)
	}
	ada.do(http.MethodPost, "/studio", nil, http.StatusNoContent, nil) // is an artist already
	ada.makes("tide")
}

// FuzzBody sends anything at all where a play begins: it is answered, never
// with an error of ours.
func FuzzBody(f *testing.F) {
	h := newHouse(f)
	in := h.signUp("ada")
	handler := h.api.Handler()
	for _, s := range []string{"", "{}", `{"track":"01JD3ZKQ4Y8X5T2N7B6V9C1M01"}`, `{"track":7}`, `{"track":"","device":"zz","flags":65536}`, "[", "null", "\xff"} {
		f.Add(http.MethodPost, "/plays", []byte(s))
	}
	f.Add(http.MethodPost, "/claims", []byte(`{"claims":[{"claim":"AA=="}]}`))
	f.Add(http.MethodPatch, "/me", []byte(`{"name":"Ada"}`))
	f.Add(http.MethodGet, "/tracks?limit=-1&after=.&tag=%00", []byte{})
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		r, err := http.NewRequestWithContext(account.With(t.Context(), in.Principal), method, "http://"+nodeID+api.Prefix+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("X-CSRF-Token", in.CSRF)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code >= 500 {
			t.Errorf("%s %q %q = %d %s", method, path, body, w.Code, w.Body)
		}
	})
}
