package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
)

// checkLetters asks for what letters do, and invites.
func (h *house) checkLetters(root, ada caller) {
	h.t.Helper()
	h.guest().do(http.MethodPost, "/password/letter", map[string]any{"login": "nobody"}, http.StatusAccepted, nil)
	h.guest().refused(http.MethodPost, "/me/address", map[string]any{"token": "made up"}, http.StatusForbidden)
	h.written("ada", "ada@example.org")
	ada.do(http.MethodPost, "/me/address/letter", nil, http.StatusAccepted, nil) // and voids the link of the one before
	h.guest().do(http.MethodPost, "/me/address", map[string]any{"token": h.written("ada", "ada@example.org")}, http.StatusNoContent, nil)
	var me struct {
		Email     string `json:"email"`
		Confirmed bool   `json:"email_confirmed"`
	}
	if ada.do(http.MethodGet, "/me", nil, http.StatusOK, &me); me.Email != "ada@example.org" || !me.Confirmed {
		h.t.Errorf("%+v", me)
	}
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

// written is the secret of the link in a letter that asks an account whether
// an address is theirs.
func (h *house) written(handle, email string) string {
	h.t.Helper()
	secret := id.Random16()
	raw := bytes.Repeat(secret[:], 2) // each letter has its own
	hash := sha256.Sum256(raw)
	ctx := h.t.Context()
	err := h.db.AccountUpdate(ctx, func(tx account.Tx) error {
		a, err := tx.ByHandle(ctx, handle)
		return errors.Join(err, tx.SetPending(ctx, a.ID, email), tx.InsertLink(ctx, hash[:], a.ID, "confirm", email, tx.Now().Add(time.Hour)))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
