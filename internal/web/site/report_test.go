package site_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A listener reports a comment from elsewhere without scripts; a moderator reads
// it, tells its server, deletes the comment and closes the report.
func TestReportsOnThePage(t *testing.T) {
	s := newShop(t)
	var told []string
	s.reports.Flag = func(_ context.Context, _ social.Tx, to social.Actor, _ []string, words string) error {
		told = append(told, to.ID, words)
		return nil
	}
	r, _ := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One")
	bo, path := s.elsewhere("bo"), "/release/"+string(r.ID)
	s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		_, err := social.Say(t.Context(), tx, social.Comment{Thing: social.Thing{Release: r.ID}, Author: social.Author{Actor: bo, Host: "far.example"}, IRI: bo + "/1", HTML: "<p>rude &lt;words&gt;</p>", Position: -1})
		return err
	}))
	guest, jo := s.browser(account.SignedIn{}), s.browser(s.person("jo"))
	guest.lacks(path, "/report?")
	jo.has(path, "/report?id="+string(r.ID)+"&amp;kind=release", "Report this release")
	jo.has("/act/firn", "Report this act")
	page := jo.page(path)
	_, comment, ok := strings.Cut(page, `<li id="c-`)
	if comment, _, _ = strings.Cut(comment, `"`); !ok || !strings.Contains(page, "/report?id="+comment+"&amp;kind=comment") {
		t.Fatalf("the comment %q cannot be reported", comment)
	}
	form := "/report?kind=comment&id=" + comment
	jo.has(form, "@bo@far.example", "rude &lt;words&gt;", "Tell far.example too.")
	jo.german().has(form, "Was nicht stimmt", "Auch far.example Bescheid geben.")
	if code, _, _ := jo.do("POST", "/report", url.Values{"kind": {"comment"}, "id": {comment}, "text": {" "}}); code != 422 {
		t.Errorf("nothing said: %d", code)
	}
	if code, _, _ := guest.do("GET", form, nil); code != 401 {
		t.Errorf("a guest: %d", code)
	}
	if at := jo.send("/report", url.Values{"kind": {"comment"}, "id": {comment}, "text": {"It is rude."}}); at != path+"#c-"+comment {
		t.Errorf("leads to %s", at)
	}
	if code, _, _ := jo.do("GET", "/operator/reports", nil); code != 403 {
		t.Errorf("a listener reads reports: %d", code)
	}
	boss, err := s.accounts.SignIn(t.Context(), "grace", secret, account.Client{})
	s.ok(err)
	mod := s.browser(boss)
	mod.has("/operator/reports", "@bo@far.example", "It is rude.", "@jo")
	mod.german().has("/operator/reports", "Meldungen", "Ansehen")
	_, one, _ := strings.Cut(mod.page("/operator/reports"), `href="/operator/reports/`)
	one = "/operator/reports/" + one[:26]
	mod.has(one, "It is rude.", "rude &lt;words&gt;", "Tell its server", "Close the report")
	mod.send(one, url.Values{"do": {"forward"}, "text": {"Please look."}})
	mod.has(one, "Its server was told on")
	if len(told) != 2 || told[0] != bo || told[1] != "Please look." {
		t.Errorf("told: %q", told)
	}
	mod.send(one, url.Values{"do": {"silence"}, "actor": {bo}, "host": {"far.example"}})
	jo.lacks(path, "rude")
	mod.send("/operator/federation/rules", url.Values{"do": {"allow"}, "host": {"bo@far.example"}})
	jo.has(path, "rude")
	mod.send(one, url.Values{"do": {"hide"}, "comment": {comment}})
	jo.lacks(path, "rude")
	mod.send(one, url.Values{"do": {"delete"}, "comment": {comment}})
	mod.send(one, url.Values{"do": {"close"}, "note": {"Deleted."}})
	mod.has("/operator/reports", "Nothing is reported.")
	mod.has("/operator/reports?closed=1", "It is rude.", "closed by @grace", "Deleted.")
	mod.send(one, url.Values{"do": {"reopen"}})
	mod.has("/operator/reports", "It is rude.")
	if code, _, _ := mod.do("POST", one, url.Values{"do": {"dance"}}); code != 422 {
		t.Errorf("dance: %d", code)
	}
}

// A listener who is seen, a playlist and a live event say to who is signed in where they are
// reported, not to whose they are; a moderator is led to them.
func TestWhatElseIsReported(t *testing.T) {
	s := newShop(t)
	jo, bo, guest := s.browser(s.person("jo")), s.browser(s.person("bo")), s.browser(account.SignedIn{})
	jo.sends(http.StatusSeeOther, "/account/person", "handle", "wren", "name", "Wren", "about", "Birds & bells")
	list := jo.sends(http.StatusSeeOther, "/playlists", "title", "Late trains")
	jo.sends(http.StatusSeeOther, list, "title", "Late trains", "access", "unlisted")
	act := s.act("Firn")
	l := social.Live{ID: id.New[id.Live](s.now), Act: act.ID, Title: "Ebb, live", Link: "https://tube.example/", Starts: s.now, Ends: s.now.Add(time.Hour), Published: s.now, Updated: s.now}
	s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutLive(t.Context(), l) }))
	boss, err := s.accounts.SignIn(t.Context(), "grace", secret, account.Client{})
	s.ok(err)
	mod := s.browser(boss)
	for _, x := range []struct{ page, kind, what, link string }{
		{"/person/wren", "person", "Listener", "Report this listener"},
		{list, "playlist", "Playlist", "Report this playlist"},
		{"/act/firn", "live", "Live event", "Report"},
	} {
		s.now = s.now.Add(time.Second)
		guest.lacks(x.page, "/report?")
		bo.has(x.page, x.link)
		at := regexp.MustCompile(`/report\?id=([0-9A-Z]+)&amp;kind=` + x.kind).FindStringSubmatch(bo.page(x.page))
		if at == nil {
			t.Errorf("%s says nowhere how it is reported", x.page)
			continue
		}
		page, _, _ := strings.Cut(bo.send("/report", url.Values{"kind": {x.kind}, "id": {at[1]}, "text": {"It is rude."}}), "#")
		if page != x.page {
			t.Errorf("%s leads to %s", x.page, page)
		}
		_, one, _ := strings.Cut(mod.page("/operator/reports"), `href="/operator/reports/`)
		mod.has("/operator/reports/"+one[:26], x.what+`: <a class="link" href="`+x.page)
	}
	jo.lacks("/person/wren", "/report?")
	jo.lacks(list, "/report?")
}
