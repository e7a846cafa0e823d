package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/social"
)

// Two on one node work on a playlist that only its owner sees otherwise.
func TestCollaborators(t *testing.T) {
	h := newHouse(t)
	_, _, tracks := h.public("tide", 2)
	ada, bo := h.program(h.signUp("ada"), account.ScopeRead, account.ScopeLibrary), h.program(h.signUp("bo"), account.ScopeRead, account.ScopeLibrary)
	eve := h.program(h.signUp("eve"), account.ScopeRead, account.ScopeLibrary)
	var list api.PlaylistRow
	ada.do(http.MethodPost, "/playlists", map[string]any{"title": "Late trains", "tracks": tracks[:1]}, http.StatusCreated, &list)
	at := "/playlists/" + string(list.ID)
	bo.refused(http.MethodGet, at, nil, http.StatusNotFound)
	invite := func(who string, status int) {
		t.Helper()
		ada.do(http.MethodPost, at+"/collaborators", map[string]any{"handle": who}, status, nil)
	}
	invite("@nobody", http.StatusNotFound)
	invite("@bo@far.example", http.StatusNotFound) // it does not federate
	invite("ada", http.StatusConflict)
	bo.refused(http.MethodPost, at+"/collaborators", map[string]any{"handle": "@eve"}, http.StatusNotFound)
	invite("@Bo@"+nodeID, http.StatusNoContent)
	invite("bo", http.StatusNoContent)
	var told api.Page[api.Notice]
	if bo.do(http.MethodGet, "/notifications", nil, http.StatusOK, &told); len(told.Rows) != 1 || told.Rows[0].Kind != "invited" || told.Rows[0].Playlist != list.ID || told.Rows[0].Title != "Late trains" || len(told.Rows[0].Who) != 1 || told.Rows[0].Who[0] != "@ada" {
		t.Errorf("%+v", told.Rows)
	}
	var mine []api.Collaboration
	if bo.do(http.MethodGet, "/collaborations", nil, http.StatusOK, &mine); len(mine) != 1 || mine[0].State != "invited" || mine[0].Playlist.ID != list.ID || mine[0].Playlist.Owner == "" || mine[0].Host != "" {
		t.Fatalf("%+v", mine)
	}
	bo.do(http.MethodGet, at, nil, http.StatusOK, nil) // to see what one is invited to
	bo.refused(http.MethodPost, at+"/items", map[string]any{"tracks": tracks[1:]}, http.StatusNotFound)
	eve.refused(http.MethodPut, at+"/collaboration", map[string]any{"accept": true}, http.StatusNotFound)
	bo.do(http.MethodPut, at+"/collaboration", map[string]any{"accept": true}, http.StatusNoContent, nil)
	bo.refused(http.MethodPut, at+"/collaboration", map[string]any{"accept": false}, http.StatusNotFound) // it was answered
	bo.do(http.MethodPost, at+"/items", map[string]any{"tracks": tracks[1:]}, http.StatusNoContent, nil)
	var full api.PlaylistPage
	if ada.do(http.MethodGet, at, nil, http.StatusOK, &full); len(full.Items) != 2 || full.Items[1].Track.ID != tracks[1] {
		t.Fatalf("%+v", full.Items)
	}
	bo.do(http.MethodDelete, at+"/items/"+string(full.Items[0].ID), nil, http.StatusNoContent, nil)
	if ada.do(http.MethodGet, at, nil, http.StatusOK, &full); len(full.Items) != 1 || full.Items[0].Track.ID != tracks[1] {
		t.Errorf("%+v", full.Items)
	}
	bo.refused(http.MethodPatch, at, map[string]any{"title": "Mine"}, http.StatusNotFound) // what it says of itself is its owner's
	bo.refused(http.MethodDelete, at, nil, http.StatusNotFound)
	eve.refused(http.MethodGet, at+"/collaborators", nil, http.StatusNotFound)
	eve.refused(http.MethodPost, at+"/items", map[string]any{"tracks": tracks[1:]}, http.StatusNotFound)
	var who []api.Collaborator
	for _, by := range []caller{ada, bo} {
		if by.do(http.MethodGet, at+"/collaborators", nil, http.StatusOK, &who); len(who) != 1 || who[0].Handle != "@bo" || who[0].State != "works" {
			t.Errorf("%+v", who)
		}
	}
	end := at + "/collaborators?who=" + url.QueryEscape(who[0].Who)
	bo.refused(http.MethodDelete, end, nil, http.StatusNotFound)
	bo.do(http.MethodDelete, at+"/collaboration", nil, http.StatusNoContent, nil)
	bo.refused(http.MethodGet, at, nil, http.StatusNotFound)
	ada.refused(http.MethodDelete, end, nil, http.StatusNotFound)
	invite("bo", http.StatusNoContent)
	bo.do(http.MethodPut, at+"/collaboration", map[string]any{"accept": true}, http.StatusNoContent, nil)
	ada.do(http.MethodDelete, end, nil, http.StatusNoContent, nil)
	bo.refused(http.MethodPost, at+"/items", map[string]any{"tracks": tracks[:1]}, http.StatusNotFound)
	invite("bo", http.StatusNoContent)
	ada.do(http.MethodDelete, at, nil, http.StatusNoContent, nil)
	if bo.do(http.MethodGet, "/collaborations", nil, http.StatusOK, &mine); len(mine) != 0 {
		t.Errorf("of one that is deleted: %+v", mine)
	}
}

// On a playlist work fifty, and another once one has left.
func TestMostCollaborators(t *testing.T) {
	h := newHouse(t)
	ada := h.program(h.signUp("ada"), account.ScopeRead, account.ScopeLibrary)
	h.signUp("bo")
	var list api.PlaylistRow
	ada.do(http.MethodPost, "/playlists", map[string]any{"title": "Late trains"}, http.StatusCreated, &list)
	at := "/playlists/" + string(list.ID) + "/collaborators"
	who := func(i int) string { return fmt.Sprintf("https://far.example/users/%d", i) }
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for i := range social.MostCollaborators {
			if err := tx.PutActor(t.Context(), social.Actor{ID: who(i), Host: "far.example", Handle: fmt.Sprint("u", i), Kind: "Person", Inbox: who(i) + "/inbox", Fetched: tx.Now()}); err != nil {
				return err
			}
			if err := tx.PutCollaborator(t.Context(), &social.Collaborator{Playlist: list.ID, Who: who(i), Kind: social.KindActor, State: social.Works, Since: tx.Now()}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ada.refused(http.MethodPost, at, map[string]any{"handle": "bo"}, http.StatusConflict)
	ada.do(http.MethodDelete, at+"?who="+url.QueryEscape(who(7)), nil, http.StatusNoContent, nil)
	ada.do(http.MethodPost, at, map[string]any{"handle": "bo"}, http.StatusNoContent, nil)
}
