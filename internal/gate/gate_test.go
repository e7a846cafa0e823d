package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
)

// A session's cookie is out of reach of scripts and of other sites, and over
// https of plain http too. It lasts as long as the session, whatever the
// browser's clock shows.
func TestCookie(t *testing.T) {
	now := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	in := account.SignedIn{Token: "secret", Expires: now.Add(30 * 24 * time.Hour)}
	for secure, name := range map[bool]string{false: "session", true: "__Host-session"} {
		g := &Gate{Secure: secure, Now: func() time.Time { return now }}
		c := g.Cookie(in)
		if c.Name != name || c.Value != "secret" || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("secure %t: %v", secure, c)
		}
		if c.MaxAge != 30*24*3600 || !c.Expires.IsZero() {
			t.Errorf("it lasts %d s, until %v", c.MaxAge, c.Expires)
		}
		if c := g.Cleared(); c.Name != name || c.Value != "" || c.MaxAge >= 0 || c.Secure != secure {
			t.Errorf("cleared: %v", c)
		}
	}
}

// Where a request comes from is what the last proxy that is trusted wrote,
// and never what the client did.
func TestWhereFrom(t *testing.T) {
	trusted, err := Prefixes([]string{"127.0.0.1/32", "10.0.0.0/8", "::1/128"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer string
		says []string // X-Forwarded-For
		want string
	}{
		{"192.0.2.7:1000", nil, "192.0.2.7"},
		{"192.0.2.7:1000", []string{"198.51.100.1"}, "192.0.2.7"}, // nobody trusts it
		{"127.0.0.1:1000", nil, "127.0.0.1"},
		{"127.0.0.1:1000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1000", []string{"203.0.113.5, 198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1000", []string{"203.0.113.5", "198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1000", []string{"198.51.100.1, made up"}, "10.1.2.3"},
		{"[::1]:1000", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[::ffff:127.0.0.1]:1000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
	} {
		var got account.Client
		h := (&Gate{Trusted: trusted, Now: time.Now}).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Client(r.Context()) }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.says
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got.Addr.String() != c.want {
			t.Errorf("%s says %q: it comes from %v, want %s", c.peer, c.says, got.Addr, c.want)
		}
	}
	if _, err := Prefixes([]string{"10.0.0.1"}); err == nil {
		t.Error("an address without a length is taken for a range")
	}
}
