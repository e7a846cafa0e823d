// Package gate finds out who makes an HTTP request, for pages and the API
// alike: a session by its cookie, a program by its token. What a request may
// do is decided by the domain.
package gate

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/problem"
)

// A Gate identifies requests.
type Gate struct {
	Accounts *account.Service
	Trusted  []netip.Prefix // proxies whose X-Forwarded-For is believed
	Secure   bool           // the node is reached over https
	Now      func() time.Time
	// Lang is the language in which whoever asks reads; nil: nobody says.
	Lang func(*http.Request) string
	// Shared reports the addresses whose answers a cache may give to others:
	// they carry no cookie. nil: none.
	Shared func(path string) bool
}

type contextKey struct{}

// Wrap identifies every request before next sees it: the principal is in its
// context (account.From), where it comes from in [Client]. A token that is not
// valid is refused here; a session that is over makes a guest.
func (g *Gate) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := account.Client{Addr: g.addr(r), Agent: r.UserAgent()}
		if g.Lang != nil {
			c.Lang = g.Lang(r)
		}
		p, err := g.principal(w, r)
		if err != nil {
			problem.Write(w, err)
			return
		}
		ctx := context.WithValue(account.With(r.Context(), p), contextKey{}, c)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Client returns where the request of a context comes from.
func Client(ctx context.Context) account.Client {
	c, _ := ctx.Value(contextKey{}).(account.Client)
	return c
}

func (g *Gate) principal(w http.ResponseWriter, r *http.Request) (account.Principal, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		token, ok := strings.CutPrefix(h, "Bearer ")
		if !ok {
			return account.Principal{}, fault.New(fault.Unauthenticated, "Send a token as \"Authorization: Bearer ...\".")
		}
		return g.Accounts.Bearer(r.Context(), token)
	}
	c, err := r.Cookie(g.cookie())
	if err != nil {
		return account.Principal{}, nil
	}
	p, expires, err := g.Accounts.Authenticate(r.Context(), c.Value)
	shared := g.Shared != nil && g.Shared(r.URL.Path)
	if fault.Is(err, fault.Unauthenticated) {
		if !shared {
			g.Clear(w)
		}
		return account.Principal{}, nil
	}
	if err == nil && !expires.IsZero() && r.Method == http.MethodGet && !shared {
		http.SetCookie(w, g.holding(c.Value, expires)) // the session slides, and the cookie with it
	}
	return p, err
}

// cookie is the session cookie's name. Over https the prefix makes browsers
// refuse one that another host or plain http set.
func (g *Gate) cookie() string {
	if g.Secure {
		return "__Host-session"
	}
	return "session"
}

// SignIn gives the browser a session that has begun.
func (g *Gate) SignIn(w http.ResponseWriter, in account.SignedIn) { http.SetCookie(w, g.Cookie(in)) }

// Cookie is what [Gate.SignIn] sets.
func (g *Gate) Cookie(in account.SignedIn) *http.Cookie { return g.holding(in.Token, in.Expires) }

// holding says how long the cookie lasts, and not until when: the browser's
// clock may be wrong, and a demonstration's is set.
func (g *Gate) holding(token string, expires time.Time) *http.Cookie {
	left := max(1, int(expires.Sub(g.Now())/time.Second))
	return &http.Cookie{Name: g.cookie(), Value: token, Path: "/", MaxAge: left, HttpOnly: true, Secure: g.Secure, SameSite: http.SameSiteLaxMode}
}

// Clear takes the session from the browser.
func (g *Gate) Clear(w http.ResponseWriter) { http.SetCookie(w, g.Cleared()) }

// Cleared is what [Gate.Clear] sets.
func (g *Gate) Cleared() *http.Cookie {
	c := g.holding("", g.Now())
	c.MaxAge = -1
	return c
}

// addr is the peer, or what a trusted proxy says of it.
func (g *Gate) addr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	for _, p := range g.Trusted {
		if !p.Contains(addr) {
			continue
		}
		if f, err := netip.ParseAddr(lastOf(r.Header.Values("X-Forwarded-For"))); err == nil {
			return f.Unmap()
		}
	}
	return addr
}

// lastOf is the last address of a forwarded-for list: the one our own proxy
// wrote. What stands before it, the client may have made up.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v := values[len(values)-1]
	if i := strings.LastIndexAny(v, ", "); i >= 0 {
		return v[i+1:]
	}
	return v
}

// Prefixes reads ranges of addresses.
func Prefixes(list []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fault.On("trusted_proxies", fault.Invalid, "%q is no range of addresses.", s)
		}
		out[i] = p.Masked()
	}
	return out, nil
}

// Origin is what listening remembers of where a play came from: a prefix of
// the address and the class of the program, never more.
func Origin(c account.Client) string {
	if !c.Addr.IsValid() {
		return ""
	}
	bits := 24
	if c.Addr.Is6() {
		bits = 48
	}
	p, err := c.Addr.Prefix(bits)
	if err != nil {
		return ""
	}
	for _, class := range []string{"Firefox", "Edg", "Chrome", "Safari"} {
		if strings.Contains(c.Agent, class) {
			return p.String() + " " + class
		}
	}
	return p.String() + " other"
}
