package app

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/store"
)

// In a network that is split a node records its days with its cluster, on a
// channel of their own, and everything else on the network's. Which of the two a
// call goes to is decided here, in one table:
//
//	AnchorDay, RecordPayments      the cluster's, where the node is in one
//	GetRelay, the last anchor      that which the next day builds on: the cluster's
//	RegisterNode, UpdateNode       both
//	everything else                the network's

// daily is the contract on the channel of the node's cluster, false where the node
// records its days with the network itself.
func (n *node) daily(ctx context.Context) (contract.Client, bool, error) {
	name, err := n.clusterName(ctx)
	return contract.Client{Ledger: n.cluster.ledger}, name != "", err
}

// clusterName is the cluster that the node is in: the network says so, and its
// peer is in the cluster's channel. "" for none.
func (n *node) clusterName(ctx context.Context) (string, error) {
	if n.fabric == nil {
		return "", nil
	}
	c, ok := n.fabric.Cluster()
	if !ok || c.Phase == fabric.Asking {
		return "", nil
	}
	self, err := n.recorder.told(n.db).contract.Node(ctx, n.cfg.NodeID())
	if fault.Is(err, fault.NotFound) || err == nil && self.Cluster != c.Name {
		return "", nil
	}
	return c.Name, err
}

// A household is the node's part in its cluster while it runs.
type household struct {
	ledger *patient // the cluster's channel

	mu     sync.Mutex
	asked  map[string]time.Time // what was asked for, and when
	height uint64               // of the channel, when it was last looked at
	last   map[string]contract.Anchor
	left   map[string]string // what of a node could not be carried, and why
	held   error             // what keeps the node from being where it wants to be
}

// openCluster makes the ledger of the cluster's channel ready, whether the node is
// in one or will be.
func (n *node) openCluster(ctx context.Context) {
	if n.fabric == nil {
		return
	}
	of := func() string {
		c, _ := n.fabric.Cluster()
		return c.Channel()
	}
	n.cluster = &household{
		ledger: &patient{home: outside{n.fabric, of}, patience: usual, wall: time.Now, returned: n.ledger.returned, log: n.logger("cluster")},
		asked:  map[string]time.Time{}, last: map[string]contract.Anchor{}, left: map[string]string{},
	}
	n.recorder.daily = n.daily
	n.tellPlace(ctx)
}

// patiently is how long something that was asked for is given.
const patiently = 10 * time.Minute

// ask runs do unless it was run a while ago.
func (h *household) ask(what string, now time.Time, do func() error) error {
	h.mu.Lock()
	at := h.asked[what]
	h.mu.Unlock()
	if !at.IsZero() && now.Sub(at) < patiently {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked[what] = now
	return nil
}

// How often the node looks after its cluster, while something is under way and
// otherwise.
const tendsSoon, tends = time.Second, 30 * time.Second

// tendCluster keeps the node where it wants to be until ctx ends.
func (n *node) tendCluster(ctx context.Context) error {
	said := ""
	for {
		n.tellPlace(ctx)
		settled, err := n.tend(ctx)
		n.cluster.mu.Lock()
		n.cluster.held = err
		n.cluster.mu.Unlock()
		if err != nil && err.Error() != said && !fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
			n.log.Warn("the node's cluster", "err", err)
			said = err.Error()
		}
		pause := tendsSoon
		if settled {
			pause = tends
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.fabric.Changed():
		case <-time.After(pause):
		}
	}
}

// tend does the next thing, and reports whether nothing is left to do.
func (n *node) tend(ctx context.Context) (settled bool, err error) {
	c, in := n.fabric.Cluster()
	if !in || c.Phase == fabric.Asking || n.fabric.Phase() != fabric.Joined {
		return true, nil
	}
	if ready, _, err := n.fabric.Ready(c.Channel()); !ready {
		return false, err
	}
	if err := n.glanceAtCluster(ctx); err != nil {
		return false, err
	}
	self, err := n.recorder.told(n.db).contract.Node(ctx, n.cfg.NodeID())
	if fault.Is(err, fault.NotFound) {
		return false, nil // it is not on the network's ledger yet
	}
	switch {
	case err != nil:
		return false, err
	case c.Phase == fabric.Leaving:
		return false, n.depart(ctx, c, self)
	case self.Cluster != "" && self.Cluster != c.Name:
		return false, fault.New(fault.Conflict, "The network has this node in the cluster %s, and its peer is in the channel of %s. Leave that.", self.Cluster, c.Name)
	}
	if err := n.settleIn(ctx, contract.Client{Ledger: n.cluster.ledger}); err != nil {
		return false, err
	}
	if self.Cluster == "" {
		return false, n.cluster.ask("enter "+c.Name, n.dir.wall(), func() error {
			_, err := n.recorder.contract.JoinCluster(ctx, opCluster(c.Name), contract.Membership{Node: self.ID, Cluster: c.Name})
			return err
		})
	}
	return true, n.welcomeMembers(ctx, c)
}

// settleIn has the node known on a channel.
func (n *node) settleIn(ctx context.Context, on contract.Client) error {
	s, err := n.accounts.Settings(ctx)
	if err != nil || s.Name == "" {
		return err
	}
	return n.recorder.register(ctx, on, s.Name, cmp.Or(s.OperatorName, s.Name))
}

// welcomeMembers has a delegate's node agree that those are in the cluster whom
// its members have admitted to its channel.
func (n *node) welcomeMembers(ctx context.Context, c fabric.Cluster) error {
	clusters, err := n.recorder.told(n.db).contract.Clusters(ctx)
	if err != nil || place(clusters, c.Name, n.cfg.NodeID()) < 0 {
		return err
	}
	members, err := n.seenMembers(c)
	if err != nil {
		return err
	}
	for _, m := range members {
		x, err := n.recorder.told(n.db).contract.Node(ctx, m.MSP)
		if fault.Is(err, fault.NotFound) || err == nil && x.Cluster != "" {
			continue
		}
		if err == nil {
			err = n.cluster.ask("welcome "+m.MSP, n.dir.wall(), func() error {
				_, err := n.recorder.contract.JoinCluster(ctx, opCluster(c.Name), contract.Membership{Node: m.MSP, Cluster: c.Name})
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// seenMembers are those of the cluster's channel as it was last seen, none before
// it was.
func (n *node) seenMembers(c fabric.Cluster) ([]channel.Member, error) {
	cfg, _, ok := n.fabric.Seen(c.Channel())
	if !ok {
		return nil, nil
	}
	return cfg.Members()
}

// place is a node's among the delegates of a cluster, from 0, and -1 for none.
func place(all []contract.Cluster, cluster, node string) int {
	i := slices.IndexFunc(all, func(c contract.Cluster) bool { return c.Name == cluster })
	if i < 0 {
		return -1
	}
	delegates := slices.Clone(all[i].Delegates)
	slices.SortStableFunc(delegates, func(a, b contract.Delegate) int { return cmp.Compare(a.Since, b.Since) })
	return slices.IndexFunc(delegates, func(d contract.Delegate) bool { return d.Node == node })
}

// tellPlace tells the node's part of the network what the ledger says of clusters:
// whose peers are near, and whether this node's is needed.
func (n *node) tellPlace(ctx context.Context) {
	n.fabric.Prefer(n.nearest(ctx))
	clusters, err := n.recorder.told(n.db).contract.Clusters(ctx)
	if err != nil {
		return
	}
	self := n.cfg.NodeID()
	n.fabric.Carries(slices.ContainsFunc(clusters, func(c contract.Cluster) bool { return place(clusters, c.Name, self) >= 0 }))
}

// nearest are the delegates by whose peers the node reaches the network, those of
// its own cluster first.
func (n *node) nearest(ctx context.Context) []string {
	clusters, err := n.recorder.told(n.db).contract.Clusters(ctx)
	if err != nil {
		return nil
	}
	c, _ := n.fabric.Cluster()
	var own, others []string
	for _, x := range clusters {
		for _, d := range x.Delegates {
			if x.Name == c.Name {
				own = append(own, d.Node)
			} else {
				others = append(others, d.Node)
			}
		}
	}
	return append(own, others...)
}

// depart has the node leave its cluster: its last days are carried, the network
// is told, and it proposes its own removal from the cluster's channel, where it
// endorses until the others have agreed.
func (n *node) depart(ctx context.Context, c fabric.Cluster, self contract.Node) error {
	if err := n.carry(ctx, self.Cluster, calendar.DayOf(n.now())); err != nil {
		return err
	}
	if self.Cluster == c.Name {
		return n.cluster.ask("leave "+c.Name, n.dir.wall(), func() error {
			_, err := n.recorder.contract.JoinCluster(ctx, opCluster("out"), contract.Membership{Node: self.ID})
			return err
		})
	}
	members, err := n.seenMembers(c)
	switch {
	case err != nil || len(members) == 0:
		return err
	case len(members) == 1:
		return n.fabric.LeftCluster()
	}
	return n.cluster.ask("remove from "+c.Name, n.dir.wall(), func() error {
		_, err := n.fabric.RemoveMember(ctx, c.Channel(), self.ID, "It leaves the cluster.")
		return err
	})
}

// glanceAtCluster looks where the cluster's channel stands and up to which day its
// members have recorded.
func (n *node) glanceAtCluster(ctx context.Context) error {
	c := contract.Client{Ledger: n.cluster.ledger}
	st, err := n.cluster.ledger.Status(ctx)
	if err != nil {
		return err
	}
	n.cluster.mu.Lock()
	same := st.Height == n.cluster.height
	n.cluster.mu.Unlock()
	if same {
		return nil
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	last := map[string]contract.Anchor{}
	for _, x := range nodes {
		a, err := c.LastAnchor(ctx, x.ID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		last[x.ID] = a
	}
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	n.cluster.height, n.cluster.last = st.Height, last
	return nil
}

// hurryRelay has the node look now whether days are to be carried.
func (n *node) hurryRelay(ctx context.Context) error {
	if n.fabric == nil {
		return nil
	}
	return n.db.Update(ctx, func(tx *store.Tx) error { return tx.Enqueue(ctx, jobRelay, "now", nil, time.Time{}) })
}
