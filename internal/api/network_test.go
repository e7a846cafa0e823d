package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
)

// A council is the network of the tests: it writes down what it is asked to do.
type council struct {
	said []string
	err  error // what everything answers, when set
}

func (c *council) say(words ...string) error {
	c.said = append(c.said, strings.Join(words, " "))
	return c.err
}

func (c *council) Receive(_ context.Context, r api.Admission) error {
	return c.say("receive", r.Member.MSP, string(r.Member.CA), r.Note)
}

func (c *council) Answer(_ context.Context, node, cluster string) (api.AdmissionAnswer, error) {
	return api.AdmissionAnswer{Progress: network.Progress{State: "admitted", Needed: 2}, First: []byte(node + cluster)}, c.err
}

func (c *council) Network(context.Context) (network.Network, error) {
	return network.Network{Name: "nineten", First: "aa", Newest: "bb", Height: 7, Members: []network.MemberNode{{Node: nodeID, Fingerprint: "1-2", Self: true}}}, c.err
}

func (c *council) Membership(context.Context) (network.Membership, error) {
	return network.Membership{Phase: network.Asking, Node: nodeID, Via: "https://a.example", Asked: network.Progress{State: "waiting", Needed: 2}, Servers: []network.Server{{Role: "peer", Well: true}}}, c.err
}
func (c *council) Found(context.Context) error { return c.say("found") }
func (c *council) Ask(_ context.Context, via, network, note string) error {
	return c.say("ask", via, network, note)
}
func (c *council) Forget(context.Context) error                    { return c.say("forget") }
func (c *council) Dismiss(_ context.Context, node string) error    { return c.say("dismiss", node) }
func (c *council) Approve(_ context.Context, id string) error      { return c.say("approve", id) }
func (c *council) Decline(_ context.Context, id, why string) error { return c.say("decline", id, why) }
func (c *council) Withdraw(_ context.Context, id string) error     { return c.say("withdraw", id) }

func (c *council) Newcomers(context.Context) ([]network.Newcomer, error) {
	return []network.Newcomer{{Node: "b.example", Fingerprint: "3-4", At: time.UnixMilli(1).UTC()}}, c.err
}

func (c *council) Admit(_ context.Context, node string) (string, error) {
	return "abcd", c.say("admit", node)
}

func (c *council) Intents(context.Context) ([]network.Intent, error) {
	return []network.Intent{aboutB()}, c.err
}

func (c *council) Intent(_ context.Context, id string) (network.Intent, error) {
	return aboutB(), c.say("intent", id)
}

func (c *council) Past(_ context.Context, after string) (network.Past, error) {
	return network.Past{Rows: []network.Intent{}, Next: "more"}, c.say("past", after)
}

func (c *council) Propose(_ context.Context, kind, subject, note string) (string, error) {
	return "abcd", c.say("propose", kind, subject, note)
}

func (c *council) FoundCluster(_ context.Context, name string) error { return c.say("found", name) }
func (c *council) JoinCluster(_ context.Context, name, via, note string) error {
	return c.say("join", name, via, note)
}
func (c *council) LeaveCluster(context.Context) error                { return c.say("leave") }
func (c *council) NameDelegate(_ context.Context, node string) error { return c.say("delegate", node) }
func (c *council) ResignDelegate(_ context.Context, node string) error {
	return c.say("resign", node)
}

func aboutB() network.Intent {
	return network.Intent{
		ID: "abcd", Kind: network.AdmitMember, Subject: "b.example", By: nodeID, At: time.UnixMilli(1).UTC(), Until: time.UnixMilli(2).UTC(), State: network.Open,
		Approvals: []network.Voice{{Node: nodeID, At: time.UnixMilli(1).UTC()}}, Declines: []network.Voice{}, Needs: []network.Quorum{{Of: network.Members, Have: 1, Need: 2}},
	}
}

func TestANewcomerAsksAndIsAnswered(t *testing.T) {
	h := newHouse(t)
	guest, c := h.guest(), h.council
	ask := map[string]any{"member": map[string]any{"msp": "b.example", "host": "b.example", "port": 9020, "ca": []byte("pem"), "tls_ca": []byte("pem")}, "note": "Hello.", "at": "0001-01-01T00:00:00Z"}
	guest.do(http.MethodPost, "/ledger/requests", ask, http.StatusAccepted, nil)
	if len(c.said) != 1 || c.said[0] != "receive b.example pem Hello." {
		t.Errorf("received %q", c.said)
	}
	ask["note"] = strings.Repeat("n", 20<<10)
	guest.refused(http.MethodPost, "/ledger/requests", ask, http.StatusRequestEntityTooLarge)
	ask["note"] = strings.Repeat("n", 501)
	guest.refused(http.MethodPost, "/ledger/requests", ask, http.StatusUnprocessableEntity)
	var a struct {
		State  string
		Needed int
		First  []byte
	}
	guest.do(http.MethodGet, "/ledger/requests/b.example", nil, http.StatusOK, &a)
	if a.State != "admitted" || a.Needed != 2 || string(a.First) != "b.example" {
		t.Errorf("%+v", a)
	}
	if guest.do(http.MethodGet, "/ledger/requests/b.example?cluster=north", nil, http.StatusOK, &a); string(a.First) != "b.examplenorth" {
		t.Errorf("of a cluster: %+v", a)
	}
	var n struct {
		FirstBlock string `json:"first_block"`
		Members    []struct{ Fingerprint string }
	}
	guest.do(http.MethodGet, "/ledger/network", nil, http.StatusOK, &n)
	if n.FirstBlock != "aa" || len(n.Members) != 1 || n.Members[0].Fingerprint != "1-2" {
		t.Errorf("%+v", n)
	}
}

func TestTheOperatorDecidesAboutTheNetwork(t *testing.T) {
	h := newHouse(t)
	root, c := h.program(h.root, account.ScopeAdmin), h.council
	var m struct{ Phase, Via string }
	root.do(http.MethodPut, "/ledger/membership", map[string]any{"via": "https://a.example", "network": "aa", "note": "Hi."}, http.StatusOK, &m)
	if m.Phase != network.Asking || m.Via != "https://a.example" {
		t.Errorf("%+v", m)
	}
	root.do(http.MethodGet, "/ledger/membership", nil, http.StatusOK, nil)
	root.do(http.MethodDelete, "/ledger/membership", nil, http.StatusNoContent, nil)
	root.do(http.MethodPost, "/ledger/network", nil, http.StatusNoContent, nil)
	var waiting []struct{ Node string }
	if root.do(http.MethodGet, "/ledger/requests", nil, http.StatusOK, &waiting); len(waiting) != 1 || waiting[0].Node != "b.example" {
		t.Errorf("%+v", waiting)
	}
	var made struct{ ID string }
	if root.do(http.MethodPost, "/ledger/requests/b.example/admit", nil, http.StatusCreated, &made); made.ID != "abcd" {
		t.Errorf("%+v", made)
	}
	root.do(http.MethodDelete, "/ledger/requests/b.example", nil, http.StatusNoContent, nil)
	root.do(http.MethodPost, "/ledger/intents", map[string]any{"kind": "remove-member", "subject": "b.example", "note": "Gone."}, http.StatusCreated, nil)
	root.refused(http.MethodPost, "/ledger/intents", map[string]any{"kind": "admit-member", "subject": "b.example"}, http.StatusUnprocessableEntity)
	var open []network.Intent
	if root.do(http.MethodGet, "/ledger/intents", nil, http.StatusOK, &open); len(open) != 1 || open[0].Needs[0].Need != 2 {
		t.Errorf("%+v", open)
	}
	root.do(http.MethodGet, "/ledger/intents/abcd", nil, http.StatusOK, nil)
	root.do(http.MethodGet, "/ledger/intents/past?after=x", nil, http.StatusOK, nil)
	root.do(http.MethodPost, "/ledger/intents/abcd/approve", nil, http.StatusNoContent, nil)
	root.do(http.MethodPost, "/ledger/intents/abcd/decline", map[string]any{"reason": "No."}, http.StatusNoContent, nil)
	root.do(http.MethodDelete, "/ledger/intents/abcd", nil, http.StatusNoContent, nil)
	want := "ask https://a.example aa Hi.|forget|found|admit b.example|dismiss b.example|propose remove-member b.example Gone.|intent abcd|past x|approve abcd|decline abcd No.|withdraw abcd"
	if got := strings.Join(c.said, "|"); got != want {
		t.Errorf("it was asked\n%s, not\n%s", got, want)
	}
	c.err = fault.New(fault.NotFound, "This node keeps its ledger alone.")
	h.guest().refused(http.MethodGet, "/ledger/network", nil, http.StatusNotFound)
	root.refused(http.MethodGet, "/ledger/intents", nil, http.StatusNotFound)
	root.refused(http.MethodPost, "/ledger/requests/b.example/admit", nil, http.StatusNotFound)
}

func TestTheOperatorDealsWithClusters(t *testing.T) {
	h := newHouse(t)
	root, c := h.program(h.root, account.ScopeAdmin), h.council
	root.do(http.MethodPost, "/ledger/cluster", map[string]any{"name": "north"}, http.StatusNoContent, nil)
	root.refused(http.MethodPost, "/ledger/cluster", map[string]any{"name": "../north"}, http.StatusUnprocessableEntity)
	var m struct{ Node string }
	if root.do(http.MethodPut, "/ledger/cluster", map[string]any{"name": "south", "via": "https://c.example", "note": "Hi."}, http.StatusOK, &m); m.Node != nodeID {
		t.Errorf("%+v", m)
	}
	root.do(http.MethodPut, "/ledger/cluster/delegates/d.example", nil, http.StatusNoContent, nil)
	root.do(http.MethodDelete, "/ledger/cluster/delegates/c.example", nil, http.StatusNoContent, nil)
	root.do(http.MethodDelete, "/ledger/cluster", nil, http.StatusNoContent, nil)
	want := "found north|join south https://c.example Hi.|delegate d.example|resign c.example|leave"
	if got := strings.Join(c.said, "|"); got != want {
		t.Errorf("it was asked\n%s, not\n%s", got, want)
	}
	c.err = fault.New(fault.Conflict, "This node is in the cluster south. Leave it first.")
	root.refused(http.MethodPut, "/ledger/cluster", map[string]any{"name": "north"}, http.StatusConflict)
	h.guest().refused(http.MethodPost, "/ledger/cluster", map[string]any{"name": "north"}, http.StatusUnauthorized)
}
