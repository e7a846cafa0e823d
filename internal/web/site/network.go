package site

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/web"
)

// Network is the nodes that run one ledger together, as the operator's page
// deals with them. A node that keeps its ledger alone answers everything with
// NotFound; nothing keeps a page waiting for the ledger for long.
type Network interface {
	Membership(ctx context.Context) (network.Membership, error)
	Network(ctx context.Context) (network.Network, error)
	Newcomers(ctx context.Context) ([]network.Newcomer, error)
	Intents(ctx context.Context) ([]network.Intent, error)
	Past(ctx context.Context, after string) (network.Past, error)

	Found(ctx context.Context) error
	Ask(ctx context.Context, via, network, note string) error
	Forget(ctx context.Context) error
	Admit(ctx context.Context, node string) (id string, err error)
	Dismiss(ctx context.Context, node string) error
	Propose(ctx context.Context, kind, subject, note string) (id string, err error)
	Approve(ctx context.Context, id string) error
	Decline(ctx context.Context, id, reason string) error
	Withdraw(ctx context.Context, id string) error

	FoundCluster(ctx context.Context, name string) error
	JoinCluster(ctx context.Context, name, via, note string) error
	LeaveCluster(ctx context.Context) error
	ForgetCluster(ctx context.Context) error // while it waits to be admitted; Conflict after that
	NameDelegate(ctx context.Context, node string) error
	ResignDelegate(ctx context.Context, node string) error
}

// NetworkPage is the network as the operator of one node sees it.
type NetworkPage struct {
	web.Page
	Views     []View
	Alone     bool // the ledger is embedded: there is no network
	Member    network.Membership
	Network   network.Network
	Others    []network.Cluster // that this node is not in
	Unseen    bool              // the node has not looked at its network yet
	Newcomers []network.Newcomer
	Open      []IntentLine
	Past      []IntentLine
	More      string      // address of older ones
	Fields    []web.Field // of the one form that has any: into a network, or a cluster
	Founding  []web.Field // of a cluster
	Sent      string      // the form that is shown again, by its button
	Delegates int         // of the node's own cluster
	Carries   bool        // this node is one of them
	Endorsing int
	Ordering  int
}

// IntentLine is what members decide about, in words.
type IntentLine struct {
	network.Intent
	Words  string
	Needs  []string
	Own    bool // this node proposed it
	State  string
	Voices []string
}

// intentStates name what became of an intent.
var intentStates = map[string]string{network.Open: "Open", network.Applied: "In force", network.Failed: "Cannot be carried out", network.Expired: "Ran out", network.Withdrawn: "Withdrawn"}

// quorumWords say how far a majority is.
var quorumWords = map[string]string{
	network.Members:    "Members: %d approved, %d needed",
	network.Orderers:   "Orderers: %d approved, %d needed",
	network.Validators: "Validators: %d approved, %d needed",
}

func joinFields() []web.Field {
	return []web.Field{
		{Name: "via", Label: "Address of a member’s node", Type: "url", Placeholder: "https://music.example", Required: true, MaxLength: 500, Wide: true},
		{Name: "network", Label: "The network’s first block", Help: "May stay empty. Its hash, as a member told you by another way, such as the telephone: this node then joins no other network.", MaxLength: 64, Wide: true},
		{Name: "note", Label: "A note for its operator", Help: "Who you are, and how they reach you.", Type: "textarea", MaxLength: 500, Wide: true},
	}
}

// clusterFields are of the form by which a node asks to be in one of the clusters
// there are.
func clusterFields(all []network.Cluster) []web.Field {
	names := make([]web.Option, len(all))
	for i, c := range all {
		names[i] = web.Option{Value: c.Name, Label: c.Name}
	}
	return []web.Field{
		{Name: "cluster", Label: "Cluster", Type: "select", Options: names, Required: true, Wide: true},
		{Name: "via", Label: "Address of a member’s node", Help: "May stay empty: its first delegate is asked at https:// and its name.", Type: "url", Placeholder: "https://music.example", MaxLength: 500, Wide: true},
		{Name: "note", Label: "A note for its operator", Help: "Who you are, and how they reach you.", Type: "textarea", MaxLength: 500, Wide: true},
	}
}

func foundingFields() []web.Field {
	return []web.Field{{Name: "name", Label: "Its name", Help: "1 to 40 small letters, digits and hyphens. It stays.", Required: true, MaxLength: 40, Wide: true}}
}

func (v *visit) networkPage() (*NetworkPage, error) {
	p := &NetworkPage{Page: v.base("The network", web.NavOperator), Views: v.nodeViews("/operator/network"), Fields: joinFields()}
	p.NoIndex = true
	ctx, net := v.Context(), v.site.Rooms.Network
	var err error
	if p.Member, err = net.Membership(ctx); fault.Is(err, fault.NotFound) {
		p.Alone = true
		return p, nil
	}
	if err != nil || p.Member.Phase != network.Joined {
		return p, err
	}
	if p.Newcomers, err = net.Newcomers(ctx); err != nil {
		return p, err
	}
	switch p.Network, err = net.Network(ctx); {
	case fault.Is(err, fault.Unavailable):
		p.Unseen = true
		return p, nil
	case err != nil:
		return p, err
	}
	p.Endorsing, p.Ordering = network.Roles(p.Network.Members)
	p.household()
	return p, v.intents(p)
}

// household fills what this node may do about clusters.
func (p *NetworkPage) household() {
	own := p.Member.Cluster
	for _, c := range p.Network.Clusters {
		if own == nil || c.Name != own.Name {
			p.Others = append(p.Others, c)
		}
	}
	if own == nil {
		p.Fields, p.Founding = clusterFields(p.Others), foundingFields()
		return
	}
	for _, x := range own.Nodes {
		if x.Delegate {
			p.Delegates++
			p.Carries = p.Carries || x.Self
		}
	}
}

// sentFields are those of the form that was sent.
func (p *NetworkPage) sentFields() []web.Field {
	if p.Sent == "found-cluster" {
		return p.Founding
	}
	return p.Fields
}

// intents fills what is decided and what was. A ledger that is away tells of
// neither more than the node has seen.
func (v *visit) intents(p *NetworkPage) error {
	ctx, net := v.Context(), v.site.Rooms.Network
	open, err := net.Intents(ctx)
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	for _, i := range open {
		p.Open = append(p.Open, v.intentLine(i, p.Member.Node))
	}
	past, err := net.Past(ctx, v.URL.Query().Get("after"))
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	for _, i := range past.Rows {
		p.Past = append(p.Past, v.intentLine(i, p.Member.Node))
	}
	if past.Next != "" {
		p.More = "/operator/network?after=" + past.Next
	}
	return nil
}

func (v *visit) intentLine(i network.Intent, self string) IntentLine {
	format, args := i.Format()
	l := IntentLine{Intent: i, Words: v.say(format, args...), Own: i.By == self, State: intentStates[i.State]}
	for _, q := range i.Needs {
		l.Needs = append(l.Needs, v.say(quorumWords[q.Of], q.Have, q.Need))
	}
	for _, a := range i.Approvals {
		l.Voices = append(l.Voices, v.say("%s approved.", a.Node))
	}
	for _, d := range i.Declines {
		if d.Reason == "" {
			l.Voices = append(l.Voices, v.say("%s declined.", d.Node))
		} else {
			l.Voices = append(l.Voices, v.say("%s declined: %s", d.Node, d.Reason))
		}
	}
	return l
}

func (v *visit) network() error {
	p, err := v.networkPage()
	if err != nil {
		return err
	}
	return v.show("network", p)
}

// A motion is what a button of the page does, and what is said when it is done.
type motion struct {
	said string
	do   func(v *visit, ctx context.Context, n Network) error
}

var motions = map[string]motion{
	"found": {"The network is founded. Its ledger works in a few seconds.", func(_ *visit, ctx context.Context, n Network) error { return n.Found(ctx) }},
	"ask": {"The request is sent. This node joins by itself once it is admitted.", func(v *visit, ctx context.Context, n Network) error {
		return n.Ask(ctx, v.form.Get("via"), v.form.Get("network"), v.form.Get("note"))
	}},
	"forget": {"This node asks nobody any more.", func(_ *visit, ctx context.Context, n Network) error { return n.Forget(ctx) }},
	"admit": {proposed, func(v *visit, ctx context.Context, n Network) error {
		_, err := n.Admit(ctx, v.form.Get("node"))
		return err
	}},
	"dismiss": {"The request is dropped.", func(v *visit, ctx context.Context, n Network) error { return n.Dismiss(ctx, v.form.Get("node")) }},
	"approve": {"Approved. What follows from it happens by itself.", func(v *visit, ctx context.Context, n Network) error { return n.Approve(ctx, v.form.Get("intent")) }},
	"decline": {"Declined.", func(v *visit, ctx context.Context, n Network) error {
		return n.Decline(ctx, v.form.Get("intent"), v.form.Get("reason"))
	}},
	"order":     proposal(network.AddOrderer),
	"unorder":   proposal(network.RemoveOrderer),
	"endorse":   proposal(network.AddValidator),
	"unendorse": proposal(network.RemoveValidator),
	"remove":    proposal(network.RemoveMember),
	"upgrade":   proposal(network.UpgradeContract),
	"withdraw":  {"Withdrawn.", func(v *visit, ctx context.Context, n Network) error { return n.Withdraw(ctx, v.form.Get("intent")) }},
}

// clusterMotions are those about the node's cluster.
var clusterMotions = map[string]motion{
	"found-cluster": {"The cluster is founded. Its ledger works in a few seconds.", func(v *visit, ctx context.Context, n Network) error {
		return n.FoundCluster(ctx, v.form.Get("name"))
	}},
	"join-cluster": {"The request is sent. This node joins by itself once it is admitted.", func(v *visit, ctx context.Context, n Network) error {
		return n.JoinCluster(ctx, v.form.Get("cluster"), v.form.Get("via"), v.form.Get("note"))
	}},
	"forget-cluster": {"This node asks nobody any more.", func(_ *visit, ctx context.Context, n Network) error { return n.ForgetCluster(ctx) }},
	"leave-cluster":  {"This node leaves its cluster. What follows happens by itself.", func(_ *visit, ctx context.Context, n Network) error { return n.LeaveCluster(ctx) }},
	"delegate":       {"It carries the cluster’s days, too.", func(v *visit, ctx context.Context, n Network) error { return n.NameDelegate(ctx, v.form.Get("node")) }},
	"resign": {"It carries the cluster’s days no longer.", func(v *visit, ctx context.Context, n Network) error {
		return n.ResignDelegate(ctx, v.form.Get("node"))
	}},
}

const proposed = "Proposed to the members, and approved for this node."

// proposal puts a change about what the form names before the members.
func proposal(kind string) motion {
	return motion{proposed, func(v *visit, ctx context.Context, n Network) error {
		_, err := n.Propose(ctx, kind, v.form.Get("subject"), v.form.Get("note"))
		return err
	}}
}

func (v *visit) move() error {
	m, ok := motions[v.form.Get("do")]
	if !ok {
		m, ok = clusterMotions[v.form.Get("do")]
	}
	if !ok {
		return fault.New(fault.Invalid, "That button is not known here.")
	}
	if err := m.do(v, v.Context(), v.site.Rooms.Network); err != nil {
		if slices.Contains([]fault.Kind{fault.Internal, fault.Forbidden}, fault.KindOf(err)) {
			return err
		}
		p, perr := v.networkPage()
		if perr != nil {
			return err
		}
		p.Sent = v.form.Get("do")
		v.fill(p.Founding)
		if v.fill(p.Fields); !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.NotFound) {
			return v.again(err, "network", p, p.sentFields())
		}
		p.Notices = append(p.Notices, web.Notice{Kind: web.NoteErr, Text: v.why(err)})
		return v.show("network", p)
	}
	return v.goTo("/operator/network", v.words(m.said))
}
