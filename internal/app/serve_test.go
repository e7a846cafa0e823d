package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a stream that may be read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// serving runs `9ten serve` with some flags until stop is called.
func serving(t *testing.T, flags ...string) (base string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	base = fmt.Sprintf("http://localhost:%d", ln.Addr().(*net.TCPAddr).Port) // the node's name comes from it
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := new(output)
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, append([]string{"9ten", "serve", "--listen", addr, "--base-url", base}, flags...), strings.NewReader(""), said, said, noenv)
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ready := false; !ready; <-tick.C {
		if res, err := http.Get(base + "/readyz"); err == nil {
			ready = res.StatusCode == http.StatusOK
			_ = res.Body.Close() // its status matters
		}
		select {
		case c := <-code:
			t.Fatalf("the node ended with %d: %s", c, said)
		default:
		}
	}
	return base, func() {
		cancel()
		if c := <-code; c != exitOK {
			t.Errorf("the node ended with %d: %s", c, said)
		}
	}
}

func fetch(t *testing.T, url string, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// A request that is under way when the node is told to stop is answered, from
// a database that is still open; nobody else is let in any more.
func TestRequestsUnderWayAreAnswered(t *testing.T) {
	base, stop := serving(t, "--data-dir", filepath.Join(t.TempDir(), "data"))
	host := strings.TrimPrefix(base, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"login":"nobody","password":"a long enough password"}`
	if _, err := fmt.Fprintf(conn, "POST /api/v1/session HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", host, len(body)); err != nil {
		t.Fatal(err)
	}
	answer := bufio.NewReader(conn)
	if res, err := http.ReadResponse(answer, nil); err != nil || res.StatusCode != http.StatusContinue {
		t.Fatalf("%v, %v", res, err) // it is said by whoever reads the body
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		other, err := net.Dial("tcp", host)
		if err != nil {
			tick.Stop()
			break
		}
		_ = other.Close() // it was only to see whether somebody answers
	}
	select {
	case <-stopped:
		t.Error("the node did not wait for the request")
	default:
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("it is answered with %s", res.Status)
	}
	<-stopped
}

// A node whose database does not answer lives and is not ready.
func TestReadiness(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-10T12:00:00Z"), 0)
	handler, err := h.handler()
	h.ok(err)
	look := func(path string, want int, words string) {
		t.Helper()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || !strings.Contains(w.Body.String(), words) {
			t.Errorf("%s is answered with %d: %s", path, w.Code, w.Body)
		}
	}
	look("/readyz", http.StatusOK, "ready")
	h.ok(h.db.Close())
	look("/readyz", http.StatusServiceUnavailable, "/problems/unavailable")
	look("/healthz", http.StatusOK, "ok")
}

// A command that looks has the directory for a moment: a node that starts then
// waits for it.
func TestANodeWaitsForACommand(t *testing.T) {
	path := t.TempDir()
	d, err := openDir(path)
	if err != nil {
		t.Fatal(err)
	}
	waits := &hears{words: "another 9ten has the data directory", heard: func() { _ = d.Close() }}
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": path}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := openSoon(t.Context(), cfg, newLogger(cfg.Log, waits))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil || !waits.done {
		t.Errorf("it did not wait (%v)", err)
	}
}

// hears calls back when something is logged.
type hears struct {
	words string
	heard func()
	done  bool
}

func (h *hears) Write(b []byte) (int, error) {
	if !h.done && bytes.Contains(b, []byte(h.words)) {
		h.done = true
		h.heard()
	}
	return len(b), nil
}
