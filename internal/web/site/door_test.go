package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// followed has somebody elsewhere follow an act, and a person where there is one.
func (s *shop) followed(act id.Act, handle, by string) {
	s.Helper()
	s.ok(s.db.SocialUpdate(s.Context(), func(tx social.Tx) error {
		if _, err := social.Follow(s.Context(), tx, act, by, by+"/1"); err != nil || handle == "" {
			return err
		}
		p, err := tx.PersonByHandle(s.Context(), handle)
		if err != nil {
			return err
		}
		from, err := tx.Actor(s.Context(), by)
		if err != nil {
			return err
		}
		_, err = social.FollowPerson(s.Context(), tx, &p, from, by+"/2")
		return err
	}))
}

// An act's people see who follows it elsewhere, page by page, remove and block them, also
// where somebody commented; others do not. A listener's own followers are paged, too.
func TestFollowersOfAnAct(t *testing.T) {
	s := newShop(t)
	a := s.act("Firn")
	r, _ := s.public(a.ID, music.Facts{Title: "Glacier"}, "One")
	jo, kim := s.artist("jo"), s.browser(s.person("kim"))
	s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), a.ID, jo.in.Principal.Account, music.Editor) }))
	at := "/studio/act/" + string(a.ID) + "/followers"
	jo.has("/studio/act/"+string(a.ID), `href="`+at+`"`)
	jo.has(at, "Nobody yet.")
	jo.sends(http.StatusSeeOther, "/account/person", "handle", "wren")
	for n := range 201 {
		s.followed(a.ID, "wren", s.elsewhere(fmt.Sprintf("fan%03d", n)))
	}
	for _, path := range []string{at, "/account/person"} {
		jo.has(path, "@fan199@far.example")
		jo.lacks(path, "@fan200@far.example")
		more := "?follows=" + url.QueryEscape("https://far.example/users/fan199")
		jo.has(path, `href="`+path+more+`"`)
		jo.has(path+more, "@fan200@far.example")
		jo.lacks(path+more, "@fan199@far.example")
	}
	fan := func(who, do string) { jo.send(at, url.Values{"actor": {who}, "do": {do}}) }
	fan("https://far.example/users/fan000", "remove")
	fan("@fan001@far.example", "block")
	jo.has(at, " blocks them<", "Unblock @fan001@far.example")
	jo.lacks(at, "@fan000@far.example", "Block @fan001@far.example")
	fan("https://far.example/users/fan001", "remove")
	jo.lacks(at, "@fan001@far.example")
	jo.german().has(at, "Wer auf anderen Servern folgt")

	bo := s.elsewhere("bo")
	s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		_, err := social.Say(t.Context(), tx, social.Comment{Thing: social.Thing{Release: r.ID}, Author: social.Author{Actor: bo, Host: "far.example"}, IRI: bo + "/note", HTML: "<p>Rude</p>"})
		return err
	}))
	path := "/release/" + string(r.ID)
	jo.has(path, "Block for the act", "Rude")
	kim.lacks(path, "Block for the act")
	kim.has(path, `action="/account/blocked"`, `value="`+bo+`"`)
	if code, _, to := jo.do(http.MethodPost, at, url.Values{"actor": {bo}, "do": {"block"}, "back": {path + "#comments"}}); code != http.StatusSeeOther {
		t.Errorf("%d %s", code, to)
	}
	jo.has(at, "Unblock @bo@far.example")
	jo.has(path, "Rude", "Unblock for the act")
	jo.lacks(path, "Block for the act")
	kim.lacks(path, "Unblock for the act")
	jo.do(http.MethodPost, at, url.Values{"actor": {bo}, "do": {"remove"}, "back": {path + "#comments"}})
	jo.has(path, "Block for the act")
	jo.lacks(at, "Unblock @bo@far.example")
	kim.send("/account/blocked", url.Values{"who": {bo}, "do": {"block"}, "back": {path}})
	kim.lacks(path, "Rude")
	if code, _, _ := kim.do(http.MethodPost, at, url.Values{"actor": {bo}, "do": {"remove"}}); code == http.StatusSeeOther {
		t.Error("a stranger decides")
	}
	if code, text, _ := jo.do(http.MethodPost, at, url.Values{"actor": {"@nobody@far.example"}, "do": {"block"}}); code != http.StatusNotFound || !strings.Contains(text, "Nobody here knows nobody@far.example yet") {
		t.Errorf("%d: %s", code, sentence(text))
	}
}
