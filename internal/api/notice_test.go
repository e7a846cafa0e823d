package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// Programs read what somebody was told page by page, mark it, and choose.
func TestNotifications(t *testing.T) {
	h := newHouse(t)
	in := h.signUp("ada")
	ada := h.browser(in)
	for _, p := range []calendar.Period{202609, 202610, 202611} {
		err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.Tell(t.Context(), notice.Cause{Kind: notice.Receipt, Account: in.Account, Period: p})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	type page struct {
		Rows []struct {
			Name, Kind, Period string
			Read               bool
			At                 int64 `json:"at_ms"`
		}
		Next   string
		Unread int
	}
	read := func(query string) (p page) {
		t.Helper()
		ada.do(http.MethodGet, "/notifications"+query, nil, http.StatusOK, &p)
		return p
	}
	p := read("?limit=2")
	if len(p.Rows) != 2 || p.Rows[0].Period != "2026-11" || p.Rows[0].Kind != "receipt" || p.Next == "" || p.Unread != 3 {
		t.Fatalf("%+v", p)
	}
	if rest := read("?after=" + p.Next); len(rest.Rows) != 1 || rest.Rows[0].Period != "2026-09" || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
	ada.refused(http.MethodGet, "/notifications?after=x", nil, http.StatusUnprocessableEntity)
	ada.do(http.MethodPost, "/notifications/read", map[string]any{"name": p.Rows[1].Name}, http.StatusNoContent, nil)
	if p = read(""); p.Unread != 2 || !p.Rows[1].Read {
		t.Errorf("%+v", p)
	}
	ada.do(http.MethodPost, "/notifications/read", map[string]any{"until_ms": p.Rows[0].At - 1}, http.StatusNoContent, nil)
	if p = read(""); p.Unread != 2 {
		t.Errorf("what came later is read: %+v", p)
	}
	ada.do(http.MethodPost, "/notifications/read", map[string]any{}, http.StatusNoContent, nil)
	if p = read(""); p.Unread != 0 {
		t.Errorf("%+v", p)
	}
	ada.do(http.MethodPut, "/notifications/choices", []map[string]any{{"kind": "receipt", "way": "none"}}, http.StatusNoContent, nil)
	var choices []struct{ Kind, Way string }
	ada.do(http.MethodGet, "/notifications/choices", nil, http.StatusOK, &choices)
	ways := map[string]string{}
	for _, c := range choices {
		ways[c.Kind] = c.Way
	}
	if len(ways) != 15 || ways["receipt"] != "none" || ways["unpaid"] != "day" {
		t.Errorf("%v", ways)
	}
	ada.refused(http.MethodPut, "/notifications/choices", []map[string]any{{"kind": "receipt", "way": "often"}}, http.StatusUnprocessableEntity)
}
