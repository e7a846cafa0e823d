package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// An act's people list its followers elsewhere, remove and block them.
func TestActFollowers(t *testing.T) {
	h := newHouse(t)
	act, _, _ := h.public("tide", 1)
	const bo = "https://far.example/bo"
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutActor(t.Context(), social.Actor{ID: bo, Host: "far.example", Kind: "Person", Handle: "bo", Name: "Bo", Inbox: bo + "/inbox"}); err != nil {
			return err
		}
		_, err := social.Follow(t.Context(), tx, act, bo, bo+"/1")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	in := h.signUp("ada")
	if err := h.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, in.Principal.Account, music.Editor) }); err != nil {
		t.Fatal(err)
	}
	owner, other := h.program(in, account.ScopeStudio), h.program(h.signUp("eve"), account.ScopeStudio)
	at := "/studio/acts/" + string(act) + "/followers"
	listed := func(state string, want int) {
		t.Helper()
		var list api.Page[api.PersonFollower]
		if owner.do(http.MethodGet, at+"?state="+state, nil, http.StatusOK, &list); len(list.Rows) != want || want > 0 && list.Rows[0].Handle != "bo@far.example" {
			t.Errorf("%s: %+v", state, list)
		}
	}
	listed("follows", 1)
	other.refused(http.MethodGet, at, nil, http.StatusForbidden)
	other.refused(http.MethodPut, at, map[string]any{"actor": bo, "state": "blocked"}, http.StatusForbidden)
	owner.do(http.MethodPut, at, map[string]any{"actor": "bo@far.example", "state": "blocked"}, http.StatusNoContent, nil)
	listed("follows", 0)
	listed("blocked", 1)
	owner.do(http.MethodPut, at, map[string]any{"actor": bo, "state": "none"}, http.StatusNoContent, nil)
	listed("blocked", 0)
	owner.refused(http.MethodPut, at, map[string]any{"actor": "nobody@far.example", "state": "blocked"}, http.StatusNotFound)
}
