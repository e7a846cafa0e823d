package problem_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/problem"
)

func TestEveryKindHasAStatus(t *testing.T) {
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if s := problem.Status(fault.New(k, "x")); s < 400 || s > 599 {
			t.Errorf("%v answers %d", k, s)
		}
	}
}

func TestWriteHidesTheCause(t *testing.T) {
	w := httptest.NewRecorder()
	problem.Write(w, fault.Wrap(errors.New("secret path"), fault.Conflict, "That name is taken."))
	if w.Code != 409 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var d problem.Document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Type != "/problems/conflict" || d.Detail != "That name is taken." {
		t.Errorf("%+v %v", d, err)
	}
	w = httptest.NewRecorder()
	problem.Write(w, errors.New("sql: no rows in /var/lib"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "sql") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhatToDoIsInTheHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	problem.Write(w, fault.Later(90*time.Second, "Wait."))
	if w.Code != 429 || w.Header().Get("Retry-After") != "90" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	problem.Write(w, fault.New(fault.Unauthenticated, "Sign in first."))
	if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestStatusesOfHTTPHaveAKind(t *testing.T) {
	for status, want := range map[int]string{400: "invalid", 405: "invalid", 413: "too-large", 415: "unsupported", 404: "not-found", 500: "internal", 501: "internal"} {
		if d := problem.Refused(status, "No."); d.Type != "/problems/"+want || d.Status != status || d.Title == "" {
			t.Errorf("%d = %+v", status, d)
		}
	}
}

func TestFieldIsNamed(t *testing.T) {
	d := problem.Of(fault.On("email", fault.Invalid, "That is no address."))
	if len(d.Errors) != 1 || d.Errors[0].Location != "email" {
		t.Errorf("%+v", d)
	}
}
