package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// A listener is seen elsewhere, lets followers in, blocks them, and is gone.
func TestPersonOfAnAccount(t *testing.T) {
	h := newHouse(t)
	in := h.signUp("ada")
	ada, read := h.browser(in), h.program(in, account.ScopeRead, account.ScopeLibrary)
	ada.refused(http.MethodGet, "/me/person", nil, http.StatusNotFound)
	ada.refused(http.MethodPut, "/me/person", map[string]any{"handle": "Grace"}, http.StatusConflict) // the account that runs the node
	ada.refused(http.MethodPut, "/me/person", map[string]any{"handle": "ad\u0430"}, http.StatusUnprocessableEntity)
	var p api.SeenPerson
	if ada.do(http.MethodPut, "/me/person", map[string]any{"handle": "@Wren", "about": "Field recordings.", "approves": true}, http.StatusOK, &p); p.Handle != "wren" || p.Address != "@wren@"+nodeID || p.Name != "wren" {
		t.Errorf("%+v", p)
	}
	ada.refused(http.MethodPut, "/me/person", map[string]any{"handle": "robin"}, http.StatusConflict)
	h.person(p.ID, "https://far.example/bo", social.FollowAsked)
	var list api.Page[api.PersonFollower]
	if read.do(http.MethodGet, "/me/person/followers?state=asked", nil, http.StatusOK, &list); len(list.Rows) != 1 || list.Rows[0].Handle != "bo@far.example" {
		t.Errorf("%+v", list)
	}
	judge := func(state string, status int) {
		t.Helper()
		ada.do(http.MethodPut, "/me/person/followers", map[string]any{"actor": "https://far.example/bo", "state": state}, status, nil)
	}
	judge("follows", http.StatusNoContent)
	if read.do(http.MethodGet, "/people/WREN", nil, http.StatusOK, &p); p.Followers != 1 || p.About != "Field recordings." {
		t.Errorf("%+v", p)
	}
	if ada.do(http.MethodPut, "/me/person", map[string]any{"handle": "wren", "listens": true}, http.StatusOK, &p); !p.Listens {
		t.Errorf("%+v", p)
	}
	p = api.SeenPerson{}
	if h.guest().do(http.MethodGet, "/people/wren", nil, http.StatusOK, &p); p.Handle != "wren" || p.Listens {
		t.Errorf("whether they tell is told: %+v", p)
	}
	judge("blocked", http.StatusNoContent)
	if ada.do(http.MethodGet, "/me/person", nil, http.StatusOK, &p); p.Followers != 0 {
		t.Errorf("%+v", p)
	}
	ada.refused(http.MethodPut, "/me/person/followers", map[string]any{"actor": "https://far.example/bo", "state": "follows"}, http.StatusUnprocessableEntity) // nobody is made to follow
	judge("none", http.StatusNoContent)
	ada.refused(http.MethodPut, "/me/person/followers", map[string]any{"actor": "https://far.example/nobody", "state": "blocked"}, http.StatusNotFound)
	read.refused(http.MethodDelete, "/me/person", nil, http.StatusForbidden) // that is not for programs
	ada.do(http.MethodDelete, "/me/person", nil, http.StatusNoContent, nil)
	ada.refused(http.MethodGet, "/people/wren", nil, http.StatusNotFound)
	ada.refused(http.MethodPut, "/me/person", map[string]any{"handle": "wren"}, http.StatusConflict)
}

// person has somebody elsewhere have to do with a person.
func (h *house) person(p id.Person, actor string, state social.FollowState) {
	h.t.Helper()
	if err := h.db.SocialUpdate(h.t.Context(), func(tx social.Tx) error {
		if err := tx.PutActor(h.t.Context(), social.Actor{ID: actor, Host: "far.example", Kind: "Person", Handle: "bo", Name: "Bo", Inbox: actor + "/inbox", Fetched: tx.Now()}); err != nil {
			return err
		}
		return tx.PutFan(h.t.Context(), social.Fan{Person: p, Actor: actor, State: state, Activity: actor + "/1", Since: tx.Now()})
	}); err != nil {
		h.t.Fatal(err)
	}
}
