package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// An event is announced, found, joined, ended and taken back.
func TestStreams(t *testing.T) {
	h := newHouse(t)
	root, ada := h.browser(h.root), h.program(h.signUp("ada"), account.ScopeRead, account.ScopeLibrary, account.ScopeListen, account.ScopeStudio)
	act, _, _ := h.public("shore", 1)
	said := func(starts time.Duration) map[string]any {
		return map[string]any{"act": act, "title": "Ebb, live", "link": "https://tube.example/", "starts": h.api.Now().Add(starts).UTC().Format(time.RFC3339), "ends": h.api.Now().Add(starts + 2*time.Hour).UTC().Format(time.RFC3339)}
	}
	ada.refused(http.MethodPost, "/streams", said(time.Hour), http.StatusForbidden)
	root.refused(http.MethodPost, "/streams", said(2*8766*time.Hour), http.StatusUnprocessableEntity)
	var later, now, got api.Stream
	root.do(http.MethodPost, "/streams", said(time.Hour), http.StatusCreated, &later)
	root.do(http.MethodPost, "/streams", said(-time.Hour), http.StatusCreated, &now)
	if later.On || !now.On || now.Act != "shore" || now.ActName == "" {
		t.Errorf("%+v, %+v", later, now)
	}
	var list []api.Stream
	if ada.do(http.MethodGet, "/acts/shore/streams", nil, http.StatusOK, &list); len(list) != 2 || list[0].ID != now.ID {
		t.Errorf("%+v", list)
	}
	ada.do(http.MethodPut, "/follows/"+string(act), nil, http.StatusNoContent, nil)
	if ada.do(http.MethodGet, "/streams", nil, http.StatusOK, &list); len(list) != 2 {
		t.Errorf("%+v", list)
	}
	at := "/streams/" + string(now.ID)
	if ada.do(http.MethodPost, at+"/audience", nil, http.StatusOK, &got); got.Audience != 0 {
		t.Errorf("who is alone there is told: %+v", got)
	}
	ada.refused(http.MethodPost, "/streams/"+string(later.ID)+"/audience", nil, http.StatusConflict)
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return tx.PutAudience(t.Context(), now.ID, "shore.example", 6, h.api.Now().Add(time.Minute))
	}); err != nil {
		t.Fatal(err)
	}
	if ada.do(http.MethodGet, at, nil, http.StatusOK, &got); got.Audience != 7 {
		t.Errorf("%+v", got)
	}
	ada.refused(http.MethodPost, at+"/end", nil, http.StatusForbidden)
	if root.do(http.MethodPost, at+"/end", nil, http.StatusOK, &got); got.On {
		t.Errorf("%+v", got)
	}
	ada.refused(http.MethodDelete, "/streams/"+string(later.ID), nil, http.StatusForbidden)
	root.do(http.MethodDelete, "/streams/"+string(later.ID), nil, http.StatusNoContent, nil)
	ada.refused(http.MethodGet, "/streams/"+string(later.ID), nil, http.StatusNotFound)
	if ada.do(http.MethodGet, "/acts/shore/streams", nil, http.StatusOK, &list); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	h.streamsElsewhere(t, ada)
}

// streamsElsewhere looks at those of an act of another server.
func (h *house) streamsElsewhere(t *testing.T, p caller) {
	t.Helper()
	server := fedtest.NewServer(t)
	tide := server.Actor("tide")
	tide.Plays("tide", "Tide", "Ebb")
	h.api.Elsewhere = fedtest.NewNode(t, server).Desk(h.db, form.Site{Origin: "https://" + nodeID})
	p.do(http.MethodGet, "/elsewhere?who=@tide@"+server.Host(), nil, http.StatusOK, nil)
	l := social.Live{ID: id.New[id.Live](h.api.Now()), IRI: tide.ID + "/live/1", Actor: tide.ID, Title: "Flood", Link: "https://tube.example/", Starts: h.api.Now(), Ends: h.api.Now().Add(time.Hour), Published: h.api.Now(), Updated: h.api.Now()}
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutLive(t.Context(), l) }); err != nil {
		t.Fatal(err)
	}
	var list []api.Stream
	at := "/elsewhere/acts/tide@" + server.Host() + "/streams"
	if p.do(http.MethodGet, at, nil, http.StatusOK, &list); len(list) != 1 || list[0].Title != "Flood" || list[0].Act != "tide@"+server.Host() {
		t.Errorf("%+v", list)
	}
	h.browser(h.root).do(http.MethodDelete, "/streams/"+string(l.ID), nil, http.StatusNoContent, nil) // by a moderator
	p.refused(http.MethodGet, "/streams/"+string(l.ID), nil, http.StatusNotFound)
}
