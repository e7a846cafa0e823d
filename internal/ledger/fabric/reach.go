package fabric

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
)

// Loopback reports whether a name leads to this machine alone.
func Loopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Do asks another node over HTTP. Names under .localhost are this machine, whose
// resolver need not know them. It returns Unavailable, with the reason, where the
// node is not reached or leads to where there is no TLS.
func Do(r *http.Request) (*http.Response, error) {
	t := &http.Transport{DialContext: dialNode, Proxy: proxied, DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: t, CheckRedirect: stays}).Do(r)
	if err == nil {
		return answer, nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok { // of stays
		return nil, f
	}
	why := err
	if u, ok := errors.AsType[*url.Error](err); ok {
		why = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fault.Wrap(err, fault.Unavailable, "The node %s does not answer.", r.URL.Host)
	}
	return nil, fault.Wrap(err, fault.Unavailable, "The node %s cannot be reached: %s.", r.URL.Host, network.OneLine(why.Error()))
}

// dialNode connects to a node.
func dialNode(ctx context.Context, proto, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return new(net.Dialer).DialContext(ctx, proto, address)
}

// proxied is the proxy that the environment names for a request, none to this
// machine.
func proxied(r *http.Request) (*url.URL, error) {
	if Loopback(r.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

// stays refuses to be sent from TLS to where there is none.
func stays(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 10:
		return fault.New(fault.Unavailable, "The node %s leads in circles.", next.URL.Host)
	case via[0].URL.Scheme == "https" && next.URL.Scheme != "https":
		return fault.New(fault.Unavailable, "The node %s leads to an address without https.", via[0].URL.Host)
	}
	return nil
}
