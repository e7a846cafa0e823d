package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
)

func TestTheOperatorRunsTheNode(t *testing.T) {
	h := newHouse(t)
	root, ada := h.program(h.root, account.ScopeAdmin), h.browser(h.signUp("ada"))
	ada.refused(http.MethodGet, "/settings", nil, http.StatusForbidden)
	ada.refused(http.MethodGet, "/status", nil, http.StatusForbidden)
	var s struct {
		Name, Operator string
		OpenSignup     bool `json:"open_signup"`
	}
	root.do(http.MethodPatch, "/settings", map[string]any{"operator": "Grace H."}, http.StatusOK, &s)
	if s.Name != "Night Desk" || s.Operator != "Grace H." || !s.OpenSignup {
		t.Errorf("what was not given is gone: %+v", s)
	}
	root.refused(http.MethodPatch, "/settings", map[string]any{"nickname": "x"}, http.StatusUnprocessableEntity)
	root.do(http.MethodGet, "/settings", nil, http.StatusOK, &s)
	h.checkLetters(h.browser(h.root), ada)
	root.do(http.MethodPost, "/mail/test", map[string]any{"to": "ada@example.org"}, http.StatusOK, nil)
	if d := root.refused(http.MethodPost, "/mail/test", map[string]any{"to": "nobody"}, http.StatusUnprocessableEntity); len(h.post.to) != 1 || len(d.Errors) != 1 || d.Errors[0].Location != "to" {
		t.Errorf("%v, %+v", h.post.to, d)
	}
	h.guest().do(http.MethodGet, "/ledger", nil, http.StatusOK, nil)
	root.do(http.MethodGet, "/status", nil, http.StatusOK, nil)
	root.do(http.MethodGet, "/doctor", nil, http.StatusOK, nil)
	ada.refused(http.MethodGet, "/ledger/standing", nil, http.StatusForbidden)
	root.do(http.MethodGet, "/ledger/standing", nil, http.StatusOK, nil)
	var jobs []struct{ ID string }
	if root.do(http.MethodGet, "/jobs", nil, http.StatusOK, &jobs); len(jobs) != 1 {
		t.Errorf("%+v", jobs)
	}
	root.refused(http.MethodPost, "/jobs/J2/retry", nil, http.StatusNotFound)
	root.do(http.MethodPost, "/jobs/J1/retry", nil, http.StatusNoContent, nil)
	h.api.Engine = &engine{}
	root.do(http.MethodDelete, "/jobs/J1", nil, http.StatusNoContent, nil)
	var made struct{ Handle, Role string }
	root.do(http.MethodPost, "/accounts", map[string]any{"handle": "mo", "password": password, "role": "moderator"}, http.StatusCreated, &made)
	if made.Handle != "mo" || made.Role != "moderator" {
		t.Errorf("%+v", made)
	}
	var found struct{ Rows []struct{ Handle string } }
	if root.do(http.MethodGet, "/accounts?find=mo", nil, http.StatusOK, &found); len(found.Rows) != 1 || found.Rows[0].Handle != "mo" {
		t.Errorf("%+v", found)
	}
	root.do(http.MethodDelete, "/accounts/ada/sessions", nil, http.StatusNoContent, nil)
	ada.refused(http.MethodGet, "/me", nil, http.StatusUnauthorized)
	root.do(http.MethodDelete, "/accounts/mo", nil, http.StatusNoContent, nil)
	root.refused(http.MethodDelete, "/accounts/mo", nil, http.StatusNotFound)
	root.refused(http.MethodDelete, "/accounts/grace", nil, http.StatusConflict)
}

// A list goes on where it was while rows come and go.
func TestPagesStayWhereTheyAre(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	for i := range 5 {
		h.clock.Add(1000)
		h.signUp(fmt.Sprintf("ada%d", i))
		h.clock.Add(1000)
		root.do(http.MethodPut, fmt.Sprintf("/accounts/ada%d/role", i), map[string]any{"role": "artist"}, http.StatusNoContent, nil)
		root.do(http.MethodPost, "/payments", map[string]any{"handle": fmt.Sprintf("ada%d", i), "micro": 10_000_000, "method": "cash", "reference": fmt.Sprint(i)}, http.StatusCreated, nil)
	}
	for path, key := range map[string]string{"/accounts": "id", "/audit": "about", "/subscriptions": "id", "/books": "book", "/payments": "event"} {
		var first, second, whole struct {
			Rows []map[string]any
			Next string
		}
		root.do(http.MethodGet, path+"?limit=2", nil, http.StatusOK, &first)
		h.clock.Add(1000)
		root.do(http.MethodPost, "/accounts", map[string]any{"handle": "new" + path[1:4], "password": password}, http.StatusCreated, nil)
		root.do(http.MethodGet, path+"?limit=2&after="+first.Next, nil, http.StatusOK, &second)
		root.do(http.MethodGet, path, nil, http.StatusOK, &whole)
		if len(first.Rows) != 2 || len(second.Rows) != 2 || first.Next == "" || whole.Next != "" {
			t.Errorf("%s: %+v, %+v", path, first, second)
			continue
		}
		var at int
		for i, r := range whole.Rows {
			if r[key] == first.Rows[0][key] {
				at = i
			}
		}
		for i, r := range append(first.Rows, second.Rows...) {
			if whole.Rows[at+i][key] != r[key] {
				t.Errorf("%s: row %d is %v, not %v", path, i, r, whole.Rows[at+i])
			}
		}
	}
}

// Money that is recorded twice under one reference is recorded once.
func TestMoneyIsMovedOnce(t *testing.T) {
	h := newHouse(t)
	root, ada := h.program(h.root, account.ScopeAdmin), h.browser(h.signUp("ada"))
	pay := map[string]any{"handle": "ada", "micro": 30_000_000, "method": "bank", "reference": "statement 7, line 2"}
	type standing struct {
		State   string
		Balance int64 `json:"balance_micro"`
	}
	var once, twice standing
	root.do(http.MethodPost, "/payments", pay, http.StatusCreated, &once)
	root.do(http.MethodPost, "/payments", pay, http.StatusCreated, &twice)
	if once != twice || once.State != "active" {
		t.Errorf("%+v, then %+v", once, twice)
	}
	pay["micro"] = 20_000_000
	root.refused(http.MethodPost, "/payments", pay, http.StatusConflict)
	pay["handle"] = "nobody"
	root.refused(http.MethodPost, "/payments", pay, http.StatusNotFound)
	var paid struct {
		Rows []struct{ Event, Reference, Handle string }
	}
	if root.do(http.MethodGet, "/payments", nil, http.StatusOK, &paid); len(paid.Rows) != 1 || paid.Rows[0].Handle != "ada" {
		t.Errorf("%+v", paid)
	}
	bob := h.browser(h.signUp("bob"))
	root.do(http.MethodPost, "/payments", map[string]any{"handle": "bob", "micro": 10_000_000, "method": "cash", "reference": "wrong", "received": "2026-11-23", "note": "envelope"}, http.StatusCreated, nil)
	root.do(http.MethodPost, "/payments/undo", map[string]any{"event": "wrong", "why": "it was Ada's"}, http.StatusOK, nil)
	root.refused(http.MethodPost, "/payments/undo", map[string]any{"event": "wrong", "why": "it was Ada's"}, http.StatusConflict)
	for _, name := range []string{"books.csv", "books.journal"} {
		if a := root.send(http.MethodGet, "/books/"+name, nil); a.code != http.StatusOK || len(a.body) == 0 || a.header.Get("Content-Disposition") == "" {
			t.Errorf("%s: %d %v", name, a.code, a.header)
		}
	}
	type subscription struct {
		Payments []struct {
			Event, Note string
			Undone      *string
		}
	}
	var booked, own subscription
	root.do(http.MethodGet, "/accounts/bob/subscription", nil, http.StatusOK, &booked)
	if n := len(booked.Payments); n != 2 || booked.Payments[1].Note != "envelope" || booked.Payments[1].Undone == nil {
		t.Errorf("Bob's subscription: %+v", booked)
	}
	root.refused(http.MethodGet, "/accounts/nobody/subscription", nil, http.StatusNotFound)
	bob.do(http.MethodGet, "/subscription", nil, http.StatusOK, &own)
	if n := len(own.Payments); n != 2 || own.Payments[1].Note != "" || own.Payments[1].Event == "" {
		t.Errorf("what Bob sees of it: %+v", own)
	}
	root.refused(http.MethodGet, "/books/books.xls", nil, http.StatusUnprocessableEntity)
	back := map[string]any{"handle": "ada", "method": "bank", "reference": "refund 1"}
	root.refused(http.MethodPost, "/refunds", map[string]any{"handle": "ada", "method": "bank", "reference": " "}, http.StatusUnprocessableEntity)
	var given, again struct{ Micro int64 }
	root.do(http.MethodPost, "/refunds", back, http.StatusCreated, &given)
	root.do(http.MethodPost, "/refunds", back, http.StatusCreated, &again)
	if given.Micro != 30_000_000 || again != given {
		t.Errorf("%+v, then %+v", given, again)
	}
	back["reference"] = "statement 7, line 2"
	root.refused(http.MethodPost, "/refunds", back, http.StatusConflict)
	back["reference"] = "refund 2"
	root.refused(http.MethodPost, "/refunds", back, http.StatusConflict)
	ada.do(http.MethodPost, "/subscription", nil, http.StatusOK, nil)
	ada.do(http.MethodDelete, "/subscription", nil, http.StatusOK, nil)
	ada.do(http.MethodGet, "/receipts", nil, http.StatusOK, nil)
	ada.do(http.MethodGet, "/receipts/days?period=2026-11", nil, http.StatusOK, nil)
	root.do(http.MethodGet, "/months", nil, http.StatusOK, nil)
	act, _, _ := h.public("tide", 1)
	h.browser(h.root).do(http.MethodGet, "/acts/"+string(act)+"/earnings", nil, http.StatusOK, nil)
	h.browser(h.root).refused(http.MethodGet, "/acts/"+string(act)+"/proofs/2026-10", nil, http.StatusNotFound)
}
