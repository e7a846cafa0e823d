package app

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/web/site"
)

// A seat is the running node's in the council, as its pages and its interface
// use it.
type seat struct {
	n *node
	council
}

var (
	_ api.Network  = seat{}
	_ site.Network = seat{}
)

func (n *node) council() seat {
	if n.fabric == nil {
		return seat{n: n}
	}
	out := council{n.fabric, n.cfg.NodeID(), contract.Client{Ledger: n.ledger}, n.seen, nil}
	if x, in := n.fabric.Cluster(); in && x.Phase != fabric.Asking {
		look := func(context.Context) (channel.Config, error) { return n.seenOn(x.Channel()) }
		out.cluster = &room{x.Channel(), x.Name, contract.Client{Ledger: n.cluster.ledger}, look}
	}
	return seat{n, out}
}

// seen is the network as the node last saw it: nobody waits for the ledger.
func (n *node) seen(context.Context) (channel.Config, error) { return n.seenOn(channel.Name) }

func (n *node) seenOn(name string) (channel.Config, error) {
	cfg, _, ok := n.fabric.Seen(name)
	if !ok {
		return cfg, fault.New(fault.Unavailable, "The node has not seen its network yet. That takes a few seconds after it joined or started.")
	}
	return cfg, nil
}

// keepers is how many nodes endorse what is recorded, as this one last saw it, and
// at least itself; 0 where the ledger is its own.
func (n *node) keepers(ctx context.Context) int {
	if n.fabric == nil {
		return 0
	}
	if cfg, err := n.seen(ctx); err == nil {
		if v, err := cfg.Validators(); err == nil {
			return len(v)
		}
	}
	return 1
}

// decides is how long a decision may take to be recorded, while its operator
// waits.
const decides = 45 * time.Second

// member refuses a node that keeps its ledger alone, and one that is in no
// network yet.
func (s seat) member() error {
	if err := s.networked(); err != nil {
		return err
	}
	if s.Phase() != fabric.Joined {
		return fault.New(fault.Conflict, "This node is in no network yet.")
	}
	return nil
}

func (s seat) networked() error {
	if s.Home == nil {
		return fault.New(fault.NotFound, "This node keeps its ledger alone, so there is no network. To be in one, set ledger.mode to \"fabric\" and start it again.")
	}
	return nil
}

// decide carries a decision of the operator out and keeps it in the audit log.
func (s seat) decide(ctx context.Context, action, about, note string, do func(context.Context) error) error {
	if err := s.networked(); err != nil {
		return err
	}
	within, stop := context.WithTimeout(ctx, decides)
	defer stop()
	if err := do(within); err != nil {
		return err
	}
	return s.n.accounts.Record(ctx, account.From(ctx), "network."+action, about, note)
}

// decideAsMember does where the node is in a network.
func (s seat) decideAsMember(ctx context.Context, action, about, note string, do func(context.Context) error) error {
	if err := s.member(); err != nil {
		return err
	}
	return s.decide(ctx, action, about, note, do)
}

func (s seat) Receive(ctx context.Context, r api.Admission) error {
	if err := s.networked(); err != nil {
		return err
	}
	m, from := r.Member, ""
	if a := gate.Client(ctx).Addr; a.IsValid() {
		from = limit.Network(a)
	}
	return s.Home.Receive(fabric.Request{Note: r.Note, Cluster: r.Cluster, From: from, Member: channel.Member{MSP: m.MSP, Host: m.Host, Port: m.Port, CA: m.CA, TLSCA: m.TLSCA}})
}

func (s seat) Answer(_ context.Context, node, cluster string) (out api.AdmissionAnswer, err error) {
	if err := s.networked(); err != nil {
		return out, err
	}
	a, err := s.Home.Answer(node, cluster)
	return api.AdmissionAnswer{Progress: network.Progress{State: a.State, Approvals: a.Approvals, Needed: a.Needed}, First: a.First}, err
}

func (s seat) Network(ctx context.Context) (network.Network, error) {
	if err := s.networked(); err != nil {
		return network.Network{}, err
	}
	st, err := told{s.n.db}.Status(ctx)
	if err != nil {
		return network.Network{}, err
	}
	n, err := s.council.Network(ctx, st.Height)
	n.Contract, n.Newer = s.Version(channel.Name)
	if err == nil {
		n.Clusters, err = s.n.clusters(ctx)
	}
	return n, err
}

func (s seat) Membership(ctx context.Context) (network.Membership, error) {
	if err := s.networked(); err != nil {
		return network.Membership{}, err
	}
	m, err := s.council.Membership(ctx)
	if err == nil {
		m.Cluster, err = s.n.household(ctx)
	}
	return m, err
}

func (s seat) Found(ctx context.Context) error {
	return s.decide(ctx, "found", s.self, "", func(context.Context) error { return s.Home.Found() })
}

func (s seat) Ask(ctx context.Context, via, network, note string) error {
	return s.decide(ctx, "ask", via, note, func(ctx context.Context) error { return s.Home.Ask(ctx, via, network, note) })
}

func (s seat) Forget(ctx context.Context) error {
	return s.decide(ctx, "forget", s.self, "", func(context.Context) error { return s.Home.Forget() })
}

func (s seat) Newcomers(ctx context.Context) ([]network.Newcomer, error) {
	if err := s.networked(); err != nil {
		return nil, err
	}
	return s.council.Newcomers(ctx)
}

func (s seat) Admit(ctx context.Context, node string) (id string, err error) {
	err = s.decide(ctx, "admit", node, "", func(ctx context.Context) error {
		r, err := s.Request(node)
		if err != nil {
			return err
		}
		d, err := s.Home.Admit(ctx, r)
		id = d.String()
		return err
	})
	return id, err
}

func (s seat) Dismiss(ctx context.Context, node string) error {
	return s.decide(ctx, "dismiss", node, "", func(context.Context) error { return s.Home.Dismiss(node) })
}

// Intents are those of the ledger, or as the node last saw them while it is away.
func (s seat) Intents(ctx context.Context) ([]network.Intent, error) {
	if err := s.member(); err != nil {
		return nil, err
	}
	if s.n.ledger.Away().IsZero() {
		list, err := s.council.Intents(ctx)
		if !fault.Is(err, fault.Unavailable) {
			return list, err
		}
	}
	return s.read(ctx, func(r room) ([]contract.Intent, error) {
		_, list, _ := s.Seen(r.channel)
		return list, nil
	})
}

func (s seat) Intent(ctx context.Context, id string) (network.Intent, error) {
	if err := s.member(); err != nil {
		return network.Intent{}, err
	}
	return s.council.Intent(ctx, id)
}

func (s seat) Past(ctx context.Context, after string) (network.Past, error) {
	if err := s.member(); err != nil {
		return network.Past{}, err
	}
	return s.council.Past(ctx, after)
}

func (s seat) Propose(ctx context.Context, kind, subject, note string) (id string, err error) {
	err = s.decideAsMember(ctx, "propose", kind+" "+subject, note, func(ctx context.Context) error {
		d, err := s.propose(ctx, kind, subject, note)
		id = d.String()
		return err
	})
	return id, err
}

func (s seat) Approve(ctx context.Context, id string) error {
	return s.decide(ctx, "approve", id, "", func(ctx context.Context) error { return s.approve(ctx, id) })
}

func (s seat) Decline(ctx context.Context, id, reason string) error {
	return s.decide(ctx, "decline", id, reason, func(ctx context.Context) error { return s.decline(ctx, id, reason) })
}

func (s seat) Withdraw(ctx context.Context, id string) error {
	return s.decide(ctx, "withdraw", id, "", func(ctx context.Context) error { return s.withdraw(ctx, id) })
}

func (s seat) FoundCluster(ctx context.Context, name string) error {
	return s.decideAsMember(ctx, "found-cluster", name, "", func(ctx context.Context) error { return s.foundCluster(ctx, name) })
}

func (s seat) JoinCluster(ctx context.Context, name, via, note string) error {
	return s.decideAsMember(ctx, "join-cluster", name, note, func(ctx context.Context) error { return s.joinCluster(ctx, name, via, note) })
}

func (s seat) LeaveCluster(ctx context.Context) error {
	return s.decideAsMember(ctx, "leave-cluster", s.self, "", func(context.Context) error { return s.Home.LeaveCluster() })
}

func (s seat) ForgetCluster(ctx context.Context) error {
	return s.decideAsMember(ctx, "forget-cluster", s.self, "", func(context.Context) error { return s.Home.ForgetCluster() })
}

func (s seat) NameDelegate(ctx context.Context, node string) error {
	return s.decideAsMember(ctx, "name-delegate", node, "", func(ctx context.Context) error { return s.delegate(ctx, node, false) })
}

func (s seat) ResignDelegate(ctx context.Context, node string) error {
	return s.decideAsMember(ctx, "resign-delegate", node, "", func(ctx context.Context) error { return s.delegate(ctx, node, true) })
}
