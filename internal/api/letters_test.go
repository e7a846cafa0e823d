package api_test

import (
	"net/http"
	"strings"
)

// checkLetters asks for what letters do, and invites.
func (h *house) checkLetters(root, ada caller) {
	h.t.Helper()
	h.guest().do(http.MethodPost, "/password/letter", map[string]any{"login": "nobody"}, http.StatusAccepted, nil)
	h.guest().refused(http.MethodPost, "/me/address", map[string]any{"token": "made up"}, http.StatusForbidden)
	ada.refused(http.MethodPost, "/invitations", map[string]any{"email": "bo@example.org"}, http.StatusForbidden)
	var made struct{ ID, Link, Email string }
	root.do(http.MethodPost, "/invitations", map[string]any{}, http.StatusCreated, &made)
	_, token, ok := strings.Cut(made.Link, "/signup?invitation=")
	if !ok || made.Email != "" {
		h.t.Errorf("%+v", made)
	}
	root.do(http.MethodPatch, "/settings", map[string]any{"open_signup": false, "open_invite": true}, http.StatusOK, nil)
	bo := map[string]any{"handle": "bo", "password": password}
	h.guest().refused(http.MethodPost, "/signup", bo, http.StatusForbidden)
	bo["invitation"] = token
	h.guest().do(http.MethodPost, "/signup", bo, http.StatusCreated, nil)
	ada.do(http.MethodPost, "/invitations", map[string]any{"email": "cy@example.org"}, http.StatusCreated, &made)
	var list []struct{ ID, Email, Link string }
	ada.do(http.MethodGet, "/invitations", nil, http.StatusOK, &list)
	if len(list) != 1 || list[0].Email != "cy@example.org" || list[0].Link != "" {
		h.t.Errorf("%+v", list)
	}
	ada.do(http.MethodDelete, "/invitations/"+list[0].ID, nil, http.StatusNoContent, nil)
	ada.refused(http.MethodDelete, "/invitations/"+list[0].ID, nil, http.StatusNotFound)
	root.do(http.MethodPatch, "/settings", map[string]any{"open_signup": true}, http.StatusOK, nil)
}
