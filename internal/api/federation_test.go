package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/social"
)

func TestServers(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	const act, there = "https://a.example/ada", "https://a.example/inbox"
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutPeer(t.Context(), social.Peer{Host: "a.example", Software: "mastodon", Failed: tx.Now(), Error: "422", Arrived: 3, Lost: 1}); err != nil {
			return err
		}
		if err := tx.PutActor(t.Context(), social.Actor{ID: act, Host: "a.example", Kind: "Person", Inbox: there, Fetched: tx.Now()}); err != nil {
			return err
		}
		if err := tx.PutFollowing(t.Context(), social.Following{Actor: act, Activity: "https://nine.example/f", State: social.Accepted}); err != nil {
			return err
		}
		o := social.Outgoing{ID: "https://nine.example/1", Actor: "https://nine.example/a", Kind: "Create", Body: []byte("{}")}
		if err := tx.Send(t.Context(), o); err != nil {
			return err
		}
		if err := tx.Deliver(t.Context(), o.ID, there, "a.example"); err != nil {
			return err
		}
		return tx.Lose(t.Context(), social.Delivery{Outgoing: o, Inbox: there, Host: "a.example"}, "422: not this")
	}); err != nil {
		t.Fatal(err)
	}
	var all social.Healths
	root.do(http.MethodGet, "/federation/servers", nil, http.StatusOK, &all)
	if len(all.Rows) != 1 {
		t.Fatalf("%+v", all)
	}
	if s := all.Rows[0]; s.Host != "a.example" || s.State != social.Lost || s.Arrived != 3 || s.Lost != 1 || s.Missing != 1 || s.LostWhy != "422: not this" || s.LostAt.IsZero() || s.InSync != s.LostAt {
		t.Errorf("%+v", s)
	}
	if root.do(http.MethodGet, "/federation/servers?after=b", nil, http.StatusOK, &all); len(all.Rows) != 0 {
		t.Errorf("%+v", all)
	}
	root.do(http.MethodPost, "/federation/servers/a.example/retry", nil, http.StatusNoContent, nil)
	root.refused(http.MethodPost, "/federation/servers/b.example/retry", nil, http.StatusNotFound)
	desk, filled := h.api.Servers.(*social.Desk), []string{}
	root.refused(http.MethodPost, "/federation/servers/a.example/backfill", nil, http.StatusConflict) // the node does not federate
	desk.Fill = func(_ context.Context, _ social.Tx, a social.Actor) error { filled = append(filled, a.ID); return nil }
	root.do(http.MethodPost, "/federation/servers/a.example/backfill", nil, http.StatusNoContent, nil)
	root.refused(http.MethodPost, "/federation/servers/b.example/backfill", nil, http.StatusNotFound)
	if len(filled) != 1 || filled[0] != act {
		t.Errorf("fetched: %v", filled)
	}
	if err := h.db.JobsView(t.Context(), func(tx jobs.Tx) error {
		list, err := tx.Pending(t.Context(), social.JobAgain)
		if len(list) != 1 || string(list[0].Payload) != "a.example" {
			t.Errorf("%+v", list)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// What people elsewhere think of a release and of a track is told with them.
func TestReactions(t *testing.T) {
	h := newHouse(t)
	_, r, tracks := h.public("firn", 2)
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for i, actor := range []string{"https://a.example/1", "https://a.example/2"} {
			if err := tx.PutActor(t.Context(), social.Actor{ID: actor, Host: "a.example", Kind: "Person", Inbox: actor, Fetched: tx.Now()}); err != nil {
				return err
			}
			for _, x := range []social.Reacted{{Kind: social.Like, Thing: social.Thing{Release: r}}, {Kind: social.Boost, Thing: social.Thing{Release: r, Track: tracks[i]}}} {
				x.Actor, x.Activity, x.At = actor, actor+"/x", tx.Now()
				if _, err := tx.React(t.Context(), x); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var page api.ReleasePage
	h.guest().do(http.MethodGet, "/releases/"+string(r), nil, http.StatusOK, &page)
	if page.Likes != 2 || page.Boosts != 0 || page.Tracks[0].Boosts != 1 || page.Tracks[1].Likes != 0 {
		t.Errorf("%+v", page)
	}
	var one api.TrackPage
	if h.guest().do(http.MethodGet, "/tracks/"+string(tracks[1]), nil, http.StatusOK, &one); one.Track.Boosts != 1 {
		t.Errorf("%+v", one)
	}
}

// Comments are made, hidden and deleted by programs as on the page.
func TestComments(t *testing.T) {
	h := newHouse(t)
	act, r, tracks := h.public("firn", 1)
	jo, root := h.program(h.signUp("jo"), account.ScopeRead, account.ScopeLibrary), h.program(h.root, account.ScopeLibrary, account.ScopeStudio, account.ScopeAdmin)
	at := "/releases/" + string(r) + "/comments"
	var c, answer api.Comment
	jo.do(http.MethodPost, at, map[string]any{"text": "What a turn!", "track": tracks[0], "position_ms": 83_000}, http.StatusCreated, &c)
	if c.HTML != "<p>What a turn!</p>" || c.PositionMS != 83_000 || c.Address != "@jo" || c.Track != tracks[0] || !c.Own {
		t.Errorf("%+v", c)
	}
	h.clock.Add(1000)
	root.do(http.MethodPost, at, map[string]any{"text": "Yes", "parent": c.ID}, http.StatusCreated, &answer)
	var all api.Comments
	if h.guest().do(http.MethodGet, at, nil, http.StatusOK, &all); len(all.Rows) != 2 || all.Rows[1].Depth != 1 || all.Rows[1].Parent != c.ID || all.Policy != social.Everybody || all.Writes {
		t.Errorf("%+v", all)
	}
	var page api.Comments
	if h.guest().do(http.MethodGet, at+"?limit=1", nil, http.StatusOK, &page); len(page.Rows) != 1 || page.Rows[0].ID != answer.ID || page.Next != answer.ID {
		t.Errorf("%+v", page)
	}
	older := at + "?limit=1&after=" + string(page.Next)
	page = api.Comments{}
	if h.guest().do(http.MethodGet, older, nil, http.StatusOK, &page); len(page.Rows) != 1 || page.Rows[0].ID != c.ID || page.Next != "" {
		t.Errorf("%+v", page)
	}
	h.guest().refused(http.MethodGet, at+"?after=x", nil, http.StatusNotFound)
	h.guest().refused(http.MethodPost, at, map[string]any{"text": "x"}, http.StatusUnauthorized)
	jo.refused(http.MethodPost, at, map[string]any{"text": " "}, http.StatusUnprocessableEntity)
	jo.refused(http.MethodPut, "/comments/"+string(c.ID)+"/hidden", nil, http.StatusForbidden)
	root.do(http.MethodPut, "/comments/"+string(c.ID)+"/hidden", nil, http.StatusNoContent, nil)
	if h.guest().do(http.MethodGet, at, nil, http.StatusOK, &all); len(all.Rows) != 0 {
		t.Errorf("%+v", all)
	}
	root.do(http.MethodDelete, "/comments/"+string(c.ID)+"/hidden", nil, http.StatusNoContent, nil)
	root.refused(http.MethodPut, "/comments/"+string(c.ID), map[string]any{"text": "In another's name"}, http.StatusForbidden)
	h.clock.Add(1000)
	if jo.do(http.MethodPut, "/comments/"+string(c.ID), map[string]any{"text": "0:02 What a turn?"}, http.StatusOK, &c); c.HTML != "<p>0:02 What a turn?</p>" || c.PositionMS != 2_000 || c.Changed == c.At {
		t.Errorf("%+v", c)
	}
	jo.refused(http.MethodDelete, "/comments/"+string(answer.ID), nil, http.StatusForbidden)
	jo.do(http.MethodDelete, "/comments/"+string(c.ID), nil, http.StatusNoContent, nil)
	if h.guest().do(http.MethodGet, at, nil, http.StatusOK, &all); len(all.Rows) != 1 || all.Rows[0].Depth != 0 {
		t.Errorf("%+v", all)
	}
	jo.refused(http.MethodPost, at, map[string]any{"text": "In their name", "as": act}, http.StatusForbidden)
	root.refused(http.MethodPost, at, map[string]any{"text": "In another's", "as": "01KAZ0000000000000000000XX"}, http.StatusForbidden)
	policy := "/studio/acts/" + string(act) + "/comments"
	root.do(http.MethodPut, policy+"?release="+string(r), api.CommentPolicy{Who: social.Nobody}, http.StatusNoContent, nil)
	var p api.CommentPolicy
	if root.do(http.MethodGet, policy+"?release="+string(r), nil, http.StatusOK, &p); p.Who != social.Nobody {
		t.Errorf("%+v", p)
	}
	if root.do(http.MethodGet, policy, nil, http.StatusOK, &p); p.Who != "" {
		t.Errorf("%+v", p)
	}
	jo.refused(http.MethodPost, at, map[string]any{"text": "x"}, http.StatusForbidden)
	root.do(http.MethodPut, policy+"?release="+string(r), map[string]string{"who": "nobody", "boost": "followers"}, http.StatusNoContent, nil)
	root.do(http.MethodPut, policy+"?release="+string(r), map[string]string{"who": "", "like": "nobody"}, http.StatusNoContent, nil) // as it stays
	if root.do(http.MethodGet, policy+"?release="+string(r), nil, http.StatusOK, &p); p.Who != "" || *p.Like != social.Nobody || *p.Boost != social.Followers {
		t.Errorf("%+v", p)
	}
	root.refused(http.MethodPut, policy, map[string]string{"who": "", "like": "friends"}, http.StatusUnprocessableEntity)
	if jo.do(http.MethodGet, at, nil, http.StatusOK, &all); !all.Writes || all.Likes != (api.Permission{Policy: social.Nobody}) || all.Boosts != (api.Permission{Policy: social.Followers}) {
		t.Errorf("%+v", all)
	}
	jo.do(http.MethodPut, "/likes/releases/"+string(r), nil, http.StatusNoContent, nil) // their own
	jo.do(http.MethodPut, "/me/person", map[string]string{"handle": "wren"}, http.StatusOK, nil)
	jo.refused(http.MethodPut, "/boosts/releases/"+string(r), nil, http.StatusForbidden)
	jo.do(http.MethodPut, "/follows/"+string(act), nil, http.StatusNoContent, nil)
	jo.do(http.MethodPut, "/boosts/releases/"+string(r), nil, http.StatusNoContent, nil)
	h.program(h.signUp("kim"), account.ScopeStudio).refused(http.MethodPut, policy, api.CommentPolicy{Who: social.Nobody}, http.StatusForbidden)
}

// Servers are blocked and allowed, one by one and by a list.
func TestServerRules(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	const at = "/federation/rules"
	root.do(http.MethodPut, at+"/bad.example", map[string]string{"verdict": "block", "reason": "spam"}, http.StatusNoContent, nil)
	root.do(http.MethodPut, at+"/good.bad.example", map[string]string{"verdict": "allow"}, http.StatusNoContent, nil)
	root.refused(http.MethodPut, at+"/a%20b", map[string]string{"verdict": "block"}, http.StatusUnprocessableEntity)
	var got social.Imported
	list := "#domain,#severity,#public_comment\nworse.example,suspend,\"spam, too\"\nloud.example,silence,\n"
	if root.do(http.MethodPost, at+"/import", map[string]string{"list": list}, http.StatusOK, &got); got != (social.Imported{Blocked: 1, Silenced: 1}) {
		t.Errorf("%+v", got)
	}
	var all social.Rules
	if root.do(http.MethodGet, at, nil, http.StatusOK, &all); len(all.Rows) != 4 || all.Rows[3].Reason != "spam, too" {
		t.Errorf("%+v", all)
	}
	if text := string(root.send(http.MethodGet, "/federation/blocked.csv", nil).body); !strings.Contains(text, "bad.example,suspend") || strings.Contains(text, "good") {
		t.Errorf("%s", text)
	}
	root.do(http.MethodDelete, at+"/bad.example", nil, http.StatusNoContent, nil)
	root.refused(http.MethodDelete, at+"/bad.example", nil, http.StatusNotFound)
}

// What comes from quarantine waits, and is let pass or dropped by moderators.
func TestQuarantine(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	root.do(http.MethodPut, "/federation/rules/far.example", map[string]string{"verdict": "quarantine"}, http.StatusNoContent, nil)
	const actor = "https://far.example/u"
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for _, name := range []string{"1", "2", "3"} {
			if is, err := social.Take(t.Context(), tx, social.Held{Received: social.Received{ID: actor + "/" + name, Host: "far.example", Actor: actor, Body: []byte("{}")}, Kind: "Create", Words: "<b>loud"}); err != nil || is {
				t.Errorf("%v, %v", is, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const at = "/moderation/held"
	var list api.HeldList
	if root.do(http.MethodGet, at, nil, http.StatusOK, &list); len(list.Rows) != 3 || len(list.Servers) != 1 || list.Rows[0].Words != "<b>loud" {
		t.Fatalf("%+v", list)
	}
	root.do(http.MethodPost, at+"/pass", map[string]string{"activity": actor + "/1"}, http.StatusNoContent, nil)
	root.do(http.MethodPost, at+"/drop", map[string]string{"activity": actor + "/2"}, http.StatusNoContent, nil)
	root.refused(http.MethodPost, at+"/drop", map[string]string{"activity": actor + "/2"}, http.StatusNotFound)
	root.refused(http.MethodPost, at+"/pass", map[string]string{}, http.StatusUnprocessableEntity)
	root.do(http.MethodPost, at+"/drop", map[string]string{"host": "far.example"}, http.StatusNoContent, nil)
	if root.do(http.MethodGet, at+"?host=far.example", nil, http.StatusOK, &list); len(list.Rows) != 0 {
		t.Errorf("%+v", list)
	}
	h.program(h.signUp("jo"), account.ScopeLibrary).refused(http.MethodGet, at, nil, http.StatusForbidden)
}

// Who is seen elsewhere, a playlist and a live event are reported as other things are.
func TestWhatElseIsReported(t *testing.T) {
	h := newHouse(t)
	jo := h.program(h.signUp("jo"), account.ScopeLibrary)
	var wren struct{ ID string }
	own := h.program(h.root, account.ScopeLibrary)
	own.do(http.MethodPut, "/me/person", map[string]any{"handle": "wren"}, http.StatusOK, &wren)
	var list api.PlaylistRow
	own.do(http.MethodPost, "/playlists", map[string]any{"title": "Late trains", "access": "unlisted"}, http.StatusCreated, &list)
	for kind, what := range map[string]string{"person": wren.ID, "playlist": string(list.ID)} {
		var one api.Report
		if jo.do(http.MethodPost, "/reports", map[string]any{"kind": kind, "id": what, "text": "x"}, http.StatusCreated, &one); string(one.About[0].Kind) != kind {
			t.Errorf("%+v", one)
		}
	}
	for _, kind := range []string{"live", "playlist-elsewhere"} {
		jo.refused(http.MethodPost, "/reports", map[string]any{"kind": kind, "id": "01KAZ0000000000000000000RE", "text": "x"}, http.StatusNotFound)
	}
}

// What is wrong is reported, read and closed by programs as on the pages.
func TestReports(t *testing.T) {
	h := newHouse(t)
	act, r, _ := h.public("firn", 1)
	jo, root := h.program(h.signUp("jo"), account.ScopeLibrary), h.program(h.root, account.ScopeAdmin)
	var made, got api.Report
	jo.do(http.MethodPost, "/reports", map[string]any{"kind": "release", "id": r, "text": "Not theirs."}, http.StatusCreated, &made)
	if made.Text != "Not theirs." || len(made.About) != 1 || made.About[0].Page != "/release/"+string(r) {
		t.Errorf("%+v", made)
	}
	jo.refused(http.MethodPost, "/reports", map[string]any{"kind": "release", "id": r, "text": "Again"}, http.StatusConflict)
	jo.refused(http.MethodPost, "/reports", map[string]any{"kind": "act", "id": act, "text": "x", "forward": true}, http.StatusUnprocessableEntity)
	jo.refused(http.MethodGet, "/moderation/reports", nil, http.StatusForbidden)
	var page api.ReportPage
	if root.do(http.MethodGet, "/moderation/reports", nil, http.StatusOK, &page); page.Open != 1 || len(page.Rows) != 1 || page.Rows[0].By != "@jo" {
		t.Errorf("%+v", page)
	}
	at := "/moderation/reports/" + string(made.ID)
	root.do(http.MethodPut, at+"/closed", map[string]any{"note": "They are."}, http.StatusNoContent, nil)
	if root.do(http.MethodGet, at, nil, http.StatusOK, &got); got.Closed == 0 || got.Closer != "grace" || got.Note != "They are." {
		t.Errorf("%+v", got)
	}
	if root.do(http.MethodGet, "/moderation/reports?closed=true&after="+string(made.ID), nil, http.StatusOK, &page); len(page.Rows) != 0 {
		t.Errorf("%+v", page)
	}
	root.do(http.MethodDelete, at+"/closed", nil, http.StatusNoContent, nil)
	root.refused(http.MethodPost, at+"/forward", map[string]any{"text": "x"}, http.StatusUnprocessableEntity)
	h.api.Reports.Flag = func(context.Context, social.Tx, social.Actor, []string, string) error { return nil }
	there := social.Actor{ID: "https://far.example/rude", Host: "far.example", Kind: "Person", Handle: "rude", Inbox: "https://far.example/rude/inbox"}
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutActor(t.Context(), there) }); err != nil {
		t.Fatal(err)
	}
	jo.do(http.MethodPost, "/reports", map[string]any{"kind": "act-elsewhere", "id": there.ID, "text": "x"}, http.StatusCreated, &made)
	root.do(http.MethodPost, "/moderation/reports/"+string(made.ID)+"/forward", map[string]any{"text": "Please look."}, http.StatusNoContent, nil)
	if root.do(http.MethodGet, "/moderation/reports/"+string(made.ID), nil, http.StatusOK, &got); got.Told == 0 || got.About[0].Host != "far.example" {
		t.Errorf("%+v", got)
	}
	root.refused(http.MethodGet, "/moderation/reports/01KAZ0000000000000000000RE", nil, http.StatusNotFound)
}

// A program follows a list of others, and moderators decide about what waits of it.
func TestBlocklists(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	lists := h.api.Blocklists.(*social.Blocklists)
	lists.File = func(context.Context, string, string, int64) ([]byte, string, error) {
		return []byte("bad.example\nworse.example\n"), "", nil
	}
	const at = "/moderation/blocklists"
	var l social.Blocklist
	root.do(http.MethodPost, at, map[string]string{"url": "https://lists.example/l"}, http.StatusCreated, &l)
	root.refused(http.MethodPost, at, map[string]string{"url": "https://lists.example/l"}, http.StatusConflict)
	root.do(http.MethodPost, at+"/"+string(l.ID)+"/fetch", nil, http.StatusNoContent, nil)
	if err := lists.Fetch(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	var all []social.Blocklist
	if root.do(http.MethodGet, at, nil, http.StatusOK, &all); len(all) != 1 || all[0].Blocked != 2 {
		t.Errorf("%+v", all)
	}
	root.do(http.MethodPut, at+"/"+string(l.ID)+"/servers/bad.example", map[string]bool{"counts": false}, http.StatusNoContent, nil)
	root.refused(http.MethodPut, at+"/"+string(l.ID)+"/servers/good.example", map[string]bool{"counts": false}, http.StatusNotFound)
	var page social.ListingPage
	if root.do(http.MethodGet, at+"/"+string(l.ID)+"?after=a", nil, http.StatusOK, &page); len(page.Rows) != 2 || !page.Rows[0].Dropped || page.Rows[1].Counts != social.Block || page.List.Blocked != 1 {
		t.Errorf("%+v", page)
	}
	if root.do(http.MethodGet, at+"/"+string(l.ID)+"?waiting=true", nil, http.StatusOK, &page); len(page.Rows) != 0 {
		t.Errorf("%+v", page)
	}
	h.program(h.signUp("jo"), account.ScopeLibrary).refused(http.MethodGet, at, nil, http.StatusForbidden)
	root.do(http.MethodDelete, at+"/"+string(l.ID), nil, http.StatusNoContent, nil)
	root.refused(http.MethodDelete, at+"/"+string(l.ID), nil, http.StatusNotFound)
}

// A program blocks for its account, and for nobody else.
func TestPersonalBlocks(t *testing.T) {
	h := newHouse(t)
	jo, kim := h.program(h.signUp("jo"), account.ScopeLibrary), h.program(h.signUp("kim"), account.ScopeLibrary)
	const at = "/me/blocked"
	jo.do(http.MethodPut, at+"/bad.example", nil, http.StatusNoContent, nil)
	jo.refused(http.MethodPut, at+"/u@far.example", nil, http.StatusNotFound)
	var list []social.PersonalBlock
	if jo.do(http.MethodGet, at, nil, http.StatusOK, &list); len(list) != 1 || list[0].Name != "bad.example" {
		t.Errorf("%+v", list)
	}
	if kim.do(http.MethodGet, at, nil, http.StatusOK, &list); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	kim.refused(http.MethodDelete, at+"/bad.example", nil, http.StatusNotFound)
	jo.do(http.MethodDelete, at+"/bad.example", nil, http.StatusNoContent, nil)
}
