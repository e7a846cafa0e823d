package app

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/network"
)

// clusters are those of the network, as the ledger has told this node.
func (n *node) clusters(ctx context.Context) ([]network.Cluster, error) {
	known := n.recorder.told(n.db).contract
	all, err := known.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	return clustersOf(all, n.cfg.NodeID(), func(node string) (calendar.Day, error) {
		a, err := lastOf(ctx, known, node)
		return a.Day, err
	})
}

// household is how the node stands in its cluster, nil when it is in none and asks
// for none. It asks nobody, so it is there while the ledger is away.
func (n *node) household(ctx context.Context) (*network.Household, error) {
	c, in := n.fabric.Cluster()
	if !in {
		return nil, nil
	}
	out := &network.Household{Cluster: network.Cluster{Name: c.Name, Nodes: []network.ClusterNode{}}, Phase: phases[c.Phase], Via: c.Via}
	a := n.fabric.ClusterAsked()
	out.Asked = network.Progress{State: a.State, Approvals: a.Approvals, Needed: a.Needed}
	if out.Phase == network.Asking {
		return out, nil
	}
	all, err := n.clusters(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(x network.Cluster) bool { return x.Name == c.Name }); i >= 0 {
		out.Cluster = all[i]
	}
	var trouble error
	out.Ready, out.Doing, trouble = n.fabric.Ready(c.Channel())
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	out.Height = n.cluster.height
	if trouble == nil {
		trouble = n.cluster.held
	}
	if trouble != nil {
		out.Trouble = plain(trouble)
	}
	for i := range out.Nodes {
		x := &out.Nodes[i]
		x.Recorded, x.LeftOut = dayText(n.cluster.last[x.Node].Day), n.cluster.left[x.Node]
	}
	return out, nil
}
