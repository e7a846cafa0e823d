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
	// cluster is the channel of the node's cluster, where other members decide; nil
	// for none.
	cluster *room
}

// A room is a channel whose members decide.
type room struct {
	channel, cluster string // its name, and the cluster's, "" for the network's own
	book             contract.Client
	look             func(context.Context) (channel.Config, error)
}

func (c council) rooms() []room {
	out := []room{{channel.Name, "", c.book, c.look}}
	if c.cluster != nil {
		out = append(out, *c.cluster)
	}
	return out
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

// room is the network's, or that of the node's cluster.
func (c council) room(ofCluster bool) (room, error) {
	switch {
	case !ofCluster:
		return c.rooms()[0], nil
	case c.cluster == nil:
		return room{}, errNoCluster
	}
	return *c.cluster, nil
}

var errNoCluster = fault.New(fault.Conflict, "This node is in no cluster.")

// Network is who is in it, at a height the caller knows.
func (c council) Network(ctx context.Context, height uint64) (network.Network, error) {
	return c.members(ctx, c.rooms()[0], height)
}

// members are those of a channel, with what they share.
func (c council) members(ctx context.Context, r room, height uint64) (network.Network, error) {
	cfg, err := r.look(ctx)
	if err != nil {
		return network.Network{}, err
	}
	first, err := c.First(r.channel)
	if err != nil {
		return network.Network{}, err
	}
	hash := block.Hash(first)
	out := network.Network{Name: r.channel, First: hex.EncodeToString(hash[:]), Newest: hex.EncodeToString(cfg.Hash[:]), Height: height, Sequence: cfg.Sequence}
	out.Members, err = c.listed(cfg)
	return out, err
}

// listed are the members that a configuration has, by name, and what each does.
func (c council) listed(cfg channel.Config) ([]network.MemberNode, error) {
	members, err := cfg.Members()
	if err != nil {
		return nil, err
	}
	validators, err := cfg.Validators()
	if err != nil {
		return nil, err
	}
	out := make([]network.MemberNode, len(members))
	for i, m := range members {
		_, orders := cfg.Orders(m.MSP)
		out[i] = network.MemberNode{Node: m.MSP, Fingerprint: m.Fingerprint(), Address: m.Address(), Endorses: slices.Contains(validators, m.MSP), Orders: orders, Self: m.MSP == c.self}
	}
	return out, nil
}

// Intents are those that are open.
func (c council) Intents(ctx context.Context) ([]network.Intent, error) {
	return c.read(ctx, func(r room) ([]contract.Intent, error) { return r.book.Intents(ctx) })
}

// read puts the intents of each room as people see them, the oldest first.
func (c council) read(ctx context.Context, open func(room) ([]contract.Intent, error)) ([]network.Intent, error) {
	out := []network.Intent{}
	for _, r := range c.rooms() {
		list, err := open(r)
		var cfg channel.Config
		if err == nil {
			cfg, err = r.look(ctx)
		}
		if r.cluster != "" && fault.Is(err, fault.Unavailable) {
			continue // the network's are there all the same
		}
		if err != nil {
			return out, err
		}
		for _, x := range list {
			i, err := c.intent(x, cfg)
			if err != nil {
				return out, err
			}
			i.Cluster = r.cluster
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b network.Intent) int { return a.At.Compare(b.At) })
	return out, nil
}

// pastOfCluster begins the cursor of a page of the cluster's past, which follows
// the network's.
const pastOfCluster = "cluster:"

// Past are those that are concluded, the network's first.
func (c council) Past(ctx context.Context, after string) (network.Past, error) {
	rooms := c.rooms()
	at := rooms[0]
	cursor, ofCluster := strings.CutPrefix(after, pastOfCluster)
	if ofCluster && len(rooms) > 1 {
		at = rooms[1]
	}
	page, err := at.book.PastIntents(ctx, cursor)
	if err != nil {
		return network.Past{}, err
	}
	out := network.Past{Rows: make([]network.Intent, len(page.Intents)), Next: page.Next}
	for i, x := range page.Intents {
		if out.Rows[i], err = c.intent(x, channel.Config{}); err != nil {
			return out, err
		}
		out.Rows[i].Cluster = at.cluster
	}
	switch {
	case ofCluster && page.Next != "", !ofCluster && page.Next == "" && len(rooms) > 1:
		out.Next = pastOfCluster + page.Next
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

// find returns an open intent's id by its beginning, and where it is decided; an
// id that is whole may be of one that is concluded. Faults: NotFound; Invalid when
// several begin so.
func (c council) find(ctx context.Context, prefix string) (at room, id contract.Digest, err error) {
	whole := len(prefix) == len(id)*2
	if len(prefix) < shortest {
		return at, id, fault.On("intent", fault.Invalid, "Name an intent by at least the first %d characters of its id.", shortest)
	}
	n := 0
	for _, r := range c.rooms() {
		list, err := r.book.Intents(ctx)
		if r.cluster != "" && fault.Is(err, fault.Unavailable) {
			continue
		}
		if err != nil {
			return at, id, err
		}
		for _, i := range list {
			if strings.HasPrefix(i.ID.String(), prefix) && (n == 0 || i.ID != id) {
				at, id, n = r, i.ID, n+1
			}
		}
	}
	switch {
	case n == 1:
		return at, id, nil
	case n > 1:
		return at, id, fault.On("intent", fault.Invalid, "The ids of %d open intents begin with %s. Give more of it.", n, prefix)
	case !whole:
		return at, id, fault.New(fault.NotFound, "No open intent's id begins with %s.", prefix)
	}
	if err := id.UnmarshalText([]byte(prefix)); err != nil {
		return at, id, err
	}
	for _, at = range c.rooms() {
		if _, err = at.book.Intent(ctx, id); !fault.Is(err, fault.NotFound) {
			break
		}
	}
	return at, id, err
}

// Intent is one, by its id or the beginning of it.
func (c council) Intent(ctx context.Context, prefix string) (network.Intent, error) {
	at, id, err := c.find(ctx, prefix)
	if err != nil {
		return network.Intent{}, err
	}
	i, err := at.book.Intent(ctx, id)
	if err != nil {
		return network.Intent{}, err
	}
	cfg, err := at.look(ctx)
	if err != nil {
		return network.Intent{}, err
	}
	out, err := c.intent(i, cfg)
	out.Cluster = at.cluster
	return out, err
}

// propose puts a change before the members; what it brings the node adds.
func (c council) propose(ctx context.Context, kind, subject, note string) (contract.Digest, error) {
	switch kind {
	case network.UpgradeContract:
		return c.ProposeUpgrade(ctx, channel.Name, subject, note)
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
	at, id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Approve(ctx, at.channel, id)
}

func (c council) decline(ctx context.Context, prefix, reason string) error {
	at, id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Decline(ctx, at.channel, id, reason)
}

func (c council) withdraw(ctx context.Context, prefix string) error {
	at, id, err := c.find(ctx, prefix)
	if err != nil {
		return err
	}
	return c.Withdraw(ctx, at.channel, id)
}

// phases name how far a node is.
var phases = map[fabric.Phase]string{fabric.Alone: network.Alone, fabric.Asking: network.Asking, fabric.Joined: network.Joined, fabric.Removed: network.Removed, fabric.Leaving: network.Leaving}

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
	if out.Certificate, out.Days, err = c.FirstToEnd(); err != nil {
		return out, err
	}
	var trouble error
	if out.Phase == network.Joined {
		if out.Ready, out.Doing, trouble = c.Ready(channel.Name); trouble != nil {
			out.Trouble = plain(trouble)
		}
		if through := c.Through(channel.Name); through != c.self {
			out.Client, out.Through = true, through
		}
		cfg, err := c.Known(channel.Name)
		if err != nil {
			return out, err
		}
		if out.Members, err = c.listed(cfg); err != nil {
			return out, err
		}
	}
	if out.Phase == network.Asking {
		via, a := c.Asked()
		out.Via, out.Asked = via, network.Progress{State: a.State, Approvals: a.Approvals, Needed: a.Needed}
	}
	return out, nil
}
