package site_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/web/site"
)

// alone is what a node answers that keeps its ledger by itself.
type alone struct{ membership }

// membership is a site.Network under another name than its method Network.
type membership interface{ site.Network }

func (alone) Membership(context.Context) (network.Membership, error) {
	return network.Membership{}, fault.New(fault.NotFound, "This node keeps its ledger alone.")
}

// council is a network in a phase; it writes down what the page has it do.
type council struct {
	phase string
	asked network.Progress
	away  bool   // the ledger does not answer
	newer string // version of the contract
	third bool   // there are three members
	// what a network is that is split
	cluster  *network.Household
	clusters []network.Cluster
	through  string
	said     []string
	err      error // of what it is to do
}

var atNoon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func (c *council) Membership(context.Context) (network.Membership, error) {
	return network.Membership{
		Phase: c.phase, Node: "b.example", Fingerprint: "2-2", Via: "https://a.example", Asked: c.asked, Certificate: atNoon.Add(300 * 24 * time.Hour), Days: 300, Ready: !c.away,
		Servers: []network.Server{{Role: "peer", Well: !c.away, Crashes: 1}}, Client: c.cluster != nil, Through: c.through, Cluster: c.cluster,
	}, nil
}

func (c *council) Network(context.Context) (network.Network, error) {
	w := network.Network{Name: "nineten", First: "f1f1", Newest: "c2c2", Height: 42, Contract: "1", Newer: c.newer, Clusters: c.clusters, Members: []network.MemberNode{
		{Node: "a.example", Fingerprint: "1-1", Address: "a.example:9020", Endorses: true, Orders: true}, {Node: "b.example", Fingerprint: "2-2", Endorses: true, Self: true},
	}}
	if c.third {
		w.Members = append(w.Members, network.MemberNode{Node: "c.example", Fingerprint: "3-3"})
	}
	return w, nil
}

func (c *council) Newcomers(context.Context) ([]network.Newcomer, error) {
	return []network.Newcomer{{Node: "d.example", Fingerprint: "4-4", Note: "May I?", At: atNoon}}, nil
}

func (c *council) Intents(context.Context) ([]network.Intent, error) {
	return []network.Intent{
		{ID: strings.Repeat("ab", 32), Kind: network.AdmitMember, Subject: "c.example", By: "a.example", Fingerprint: "3-3", State: "open", Until: atNoon, Approvals: []network.Voice{{Node: "a.example"}}, Needs: []network.Quorum{{Of: network.Members, Have: 1, Need: 2}}},
		{ID: strings.Repeat("cd", 32), Kind: network.RemoveOrderer, Subject: "a.example", By: "b.example", State: "open", Until: atNoon, Self: network.Approved, Declines: []network.Voice{{Node: "a.example", Reason: "no"}}},
	}, nil
}

func (c *council) Past(context.Context, string) (network.Past, error) {
	if c.away {
		return network.Past{}, fault.New(fault.Unavailable, "The ledger is away.")
	}
	return network.Past{Rows: []network.Intent{{ID: strings.Repeat("ef", 32), Kind: network.AdmitMember, Subject: "b.example", By: "a.example", State: "applied", Concluded: atNoon}}, Next: "more"}, nil
}

func (c *council) say(words ...string) error {
	c.said = append(c.said, strings.Join(words, " "))
	return c.err
}
func (c *council) Found(context.Context) error { return c.say("found") }
func (c *council) Ask(_ context.Context, via, network, note string) error {
	return c.say("ask", via, network, note)
}
func (c *council) Forget(context.Context) error                 { return c.say("forget") }
func (c *council) Dismiss(_ context.Context, node string) error { return c.say("dismiss", node) }
func (c *council) Approve(_ context.Context, id string) error   { return c.say("approve", id[:4]) }
func (c *council) Decline(_ context.Context, id, why string) error {
	return c.say("decline", id[:4], why)
}
func (c *council) Propose(_ context.Context, kind, about, note string) (string, error) {
	return "id", c.say("propose", kind, about, note)
}
func (c *council) FoundCluster(_ context.Context, name string) error {
	return c.say("found-cluster", name)
}
func (c *council) JoinCluster(_ context.Context, name, via, note string) error {
	return c.say("join-cluster", name, via, note)
}
func (c *council) LeaveCluster(context.Context) error                { return c.say("leave-cluster") }
func (c *council) ForgetCluster(context.Context) error               { return c.say("forget-cluster") }
func (c *council) NameDelegate(_ context.Context, node string) error { return c.say("delegate", node) }
func (c *council) ResignDelegate(_ context.Context, node string) error {
	return c.say("resign", node)
}
func (c *council) Withdraw(_ context.Context, id string) error { return c.say("withdraw", id[:4]) }
func (c *council) Admit(_ context.Context, node string) (string, error) {
	return "id", c.say("admit", node)
}

// TestNetworkPage walks an operator from a node alone to a member who decides.
func TestNetworkPage(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const at = "/operator/network"
	v.open(at).sees(200, at, "This node keeps its ledger alone", `mode = "fabric"`)
	c := &council{phase: network.Alone}
	n.site.Rooms.Network = c
	v.open(at).sees(200, at, "Join a network", "Found a network", "2-2")
	c.err = fault.On("via", fault.Invalid, "Give the address of a member's node, such as https://music.example.")
	v.send(at, "do", "ask", "via", "a", "note", "Us").sees(422, at, "Give the address of a member", `value="a"`)
	c.err = fault.New(fault.Unavailable, "The node a.example cannot be reached.")
	v.send(at, "do", "ask", "via", "https://a.example", "note", "Us").sees(200, at, "cannot be reached", `value="https://a.example"`)
	c.err = nil
	v.send(at, "do", "ask", "via", "https://a.example", "network", "f1f1", "note", "Us").sees(200, at, "The request is sent.")
	c.phase, c.asked = network.Asking, network.Progress{State: "proposed", Approvals: 1, Needed: 2}
	v.open(at).sees(200, at, "1 approved, 2 needed", "https://a.example", "Stop waiting")
	v.send(at, "do", "forget").sees(200, at, "asks nobody any more")
	c.phase = network.Joined
	v.open(at).sees(200, at, "42", "is well", "ended by itself once", "300", "d.example", "May I?", "a.example proposes to admit c.example.", "Members: 1 approved, 2 needed", "a.example approved.",
		"b.example proposes that a.example orders no longer.", "a.example declined: no", "this one", "f1f1", "c2c2", "a.example proposes to admit b.example.", "In force", at+"?after=more", "Two members need each other").misses("does not work here yet")
	ab, cd := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	for _, pairs := range [][]string{{"do", "admit", "node", "d.example"}, {"do", "dismiss", "node", "d.example"}, {"do", "approve", "intent", ab}, {"do", "decline", "intent", ab, "reason", "who?"}, {"do", "withdraw", "intent", cd}} {
		v.send(at, pairs...).sees(200, at)
	}
	want := "ask a  Us|ask https://a.example  Us|ask https://a.example f1f1 Us|forget|admit d.example|dismiss d.example|approve abab|decline abab who?|withdraw cdcd"
	if got := strings.Join(c.said, "|"); got != want {
		t.Errorf("it was told\n%s, not\n%s", got, want)
	}
	v.open(at).sees(200, at, "Propose that this node orders, too", "Propose to leave the network", "Propose to remove it").misses("Propose that it orders no longer", "A newer contract")
	c.said, c.newer, c.third = nil, "2", true
	v.open(at).sees(200, at, "runs version 1 of the contract", "Propose version 2").misses("Two members need each other")
	for _, do := range []string{"order", "unorder", "remove", "upgrade"} {
		v.send(at, "do", do, "subject", "b.example", "note", "So.").sees(200, at, "Proposed to the members")
	}
	want = "propose add-orderer b.example So.|propose remove-orderer b.example So.|propose remove-member b.example So.|propose upgrade-contract b.example So."
	if got := strings.Join(c.said, "|"); got != want {
		t.Errorf("it was told\n%s, not\n%s", got, want)
	}
	c.err = fault.New(fault.Conflict, "a.example proposed the same already.")
	v.send(at, "do", "remove", "subject", "a.example").sees(409, at, "proposed the same already", "Members")
	c.err = fault.New(fault.Unavailable, "The ledger is away.")
	v.send(at, "do", "remove", "subject", "a.example").sees(200, at, "The ledger is away.", "Members")
	c.err = nil
	v.send(at, "do", "dance").sees(422, at, "not known here")
	c.away = true
	v.open(at).sees(200, at, "does not work here yet", "does not answer", "a.example proposes to admit c.example.")
	c.phase = network.Removed
	v.open(at).sees(200, at, "put this node out", "Ask to be admitted again", `name="via"`)
	n.join("bo").open(at).sees(403, at)
}

// The operator of a node in a cluster sees it, how far its days have come, and
// whose peer the node uses.
func TestNetworkPageOfACluster(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const at = "/operator/network"
	north := network.Cluster{Name: "north", Carried: "2026-11-22", Nodes: []network.ClusterNode{
		{Node: "a.example", Delegate: true, Recorded: "2026-11-23", Carried: "2026-11-22", LeftOut: "2026-11-23: No log key of a.example signed that."},
		{Node: "b.example", Self: true, Recorded: "2026-11-24", Carried: "2026-11-23"},
	}}
	south := network.Cluster{Name: "south", Carried: "2026-11-21", Nodes: []network.ClusterNode{{Node: "c.example", Delegate: true}, {Node: "d.example"}}}
	c := &council{phase: network.Joined, clusters: []network.Cluster{north, south}}
	n.site.Rooms.Network = c
	v.open(at).sees(200, at, "Clusters", "north", "south", `c.example <span class="faint">delegate</span>, d.example`, "2026-11-21", `<option value="south">`, "Found the cluster").misses("Other clusters", "Leave the cluster")
	c.cluster, c.through = &network.Household{Cluster: north, Phase: network.Joined, Ready: true, Height: 77}, "a.example"
	v.open(at).sees(200, at, "Cluster north", "77", "2026-11-24", "2026-11-23", "delegate", "Left out", "No log key of a.example signed that", "Other clusters", "It uses the peer of a.example")
	c.through, c.cluster.Phase, c.cluster.Ready, c.cluster.Trouble = "", network.Leaving, false, "It does not answer."
	v.open(at).sees(200, at, "no member’s peer answers", "This node leaves it", "channel does not work here", "It does not answer.")
	c.cluster = &network.Household{Cluster: network.Cluster{Name: "west"}, Phase: network.Asking, Via: "https://w.example", Asked: network.Progress{State: "proposed", Approvals: 1, Needed: 3}}
	v.open(at).sees(200, at, "Cluster west", "Asked https://w.example", "1 approved, 3 needed", "Stop waiting").misses("Join a cluster")
}

// The operator founds, joins and leaves clusters by the page, and says who
// carries their days.
func TestNetworkPageTurnsToClusters(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	const at = "/operator/network"
	c := &council{phase: network.Joined}
	n.site.Rooms.Network = c
	v.open(at).sees(200, at, "Up to 13 nodes keep one ledger together", "Found a cluster").misses("Join a cluster")
	c.err = fault.On("name", fault.Invalid, "A cluster's name is 1 to 40 small letters, digits and hyphens.")
	v.send(at, "do", "found-cluster", "name", "Nord").sees(422, at, "small letters, digits and hyphens.", `value="Nord"`, `id="f-name-e"`, `<details class="after" open><summary class="link">Found a cluster`)
	c.err = nil
	v.send(at, "do", "found-cluster", "name", "north").sees(200, at, "The cluster is founded.")
	c.clusters = []network.Cluster{{Name: "north", Nodes: []network.ClusterNode{{Node: "a.example", Delegate: true}}}, {Name: "south", Nodes: []network.ClusterNode{{Node: "c.example", Delegate: true}}}}
	c.err = fault.New(fault.Unavailable, "The node c.example cannot be reached.")
	v.send(at, "do", "join-cluster", "cluster", "south", "via", "", "note", "Us").sees(200, at, "cannot be reached", `<option value="south" selected>`, "Us</textarea>", `<details class="after" open><summary class="link">Join a cluster`)
	c.err = nil
	v.send(at, "do", "join-cluster", "cluster", "south", "via", "https://c.example", "note", "Us").sees(200, at, "The request is sent.")
	c.cluster = &network.Household{Cluster: network.Cluster{Name: "south"}, Phase: network.Asking, Via: "https://c.example", Asked: network.Progress{State: "unknown"}}
	v.open(at).sees(200, at, "knows of no request any more")
	v.send(at, "do", "forget-cluster").sees(200, at, "asks nobody any more")
	c.err = fault.New(fault.Conflict, "This node was admitted to the cluster %s meanwhile: it waits no more. To be out of it, leave it.", "south")
	v.send(at, "do", "forget-cluster").sees(409, at, "was admitted to the cluster south meanwhile")
	c.err = nil

	nodes := []network.ClusterNode{{Node: "b.example", Self: true, Delegate: true}, {Node: "c.example"}}
	c.cluster = &network.Household{Cluster: network.Cluster{Name: "south", Nodes: nodes}, Phase: network.Joined, Ready: true}
	v.open(at).sees(200, at, "Make it a delegate", "Leave the cluster").misses("Carry no longer")
	c.err = fault.New(fault.Conflict, "c.example is a client.")
	v.send(at, "do", "delegate", "node", "c.example").sees(409, at, "c.example is a client.")
	c.err = nil
	v.send(at, "do", "delegate", "node", "c.example").sees(200, at, "carries the cluster’s days, too")
	nodes[1].Delegate = true
	v.open(at).sees(200, at, "Carry no longer").misses("Make it a delegate")
	v.send(at, "do", "resign", "node", "b.example").sees(200, at, "days no longer")
	nodes[0].Delegate = false
	v.open(at).sees(200, at, "delegate: it carries").misses("Carry no longer", "Make it a delegate")
	v.send(at, "do", "leave-cluster").sees(200, at, "This node leaves its cluster.")
	want := "found-cluster Nord|found-cluster north|join-cluster south  Us|join-cluster south https://c.example Us|forget-cluster|forget-cluster|delegate c.example|delegate c.example|resign b.example|leave-cluster"
	if got := strings.Join(c.said, "|"); got != want {
		t.Errorf("it was told\n%s, not\n%s", got, want)
	}
}
