package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// Without scripts: what happened is listed, counted in the head of every page, read
// one by one or all at once, and chosen.
func TestNotifications(t *testing.T) {
	s := newShop(t)
	act := s.act("Firn")
	r, _ := s.public(act.ID, music.Facts{Title: "Glacier & <ice>"}, "One")
	in, err := s.accounts.SignIn(t.Context(), "ada", secret, account.Client{})
	s.ok(err)
	ada, jo := s.browser(in), s.browser(s.person("jo"))
	ada.has("/notifications", "Nothing here", `<b data-unread></b>`)
	ada.lacks("/notifications", "Mark all as read")
	for _, name := range []string{"bo", "cy"} {
		actor := s.elsewhere(name)
		s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return social.React(t.Context(), tx, act.ID, social.Reacted{Actor: actor, Kind: social.Like, Thing: social.Thing{Release: r.ID}, Activity: actor + "/1"})
		}))
	}
	at := jo.send("/release/"+string(r.ID)+"/comments", url.Values{"text": {"What a turn"}})
	jo.send("/like", url.Values{"kind": {"release"}, "id": {string(r.ID)}, "on": {"1"}})
	ada.has("/browse", `<b data-unread>2</b>`, `data-unread="2"`)
	ada.has("/notifications", "3 people like Glacier &amp; &lt;ice&gt;", "@bo@far.example, @cy@far.example", "@jo commented on", "Not read:")
	ada.lacks("/notifications", "@jo, ", "@jo@")
	ada.german().has("/notifications", "3 Personen gefällt Glacier", "@jo hat Glacier", "Ungelesen:")
	jo.lacks("/notifications", "Glacier")

	open := first(t, ada.page("/notifications"), `href="(/notifications/open\?name=comment[^"]+)"`)
	code, _, h := ada.do("GET", strings.ReplaceAll(open, "&amp;", "&"), nil)
	if to := h.Get("Location"); code != 303 || to != at {
		t.Errorf("%d, %s, want %s", code, to, at)
	}
	if _, _, h = ada.do("GET", "/notifications/open?name=x&to=https://evil.example/", nil); h.Get("Location") != "/" {
		t.Errorf("it leads to %s", h.Get("Location"))
	}
	ada.has("/notifications", `<b data-unread>1</b>`)
	ada.send("/notifications/read", url.Values{"until": {first(t, ada.page("/notifications"), `name="until" value="(\d+)"`)}})
	ada.has("/notifications", `<b data-unread></b>`, "3 people like")
	ada.lacks("/notifications", "Not read:", "Mark all as read")
	if code, _, _ := s.browser(account.SignedIn{}).do("GET", "/notifications", nil); code != 401 {
		t.Errorf("a guest is answered %d", code)
	}
	s.choices(jo)
}

func (s *shop) choices(jo browser) {
	s.Helper()
	jo.has("/account/notifications", "no mail address", "New releases of acts you follow", `<option value="week" selected>`)
	jo.lacks("/account/notifications", "Comments on your music")
	jo.send("/account/notifications", url.Values{"release": {"day"}, "receipt": {"none"}})
	jo.sends(422, "/account/notifications", "release", "made up")
	jo.has("/account/notifications", `<option value="day" selected>`, `<option value="none" selected>`)
	// The link of a letter works signed out, for mail programs too, and only when asked.
	guest, path := s.browser(account.SignedIn{}), "/letters/stop?token="+string(jo.in.Account)
	guest.has(path, "No more letters", `action="`+path+`"`)
	jo.has("/account/notifications", `<option value="day" selected>`)
	if code, text, _ := guest.do("POST", path, url.Values{"List-Unsubscribe": {"One-Click"}}); code != 200 || !strings.Contains(text, "No more daily and weekly letters come") {
		s.Errorf("%d: %s", code, text)
	}
	jo.lacks("/account/notifications", `<option value="day" selected>`, `<option value="week" selected>`)
	guest.sends(403, "/letters/stop")
}

// Every kind has words and a place.
func TestEveryNoticeHasAPlace(t *testing.T) {
	s := newShop(t)
	act := s.act("Firn")
	r, _ := s.public(act.ID, music.Facts{Title: "Glacier"}, "One")
	jo := s.browser(s.person("jo"))
	kinds := map[notice.Kind]string{
		notice.Release: "/release/", notice.Comment: "#c-", notice.Answer: "#c-", notice.Earned: "/statement", notice.Owed: "#h-wal", notice.Receipt: "/receipts/2026-10", notice.Unpaid: "/subscription", notice.Ended: "/subscription",
	}
	for k := range kinds {
		s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.Tell(t.Context(), notice.Cause{Kind: k, Account: jo.in.Account, Act: act.ID, Release: r.ID, Comment: id.New[id.Comment](tx.Now()), Period: 202610})
		}))
	}
	page, err := url.QueryUnescape(jo.page("/notifications"))
	s.ok(err)
	for k, at := range kinds {
		if !strings.Contains(page, at) {
			t.Errorf("%s leads nowhere", k)
		}
	}
	for _, words := range []string{"Firn published Glacier", "Somebody commented on Glacier", "Somebody answered your comment", "Firn earned $0.00 in October 2026", "$0.00 of October 2026 wait", "Your receipt for October 2026", "not paid for October 2026", "has ended"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
}
