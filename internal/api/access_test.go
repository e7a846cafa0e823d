package api_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
)

// guards are the sentences with which a caller is refused before the domain
// is asked; the domain has others.
var guards = []string{"lacks the scope", "guards the account itself", "Only a moderator", "Only the operator", "part of the studio"}

// admitted reports whether an operation let a caller in, whatever it answered
// about what was sent.
func admitted(t *testing.T, id string, a answer) bool {
	t.Helper()
	switch a.code {
	case http.StatusUnauthorized:
		return false
	case http.StatusForbidden:
		return !slices.ContainsFunc(guards, func(s string) bool { return strings.Contains(string(a.body), s) })
	case http.StatusInternalServerError:
		t.Errorf("%s: %s", id, a.body)
	}
	return true
}

// Every operation is asked by every role with a token of every single scope,
// by guests and by other sites: who gets in is in testdata/access.txt.
func TestWhoGetsIn(t *testing.T) {
	h := newHouse(t)
	roles := []account.Role{account.Listener, account.Artist, account.Moderator, account.Admin}
	callers := map[account.Scope][]caller{}
	for _, r := range roles {
		in := h.signUp("a_" + string(r))
		h.exec("update account set role = $1 where handle = $2", string(r), "a_"+string(r))
		for _, s := range account.Scopes() {
			callers[s] = append(callers[s], h.program(in, s))
		}
	}
	stranger := h.browser(h.signUp("eve"))
	stranger.csrf, stranger.from = "made up", "cross-site"
	var lines []string
	for path, methods := range h.spec().Paths {
		for verb, op := range methods {
			verb, at := strings.ToUpper(verb), fill(path)
			needs := []string{}
			for _, s := range account.Scopes() {
				lowest := len(roles)
				for i, c := range callers[s] {
					in := admitted(t, op.ID, c.send(verb, at, nil))
					if in && lowest == len(roles) {
						lowest = i
					}
					if !in && lowest < i {
						t.Errorf("%s lets %s in and refuses %s, with the scope %s", op.ID, roles[lowest], roles[i], s)
					}
				}
				if lowest < len(roles) {
					needs = append(needs, fmt.Sprintf("%s:%s", s, roles[lowest]))
				}
			}
			who := strings.Join(needs, " ")
			guest := admitted(t, op.ID, h.guest().send(verb, at, nil))
			switch {
			case guest && len(needs) == len(account.Scopes()):
				who = "everybody"
			case guest:
				t.Errorf("%s lets guests in, and not %v", op.ID, needs)
			case who == "":
				who = "a session"
			}
			lines = append(lines, fmt.Sprintf("%-24s %s", op.ID, who))
			h.foreign(stranger, verb, at, op)
		}
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	const golden = "testdata/access.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got {
		t.Errorf("who gets in is not what testdata/access.txt says (%v). If that is meant: go test ./internal/api -update\n%s", err, got)
	}
}

// foreign sees to it that another site's script changes nothing, whether
// somebody is signed in or not.
func (h *house) foreign(c caller, verb, at string, op operation) {
	h.t.Helper()
	if verb == http.MethodGet {
		return
	}
	var body any
	if op.ID == "claim-play" { // a beacon's token is in its body
		body = map[string]any{"claim": []byte{1}, "csrf": "made up"}
	}
	c.refused(verb, at, body, http.StatusForbidden)
}

// Whoever changes things without end is told to wait.
func TestWritesArePaced(t *testing.T) {
	h := newHouse(t)
	_, _, tracks := h.public("tide", 1)
	ada := h.browser(h.signUp("ada"))
	quota := func(a answer, want string) {
		t.Helper()
		if p, l := a.header.Get("RateLimit-Policy"), a.header.Get("RateLimit"); p != `"writes";q=400;w=20` || l != want {
			t.Errorf("RateLimit-Policy %q, RateLimit %q, want %q", p, l, want)
		}
	}
	quota(ada.send(http.MethodPut, "/likes/"+string(tracks[0]), nil), `"writes";r=399;t=1`)
	for range 399 {
		ada.do(http.MethodPut, "/likes/"+string(tracks[0]), nil, http.StatusNoContent, nil)
	}
	a := ada.send(http.MethodPut, "/likes/"+string(tracks[0]), nil)
	if a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", a.code, a.header)
	}
	quota(a, `"writes";r=0;t=1`)
	if got := ada.send(http.MethodGet, "/likes", nil); got.code != http.StatusOK || got.header.Get("RateLimit") != "" {
		t.Errorf("reading is not bounded: %d %v", got.code, got.header)
	}
	h.clock.Add(1000)
	ada.do(http.MethodPut, "/likes/"+string(tracks[0]), nil, http.StatusNoContent, nil)
}
