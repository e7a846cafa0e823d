package site_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
)

// TestSetupOnce sets a node up, and not a second time.
func TestSetupOnce(t *testing.T) {
	n := newNode(t)
	loaded := ""
	n.site.LoadDemo = func(_ context.Context, p account.Principal) error { loaded = p.Handle; return nil }
	token, err := n.accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := n.visitor()
	v.open("/setup").sees(403, "/setup", "the link that the terminal shows last")
	newer, err := n.accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v.open("/setup?token="+token).sees(403, "/setup", "the link that the terminal shows last")
	token = newer
	v.open("/setup?token="+token).sees(200, "/setup", "demo catalogue")
	v.send("/setup", "token", "wrong", "node", "Q", "handle", "anneke", "password", words).sees(403, "/setup", "setup link")
	v.open("/setup?token="+token).send("/setup", "token", token, "node", "Quayside", "handle", "anneke", "password", "short").
		sees(422, "/setup", "at least 10 characters", `value="Quayside"`, `aria-describedby="f-password-e`).misses("short")
	if v.send("/setup", "token", token, "node", "Quayside", "handle", "anneke", "password", words, "demo", "yes"); loaded != "anneke" {
		t.Errorf("the demo catalogue was loaded for %q", loaded)
	}
	v.open("/operator/settings").sees(200, "/operator/settings", "Quayside")
	n.visitor().open("/setup?token="+token).sees(409, "/setup", "set up already")
	late := n.visitor()
	late.open("/signin").send("/setup", "token", token, "node", "Mine now", "handle", "eve", "password", words).sees(409, "/setup", "set up already")
}

// TestAccountPage changes everything that an account page can.
func TestAccountPage(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	v := n.join("bo")
	v.send("/account", "name", "", "email", "no mail").sees(422, "/account", "1 to 60 characters")
	v.send("/account", "name", "Bo B.", "email", "no mail").sees(422, "/account", "no mail address", `value="Bo B."`)
	v.send("/account", "name", "Bo B.", "email", "bo@example.org").sees(422, "/account", "needs your password")
	v.send("/account", "name", "Bo B.", "email", "bo@example.org", "password", words).sees(200, "/account", "Saved.", "bo@example.org")
	v.send("/account", "name", "Bo C.", "email", "bo@example.org").sees(200, "/account", "Saved.", "bo@example.org")

	v.send("/account/password", "old", "wrong", "password", words+"2").sees(422, "/account/password", "not your password").misses(words)
	other := n.visitor()
	other.open("/signin?next=/account").send("/signin", "next", "/account", "login", "BO@example.org", "password", words).sees(200, "/account", "@bo")
	v.send("/account/password", "old", words, "password", words+"2").sees(200, "/account", "The password is changed")
	other.open("/account").sees(401, "/account", "Sign in")

	v.open("/account").send("/account/tokens", "name", "Backup", "days", "90").sees(422, "/account/tokens", "at least one thing")
	v.send("/account/tokens", "name", "Backup", "days", "90", "scopes", "admin").sees(422, "/account/tokens", "no token of yours")
	v.send("/account/tokens", "name", "Backup", "days", "90", "scopes", "read", "scopes", "library").sees(200, "/account/tokens", "read, library")
	secret := first(t, v.body, `(9ten_[\w-]+)`)
	if p, err := n.accounts.Bearer(t.Context(), secret); err != nil || p.Handle != "bo" {
		t.Errorf("the token shown is %v of %s", err, p.Handle)
	}
	v.open("/account").sees(200, "/account", "Backup").misses(secret)
	v.send("/account/tokens/revoke", "token", first(t, v.body, `name="token" value="(\w+)"`)).sees(200, "/account", "revoked")
	if _, err := n.accounts.Bearer(t.Context(), secret); err == nil {
		t.Error("a revoked token still acts")
	}

	v.send("/account/sessions/end").sees(200, "/signin", "signed out everywhere")
	v.send("/signin", "next", "//evil.example/", "login", "bo", "password", words+"2")
	if v.host != strings.TrimPrefix(n.URL, "http://") {
		t.Errorf("signing in led to %s", v.host)
	}
	v.open("/account").send("/account/delete", "password", "wrong").sees(422, "/account/delete", "not your password")
	v.send("/account/delete", "password", words+"2")
	v.open("/account").sees(401, "/account")
	v.open("/signin").send("/signin", "login", "bo", "password", words+"2").sees(401, "/signin", "do not belong together")
}

// TestFormsNeedTheirToken refuses a form without the session's token and one
// that another site sent.
func TestFormsNeedTheirToken(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	v := n.join("bo")
	v.body = "" // no token to be found
	v.send("/account", "name", "Eve").sees(403, "/account", "out of date")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL+"/signin", strings.NewReader("login=bo"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	v.take(v.Do(req)).sees(403, "/signin", "another site")
}

// TestOperatorsPeople is what an operator does with accounts.
func TestOperatorsPeople(t *testing.T) {
	n := newNode(t)
	op := n.setUp(false)
	closed := n.visitor().open("/signup").sees(200, "/signup", "made by hand")
	if strings.Contains(closed.body, `action="/signup"`) {
		t.Error("a form that is refused is shown")
	}
	closed.send("/signup", "handle", "eve", "password", words).sees(403, "/signup", "not taking new accounts")
	op.open("/operator/people").send("/operator/people", "handle", "anneke", "password", words, "role", "listener").sees(409, "/operator/people", "taken")
	op.send("/operator/people", "handle", "bo", "password", words, "role", "listener").sees(200, "/operator/people", "@bo can sign in")

	bo := n.visitor()
	bo.open("/signin").send("/signin", "next", "/account", "login", "bo", "password", words).sees(200, "/account")
	bo.open("/operator/people").sees(403, "/operator/people")
	bo.open("/account").send("/operator/people", "handle", "eve", "password", words, "role", "admin").sees(403, "/operator/people")

	place := func(handle string) string {
		a, err := n.accounts.ByHandle(t.Context(), handle)
		if err != nil {
			t.Fatal(err)
		}
		return "/operator/people/" + string(a.ID)
	}
	who, other := place("anneke"), place("bo")
	op.send(who, "do", "role", "role", "listener").sees(409, who, "only admin")
	op.open("/operator/people").send(other, "do", "role", "role", "moderator").sees(200, "/operator/people", "The role is changed", "Moderator")
	bo.open("/operator/people").sees(200, "/operator/people", "@anneke").misses("Password link")

	op.send(other, "do", "reset").sees(200, other, "sets a new password")
	link := first(t, op.body, `(/reset\?token=[^<"]+)`)
	op.open("/operator/people").misses(link)
	fresh := n.visitor()
	token := strings.TrimPrefix(link, "/reset?token=")
	fresh.open(link).send("/reset", "token", token, "password", "short").sees(422, "/reset", "at least 10 characters")
	fresh.send("/reset", "token", token, "password", words+"3")
	bo.open("/account").sees(401, "/account")
	fresh.open("/account").sees(200, "/account", "@bo")
	n.visitor().open(link).send("/reset", "token", token, "password", words).sees(403, "/reset", "used or is too old")

	op.send(other, "do", "remove").sees(422, other, "Tick the box")
	op.open("/operator/people").send(other, "do", "remove", "sure", "yes").sees(200, "/operator/people", "The account is deleted").misses("@bo")
	fresh.open("/account").sees(401, "/account")
}

// TestSettings shows what the operator decides at the foot of the next page.
func TestSettings(t *testing.T) {
	n := newNode(t)
	told := 0
	n.site.Ready = func() { told++ }
	op := n.setUp(false)
	op.open("/operator/settings").send("/operator/settings", "node", strings.Repeat("x", 61), "signup", "yes").sees(422, "/operator/settings", "1 to 60 characters")
	op.send("/operator/settings", "node", "Harbour", "operator", "A. Thoms", "place", "Hull", "signup", "yes").
		sees(200, "/operator/settings", "Saved.", "Harbour, a 9ten node in Hull, run by A. Thoms")
	if told != 2 {
		t.Errorf("the ledger was told %d times, want at setup and now", told)
	}
	op.open("/operator/settings").sees(200, "/operator/settings", "the folder mail")
	op.send("/operator/settings/mail", "to", "nobody@example.org").sees(409, "/operator/settings/mail", "cannot be reached", `value="nobody@example.org"`, `aria-describedby="f-to-e`)
	op.send("/operator/settings/mail", "to", "ada@example.org").sees(200, "/operator/settings", "The letter to ada@example.org was taken.")
	n.join("cy").misses("Open a studio")
}
