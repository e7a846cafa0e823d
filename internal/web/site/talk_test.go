package site_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// elsewhere makes somebody on another server, by name.
func (s *shop) elsewhere(name string) string {
	s.Helper()
	at := "https://far.example/users/" + name
	s.ok(s.db.SocialUpdate(s.Context(), func(tx social.Tx) error {
		return tx.PutActor(s.Context(), social.Actor{ID: at, Host: "far.example", Kind: "Person", Handle: name, Name: "Somebody <" + name + ">", URL: "https://far.example/@" + name, Inbox: at + "/inbox", Fetched: tx.Now()})
	}))
	return at
}

func (s *shop) reacts(actor string, kind social.Reaction, r id.Release, t id.Track) {
	s.Helper()
	s.ok(s.db.SocialUpdate(s.Context(), func(tx social.Tx) error {
		_, err := tx.React(s.Context(), social.Reacted{Actor: actor, Kind: kind, Thing: social.Thing{Release: r, Track: t}, Activity: actor + "/1", At: tx.Now()})
		return err
	}))
}

func TestReactionsOnThePage(t *testing.T) {
	s := newShop(t)
	r, tracks := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One", "Two")
	guest, path := s.browser(account.SignedIn{}), "/release/"+string(r.ID)
	guest.lacks(path, "from other servers")
	bo, cy := s.elsewhere("bo"), s.elsewhere("cy")
	s.reacts(bo, social.Like, r.ID, "")
	s.reacts(cy, social.Like, r.ID, "")
	s.reacts(cy, social.Boost, r.ID, "")
	s.reacts(bo, social.Like, r.ID, tracks[1])
	guest.has(path, "2 likes, 1 boost from other servers", "<dd>1 like from other servers</dd>")
	guest.german().has(path, "Gefällt 2 Personen, einmal geteilt auf anderen Servern")
}

// A listener comments without scripts, at a place in a track; it is answered,
// hidden and deleted by whom that is given to.
func TestCommentsOnThePage(t *testing.T) {
	s := newShop(t)
	act := s.act("Firn")
	r, tracks := s.public(act.ID, music.Facts{Title: "Glacier"}, "One", "Two")
	path := "/release/" + string(r.ID)
	ada, err := s.accounts.SignIn(t.Context(), "ada", secret, account.Client{})
	s.ok(err)
	guest, jo, own := s.browser(account.SignedIn{}), s.browser(s.person("jo")), s.browser(ada)
	guest.has(path, "Nobody has said anything yet", "Sign in to comment")
	guest.lacks(path, `name="text"`)
	at := jo.send(path+"/comments", url.Values{"text": {"What a <turn>!\n\nAgain."}, "track": {string(tracks[1])}, "at": {"1:23"}})
	_, c, _ := strings.Cut(at, "#c-")
	guest.has(path, "<p>What a &lt;turn&gt;!</p><p>Again.</p>", "<strong>JO</strong>", "@jo", `data-seek="83"`, "JO at 1:23", `style="--at:33.8`)
	guest.lacks(path, `action="/comment/`)
	s.now = s.now.Add(time.Minute)
	own.has(path, `<option value="`+string(act.ID)+`">Firn</option><option value="">ADA</option>`)
	jo.lacks(path, `name="as"`)
	own.send(path+"/comments", url.Values{"text": {"Thank you."}, "parent": {c}, "as": {string(act.ID)}})
	guest.has(path, `href="/act/firn" rel="nofollow noreferrer" hx-boost="false"><strong>Firn</strong>`)
	text := guest.page(path)
	if i, j := strings.Index(text, "What a &lt;turn"), strings.Index(text, "Thank you."); i < 0 || j < i || !strings.Contains(text, `class="d1"`) {
		t.Error("the answer does not stand under what it answers")
	}
	guest.german().has(path, "Kommentare", "Anmelden, um zu kommentieren")
	for form, want := range map[string]int{"text=": 422, "text=x&at=soon": 422, "text=x&track=y": 404, "text=x&parent=y": 404, "text=" + strings.Repeat("x", 5_001): 413} {
		values, err := url.ParseQuery(form)
		s.ok(err)
		if code, _, _ := jo.do("POST", path+"/comments", values); code != want {
			t.Errorf("%.20s answers %d, not %d", form, code, want)
		}
	}
	code := func(b browser, do string) int {
		code, _, _ := b.do("POST", "/comment/"+c, url.Values{"do": {do}, "back": {path}})
		return code
	}
	other := s.browser(s.person("kim"))
	if a, b, c := code(other, "hide"), code(other, "delete"), code(jo, "hide"); a != 403 || b != 403 || c != 403 {
		t.Errorf("others: %d %d %d", a, b, c)
	}
	if got := code(own, "hide"); got != 303 {
		t.Errorf("hide: %d", got)
	}
	guest.lacks(path, "What a", "Thank you.", "JO at 1:23")
	own.has(path, "What a", "hidden from others", "Show it again")
	if got := code(own, "show"); got != 303 {
		t.Errorf("show: %d", got)
	}
	guest.has(path, "What a")
	if a, b := code(other, "edit"), code(own, "edit"); a != 403 || b != 403 {
		t.Errorf("others edit: %d %d", a, b)
	}
	jo.has(path, "What a &lt;turn&gt;!\n\nAgain.</textarea>", `name="at" value="1:23"`)
	jo.send("/comment/"+c, url.Values{"do": {"edit"}, "text": {"What a <turn>\nindeed"}, "at": {"0:41"}})
	guest.has(path, "<p>What a &lt;turn&gt;<br/>indeed</p>", "JO at 0:41", "edited")
	jo.has(path, "What a &lt;turn&gt;\nindeed</textarea>")
	if got := code(jo, "delete"); got != 303 {
		t.Errorf("delete: %d", got)
	}
	guest.lacks(path, "What a")
	guest.has(path, "Thank you.")
	boss, err := s.accounts.SignIn(t.Context(), "grace", secret, account.Client{})
	s.ok(err)
	studio := s.browser(boss)
	studio.has("/studio/act/"+string(act.ID), "Who may comment")
	studio.send("/studio/act/"+string(act.ID)+"/comments", url.Values{"comment": {"followers"}})
	jo.has(path, "Only who follows the act comments here.")
	if code, _, _ := jo.do("POST", path+"/comments", url.Values{"text": {"x"}}); code != 403 {
		t.Errorf("one who does not follow: %d", code)
	}
	jo.send("/follow", url.Values{"act": {string(act.ID)}, "on": {"1"}, "back": {path}})
	jo.has(path, `name="text"`)
	studio.send("/studio/release/"+string(r.ID)+"/comments", url.Values{"comment": {"nobody"}})
	studio.has("/studio/release/"+string(r.ID), `<option value="nobody" selected>`)
	jo.has(path, "No comments are taken here.")
	own.has(path, `name="text"`)
}

// An act says in one form who may comment, like and boost; who may not finds no button for
// it, and reads why. What they like they keep.
func TestWhoMayLikeAndBoost(t *testing.T) {
	s := newShop(t)
	act := s.act("Firn")
	r, _ := s.public(act.ID, music.Facts{Title: "Glacier"}, "One")
	path, release := "/release/"+string(r.ID), "/studio/release/"+string(r.ID)
	ada, err := s.accounts.SignIn(t.Context(), "ada", secret, account.Client{})
	s.ok(err)
	boss, err := s.accounts.SignIn(t.Context(), "grace", secret, account.Client{})
	s.ok(err)
	studio, own, jo, unseen, guest := s.browser(boss), s.browser(ada), s.browser(s.person("jo")), s.browser(s.person("kim")), s.browser(account.SignedIn{})
	_, err = (&social.People{Store: s.db, Federates: true}).Show(t.Context(), music.Viewer{Account: jo.in.Principal.Account}, social.PersonDraft{Handle: "wren"})
	s.ok(err)
	boost := url.Values{"kind": {"release"}, "id": {string(r.ID)}, "on": {"1"}, "back": {path}}
	jo.has(path, `action="/boost"`)
	jo.lacks(path, "yours is for you alone", "boosts")
	for _, at := range []string{"/studio/act/" + string(act.ID), release} {
		studio.has(at, "Who may comment", "Who may like it", "Who may boost it", `name="like"`, `name="boost"`)
	}
	studio.send(release+"/comments", url.Values{"comment": {""}, "like": {"nobody"}, "boost": {"nobody"}})
	studio.has(release, `<option value="nobody" selected>`, `<option value="" selected>As the act says`)
	own.lacks(path, "yours is for you alone")
	jo.has(path, "The act takes no likes of it: yours is for you alone. The act takes no boosts of it.", `name="text"`, `aria-label="Like Glacier"`)
	jo.lacks(path, `action="/boost"`)
	jo.german().has(path, "dein Like ist nur für dich", "Der Act lässt es niemanden weitersagen.")
	unseen.has(path, "The act takes no likes of it")
	unseen.lacks(path, "boosts of it")
	guest.lacks(path, "likes of it")
	if code, _, _ := jo.do("POST", "/boost", boost); code != 403 {
		t.Errorf("boosts what may not be: %d", code)
	}
	jo.send("/like", url.Values{"kind": {"release"}, "id": {string(r.ID)}, "on": {"1"}, "back": {path}})
	jo.has(path, `aria-pressed="true" aria-label="Like Glacier"`)
	studio.send(release+"/comments", url.Values{"like": {"followers"}, "boost": {"followers"}})
	jo.has(path, "The act takes likes of it from who follows it: yours is for you alone.", "Only who follows the act boosts it.")
	jo.send("/follow", url.Values{"act": {string(act.ID)}, "on": {"1"}, "back": {path}})
	jo.lacks(path, "yours is for you alone", "boosts it")
	jo.send("/boost", boost)
	studio.send(release+"/comments", url.Values{"boost": {"nobody"}})
	jo.has(path, `action="/boost"`, "Boosted") // to take it back
}

// What people elsewhere say links to them and to where they said it.
func TestCommentsFromElsewhere(t *testing.T) {
	s := newShop(t)
	r, _ := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One", "Two")
	bo := s.elsewhere("bo")
	for i := range 52 {
		s.now = s.now.Add(time.Hour)
		s.ok(s.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			_, err := social.Say(t.Context(), tx, social.Comment{Thing: social.Thing{Release: r.ID}, Author: social.Author{Actor: bo, Host: "far.example"}, IRI: fmt.Sprint(bo, "/", i), URL: fmt.Sprint("https://far.example/@bo/", i), HTML: fmt.Sprint("<p>number ", i, ".</p>"), Position: -1})
			return err
		}))
	}
	guest, path := s.browser(account.SignedIn{}), "/release/"+string(r.ID)
	guest.has(path, `href="https://far.example/@bo" rel="nofollow noreferrer"`, "Somebody &lt;bo&gt;", "@bo@far.example", `href="https://far.example/@bo/51"`, "number 51.", "number 2.")
	guest.lacks(path, "number 1.")
	first, err := (&social.Talk{Store: s.db}).Comments(t.Context(), music.Viewer{}, r.ID, "", 50)
	s.ok(err)
	older := path + "?comments=" + string(first.Next)
	guest.has(path, older+"#comments")
	guest.has(older, "number 1.", "number 0.")
	guest.lacks(older, "number 2.", "?comments=") // and that is the end
}
