package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A listener chooses to be seen elsewhere, lets somebody in, blocks them, and ends it.
func TestSeen(t *testing.T) {
	s := newShop(t)
	s.act("Firn")
	jo, guest := s.browser(s.person("jo")), s.browser(account.SignedIn{})
	jo.has("/account", `href="/account/person"`)
	jo.has("/account/person", "Nobody on another server learns that you are here", `name="handle"`)
	for handle, status := range map[string]int{"firn": http.StatusConflict, "fir-n": http.StatusConflict, "f\u0131rn": http.StatusUnprocessableEntity, "x": http.StatusUnprocessableEntity} {
		if body := jo.sends(status, "/account/person", "handle", handle); !strings.Contains(body, "e-handle-e") {
			t.Errorf("%q: %s", handle, sentence(body))
		}
	}
	jo.sends(http.StatusSeeOther, "/account/person", "handle", "wren", "name", "A <Wren>", "about", "Birds & bells", "approves", "yes")
	jo.has("/account/person", "@wren@", `value="A &lt;Wren&gt;"`, "Nobody yet.", `name="approves" value="yes" checked`)
	jo.lacks("/account/person", `name="handle"`)
	guest.has("/person/wren", "A &lt;Wren&gt;", "Birds &amp; bells", "@wren@")
	guest.lacks("/person/wren", "@jo")
	jo.lacks("/account/person", `name="listens" value="yes" checked`)
	jo.sends(http.StatusSeeOther, "/account/person", "name", "A <Wren>", "about", "Birds & bells", "approves", "yes", "listens", "yes")
	jo.has("/account/person", `name="listens" value="yes" checked`)
	r, _ := s.public(s.act("Loam").ID, music.Facts{Title: "Peat"}, "One")
	path := "/release/" + string(r.ID)
	jo.has(path, "It is shown here and on other servers as from @wren@")
	jo.send(path+"/comments", url.Values{"text": {"Roots"}})
	guest.has(path, "Roots", "@wren", `href="/person/wren"`)
	guest.lacks(path, "@jo", ">JO<")
	jo.has(path, `action="/boost"`, "Boost Peat")
	guest.lacks(path, `action="/boost"`)
	jo.send("/boost", url.Values{"kind": {"release"}, "id": {string(r.ID)}, "on": {"1"}, "back": {path}})
	jo.has(path, "Boosted")
	guest.lacks("/person/wren", "Peat") // they want to be asked who follows them
	jo.sends(http.StatusSeeOther, "/account/person", "name", "A <Wren>", "about", "Birds & bells")
	guest.has("/person/wren", ">Shared<", ">Peat<", `href="`+path+`"`)
	jo.send("/boost", url.Values{"kind": {"release"}, "id": {string(r.ID)}, "on": {"0"}, "back": {path}})
	guest.lacks("/person/wren", "Peat")
	jo.sends(http.StatusSeeOther, "/account/person", "name", "A <Wren>", "about", "Birds & bells", "approves", "yes")
	jo.lacks(path, "Boosted")
	bo := s.elsewhere("bo")
	s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		p, err := tx.PersonByHandle(t.Context(), "wren")
		if err != nil {
			return err
		}
		from, err := tx.Actor(t.Context(), bo)
		if err != nil {
			return err
		}
		_, err = social.FollowPerson(t.Context(), tx, &p, from, bo+"/1")
		return err
	}))
	jo.has("/notifications", "follows you on another server, or asks to")
	jo.has("/account/person", "They ask to follow you", "@bo@far.example")
	fan := func(do string) { jo.send("/account/person/followers", url.Values{"actor": {bo}, "do": {do}}) }
	fan("admit")
	jo.lacks("/account/person", "They ask to follow you", "Nobody yet.")
	fan("block")
	jo.has("/account/person", "You block them", "Nobody yet.")
	fan("remove")
	jo.lacks("/account/person", "You block them")
	jo.german().has("/account/person", "Auf anderen Servern sichtbar", "Noch niemand.")
	jo.sends(http.StatusUnprocessableEntity, "/account/person/end")
	jo.has("/account/person", "@wren@") // one click ends nothing
	jo.sends(http.StatusSeeOther, "/account/person/end", "sure", "1")
	jo.has("/account/person", `name="handle"`)
	guest.lacks(path, "Roots")
	if code, _, _ := guest.do(http.MethodGet, "/person/wren", nil); code != http.StatusNotFound {
		t.Errorf("who is gone is answered %d", code)
	}
	jo.sends(http.StatusConflict, "/account/person", "handle", "wren")
}
