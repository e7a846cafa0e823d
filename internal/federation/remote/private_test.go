package remote_test

import (
	"crypto/x509"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/fedtest"
)

// Nobody is led to a private address by who asks for a key, an actor, a document or what a
// server runs: no connection is made to it.
func TestLedToAPrivateAddress(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	safe := netsafe.Config{Reach: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: pool}
	n.Servers.Client = safe.Client(safe.Transport())
	private, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	var called atomic.Int64
	go func() {
		for {
			c, err := private.Accept()
			if err != nil {
				return
			}
			called.Add(1)
			_ = c.Close() // who called has been counted
		}
	}()
	t.Cleanup(func() { _ = private.Close() })
	there := "https://" + private.Addr().String() + "/x"
	for _, at := range []string{"/users/key", "/users/actor", "/thing", "/.well-known/nodeinfo", "/.well-known/webfinger"} {
		s.Leads(at, there)
	}
	for what, ask := range map[string]func() error{
		"a key":     func() error { _, _, err := n.Servers.Key(t.Context(), s.URL+"/users/key#main-key", false); return err },
		"an actor":  func() error { _, err := n.Servers.Actor(t.Context(), s.URL+"/users/actor"); return err },
		"a thing":   func() error { _, err := n.Servers.Document(t.Context(), s.URL+"/thing"); return err },
		"a handle":  func() error { _, err := n.Servers.WebFinger(t.Context(), "x", s.Host()); return err },
		"a private": func() error { _, err := n.Servers.Actor(t.Context(), there); return err },
	} {
		if err := ask(); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if p, err := n.Servers.Software(t.Context(), s.Host()); err != nil || p.Software != "" || s.Asked("/.well-known/nodeinfo") != 1 {
		t.Errorf("what it runs: %+v, %v", p, err)
	}
	if called.Load() != 0 {
		t.Errorf("the private address was called %d times", called.Load())
	}
}
