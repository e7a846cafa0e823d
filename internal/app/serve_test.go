package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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
