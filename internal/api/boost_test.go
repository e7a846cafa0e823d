package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
)

// Only who is seen elsewhere shares, what is there, and not without end.
func TestBoosts(t *testing.T) {
	h := newHouse(t)
	_, release, tracks := h.public("tide", 31)
	ada := h.program(h.signUp("ada"), account.ScopeRead, account.ScopeLibrary)
	ada.refused(http.MethodGet, "/boosts", nil, http.StatusNotFound)
	ada.refused(http.MethodPut, "/boosts/"+string(tracks[0]), nil, http.StatusConflict)
	ada.do(http.MethodPut, "/me/person", map[string]any{"handle": "wren"}, http.StatusOK, nil)
	ada.refused(http.MethodPut, "/boosts/"+string(release), nil, http.StatusNotFound)
	ada.do(http.MethodPut, "/boosts/releases/"+string(release), nil, http.StatusNoContent, nil)
	for _, tr := range tracks[:29] {
		ada.do(http.MethodPut, "/boosts/"+string(tr), nil, http.StatusNoContent, nil)
	}
	ada.refused(http.MethodPut, "/boosts/"+string(tracks[29]), nil, http.StatusTooManyRequests)
	var list []api.Boost
	if ada.do(http.MethodGet, "/boosts", nil, http.StatusOK, &list); len(list) != 30 || list[0].Release != release {
		t.Errorf("%+v", list)
	}
	var page api.Page[api.News]
	guest := h.program(h.signUp("bo"), account.ScopeRead)
	if guest.do(http.MethodGet, "/people/wren/boosts?limit=29", nil, http.StatusOK, &page); len(page.Rows) != 29 || page.Next == "" || page.Rows[28].Release.ID != release || page.Rows[28].Title == "" || page.Rows[28].Shared != nil {
		t.Errorf("%+v", page)
	}
	next := page.Next
	page = api.Page[api.News]{}
	if guest.do(http.MethodGet, "/people/wren/boosts?limit=29&after="+next, nil, http.StatusOK, &page); len(page.Rows) != 1 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	guest.refused(http.MethodGet, "/people/nobody/boosts", nil, http.StatusNotFound)
	ada.do(http.MethodDelete, "/boosts/releases/"+string(release), nil, http.StatusNoContent, nil)
	h.exec("update release set state = 'draft'")
	ada.do(http.MethodDelete, "/boosts/"+string(tracks[0]), nil, http.StatusNoContent, nil) // what is gone is taken back
	if ada.do(http.MethodGet, "/boosts", nil, http.StatusOK, &list); len(list) != 28 {
		t.Errorf("%d", len(list))
	}
}
