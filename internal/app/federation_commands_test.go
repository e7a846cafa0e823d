package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/social"
)

// Each command about other servers does what it says, and says it to programs too, on a
// node with a server that something waits for, one that lost something, and one in
// quarantine.
func TestFederationCommands(t *testing.T) {
	h := &residence{t: t, path: filepath.Join(t.TempDir(), "node")}
	ask := func(args ...string) (int, string, string) {
		t.Helper()
		return run(t, "a long enough password\n", append(args, "--data-dir", h.path, "--base-url", "https://music.example")...)
	}
	if code, _, errs := ask("setup", "--admin", "ada", "--password-file", "-"); code != exitOK {
		t.Fatal(errs)
	}
	open := func(do func(n *node, tx social.Tx) error) {
		t.Helper()
		cfg, _, err := LoadConfig("", map[string]string{"data_dir": h.path, "base_url": "https://music.example"}, noenv)
		h.ok(err)
		n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
		h.ok(err)
		h.ok(n.db.SocialUpdate(t.Context(), func(tx social.Tx) error { return do(n, tx) }))
		h.ok(n.Close())
	}
	const act, other, list = "https://far.example/ada", "https://far.example/bo", "https://lists.example/l"
	open(func(_ *node, tx social.Tx) error {
		for _, p := range []social.Peer{{Host: "far.example", Software: "gotosocial", Arrived: 5}, {Host: "lost.example", Arrived: 7, Lost: 1}} {
			h.ok(tx.PutPeer(t.Context(), p))
		}
		for handle, at := range map[string]string{"ada": act, "bo": other} {
			h.ok(tx.PutActor(t.Context(), social.Actor{ID: at, Host: "far.example", Handle: handle, Kind: "Person", Inbox: at + "/inbox", Fetched: tx.Now()}))
		}
		h.ok(tx.PutFollowing(t.Context(), social.Following{Actor: act, Activity: "https://music.example/f", State: social.Accepted}))
		h.ok(tx.Send(t.Context(), social.Outgoing{ID: "https://music.example/1", Actor: "https://music.example/a", Kind: "Create", Body: []byte("{}")}))
		for _, host := range []string{"far.example", "lost.example"} {
			h.ok(tx.Deliver(t.Context(), "https://music.example/1", "https://"+host+"/inbox", host))
		}
		d := social.Delivery{Outgoing: social.Outgoing{ID: "https://music.example/1"}, Inbox: "https://lost.example/inbox", Host: "lost.example"}
		return tx.Lose(t.Context(), d, "422: not this")
	})
	// hold has two activities of a server in quarantine wait.
	hold := func() {
		open(func(_ *node, tx social.Tx) error {
			for _, name := range []string{"1", "2"} {
				_, err := social.Take(t.Context(), tx, social.Held{Received: social.Received{ID: other + "/" + name, Host: "far.example", Actor: other, Body: []byte("{}")}, Kind: "Create", Words: "loud"})
				h.ok(err)
			}
			return nil
		})
	}
	// fetched has the list say something of a server with which people here have to do.
	fetched := func() {
		open(func(n *node, tx social.Tx) error {
			me, err := n.accounts.ByHandle(t.Context(), "ada")
			h.ok(err)
			_, err = tx.FollowElsewhere(t.Context(), me.ID, act, true)
			return err
		})
		cfg, _, err := LoadConfig("", map[string]string{"data_dir": h.path, "base_url": "https://music.example"}, noenv)
		h.ok(err)
		n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
		h.ok(err)
		lists := n.federation.blocklists()
		lists.File = func(context.Context, string, string, int64) ([]byte, string, error) {
			return []byte("far.example\n"), "", nil
		}
		all, err := lists.All(t.Context(), operatorHere)
		h.ok(err)
		h.ok(lists.Fetch(t.Context(), all[0].ID))
		h.ok(n.Close())
	}
	file := filepath.Join(t.TempDir(), "list")
	h.ok(os.WriteFile(file, []byte("worse.example\nworst.example\n"), 0o600))
	for _, step := range []struct {
		before func()
		args   string
		fails  bool
		says   []string // on whichever stream
	}{
		{nil, "status", false, []string{"far.example", "gotosocial", "waiting", "5 arrived", "1 waiting", "lost.example", "7 arrived", "1 lost", "422: not this", "in sync as of"}},
		{nil, "status --json", false, []string{`"host": "far.example"`, `"state": "waiting"`, `"arrived": 7`, `"missing": 1`, `"state": "lost"`, `"lost_at"`, `"lost_why": "422: not this"`}},
		{nil, "backfill far.example", false, nil},
		{nil, "backfill lost.example", false, nil},
		{nil, "backfill nobody.example", true, []string{"no server nobody.example"}},
		{nil, "block bad.example --reason spam", false, nil},
		{nil, "allow good.bad.example", false, nil},
		{nil, "silence loud.example", false, nil},
		{nil, "silence ada@far.example", false, nil},
		{nil, "quarantine far.example", false, nil},
		{nil, "rules", false, []string{"bad.example", "block", "spam", "good.bad.example", "allow", "loud.example", "silence", "far.example", "quarantine"}},
		{nil, "rules --json", false, []string{`"host": "bad.example"`, `"verdict": "block"`, `"reason": "spam"`}},
		{nil, "undecide bad.example", false, nil},
		{nil, "undecide bad.example", true, []string{"Nothing was decided about the server bad.example."}},
		{hold, "held", false, []string{"far.example: 2 wait", other + "/1", "Create", "loud"}},
		{nil, "held --json", false, []string{`"id": "` + other + `/1"`, `"host": "far.example"`, `"words": "loud"`}},
		{nil, "pass " + other + "/1", false, nil},
		{nil, "drop " + other + "/2", false, nil},
		{nil, "drop " + other + "/2", true, []string{"Nothing of that id waits"}},
		{nil, "import " + file, false, []string{"Servers blocked: 2, silenced: 0."}},
		{nil, "import " + file + " --json", false, []string{`"blocked": 2`}},
		{nil, "import " + file + ".none", true, []string{"could not be read"}},
		{nil, "undecide far.example", false, nil},
		{nil, "subscribe " + list, false, []string{"fetches the list when it runs"}},
		{fetched, "lists", false, []string{list, "waits: far.example", "follows from here: 1"}},
		{nil, "lists --json", false, []string{`"url": "` + list + `"`, `"waits": [`}},
		{nil, "leave-out far.example", false, nil},
		{nil, "confirm far.example", false, nil},
		{nil, "confirm nobody.example", true, []string{"No list says anything of nobody.example."}},
		{nil, "unsubscribe " + list, false, nil},
		{nil, "unsubscribe " + list, true, []string{"asks for no such list"}},
	} {
		if step.before != nil {
			step.before()
		}
		code, out, errs := ask(append([]string{"federation"}, strings.Fields(step.args)...)...)
		if (code != exitOK) != step.fails || step.fails && out != "" {
			t.Errorf("federation %s = %d\n%s%s", step.args, code, out, errs)
		}
		for _, want := range step.says {
			if !strings.Contains(out+errs, want) {
				t.Errorf("federation %s does not say %q:\n%s%s", step.args, want, out, errs)
			}
		}
		if strings.HasSuffix(step.args, "--json") && !json.Valid([]byte(out)) {
			t.Errorf("federation %s: %s", step.args, out)
		}
	}
	if code, out, errs := ask("keys", "rotate", "http", "--json"); code != exitOK || !strings.Contains(out, `"key": "https://music.example/ap/node#main-key-2"`) {
		t.Errorf("keys rotate = %d\n%s%s", code, out, errs)
	}
	if code, _, errs := ask("keys", "rotate", "http"); code == exitOK || !strings.Contains(errs, "--leaked") {
		t.Errorf("keys rotate at once again = %d %s", code, errs)
	}
	if code, out, errs := ask("keys", "rotate", "--leaked", "http"); code != exitOK || !strings.Contains(out, "#main-key-3") {
		t.Errorf("keys rotate --leaked = %d\n%s%s", code, out, errs)
	}
	if code, out, errs := ask("keys", "rotate", "proof", "--json"); code != exitOK || !strings.Contains(out, `"key": "https://music.example/ap/node#ed25519-key-2"`) {
		t.Errorf("keys rotate proof = %d\n%s%s", code, out, errs)
	}
	if code, out, errs := ask("keys", "rotate", "--leaked", "proof"); code != exitOK || !strings.Contains(out, "Documents are proved with https://music.example/ap/node#ed25519-key-3") {
		t.Errorf("keys rotate --leaked proof = %d\n%s%s", code, out, errs)
	}
	if code, _, errs := ask("keys", "rotate", "log"); code != exitUsage || !strings.Contains(errs, "two keys to rotate: http and proof") {
		t.Errorf("keys rotate log = %d %s", code, errs)
	}
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": h.path, "base_url": "https://music.example"}, noenv)
	h.ok(err)
	n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
	h.ok(err)
	defer func() { h.ok(n.Close()) }()
	h.ok(n.db.JobsView(t.Context(), func(tx jobs.Tx) error {
		for kind, want := range map[string]int{social.JobAgain: 2, social.JobBackfill: 1} {
			if list, err := tx.Pending(t.Context(), kind); err != nil || len(list) != want {
				t.Errorf("%s: %+v, %v", kind, list, err)
			}
		}
		return nil
	}))
	if a, err := n.accounts.ByHandle(t.Context(), "ada"); err != nil || a.Role != account.Admin {
		t.Error(a, err)
	}
}

// A command that takes one argument says so where it has none, or two.
func TestFederationCommandsWithoutTheirArgument(t *testing.T) {
	for _, c := range commands() {
		if !strings.HasPrefix(c.name, "federation ") || c.args == "" {
			continue
		}
		for _, args := range []string{"", " a b"} {
			if code, out, errs := words(t, strings.Fields(c.name+args)...); code != exitUsage || out != "" || !strings.Contains(errs, "name one ") {
				t.Errorf("9ten %s = %d\n%s%s", c.name+args, code, out, errs)
			}
		}
	}
}
