package site_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/web/site"
)

// post sends a form with the cookies of a visitor, and the headers given.
func (v *visitor) post(path, csrf string, header ...string) int {
	v.Helper()
	req, err := http.NewRequestWithContext(v.Context(), http.MethodPost, v.URL+path, strings.NewReader(url.Values{"csrf": {csrf}}.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return v.take(v.Do(req)).status
}

// TestFormsOfOthers sends every form there is as another site would have a
// browser send it: none is taken.
func TestFormsOfOthers(t *testing.T) {
	n := newNode(t)
	admin := n.setUp(true)
	admin.open("/account")
	token := admin.csrf()
	if token == "" {
		t.Fatal("the account page has no form")
	}
	other := n.join("bo")
	guest := n.visitor()
	posts := n.site.Posts()
	if len(posts) < 25 {
		t.Fatalf("only %d forms", len(posts))
	}
	const same = "same-origin"
	for path, open := range posts {
		refused := func(who *visitor, what, csrf string, header ...string) {
			t.Helper()
			if status := who.post(path, csrf, header...); status != http.StatusForbidden {
				t.Errorf("POST %s %s is answered with %d, want 403", path, what, status)
			}
		}
		refused(admin, "from another site with the right token", token, "Sec-Fetch-Site", "cross-site")
		refused(admin, "from a neighbour with the right token", token, "Sec-Fetch-Site", "same-site")
		refused(admin, "from another origin with the right token", token, "Origin", "https://evil.example")
		if open {
			refused(guest, "from another site", "", "Sec-Fetch-Site", "cross-site")
			refused(guest, "from another origin", "", "Origin", "https://evil.example")
			continue
		}
		refused(admin, "without a token", "", "Sec-Fetch-Site", same)
		refused(admin, "with a wrong token", token[1:]+"A", "Sec-Fetch-Site", same)
		refused(admin, "with another's token", other.csrf(), "Sec-Fetch-Site", same)
		if status := guest.post(path, token, "Sec-Fetch-Site", same); status != http.StatusUnauthorized {
			t.Errorf("POST %s by a guest is answered with %d, want 401", path, status)
		}
	}
	admin.open("/account").sees(http.StatusOK, "/account", "@anneke") // and is signed in still
}

// TestOperatorsFormsByListeners sends the operator's forms as a listener, with
// everything right but the role.
func TestOperatorsFormsByListeners(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	bo := n.join("bo")
	token := bo.csrf()
	for path := range n.site.Posts() {
		if !strings.HasPrefix(path, "/operator/") {
			continue
		}
		if status := bo.post(path, token, "Sec-Fetch-Site", "same-origin"); status != http.StatusForbidden {
			t.Errorf("POST %s by a listener is answered with %d", path, status)
		}
	}
}

// TestTokensOnPages sends every form, and opens what is private, with a token
// that may do next to nothing: its scopes hold for pages too.
func TestTokensOnPages(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	secret, _, err := n.accounts.IssueToken(t.Context(), n.principal("anneke"), "script", []account.Scope{account.ScopeListen}, n.site.Now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	program := n.visitor()
	for path := range n.site.Posts() {
		if status := program.post(path, "", "Authorization", "Bearer "+secret); status != http.StatusForbidden {
			t.Errorf("POST %s with a token is answered with %d, want 403", path, status)
		}
	}
	for _, path := range []string{"/account", "/history", "/receipts", "/operator/people"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		program.take(program.Do(req)).sees(http.StatusForbidden, path, "a token is for programs").misses("anneke")
	}
}

func TestNextStaysHere(t *testing.T) {
	for _, away := range []string{"", "//evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil.example", "/ /evil.example", "/%zz", "/\x7f/evil.example"} {
		if got := site.Local(away); got != "/" {
			t.Errorf("%q leads to %q", away, got)
		}
	}
	for _, here := range []string{"/", "/account", "/search?q=a%20b&x=1", "/act/jonna#t-1"} {
		if got := site.Local(here); got != here {
			t.Errorf("%q leads to %q", here, got)
		}
	}
}

// session is the session cookie of a visitor.
func (v *visitor) session() string {
	u, err := url.Parse(v.URL)
	if err != nil {
		v.Fatal(err)
	}
	for _, c := range v.Jar.(*cookiejar.Jar).Cookies(u) {
		if c.Name == "session" {
			return c.Value
		}
	}
	return ""
}

// TestSessions follows a session from its beginning to its end: what begins is
// new, what was there before is over, and who was deleted or signed out by the
// operator is out at the next page.
func TestSessions(t *testing.T) {
	n := newNode(t)
	admin := n.setUp(true)
	bo := n.join("bo")
	first := bo.session()
	bo.send("/signin", "login", "bo", "password", words)
	if second := bo.session(); second == first || second == "" {
		t.Error("signing in goes on with the session that was there")
	}
	if _, _, err := n.accounts.Authenticate(t.Context(), first); err == nil {
		t.Error("the session before still holds")
	}
	secret, _, err := n.accounts.IssueToken(t.Context(), n.principal("bo"), "script", []account.Scope{account.ScopeRead}, n.site.Now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	id := string(n.principal("bo").Account)
	admin.open("/operator/people?find=BO").sees(200, "/operator/people", "@bo").misses("Role of @anneke")
	admin.send("/operator/people/"+id, "do", "signout").sees(200, "/operator/people", "Signed out everywhere")
	bo.open("/account").sees(401, "/account", "Sign in")
	if _, err := n.accounts.Bearer(t.Context(), secret); err == nil {
		t.Error("the token still acts")
	}
	bo.open("/signin?next=/account").send("/signin", "next", "/account", "login", "bo", "password", words).sees(200, "/account", "@bo")
	admin.open("/operator/people").send("/operator/people/"+id, "do", "remove", "sure", "yes").sees(200, "/operator/people", "deleted")
	bo.open("/account").sees(401, "/account", "Sign in")
	bo.open("/signin").send("/signin", "login", "bo", "password", words).sees(401, "/signin", "do not belong together")
}

// principal is somebody as the domain knows them.
func (n *node) principal(handle string) account.Principal {
	n.Helper()
	a, err := n.accounts.ByHandle(n.Context(), handle)
	if err != nil {
		n.Fatal(err)
	}
	return account.Principal{Account: a.ID, Handle: a.Handle, Role: a.Role}
}

// TestSignInSaysTheSame asks with a wrong password and with a name nobody has,
// until it is too much.
func TestSignInSaysTheSame(t *testing.T) {
	n := newNode(t)
	n.setUp(false)
	main := func(v *visitor) string { return text(v.body) }
	a, b := n.visitor(), n.visitor()
	wrong := main(a.open("/signin").send("/signin", "login", "anneke", "password", "not the password").sees(401, "/signin", "do not belong together"))
	if nobody := main(b.open("/signin").send("/signin", "login", "nobody", "password", "not the password").sees(401, "/signin")); nobody != wrong {
		t.Errorf("a name nobody has is told apart:\n%s\n%s", wrong, nobody)
	}
	for range 9 {
		a.send("/signin", "login", "anneke", "password", "not the password").sees(401, "/signin")
	}
	a.send("/signin", "login", "anneke", "password", words).sees(429, "/signin", "too often", "seconds")
	b.send("/signin", "next", "/account", "login", "someone", "password", "not the password").sees(401, "/signin") // others are not kept waiting
}

// TestSecretAddresses opens the pages whose address holds a secret.
func TestSecretAddresses(t *testing.T) {
	n := newNode(t)
	token, err := n.accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/setup?token=" + token, "/reset?token=x"} {
		res, err := http.Get(n.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // its headers matter
		if r, c := res.Header.Get("Referrer-Policy"), res.Header.Get("Cache-Control"); r != "no-referrer" || c != "no-store" {
			t.Errorf("%s: referrer %q, cache %q", path, r, c)
		}
	}
}
