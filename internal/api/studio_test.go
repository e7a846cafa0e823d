package api_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

type studioRow struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	State   string `json:"state"`
	Role    string `json:"role"`
	Preview string `json:"preview"`
	Reason  string `json:"reason"`
	Version int64  `json:"version"`
}

// artist is somebody with a studio.
func (h *house) artist(handle string) caller {
	h.t.Helper()
	in := h.signUp(handle)
	h.exec("update account set role = 'artist' where handle = $1", handle)
	return h.browser(in)
}

func (c caller) makes(handle string) (act studioRow) {
	c.h.t.Helper()
	c.do(http.MethodPost, "/studio/acts", map[string]any{"handle": handle, "name": handle}, http.StatusCreated, &act)
	return act
}

func TestFromDraftToPublic(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.artist("ada"), h.artist("bob")
	h.browser(h.signUp("cy")).refused(http.MethodPost, "/studio/acts", map[string]any{"name": "Cy"}, http.StatusForbidden)
	act := ada.makes("tide")
	ada.refused(http.MethodPost, "/studio/acts", map[string]any{"handle": "tide", "name": "Other"}, http.StatusConflict)
	bob.refused(http.MethodPatch, "/studio/acts/"+act.ID, map[string]any{"name": "Bob"}, http.StatusForbidden)
	ada.do(http.MethodPatch, "/studio/acts/"+act.ID, map[string]any{"bio": "From the coast.", "links": []any{map[string]any{"label": "Site", "url": "https://tide.example"}}}, http.StatusOK, nil)
	var own []studioRow
	if ada.do(http.MethodGet, "/studio/acts", nil, http.StatusOK, &own); len(own) != 1 || own[0].Role != "owner" {
		t.Errorf("%+v", own)
	}

	var rel studioRow
	ada.do(http.MethodPost, "/studio/acts/"+act.ID+"/releases", map[string]any{"title": "Ebb", "licence": "cc-by"}, http.StatusCreated, &rel)
	at, open := "/studio/releases/"+rel.ID, "/releases/"+rel.ID
	ada.refused(http.MethodPatch, at, map[string]any{"kind": "cassette"}, http.StatusUnprocessableEntity)
	ada.do(http.MethodPatch, at, map[string]any{"kind": "ep", "tags": []string{"Drone"}}, http.StatusOK, nil)
	ada.refused(http.MethodPost, at+"/publish", nil, http.StatusUnprocessableEntity)
	tracks := h.ready(id.Release(rel.ID), 2)
	bob.refused(http.MethodGet, open, nil, http.StatusNotFound)
	var full struct {
		Release studioRow
		Tracks  []studioRow
	}
	if ada.do(http.MethodGet, open, nil, http.StatusOK, &full); full.Release.State != "draft" || len(full.Tracks) != 2 {
		t.Errorf("%+v", full)
	}

	var mine struct {
		Rows []studioRow
		Next string
	}
	if ada.do(http.MethodGet, "/studio/acts/"+act.ID+"/releases", nil, http.StatusOK, &mine); len(mine.Rows) != 1 || mine.Rows[0].State != "draft" || mine.Next != "" {
		t.Errorf("%+v", mine)
	}
	bob.refused(http.MethodGet, "/studio/acts/"+act.ID+"/releases", nil, http.StatusForbidden)
	ada.do(http.MethodGet, at+"/uploads", nil, http.StatusOK, nil)
	ada.do(http.MethodPatch, at+"/tracks", map[string]any{"explicit": true}, http.StatusOK, nil)
	if ada.do(http.MethodGet, "/tracks/"+string(tracks[0]), nil, http.StatusOK, &full); full.Release.ID != rel.ID {
		t.Errorf("%+v", full)
	}

	ada.do(http.MethodPut, at+"/preview", nil, http.StatusOK, &rel)
	h.guest().do(http.MethodGet, open+"?preview="+rel.Preview, nil, http.StatusOK, nil)
	ada.do(http.MethodDelete, at+"/preview", nil, http.StatusNoContent, nil)
	h.guest().refused(http.MethodGet, open+"?preview="+rel.Preview, nil, http.StatusNotFound)

	ada.do(http.MethodPut, at+"/order", map[string]any{"tracks": []id.Track{tracks[1], tracks[0]}}, http.StatusOK, nil)
	ada.refused(http.MethodPut, at+"/order", map[string]any{"tracks": tracks[:1]}, http.StatusConflict)
	ada.do(http.MethodPatch, "/studio/tracks/"+string(tracks[1]), map[string]any{"title": "Low", "isrc": "DE-A12-26-00001"}, http.StatusOK, nil)
	ada.refused(http.MethodPatch, "/studio/tracks/"+string(tracks[1]), map[string]any{"isrc": "12"}, http.StatusUnprocessableEntity)
	ada.do(http.MethodPost, at+"/schedule", map[string]any{"at": "2026-12-01T18:00", "zone": "Europe/Berlin"}, http.StatusOK, &rel)
	if rel.State != "scheduled" {
		t.Errorf("%+v", rel)
	}
	ada.do(http.MethodPost, at+"/withdraw", nil, http.StatusOK, nil)
	bob.refused(http.MethodPost, at+"/publish", nil, http.StatusNotFound)
	ada.do(http.MethodPost, at+"/publish", nil, http.StatusOK, nil)
	if h.guest().do(http.MethodGet, open, nil, http.StatusOK, &full); full.Release.State != "published" || full.Tracks[0].Title != "Low" {
		t.Errorf("%+v", full)
	}
	ada.refused(http.MethodDelete, at, nil, http.StatusConflict)
	ada.do(http.MethodDelete, "/studio/tracks/"+string(tracks[0]), nil, http.StatusNoContent, nil)
	if h.guest().do(http.MethodGet, open, nil, http.StatusOK, &full); len(full.Tracks) != 1 {
		t.Errorf("%+v", full)
	}
	ada.do(http.MethodPost, "/studio/acts/"+act.ID+"/releases", map[string]any{"title": "Never"}, http.StatusCreated, &rel)
	ada.do(http.MethodDelete, "/studio/releases/"+rel.ID, nil, http.StatusNoContent, nil)
}

// Money of a track goes to another act only when that act agrees.
func TestCreditSheets(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.artist("ada"), h.artist("bob")
	tide, moss := ada.makes("tide"), bob.makes("moss")
	var rel studioRow
	ada.do(http.MethodPost, "/studio/acts/"+tide.ID+"/releases", map[string]any{"title": "Ebb"}, http.StatusCreated, &rel)
	track := h.ready(id.Release(rel.ID), 1)[0]
	shares := func(a, b int) map[string]any {
		return map[string]any{"tracks": []id.Track{track}, "shares": []any{map[string]any{"act": tide.ID, "bps": a}, map[string]any{"act": moss.ID, "bps": b}}}
	}
	ada.refused(http.MethodPost, "/studio/sheets", shares(7000, 2000), http.StatusUnprocessableEntity)
	var sheets []studioRow
	ada.do(http.MethodPost, "/studio/sheets", shares(7000, 3000), http.StatusCreated, &sheets)
	if len(sheets) != 1 || sheets[0].State != "waiting" {
		t.Fatalf("%+v", sheets)
	}
	ada.refused(http.MethodGet, "/studio/acts/"+moss.ID+"/sheets", nil, http.StatusForbidden)
	bob.do(http.MethodGet, "/studio/acts/"+moss.ID+"/sheets", nil, http.StatusOK, &sheets)
	if len(sheets) != 1 || sheets[0].Version != 2 {
		t.Fatalf("%+v", sheets)
	}
	answer := "/studio/tracks/" + string(track) + "/sheets/2/acts/" + moss.ID
	ada.refused(http.MethodPut, answer, map[string]any{"agree": true}, http.StatusForbidden)
	bob.do(http.MethodPut, answer, map[string]any{"agree": true}, http.StatusOK, nil)
	ada.do(http.MethodGet, "/studio/tracks/"+string(track)+"/sheets", nil, http.StatusOK, &sheets)
	if len(sheets) != 2 || sheets[0].State != "in_force" || sheets[1].State != "replaced" {
		t.Errorf("%+v", sheets)
	}
}

func TestPeopleAndWalletsOfAnAct(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.artist("ada"), h.artist("bob")
	act := "/studio/acts/" + ada.makes("tide").ID
	bob.refused(http.MethodGet, act+"/people", nil, http.StatusForbidden)
	ada.do(http.MethodPut, act+"/people/bob", map[string]any{"role": "editor"}, http.StatusNoContent, nil)
	var people []struct{ Handle, Role string }
	if bob.do(http.MethodGet, act+"/people", nil, http.StatusOK, &people); len(people) != 2 {
		t.Errorf("%+v", people)
	}
	bob.refused(http.MethodGet, act+"/wallets", nil, http.StatusForbidden)
	ada.refused(http.MethodDelete, act+"/people/ada", nil, http.StatusConflict)
	bob.do(http.MethodDelete, act+"/people/bob", nil, http.StatusNoContent, nil)
	line := map[string]any{"name": "Ada", "address": "0x00000000000000000000000000000000000000aa", "bps": 9_000}
	ada.refused(http.MethodPut, act+"/wallets", map[string]any{"wallets": []any{line}}, http.StatusUnprocessableEntity)
	line["bps"] = 10_000
	ada.do(http.MethodPut, act+"/wallets", map[string]any{"wallets": []any{line}}, http.StatusNoContent, nil)
	var wallets []struct{ Address string }
	if ada.do(http.MethodGet, act+"/wallets", nil, http.StatusOK, &wallets); len(wallets) != 1 {
		t.Errorf("%+v", wallets)
	}
}

func TestTakeDown(t *testing.T) {
	h := newHouse(t)
	_, release, _ := h.public("tide", 1)
	root, ada := h.browser(h.root), h.artist("ada")
	at, open := "/moderation/releases/"+string(release), "/releases/"+string(release)
	ada.refused(http.MethodPut, at, map[string]any{"reason": "No."}, http.StatusForbidden)
	ada.refused(http.MethodGet, "/moderation/releases", nil, http.StatusForbidden)
	root.refused(http.MethodPut, at, map[string]any{"reason": ""}, http.StatusUnprocessableEntity)
	root.do(http.MethodPut, at, map[string]any{"reason": "Somebody else's recording."}, http.StatusNoContent, nil)
	h.guest().refused(http.MethodGet, open, nil, http.StatusNotFound)
	var down struct{ Rows []studioRow }
	if root.do(http.MethodGet, "/moderation/releases", nil, http.StatusOK, &down); len(down.Rows) != 1 || down.Rows[0].Reason != "Somebody else's recording." {
		t.Errorf("%+v", down)
	}
	h.program(h.root, account.ScopeRead).refused(http.MethodDelete, at, nil, http.StatusForbidden)
	h.program(h.root, account.ScopeAdmin).do(http.MethodDelete, at, nil, http.StatusNoContent, nil)
	h.guest().do(http.MethodGet, open, nil, http.StatusOK, nil)
}

// A cover is a picture that the people of the act send.
func TestCovers(t *testing.T) {
	h := newHouse(t)
	h.api.Picture = func(_ context.Context, r io.Reader) (music.Cover, error) {
		b, err := io.ReadAll(r)
		if string(b) != "picture" {
			return music.Cover{}, fault.New(fault.Unsupported, "That is no picture.")
		}
		return music.Cover{ID: "c1", Light: "#111111", Dark: "#eeeeee"}, err
	}
	ada, bob := h.artist("ada"), h.artist("bob")
	act := ada.makes("tide")
	var rel studioRow
	ada.do(http.MethodPost, "/studio/acts/"+act.ID+"/releases", map[string]any{"title": "Ebb"}, http.StatusCreated, &rel)
	for _, path := range []string{"/studio/releases/" + rel.ID + "/cover", "/studio/acts/" + act.ID + "/cover"} {
		for _, tt := range []struct {
			who  caller
			body string
			want int
		}{{bob, "picture", 0}, {ada, "noise", http.StatusUnsupportedMediaType}, {ada, "picture", http.StatusOK}} {
			if code := tt.who.send(http.MethodPut, path, tt.body).code; code != tt.want && (tt.want != 0 || code < 400) {
				t.Errorf("%s with %q answers %d", path, tt.body, code)
			}
		}
	}
	var desks []struct {
		Act      struct{ ID string }
		Waiting  int
		Releases []struct {
			Release struct{ Cover struct{ ID string } }
			Ready   int
		}
	}
	h.ready(id.Release(rel.ID), 2)
	ada.do(http.MethodGet, "/studio/desks", nil, http.StatusOK, &desks)
	if len(desks) != 1 || desks[0].Releases[0].Release.Cover.ID != "c1" || desks[0].Releases[0].Ready != 2 {
		t.Errorf("%+v", desks)
	}
	ada.do(http.MethodDelete, "/studio/releases/"+rel.ID+"/cover", nil, http.StatusNoContent, nil)
	desks = nil
	ada.do(http.MethodGet, "/studio/desks", nil, http.StatusOK, &desks)
	if desks[0].Releases[0].Release.Cover.ID != "" {
		t.Errorf("%+v", desks)
	}
}
