package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
)

// A council is the members of a network and what they decide, as this node takes
// part: beside a running node, or in it (see [node.council]).
type council struct {
	*fabric.Home
	self string
	book contract.Client
	look func(context.Context) (channel.Config, error) // at the channel's configuration
}

// Newcomers are those who ask this node.
func (c council) Newcomers(context.Context) ([]network.Newcomer, error) {
	all, err := c.Requests()
	out := make([]network.Newcomer, len(all))
	for i, r := range all {
		out[i] = newcomer(r)
	}
	return out, err
}

func newcomer(r fabric.Request) network.Newcomer {
	return network.Newcomer{Node: r.Member.MSP, Fingerprint: r.Fingerprint(), Address: r.Member.Address(), Cluster: r.Cluster, Note: r.Note, At: r.At}
}

// Network is who is in it, at a height the caller knows.
func (c council) Network(ctx context.Context, height uint64) (network.Network, error) {
	cfg, err := c.look(ctx)
	if err != nil {
		return network.Network{}, err
	}
	first, err := c.First(channel.Name)
	if err != nil {
		return network.Network{}, err
	}
	members, err := cfg.Members()
	if err != nil {
		return network.Network{}, err
	}
	validators, err := cfg.Validators()
	if err != nil {
		return network.Network{}, err
	}
	hash := block.Hash(first)
	out := network.Network{Name: channel.Name, First: hex.EncodeToString(hash[:]), Height: height, Sequence: cfg.Sequence, Members: make([]network.MemberNode, len(members))}
	for i, m := range members {
		_, orders := cfg.Orders(m.MSP)
		out.Members[i] = network.MemberNode{Node: m.MSP, Fingerprint: m.Fingerprint(), Address: m.Address(), Endorses: slices.Contains(validators, m.MSP), Orders: orders, Self: m.MSP == c.self}
	}
	return out, nil
}

// Intents are those that are open.
func (c council) Intents(ctx context.Context) ([]network.Intent, error) {
	list, err := c.book.Intents(ctx)
	if err != nil {
		return nil, err
	}
	return c.read(ctx, list)
}

// read puts intents as people see them, the oldest first.
func (c council) read(ctx context.Context, list []contract.Intent) ([]network.Intent, error) {
	cfg, err := c.look(ctx)
	out := make([]network.Intent, len(list))
	for i, x := range list {
		if err == nil {
			out[i], err = c.intent(x, cfg)
		}
	}
	slices.SortStableFunc(out, func(a, b network.Intent) int { return a.At.Compare(b.At) })
	return out, err
}

// Past are those that are concluded.
func (c council) Past(ctx context.Context, after string) (network.Past, error) {
	page, err := c.book.PastIntents(ctx, after)
	if err != nil {
		return network.Past{}, err
	}
	out := network.Past{Rows: make([]network.Intent, len(page.Intents)), Next: page.Next}
	for i, x := range page.Intents {
		if out.Rows[i], err = c.intent(x, channel.Config{}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// intent puts one as people see it; cfg is not needed once it is concluded.
func (c council) intent(i contract.Intent, cfg channel.Config) (network.Intent, error) {
	out := network.Intent{
		ID: i.ID.String(), Kind: i.Kind, Subject: i.Subject, Note: i.Note, By: i.By, At: ms(i.At), Until: ms(i.Until), State: i.State,
		Approvals: []network.Voice{}, Declines: []network.Voice{}, ConcludedBy: i.ConcludedBy,
	}
	if i.ConcludedAt > 0 {
		out.Concluded = ms(i.ConcludedAt)
	}
	var who []string
	for _, a := range i.Approvals {
		who = append(who, a.Node)
		out.Approvals = append(out.Approvals, network.Voice{Node: a.Node, At: ms(a.At)})
		if a.Node == c.self {
			out.Self = network.Approved
		}
	}
	for _, d := range i.Declines {
		out.Declines = append(out.Declines, network.Voice{Node: d.Node, At: ms(d.At), Reason: d.Reason})
		if d.Node == c.self {
			out.Self = network.Declined
		}
	}
	unfold(&out, i.Payload)
	if i.State != contract.Open {
		return out, nil
	}
	var err error
	out.Needs, err = fabric.Majorities(i, cfg, who)
	return out, err
}

// unfold shows of what an intent brings as much as people can judge. What cannot
// be read is shown by its id alone; the contract keeps any bytes.
func unfold(out *network.Intent, payload []byte) {
	switch out.Kind {
	case network.AdmitMember:
		var m channel.Member
		if json.Unmarshal(payload, &m) == nil {
			out.Fingerprint, out.Address = m.Fingerprint(), m.Address()
		}
	case network.AddOrderer, network.ReplaceOrderer:
		var x channel.Consenter
		if json.Unmarshal(payload, &x) == nil {
			out.Address = x.Address()
		}
	case network.SetValidators:
		var v []string
		if json.Unmarshal(payload, &v) == nil {
			out.Validators = v
		}
	}
}

// ms is a moment as the contract keeps it.
func ms(at uint64) time.Time { return time.UnixMilli(int64(at)).UTC() }

// shortest is how much of an intent's id names it at least.
const shortest = 4

// find returns an open intent's id by its beginning. Faults: NotFound; Invalid
// when several begin so.
func (c council) find(ctx context.Context, prefix string) (id contract.Digest, err error) {
	if len(prefix) == len(id)*2 {
		return id, id.UnmarshalText([]byte(prefix))
	}
	if len(prefix) < shortest {
		return id, fault.On("intent", fault.Invalid, "Name an intent by at least the first %d characters of its id.", shortest)
	}
	list, err := c.book.Intents(ctx)
	if err != nil {
		return id, err
	}
	n := 0
	for _, i := range list {
		if strings.HasPrefix(i.ID.String(), prefix) {
			id, n = i.ID, n+1
		}
	}
	switch n {
	case 0:
		return id, fault.New(fault.NotFound, "No open intent's id begins with %s.", prefix)
	case 1:
		return id, nil
	}
	return id, fault.On("intent", fault.Invalid, "The ids of %d open intents begin with %s. Give more of it.", n, prefix)
}

// Intent is one, by its id or the beginning of it.
func (c council) Intent(ctx context.Context, prefix string) (network.Intent, error) {
	id, err := c.find(ctx, prefix)
	if err != nil {
		return network.Intent{}, err
	}
	i, err := c.book.Intent(ctx, id)
	if err != nil {
		return network.Intent{}, err
	}
	cfg, err := c.look(ctx)
	if err != nil {
		return network.Intent{}, err
	}
	return c.intent(i, cfg)
}

// propose puts a change before the members; what it brings the node adds.
func (c council) propose(ctx context.Context, kind, subject, note string) (contract.Digest, error) {
	switch kind {
	case network.UpgradeContract:
		return c.ProposeUpgrade(ctx, channel.Name, subject)
	case network.AddOrderer:
		if subject != "" && subject != c.self {
			return contract.Digest{}, fault.On("subject", fault.Invalid, "A node proposes its own orderer: ask %s to do it.", subject)
		}
		return c.AddOrderer(ctx, channel.Name, note)
	case network.RemoveMember:
		return c.RemoveMember(ctx, channel.Name, subject, note)
	case network.RemoveOrderer:
		return c.RemoveOrderer(ctx, channel.Name, subject, note)
	case network.AddValidator:
		return c.AddValidator(ctx, channel.Name, subject, note)
	case network.RemoveValidator:
		return c.RemoveValidator(ctx, channel.Name, subject, note)
	}
	return contract.Digest{}, fault.On("kind", fault.Invalid, "%q cannot be proposed by hand.", kind)
}

// Approve, Decline and Withdraw name an intent as [council.Intent] does.
func (c council) approve(ctx context.Context, prefix string) error {
	id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Approve(ctx, channel.Name, id)
}

func (c council) decline(ctx context.Context, prefix, reason string) error {
	id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Decline(ctx, channel.Name, id, reason)
}

func (c council) withdraw(ctx context.Context, prefix string) error {
	id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Withdraw(ctx, channel.Name, id)
}

// phases name how far a node is.
var phases = map[fabric.Phase]string{fabric.Alone: network.Alone, fabric.Asking: network.Asking, fabric.Joined: network.Joined, fabric.Removed: network.Removed}

// Membership is how the node stands.
func (c council) Membership(ctx context.Context) (network.Membership, error) {
	m, err := c.Member()
	if err != nil {
		return network.Membership{}, err
	}
	out := network.Membership{Phase: phases[c.Phase()], Node: c.self, Fingerprint: m.Fingerprint()}
	if out.Servers, err = c.Servers(ctx); err != nil {
		return out, err
	}
	certificates, err := c.Org().Certificates()
	if err != nil {
		return out, err
	}
	out.Certificate = certificates[0].Ends
	out.Days = int(time.Until(out.Certificate) / (24 * time.Hour))
	var trouble error
	if out.Phase == network.Joined {
		if out.Ready, out.Doing, trouble = c.Ready(channel.Name); trouble != nil {
			out.Trouble = plain(trouble)
		}
	}
	if out.Phase == network.Asking {
		via, a := c.Asked()
		out.Via, out.Asked = via, network.Progress{State: a.State, Approvals: a.Approvals, Needed: a.Needed}
	}
	return out, nil
}
