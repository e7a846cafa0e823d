package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/network"
)

// says fails unless a command prints some words.
func (n *networkNode) says(words []string, args ...string) {
	n.Helper()
	if err := n.saysNow(words, args...); err != nil {
		n.Fatalf("%v", err)
	}
}

// saysNow is nil if the command succeeds and its answer has the words.
func (n *networkNode) saysNow(words []string, args ...string) error {
	said, err := n.command(args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: 9ten %s: %w:\n%s", n.id, strings.Join(args, " "), err, said)
	}
	for _, w := range words {
		if !bytes.Contains(said, []byte(w)) {
			return fmt.Errorf("%s: 9ten %s says nothing of %q:\n%s", n.id, strings.Join(args, " "), w, said)
		}
	}
	return nil
}

// saysSoon waits until it does: what one member said reaches the others' peers
// with a block, and a doctor finds an orderer behind that has only just begun.
func (n *networkNode) saysSoon(words []string, args ...string) {
	n.Helper()
	n.eventually(n.id+" says "+strings.Join(words, ", "), func() error { return n.saysNow(words, args...) })
}

// proposes runs a command that puts something before the members, and returns the
// beginning of the intent's id as people type it.
func (n *networkNode) proposes(args ...string) string {
	n.Helper()
	said := n.run(append(args, "--json")...)
	var x struct{ ID, Intent string }
	if err := json.Unmarshal([]byte(said), &x); err != nil || len(x.ID+x.Intent) != 64 {
		n.Fatalf("9ten %v: %v: %s", args, err, said)
	}
	return (x.ID + x.Intent)[:8]
}

// TestDecisionsByCommand is what operators say to each other with commands, and
// their programs over HTTP, on one network: by files and by HTTP, yes and no, and
// what is taken back.
func TestDecisionsByCommand(t *testing.T) {
	exe := binary(t)
	a, b, c := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b"), newNetworkNode(t, exe, "c")
	a.run("ledger", "init")
	runsWhatFits(a)
	a.ready()
	joinsByFiles(b, a)
	asksInVain(c, a, b)
	join(c, a, b)
	standsWell(a, "a.localhost", "b.localhost", "c.localhost")
	endorsesAgain(c, a, b)
	programsDisagree(a, b, c)
	beginsAnew(b, a)
	ordersByAnother(a, b)
	leaves(c, b, a)
}

// runsWhatFits puts programs into the folder that the node's settings name. Those
// that are none, or of another release, are refused by the doctor and run by no
// node; a copy of the right ones runs from there, as soon as it is there.
func runsWhatFits(n *networkNode) {
	n.Helper()
	put := func(command string, b []byte) {
		n.Helper()
		path := n.path(filepath.Join("bin", command))
		if err := os.Remove(path); err != nil { // which may be a link
			n.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o700); err != nil {
			n.Fatal(err)
		}
	}
	for words, is := range map[string]string{
		"bin/orderer cannot be run":                                  "The orderer is not here any more.\n",
		"bin/orderer does not say of which release":                  "#!/bin/sh\necho I am the orderer.\n",
		"bin/orderer is of release 3.0.0; this 9ten is made for 3.1": "#!/bin/sh\necho ' Version: v3.0.0'\n",
		"bin/orderer is of release 2.5.9; this 9ten is made for 3.1": "#!/bin/sh\necho ' Version: v2.5.9'\n",
	} {
		put("orderer", []byte(is))
		if said := n.refused("ledger", "doctor"); !strings.Contains(said, words) || !strings.Contains(said, "set ledger.fabric.bin to its folder bin") {
			n.Errorf("of an orderer that is %q the doctor says %s", is, said)
		}
	}
	put("orderer", []byte("#!/bin/sh\necho ' Version: v2.5.9'\n"))
	n.start()
	n.eventually(n.id+" refuses an orderer of another release", func() error {
		if log := n.tail(30, whatever); !strings.Contains(log, "bin/orderer is of release 2.5.9; this 9ten is made for 3.1.") {
			return fmt.Errorf("it says %s", log)
		}
		return nil
	})
	for _, command := range []string{"peer", "orderer"} {
		if pid, err := childOf(n.cmd.Process.Pid, command); err == nil {
			n.Errorf("its %s runs as %d", command, pid)
		}
	}
	for _, command := range []string{"peer", "orderer"} {
		b, err := os.ReadFile(filepath.Join(n.fabric, command))
		if err != nil {
			n.Fatal(err)
		}
		put(command, b)
	}
	for _, command := range []string{"peer", "orderer"} {
		runs, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", n.child(command)))
		if err != nil || runs != n.path("bin/"+command) {
			n.Errorf("its %s is %s, not the copy in %s (%v)", command, runs, n.path("bin"), err)
		}
	}
}

// standsWell has a member that orders tell a program how it stands: how high its
// ledger is and when that grew, who else is there, whether its servers are well, for
// how long its certificates are good, and what waits.
func standsWell(n *networkNode, members ...string) {
	n.Helper()
	n.eventually(n.id+" stands well, of "+strings.Join(members, ", "), func() error {
		var s struct {
			Mode, Head   string
			Height, Read uint64
			Last         time.Time
			Waiting      []json.RawMessage
			Membership   struct {
				Ready   bool
				Days    int `json:"certificate_days"`
				Members []struct{ Node string }
				Servers []struct {
					Role string
					Well bool
				}
			}
		}
		said, err := n.command("ledger", "status", "--json").Output()
		if err == nil {
			err = json.Unmarshal(said, &s)
		}
		if err != nil {
			return err
		}
		var who, runs []string
		for _, m := range s.Membership.Members {
			who = append(who, m.Node)
		}
		for _, x := range s.Membership.Servers {
			if x.Well {
				runs = append(runs, x.Role)
			}
		}
		slices.Sort(runs)
		if s.Mode != "fabric" || s.Height == 0 || s.Read == 0 || len(s.Head) != 64 || time.Since(s.Last).Abs() > time.Hour || s.Waiting == nil || len(s.Waiting) > 0 ||
			!s.Membership.Ready || s.Membership.Days < 300 || !slices.Equal(who, members) || !slices.Equal(runs, []string{"orderer", "peer"}) {
			return fmt.Errorf("it says %s", said)
		}
		return nil
	})
}

// joinsByFiles takes a newcomer in that nobody has to reach over HTTP.
func joinsByFiles(n, member *networkNode) {
	n.Helper()
	request, first := n.path("request.json"), n.path("first.block")
	n.says([]string{n.id + " asks to be admitted", "9ten ledger admit --file"}, "ledger", "request-join", "--out", request, "--note", "By post.")
	member.proposes("ledger", "admit", "--file", request)
	member.saysSoon([]string{n.id}, "ledger", "members")
	member.says([]string{"holds the network's first block"}, "ledger", "first-block", "--out", first)
	n.start()
	n.run("ledger", "join", "--first", first)
	n.says([]string{"its ledger works"}, "ledger", "join", "--wait")
	n.ready()
}

// asksInVain has a newcomer dropped, put before the members, declined, and taken
// back by who proposed it.
func asksInVain(n, first, other *networkNode) {
	n.Helper()
	n.run("ledger", "request-join", first.url, "--note", "Us again.")
	first.says([]string{n.id, "Us again."}, "ledger", "requests")
	n.says([]string{"has the request"}, "ledger", "join")
	first.says([]string{"is dropped"}, "ledger", "dismiss", n.id)
	n.says([]string{"knows of no request"}, "ledger", "join")
	n.says([]string{"asks nobody any more"}, "ledger", "forget")
	n.refused("ledger", "forget")
	first.refused("ledger", "admit", n.id)

	n.run("ledger", "request-join", first.url)
	id := first.proposes("ledger", "admit", n.id)
	n.eventually("the newcomer hears of it", func() error { return n.saysNow([]string{"1 approved, 2 needed"}, "ledger", "join") })
	other.saysSoon([]string{id, first.id + " proposes to admit " + n.id, "members: 1 approved, 2 needed"}, "ledger", "intents")
	other.says([]string{"Declined for this node.", "declined by " + other.id + ": Who are they?"}, "ledger", "decline", id, "--reason", "Who are they?")
	first.saysSoon([]string{"declined by " + other.id + ": Who are they?"}, "ledger", "intents")
	if said := other.refused("ledger", "withdraw", id); !strings.Contains(said, "only "+first.id+" may withdraw it") {
		n.Errorf("%s takes back what another proposed: %s", other.id, said)
	}
	first.says([]string{"Withdrawn."}, "ledger", "withdraw", id)
	other.saysSoon([]string{"withdrawn, said by " + first.id}, "ledger", "intents", "--past")
	first.saysSoon([]string{"Nothing is to be decided."}, "ledger", "intents")
	n.eventually("the newcomer hears of that, too", func() error { return n.saysNow([]string{"knows of no request"}, "ledger", "join") })
	n.run("ledger", "forget")
}

// programsDisagree proposes, declines and takes back over HTTP.
func programsDisagree(a, b, about *networkNode) {
	t := b
	t.Helper()
	var made struct{ ID string }
	t.eventually("b proposes", func() error {
		return b.ask(http.MethodPost, "/api/v1/ledger/intents", b.token, map[string]string{"kind": network.RemoveMember, "subject": about.id, "note": "It is loud."}, &made)
	})
	at := "/api/v1/ledger/intents/" + made.ID
	var i network.Intent
	a.eventually("a sees it", func() error { return a.get(at, &i) })
	if i.By != b.id || i.Note != "It is loud." || len(i.Needs) != 1 || i.Needs[0] != (network.Quorum{Of: network.Members, Have: 1, Need: 2}) {
		t.Errorf("a sees %+v", i)
	}
	a.must(http.MethodPost, at+"/decline", a.token, map[string]string{"reason": "We like it."}, nil)
	if err := a.ask(http.MethodDelete, at, a.token, nil, nil); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a takes back what b proposed: %v", err)
	}
	var again struct{ ID string }
	b.must(http.MethodPost, "/api/v1/ledger/intents", b.token, map[string]string{"kind": network.RemoveMember, "subject": about.id}, &again)
	if err := b.get(at, &i); err != nil || again.ID != made.ID || len(i.Approvals) != 1 || len(i.Declines) != 1 {
		t.Errorf("the same is proposed twice, as %s and %s: %+v (%v)", made.ID, again.ID, i, err)
	}
	b.must(http.MethodDelete, at, b.token, nil, nil)
	a.eventually("a sees that it is taken back", func() error {
		var past network.Past
		if err := a.get("/api/v1/ledger/intents/past", &past); err != nil {
			return err
		}
		for _, x := range past.Rows {
			if x.ID == made.ID && x.State == network.Withdrawn && len(x.Declines) == 1 && x.Declines[0].Reason == "We like it." {
				return nil
			}
		}
		return fmt.Errorf("decided was %+v", past.Rows)
	})
}

// beginsAnew has another member's peer write down where the ledger stands, and the
// node's own start from that.
func beginsAnew(n, other *networkNode) {
	n.Helper()
	folder := other.path("snapshot")
	var taken struct {
		Block uint64 `json:"last_block_number"`
		Hash  string `json:"last_block_hash"`
	}
	if said := other.run("ledger", "snapshot", folder, "--json"); json.Unmarshal([]byte(said), &taken) != nil || taken.Block == 0 || taken.Hash == "" {
		n.Fatalf("the snapshot is %s", said)
	}
	if said := other.refused("ledger", "snapshot", folder); !strings.Contains(said, "is there already") {
		n.Errorf("into a folder that is there: %s", said)
	}
	if said := n.refused("ledger", "restore", n.path("nothing")); !strings.Contains(said, "no snapshot") {
		n.Errorf("from a folder that is not there: %s", said)
	}
	n.says([]string{fmt.Sprintf("starts anew from block %d (%s)", taken.Block, taken.Hash)}, "ledger", "restore", folder)
	n.eventually("what its peer had is kept beside", func() error {
		kept, err := filepath.Glob(n.path("fabric/peer/data.before-*"))
		if err == nil && len(kept) != 1 {
			err = fmt.Errorf("there are %v", kept)
		}
		return err
	})
	other.rename("Hull")
	n.knows(other, "Hull")
	n.says([]string{"ok   peer"}, "ledger", "doctor")
}

// ordersByAnother gives the one that orders alone another identity, with which it
// goes on.
func ordersByAnother(n, other *networkNode) {
	n.Helper()
	certificate := func() string {
		b, err := os.ReadFile(n.path("fabric/orderer/msp/signcerts/cert.pem"))
		if err != nil {
			n.Fatal(err)
		}
		return string(b)
	}
	n.refused("ledger", "orderer", "replace") // what it has is what is known
	was := certificate()
	id := n.proposes("ledger", "orderer", "replace", "--identity", "--note", "It may be stolen.")
	other.saysSoon([]string{id, "It may be stolen."}, "ledger", "intents", "--past")
	n.eventually("it orders by another certificate", func() error {
		if certificate() == was {
			return fmt.Errorf("it is the same")
		}
		return nil
	})
	n.rename("Whitby")
	other.knows(n, "Whitby")
}

// leaves puts a member out, which finds out and stops its servers; the doctors of
// those that stay find nothing.
func leaves(n, by, other *networkNode) {
	n.Helper()
	id := by.proposes("ledger", "member", "remove", n.id, "--note", "It was sold.")
	other.saysSoon([]string{by.id + " proposes to remove " + n.id, "note: It was sold."}, "ledger", "intents")
	other.says([]string{"Approved for this node."}, "ledger", "approve", id)
	n.eventually("it knows that it is out", func() error {
		m, err := n.membership()
		if err == nil && m.Phase != network.Removed {
			err = fmt.Errorf("it is %s", m.Phase)
		}
		return err
	})
	n.eventually("its servers have ended", func() error {
		if pid, err := childOf(n.cmd.Process.Pid, "peer"); err == nil {
			return fmt.Errorf("its peer runs as %d", pid)
		}
		return nil
	})
	n.says([]string{network.Removed}, "ledger", "status")
	n.refused("ledger", "members")
	n.newcomer("eve") // for whom nothing of it matters
	for _, m := range []*networkNode{by, other} {
		m.eventually(m.id+" has two members", func() error {
			w, err := m.network()
			if err == nil && len(w.Members) != 2 {
				err = fmt.Errorf("it has %+v", w.Members)
			}
			return err
		})
		m.says([]string{"in use by a running node", "ok   network"}, "doctor")
		m.says([]string{"ok   peer", "ok   ports"}, "ledger", "doctor")
	}
}
