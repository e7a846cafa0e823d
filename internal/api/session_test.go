package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
)

type begunSession struct {
	Handle, Role, CSRF string
}

// signedIn is the browser that a session began in.
func (c caller) begins(path string, body any) caller {
	c.h.t.Helper()
	var s begunSession
	a := c.send(http.MethodPost, path, body)
	if a.code != http.StatusCreated {
		c.h.t.Fatalf("%s = %d %s", path, a.code, a.body)
	}
	res := http.Response{Header: a.header}
	c.h.read(a, &s)
	return caller{h: c.h, session: res.Cookies()[0].Value, csrf: s.CSRF}
}

// A program that has no page signs up, in and out like a browser.
func TestSessionsWithoutPages(t *testing.T) {
	h := newHouse(t)
	guest := h.guest()
	ada := guest.begins("/signup", map[string]any{"handle": "ada", "password": password})
	guest.refused(http.MethodPost, "/signup", map[string]any{"handle": "ada", "password": password}, http.StatusConflict)
	guest.refused(http.MethodPost, "/session", map[string]any{"login": "ada", "password": "wrong"}, http.StatusUnauthorized)
	second := guest.begins("/session", map[string]any{"login": "ada", "password": password})
	var s begunSession
	if second.do(http.MethodGet, "/session", nil, http.StatusOK, &s); s.Handle != "ada" || s.CSRF != second.csrf || s.Role != "listener" {
		t.Errorf("%+v", s)
	}
	var me struct {
		Name          string
		HistoryPaused bool `json:"history_paused"`
	}
	ada.do(http.MethodPatch, "/me", map[string]any{"history_paused": true}, http.StatusOK, &me)
	if ada.do(http.MethodPatch, "/me", map[string]any{"name": "Ada L."}, http.StatusOK, &me); me.Name != "Ada L." || !me.HistoryPaused {
		t.Errorf("%+v", me)
	}
	var list []struct{ Current bool }
	if ada.do(http.MethodGet, "/sessions", nil, http.StatusOK, &list); len(list) != 2 {
		t.Errorf("%+v", list)
	}
	const other = "ten songs for the ninth month"
	ada.refused(http.MethodPut, "/me/password", map[string]any{"old": "wrong", "password": other}, http.StatusUnprocessableEntity)
	ada.do(http.MethodPut, "/me/password", map[string]any{"old": password, "password": other}, http.StatusNoContent, nil)
	second.refused(http.MethodGet, "/session", nil, http.StatusUnauthorized)
	ada.do(http.MethodDelete, "/sessions", nil, http.StatusNoContent, nil)
	ada.refused(http.MethodGet, "/session", nil, http.StatusUnauthorized)
	third := guest.begins("/session", map[string]any{"login": "ada", "password": other})
	third.do(http.MethodDelete, "/session", nil, http.StatusNoContent, nil)
	third.refused(http.MethodGet, "/me", nil, http.StatusUnauthorized)
}

// The operator hands out a link for a new password.
func TestPasswordLink(t *testing.T) {
	h := newHouse(t)
	h.signUp("ada")
	var made struct{ Link string }
	h.program(h.root, account.ScopeAdmin).do(http.MethodPost, "/accounts/ada/password-link", nil, http.StatusOK, &made)
	_, token, found := strings.Cut(made.Link, "https://"+nodeID+"/reset?token=")
	if !found {
		t.Fatalf("%q", made.Link)
	}
	h.guest().begins("/password", map[string]any{"token": token, "password": "ten songs for the ninth month"})
	h.guest().refused(http.MethodPost, "/password", map[string]any{"token": token, "password": "ten songs for the ninth month"}, http.StatusForbidden)
}

// The setup link's token works once, over the interface too.
func TestSetUpOverTheInterface(t *testing.T) {
	h := newHouse(t)
	h.guest().refused(http.MethodPost, "/setup", map[string]any{"handle": "eve", "password": password, "token": "made up"}, http.StatusForbidden)
	h.exec("update account set role = 'listener'")
	token, err := h.api.Accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	root := h.guest().begins("/setup", map[string]any{"handle": "lin", "password": password, "token": token, "node": "Day Desk"})
	var me struct{ Role string }
	if root.do(http.MethodGet, "/me", nil, http.StatusOK, &me); me.Role != "admin" {
		t.Errorf("%+v", me)
	}
	h.guest().refused(http.MethodPost, "/setup", map[string]any{"handle": "eve", "password": password, "token": token}, http.StatusConflict)
}
