package netsafe_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
)

// server is a real HTTPS server on loopback and a client that may reach it.
func server(t *testing.T, h http.Handler) (*httptest.Server, *http.Client) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	c := netsafe.Config{Reach: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots(s), Agent: "9ten/test"}
	return s, c.Client(c.Transport())
}

func roots(s *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

func get(c *http.Client, url string) (string, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := c.Do(r)
	if err != nil {
		return "", netsafe.Explain(err, r.URL.Host)
	}
	defer res.Body.Close()
	b, err := netsafe.Read(res.Body, 100)
	return string(b), err
}

func TestReach(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.UserAgent())) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(strings.Repeat("x", 101))) })
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"4": "/hop/3", "3": "/hop/2", "2": "/hop/1", "1": "/"}[r.PathValue("n")]
		http.Redirect(w, r, next, http.StatusFound)
	})
	mux.HandleFunc("/to-metadata", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://169.254.169.254/latest", http.StatusFound)
	})
	mux.HandleFunc("/to-plain", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1/", http.StatusFound)
	})
	s, c := server(t, mux)
	for _, tt := range []struct {
		url  string
		want fault.Kind // Internal: none
	}{
		{s.URL, fault.Internal},
		{s.URL + "/hop/3", fault.Internal},
		{s.URL + "/hop/4", fault.Unavailable},
		{s.URL + "/long", fault.TooLarge},
		{s.URL + "/to-metadata", fault.Forbidden},
		{s.URL + "/to-plain", fault.Invalid},
		{strings.Replace(s.URL, "https:", "http:", 1), fault.Invalid},
		{strings.Replace(s.URL, "https://", "https://user:secret@", 1), fault.Invalid},
		{"https://127.0.0.1:1/", fault.Unavailable},
	} {
		body, err := get(c, tt.url)
		if tt.want == fault.Internal {
			if err != nil || body != "9ten/test" {
				t.Errorf("%s: %q, %v", tt.url, body, err)
			}
		} else if !fault.Is(err, tt.want) {
			t.Errorf("%s: %q, %v", tt.url, body, err)
		}
		if err != nil && strings.Contains(fault.Message(err), "secret") {
			t.Errorf("%s: %v", tt.url, err)
		}
	}
}

// Nothing but public addresses is reached when nothing else is allowed, however
// they are written.
func TestNotPublic(t *testing.T) {
	c := netsafe.Config{}
	client := c.Client(c.Transport())
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
		"198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "[2001:db8::1]",
	} {
		if _, err := get(client, "https://"+host+"/"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// A host is asked under one name, and where it leads is asked about as well.
func TestNames(t *testing.T) {
	s, _ := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://blocked.example/", http.StatusFound)
	}))
	c := netsafe.Config{Reach: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots(s), Allow: func(_ context.Context, host string) error {
		if host == "blocked.example" {
			return fault.New(fault.Forbidden, "no")
		}
		return nil
	}}
	if _, err := get(c.Client(c.Transport()), s.URL); !fault.Is(err, fault.Forbidden) {
		t.Errorf("led to a blocked server: %v", err)
	}
	for _, host := range []string{"\uff45vil.example", "bücher.example", "evil.example.", "evil.example:443", "evil%EF%BD%85.example"} {
		if _, err := get(c.Client(c.Transport()), "https://"+host+"/"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"a.example", "xn--bcher-kva.example:8443", "127.0.0.1", "[::1]", "[::1]:8443"} {
		if !netsafe.Plain(host) {
			t.Errorf("%s is refused", host)
		}
	}
}

func TestExplain(t *testing.T) {
	if netsafe.Explain(nil, "a.example") != nil {
		t.Error("nothing is explained")
	}
	if err := netsafe.Explain(context.Canceled, "a.example"); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
		t.Errorf("who went away is told %v", err)
	}
}
