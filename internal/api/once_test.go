package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
)

// with is the caller sending a key.
func (c caller) with(key string) caller {
	c.key = key
	return c
}

// playlists counts those of a caller.
func (c caller) playlists() int {
	c.h.t.Helper()
	var list []struct{ ID string }
	c.do(http.MethodGet, "/playlists", nil, http.StatusOK, &list)
	return len(list)
}

func TestAKeyMakesAChangeOnce(t *testing.T) {
	h := newHouse(t)
	ada, eve := h.browser(h.signUp("ada")), h.browser(h.signUp("eve"))
	bus := map[string]any{"title": "Night bus"}
	first := ada.with(`"8e03978e-40d5"`).send(http.MethodPost, "/playlists", bus)
	again := ada.with("8e03978e-40d5").send(http.MethodPost, "/playlists", bus) // quoted or not, it is one key
	if first.code != http.StatusCreated || again.code != first.code || string(again.body) != string(first.body) {
		t.Fatalf("%d %s, then %d %s", first.code, first.body, again.code, again.body)
	}
	if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "?1" || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("%v, then %v", first.header, again.header)
	}
	ada.with("8e03978e-40d5").refused(http.MethodPost, "/playlists", map[string]any{"title": "Day bus"}, http.StatusUnprocessableEntity)
	ada.with("8e03978e-40d5").refused(http.MethodDelete, "/likes/01JD3ZKQ4Y8X5T2N7B6V9C1M01", nil, http.StatusUnprocessableEntity)
	eve.with("8e03978e-40d5").do(http.MethodPost, "/playlists", bus, http.StatusCreated, nil) // her key, not Ada's
	if n := ada.playlists(); n != 1 {
		t.Errorf("%d playlists", n)
	}
	h.clock.Add(account.RememberedFor.Milliseconds())
	ada.with("8e03978e-40d5").do(http.MethodPost, "/playlists", bus, http.StatusCreated, nil)
	if n := ada.playlists(); n != 2 {
		t.Errorf("%d playlists a day later", n)
	}
}

// What was refused changed nothing: the key is as good as new. An answer
// without a body is given again too.
func TestARefusalLeavesTheKey(t *testing.T) {
	h := newHouse(t)
	ada := h.browser(h.signUp("ada"))
	ada.with("k").refused(http.MethodPost, "/playlists", map[string]any{"title": ""}, http.StatusUnprocessableEntity)
	var made struct{ ID string }
	ada.with("k").do(http.MethodPost, "/playlists", map[string]any{"title": "Night bus"}, http.StatusCreated, &made)
	for range 2 {
		ada.with("gone").do(http.MethodDelete, "/playlists/"+made.ID, nil, http.StatusNoContent, nil)
	}
	ada.refused(http.MethodDelete, "/playlists/"+made.ID, nil, http.StatusNotFound)
}

// The node ends after the commit and before the answer: the change is not made
// again, and nobody is told that it was not made.
func TestAKeyOutlivesTheNode(t *testing.T) {
	h := newHouse(t)
	ada, bus := h.browser(h.signUp("ada")), map[string]any{"title": "Night bus"}
	h.fails = func() error { return errors.New("the power went") }
	ada.with("k").refused(http.MethodPost, "/playlists", bus, http.StatusServiceUnavailable)
	h.fails = nil
	d := ada.with("k").refused(http.MethodPost, "/playlists", bus, http.StatusConflict)
	if !strings.Contains(d.Detail, "was done") || ada.playlists() != 1 {
		t.Errorf("%q, %d playlists", d.Detail, ada.playlists())
	}
}

// A client goes away when its change is made: all of it is done, and the key has the
// answer.
func TestAKeyOutlivesItsClient(t *testing.T) {
	h := newHouse(t)
	h.signUp("ada")
	root := h.program(h.root, account.ScopeAdmin)
	root.do(http.MethodGet, "/payments", nil, http.StatusOK, nil)
	root = root.with("k")
	ctx, leave := context.WithCancel(t.Context())
	h.fails = func() error { leave(); return nil }
	const pay = `{"handle":"ada","micro":10000000,"method":"cash","reference":"one"}`
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, api.Prefix+"/payments", strings.NewReader(pay))
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {root.auth}, "Idempotency-Key": {"k"}}
	h.handler.ServeHTTP(httptest.NewRecorder(), req)
	h.fails = nil
	if ctx.Err() == nil {
		t.Error("nothing was done")
	}
	if a := root.send(http.MethodPost, "/payments", pay); a.code != http.StatusCreated || a.header.Get("Idempotency-Replayed") != "?1" {
		t.Errorf("%d %s", a.code, a.body)
	}
}

// While a change is being made its key is taken.
func TestAKeyIsTakenMeanwhile(t *testing.T) {
	h := newHouse(t)
	ada, bus := h.browser(h.signUp("ada")), map[string]any{"title": "Night bus"}
	var second answer
	inside := false
	h.fails = func() error {
		if !inside {
			inside = true
			second = ada.with("k").send(http.MethodPost, "/playlists", bus)
		}
		return nil
	}
	ada.with("k").do(http.MethodPost, "/playlists", bus, http.StatusCreated, nil)
	h.fails = nil
	if second.code != http.StatusConflict || ada.playlists() != 1 {
		t.Errorf("%d %s", second.code, second.body)
	}
}

// What answers with a secret, or guards the account, takes no key, and nothing
// of it is kept.
func TestSecretsTakeNoKey(t *testing.T) {
	h := newHouse(t)
	root := h.browser(h.root)
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}},
		{http.MethodPost, "/invitations", map[string]any{}},
		{http.MethodPost, "/accounts/grace/password-link", nil},
		{http.MethodPost, "/accounts", map[string]any{"handle": "x", "password": password}},
		{http.MethodPost, "/claims", map[string]any{"claims": []any{}}},
	} {
		d := root.with("k").refused(x.method, x.path, x.body, http.StatusUnprocessableEntity)
		if len(d.Errors) != 1 || d.Errors[0].Location != "Idempotency-Key" {
			t.Errorf("%s: %+v", x.path, d)
		}
	}
	root.with("k").do(http.MethodGet, "/me", nil, http.StatusOK, nil) // reading is reading
	for _, key := range []string{`""`, strings.Repeat("k", 256), "two words", `"a"b"`} {
		root.with(key).refused(http.MethodPost, "/playlists", map[string]any{"title": "x"}, http.StatusUnprocessableEntity)
	}
	for path, methods := range h.spec().Paths {
		for verb, op := range methods {
			takes := false
			for _, p := range op.Parameters {
				takes = takes || p.Name == "Idempotency-Key"
			}
			a := root.with("k k").send(strings.ToUpper(verb), fill(path), nil)
			if said := strings.Contains(string(a.body), "An Idempotency-Key is"); said != takes {
				t.Errorf("%s takes a key: described %v, %d %s", op.ID, takes, a.code, a.body)
			}
		}
	}
}

// Keys are bounded in number, answers in length.
func TestKeysAreBounded(t *testing.T) {
	h := newHouse(t)
	in := h.signUp("ada")
	ada := h.browser(in)
	h.exec(fmt.Sprintf(`with recursive n (i) as (select 1 union all select i + 1 from n where i < %d)
		insert into answered (account, key, request, at, status, type, body) select $1, cast(i as blob), x'', $2, 204, '', x'' from n`, account.MaxRemembered),
		string(in.Account), h.clock.Load())
	a := ada.with("one-more").send(http.MethodPost, "/playlists", map[string]any{"title": "Night bus"})
	if a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") != "86400" {
		t.Errorf("%d %v", a.code, a.header)
	}
	if err := h.db.ExpireAnswers(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.Add(account.RememberedFor.Milliseconds())
	if err := h.db.ExpireAnswers(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := h.raw.QueryRowContext(t.Context(), "select count(*) from answered").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d keys are left, %v", n, err)
	}
	long := map[string]any{"title": "Night bus", "description": strings.Repeat("𝄞", account.MaxAnswerBytes/4)}
	ada.with("long").do(http.MethodPost, "/playlists", long, http.StatusCreated, nil)
	ada.with("long").refused(http.MethodPost, "/playlists", long, http.StatusConflict)
}
