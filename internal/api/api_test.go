package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

var update = flag.Bool("update", false, "rewrite golden files")

// spec is what of the OpenAPI description the tests read.
type spec struct {
	OpenAPI string                          `json:"openapi"`
	Paths   map[string]map[string]operation `json:"paths"`
}

type operation struct {
	ID         string                  `json:"operationId"`
	Security   []map[string][]string   `json:"security"`
	Parameters []struct{ Name string } `json:"parameters"`
}

func TestOpenAPIIsAsAgreed(t *testing.T) {
	h := newHouse(t)
	a := h.guest().send(http.MethodGet, "/openapi.json", nil)
	var got bytes.Buffer
	if err := json.Indent(&got, a.body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the interface is not the one in testdata/openapi.json. If that is meant: go test ./internal/api -update")
	}
	if s := h.spec(); s.OpenAPI != "3.1.0" || len(s.Paths) < 15 {
		t.Errorf("OpenAPI %s with %d paths", s.OpenAPI, len(s.Paths))
	}
}

func (h *house) spec() (s spec) {
	h.t.Helper()
	h.guest().do(http.MethodGet, "/openapi.json", nil, http.StatusOK, &s)
	return s
}

// fill puts something into the holes of a path.
func fill(path string) string {
	path = strings.TrimPrefix(path, "/api/v1")
	for {
		i, j := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		if i < 0 {
			return path
		}
		path = path[:i] + "01JD3ZKQ4Y8X5T2N7B6V9C1M01" + path[j+1:]
	}
}

func TestOnlyTheOperatorDoesTheOperatorsWork(t *testing.T) {
	h := newHouse(t)
	ada := h.browser(h.signUp("ada"))
	pay := map[string]any{"handle": "ada", "micro": 9_000_000, "method": "cash", "reference": "1"}
	ada.refused(http.MethodPost, "/payments", pay, http.StatusForbidden)
	ada.refused(http.MethodPost, "/months/2026-10/close", nil, http.StatusForbidden)
	root := h.browser(h.root)
	ada.do(http.MethodPost, "/subscription", nil, http.StatusOK, nil)
	ada.do(http.MethodPost, "/subscriptions", nil, http.StatusOK, nil) // the same once more
	var s struct {
		State string `json:"state"`
	}
	root.do(http.MethodPost, "/payments", pay, http.StatusCreated, &s)
	if s.State != "active" {
		t.Errorf("after a payment: %+v", s)
	}
	ada.do(http.MethodGet, "/subscription", nil, http.StatusOK, &s)
	if s.State != "active" {
		t.Errorf("ada sees %+v", s)
	}
	pay["method"] = "barter"
	if d := root.refused(http.MethodPost, "/payments", pay, http.StatusUnprocessableEntity); len(d.Errors) == 0 || d.Errors[0].Location != "body.method" {
		t.Errorf("%+v", d)
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	h := newHouse(t)
	ada := h.browser(h.signUp("ada"))
	d := ada.refused(http.MethodPatch, "/me", `{"name":"Ada","role":"admin"}`, http.StatusUnprocessableEntity)
	if d.Type != "/problems/invalid" || len(d.Errors) != 1 || d.Errors[0].Location != "body.role" {
		t.Errorf("%+v", d)
	}
	ada.refused(http.MethodPatch, "/me", `{"name":`, http.StatusBadRequest)
	ada.refused(http.MethodPatch, "/me", `{"name":7}`, http.StatusUnprocessableEntity)
	ada.refused(http.MethodPatch, "/me", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`, http.StatusRequestEntityTooLarge)
	ada.refused(http.MethodGet, "/plays?limit=1000", nil, http.StatusUnprocessableEntity)
	ada.refused(http.MethodGet, "/plays?colour=red", nil, http.StatusUnprocessableEntity)
	ada.refused(http.MethodGet, "/nothing/here", nil, http.StatusNotFound)
	if a := ada.send(http.MethodDelete, "/node", nil); a.code != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET" {
		t.Errorf("%d %v", a.code, a.header)
	}
	ada.refused(http.MethodDelete, "/node", nil, http.StatusMethodNotAllowed)
	ada.refused("BREW", "/likes/"+song, nil, http.StatusMethodNotAllowed)
	ada.refused(http.MethodDelete, "/devices/xyz", nil, http.StatusUnprocessableEntity)
	ada.refused(http.MethodGet, "/receipts/2026-13", nil, http.StatusUnprocessableEntity)
	bad := h.guest()
	bad.auth = "Bearer nothing"
	bad.refused(http.MethodGet, "/node", nil, http.StatusUnauthorized)
	var me struct{ Name, Role string }
	ada.do(http.MethodGet, "/me", nil, http.StatusOK, &me)
	if me.Name != "ADA" || me.Role != "listener" {
		t.Errorf("something of it was taken: %+v", me)
	}
}

func TestPeopleCanReadTheDescription(t *testing.T) {
	h := newHouse(t)
	a := h.guest().send(http.MethodGet, "/docs", nil)
	page := string(a.body)
	policy := a.header.Get("Content-Security-Policy")
	if a.code != http.StatusOK || !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d %v", a.code, a.header)
	}
	for _, bad := range []string{" src=", "http://", "https://", "url(", "@import"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, methods := range h.spec().Paths {
		for _, op := range methods {
			if !strings.Contains(page, `id="`+op.ID+`"`) {
				t.Errorf("%s is not described", op.ID)
			}
		}
	}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if !strings.Contains(page, `id="problem-`+k.String()+`"`) {
			t.Errorf("%v is not explained", k)
		}
	}
}
