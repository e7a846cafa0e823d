// Package netsafe speaks with servers that strangers name. A stranger may name
// anything, this machine's database too, so it reaches public addresses alone,
// over HTTPS, for a while, and reads so much and no more. The address is looked
// at when the connection is made, after the name was resolved: a name that leads
// elsewhere the second time gains nothing, nor does a redirect.
package netsafe

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"github.com/michaelperna/9ten/internal/fault"
)

// Bounds of a conversation.
const (
	MaxRedirects = 3
	timeout      = 10 * time.Second
	connect      = 5 * time.Second
	maxHeader    = 64 << 10
)

// Config says what else may be reached, and as whom.
type Config struct {
	// Reach are networks that may be reached although they are not public, such as
	// a private network of servers.
	Reach []netip.Prefix
	// Roots are the authorities whose certificates count, nil for the system's.
	Roots *x509.CertPool
	// Agent is the User-Agent: software and where to find it.
	Agent string
	// Allow is asked about the host of every request and of what it leads to; nil
	// refuses none.
	Allow func(ctx context.Context, host string) error
}

// Transport makes connections as [Config] says; nothing is taken from the
// environment, since a proxy would resolve names by itself.
func (c Config) Transport() *http.Transport {
	var v4, v6 []netip.Prefix
	for _, p := range c.Reach {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: connect, Control: guard.Safe}).DialContext,
		TLSHandshakeTimeout:    connect,
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        4,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	if c.Roots != nil {
		t.TLSClientConfig = tlsConfig(c.Roots)
	}
	return t
}

// Client speaks through a transport, usually one around [Config.Transport] that
// signs.
func (c Config) Client(through http.RoundTripper) *http.Client {
	return &http.Client{Transport: agent{through, c}, Timeout: timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if via[0].Method != http.MethodGet && via[0].Method != http.MethodHead {
			return http.ErrUseLastResponse // a POST would arrive as something else
		}
		if len(via) > MaxRedirects {
			return errors.New("more than three redirects")
		}
		return check(r.URL)
	}}
}

// agent refuses what is never asked and says who asks.
type agent struct {
	next http.RoundTripper
	Config
}

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := check(r.URL); err != nil {
		return nil, err
	}
	if a.Allow != nil {
		if err := a.Allow(r.Context(), r.URL.Host); err != nil {
			return nil, err
		}
	}
	if a.Agent != "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", a.Agent)
	}
	return a.next.RoundTrip(r)
}

// check refuses addresses that are never asked.
func check(u *url.URL) error {
	switch {
	case u.Scheme != "https":
		return fault.New(fault.Invalid, "%s is not asked: only addresses with https are.", u.Redacted())
	case u.User != nil || !Plain(u.Host):
		return fault.New(fault.Invalid, "%s is not asked: that is no address of a server.", u.Redacted())
	}
	return nil
}

// Plain reports whether a host is written in the one way that names are compared
// in: in ASCII, as certificates and rules have it, without the dot and the port
// that mean nothing. Whatever else would lead to the same server under another name.
func Plain(host string) bool {
	for _, c := range []byte(host) {
		if c <= ' ' || c >= 0x7f || c == '%' {
			return false
		}
	}
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port = host[:i], host[i+1:]
		if port == "" || port == "443" {
			return false
		}
	}
	return name != "" && !strings.HasSuffix(name, ".")
}

// Read reads an answer's body of at most so many bytes. It returns TooLarge for
// a longer one.
func Read(body io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The other server broke off its answer.")
	}
	if int64(len(b)) > most {
		return nil, fault.New(fault.TooLarge, "The other server's answer is longer than %d bytes.", most)
	}
	return b, nil
}

// Explain makes a fault of what a request ended with: Forbidden for an address
// that is never asked, Unavailable for a server that does not answer.
func Explain(err error, host string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return fault.Wrap(err, fault.Forbidden, "%s is no address of a public server.", host)
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Forbidden):
		return err
	case errors.Is(err, context.Canceled):
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The server %s cannot be reached.", host)
}
