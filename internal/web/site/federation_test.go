package site_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// servers are a node's, which federates when it is said to.
type servers struct {
	social.Desk
	on      bool
	hurried int
}

func (s *servers) Federates() bool { return s.on }

func (s *servers) Listed() bool { return s.Policy.Listed }

func TestFederationPage(t *testing.T) {
	n := newNode(t)
	s := &servers{Desk: social.Desk{Store: n.db, Policy: &social.HostPolicy{Store: n.db}}}
	s.Hurried = func() { s.hurried++ }
	n.site.Servers = s
	v := n.setUp(true)
	const at = "/operator/federation"
	v.open(at).sees(200, at, "This node does not federate", "None yet.")
	s.on = true
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		now := tx.Now()
		for _, p := range []social.Peer{
			{Host: "away.example", Software: "mastodon", Version: "4.5.0", Failures: 3, Closed: now.Add(time.Hour), Failed: now, Error: "503: come back later"},
			{Host: "lost.example", Arrived: 7, Lost: 2, Delivered: now},
			{Host: "well.example", Software: "gotosocial", Delivered: now, Received: now},
		} {
			if err := tx.PutPeer(t.Context(), p); err != nil {
				return err
			}
		}
		if err := tx.Send(t.Context(), social.Outgoing{ID: "https://nine.example/1", Actor: "https://nine.example/a", Kind: "Create", Body: []byte("{}")}); err != nil {
			return err
		}
		d := social.Delivery{Outgoing: social.Outgoing{ID: "https://nine.example/1"}, Inbox: "https://lost.example/inbox", Host: "lost.example"}
		if err := errors.Join(tx.Deliver(t.Context(), d.ID, d.Inbox, d.Host), tx.Lose(t.Context(), d, "422: not this")); err != nil {
			return err
		}
		return tx.Deliver(t.Context(), "https://nine.example/1", "https://away.example/inbox", "away.example")
	}); err != nil {
		t.Fatal(err)
	}
	v.open(at).sees(200, at, "away.example", "mastodon 4.5.0", "Takes nothing now.", "1 wait.", "503: come back later", "well.example", "Everything has arrived.", "Something was lost.", "What it does not know of: 1", "422: not this", "Arrived: 7, given up: 2.").misses("does not federate")
	v.send(at, "host", "away.example").sees(200, at, "What waits is on its way.", "On its way.")
	if s.hurried != 1 {
		t.Error("nothing is hurried")
	}
	v.send(at, "host", "nobody.example").sees(404, at, "There is no server nobody.example")
	v.open(at)
	v.send(at, "host", "lost.example", "do", "backfill").sees(409, at, "This node does not federate.")
	s.Fill = func(context.Context, social.Tx, social.Actor) error { return nil }
	v.open(at)
	v.send(at, "host", "lost.example", "do", "backfill").sees(200, at, "It is fetched and told again.")
}

func TestServerRulesPage(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const at = "/operator/federation/rules"
	v.open(at).sees(200, at, "every server that is not blocked", "Nothing yet.")
	v.send(at, "host", "Bad.example", "do", "block", "reason", "spam").sees(200, at, "It is decided.", "bad.example", "blocked", "spam")
	v.send(at, "host", "no name", "do", "block").sees(422, at, "is no server's name.")
	v.open(at)
	v.send("/operator/federation/list", "list", "worse.example\nworst.example\n").sees(200, at, "Servers blocked: 2, silenced: 0. Left out, because the list asks for something else: 0.", "worst.example")
	v.open("/operator/federation/blocked.csv").sees(200, "/operator/federation/blocked.csv", "bad.example,suspend,true,true,spam,false")
	v.open(at)
	v.send(at, "host", "loud.example", "do", "silence").sees(200, at, "loud.example", "silenced")
	v.send(at, "host", "@rude@far.example", "do", "block").sees(404, at, "Nobody here knows rude@far.example yet.")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return tx.PutActor(t.Context(), social.Actor{ID: "https://far.example/1", Host: "far.example", Handle: "Rude", Kind: "Person", Inbox: "https://far.example/1/inbox"})
	}); err != nil {
		t.Fatal(err)
	}
	v.open(at)
	v.send(at, "host", "@rude@far.example", "do", "block").sees(200, at, "rude@far.example", "blocked")
	v.send(at, "host", "rude@far.example", "do", "drop").sees(200, at, "That is no longer decided.").misses("rude@far.example")
	v.send(at, "host", "bad.example", "do", "drop").sees(200, at, "That is no longer decided.").misses("bad.example")
	v.send(at, "host", "bad.example", "do", "drop").sees(404, at, "Nothing was decided about the server bad.example.")
}

// Moderators decide about servers and people there, on record; lists are taken and
// deliveries hurried by an admin alone.
func TestModeratorsDecideAboutServers(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	mod := n.join("mo")
	if err := n.accounts.SetRole(t.Context(), n.principal("anneke"), n.principal("mo").Account, account.Moderator); err != nil {
		t.Fatal(err)
	}
	const rules, at = "/operator/federation/rules", "/operator/federation"
	mod.open(at).sees(200, at, "None yet.", "Which servers")
	mod.open(rules).sees(200, rules, "Nothing yet.").misses("Take the list")
	mod.send(rules, "host", "bad.example", "do", "block", "reason", "spam").sees(200, rules, "It is decided.", "bad.example", "blocked")
	mod.open("/operator/federation/blocked.csv").sees(200, "/operator/federation/blocked.csv", "bad.example,suspend")
	mod.open(rules)
	mod.send(rules, "host", "bad.example", "do", "drop").sees(200, rules, "That is no longer decided.")
	list, err := n.accounts.Audited(t.Context(), n.principal("anneke"), "", 20)
	for _, action := range []string{"server.block", "server.undecide"} {
		if !slices.ContainsFunc(list, func(r account.Record) bool {
			return r.Action == action && r.About == "bad.example" && r.Actor == string(n.principal("mo").Account)
		}) {
			t.Errorf("%s is not on record: %+v, %v", action, list, err)
		}
	}
	for path, pairs := range map[string][]string{"/operator/federation/list": {"list", "worse.example"}, at: {"host", "bad.example"}} {
		mod.open(rules)
		mod.send(path, pairs...).sees(403, path)
	}
	jo := n.join("jo")
	jo.open(rules).sees(403, rules)
}

// What comes from quarantine waits on a page that moderators have too.
func TestQuarantinePage(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const rules, at, actor = "/operator/federation/rules", "/operator/federation/held", "https://far.example/u"
	v.open(rules).sees(200, rules, "What comes from quarantine waits")
	v.send(rules, "host", "far.example", "do", "quarantine").sees(200, rules, "in quarantine")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for _, name := range []string{"1", "2", "3"} {
			if _, err := social.Take(t.Context(), tx, social.Held{Received: social.Received{ID: actor + "/" + name, Host: "far.example", Actor: actor, Body: []byte("{}")}, Kind: "Create", Words: "<script>loud " + name}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	v.open("/operator/reports").sees(200, "/operator/reports", "What waits in quarantine")
	v.open(at).sees(200, at, "3 wait.", "loud 1", "loud 3", actor)
	v.send(at, "activity", actor+"/1", "do", "pass").sees(200, at, "It passes.").misses("loud 1")
	v.send(at, "activity", actor+"/2", "do", "drop").sees(200, at, "It is dropped.").misses("loud 2")
	v.send(at, "activity", actor+"/2", "do", "drop").sees(404, at, "Nothing of that id waits")
	v.open(at)
	v.send(at, "activity", "", "host", "", "do", "pass").sees(422, at, "Say of which server.")
	v.open(at)
	v.send(at, "host", "far.example", "do", "drop").sees(200, at, "Nothing waits.")
}

// Lists of others are followed by an admin; what waits of them moderators decide.
func TestBlocklistPages(t *testing.T) {
	n := newNode(t)
	lists := n.site.Blocklists.(*social.Blocklists)
	lists.File = func(context.Context, string, string, int64) ([]byte, string, error) {
		return []byte("domain,severity,public_comment\nfar.example,suspend,spam\nloud.example,silence,\nbad.example,suspend,\n"), `"1"`, nil
	}
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutActor(t.Context(), social.Actor{ID: "https://far.example/u", Host: "far.example", Handle: "u", Kind: "Person", Inbox: "https://far.example/u/inbox"}); err != nil {
			return err
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	v := n.setUp(true)
	const at = "/operator/federation/lists"
	v.open(at).sees(200, at, "None yet.", "Follow a list")
	v.send(at, "url", "http://lists.example/l").sees(422, at, "begins with https://")
	v.open(at)
	v.send(at, "url", "https://lists.example/l").sees(200, at, "The list is being fetched.", "https://lists.example/l", "Not fetched yet.")
	all, err := lists.All(t.Context(), music.Viewer{Admin: true, Moderator: true})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	me, err := n.accounts.ByHandle(t.Context(), "anneke")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		_, err := tx.FollowElsewhere(t.Context(), me.ID, "https://far.example/u", true)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := lists.Fetch(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	one := at + "/" + string(all[0].ID)
	v.open(at).sees(200, at, "Blocked: 1, silenced: 1.", "Servers that people here have to do with: 1.")
	v.open(one+"?waiting=1").sees(200, one, "far.example", "waits", "spam", "Follows from here of somebody there: 1.").misses("bad.example")
	v.send(one, "host", "far.example", "do", "leave", "waiting", "1").sees(200, one, "It is decided.", "Nothing yet.")
	v.open(one).sees(200, one, "left out", "loud.example", "silenced", "bad.example", "blocked")
	v.send(one, "host", "far.example", "do", "count").sees(200, one, "It is decided.").misses("left out")
	v.send(one, "host", "nobody.example", "do", "count").sees(404, one, "The list says nothing of that server.")
	v.open(at)
	v.send(one, "do", "fetch").sees(200, at, "The list is being fetched.")
	v.send(one, "do", "end").sees(200, at, "What the list said counts no longer.", "None yet.")
}

// Whom somebody blocks for themselves is on a page of their account.
func TestBlockedPage(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const at = "/account/blocked"
	v.open("/account").sees(200, "/account", "Whom you block")
	v.open(at+"?who=@u@far.example").sees(200, at, "Nobody yet.", `value="@u@far.example"`)
	v.send(at, "who", "https://Bad.example/", "do", "block").sees(200, at, "You see nothing of them any more.", "bad.example").misses("Nobody yet.")
	v.send(at, "who", "a b", "do", "block").sees(422, at, "is no server's name.")
	v.open(at)
	v.send(at, "who", "bad.example", "do", "unblock").sees(200, at, "You block them no longer.", "Nobody yet.")
	v.send(at, "who", "bad.example", "do", "unblock").sees(404, at, "You do not block bad.example.")
}
