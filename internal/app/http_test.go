package app

import (
	"bytes"
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/michaelperna/9ten/internal/problem"
)

// TestClientsMayLeave: a client that does not wait for its answer is counted
// as that, and is nothing to worry an operator with.
func TestClientsMayLeave(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, *slog.Logger){
		"before an answer": func(_ http.ResponseWriter, r *http.Request, l *slog.Logger) {
			problem.Log(l, r, errors.New("search: context canceled"))
		},
		"while it fails": func(w http.ResponseWriter, r *http.Request, l *slog.Logger) {
			problem.Log(l, r, r.Context().Err())
			problem.Write(w, r.Context().Err())
		},
		"while it is sent, as huma says it": func(w http.ResponseWriter, _ *http.Request, _ *slog.Logger) {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(problem.ClientGone)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var said, server bytes.Buffer
			l := slog.New(slog.NewTextHandler(&said, nil))
			m := (&node{log: l}).newMetrics()
			came, done := make(chan struct{}), make(chan struct{})
			h := m.observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(came)
				<-r.Context().Done()
				answer(w, r, l)
			}))
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				h.ServeHTTP(w, r)
			}))
			srv.Config.ErrorLog = log.New(&server, "", 0)
			srv.Start()
			ctx, leave := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/search?q=tide", nil)
			if err != nil {
				t.Fatal(err)
			}
			go func() { <-came; leave() }()
			if res, err := http.DefaultClient.Do(req); err == nil {
				_ = res.Body.Close()
				t.Fatal("the client was answered")
			}
			<-done
			srv.Close()
			if got := said.String() + server.String(); got != "" {
				t.Errorf("the log says %s", got)
			}
			if got := counted(t, m); got != "499" {
				t.Errorf("counted as %s", got)
			}
		})
	}
}

// counted is the status of the one request that was counted.
func counted(t *testing.T, m *metrics) string {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(m.requests)
	families, err := r.Gather()
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != 1 {
		t.Fatalf("%v, %v", families, err)
	}
	for _, l := range families[0].GetMetric()[0].GetLabel() {
		if l.GetName() == "status" {
			return l.GetValue()
		}
	}
	return ""
}
