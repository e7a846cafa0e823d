package gate

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A file goes on when the time of its request is over; any other body does not.
func TestPatient(t *testing.T) {
	var patiently bool
	got := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
			t.Error(err)
		}
		var body io.Reader = r.Body
		if patiently {
			body = Patient(w, body)
		}
		_, err := io.ReadAll(body)
		got <- err
	}))
	defer srv.Close()
	for _, patiently = range []bool{false, true} {
		res, err := http.Post(srv.URL, "text/plain", strings.NewReader(strings.Repeat("slow", 10_000)))
		if err == nil {
			_ = res.Body.Close() // nothing is in it
		}
		if err := <-got; errors.Is(err, os.ErrDeadlineExceeded) == patiently || patiently && err != nil {
			t.Errorf("patiently %v: %v", patiently, err)
		}
	}
}
