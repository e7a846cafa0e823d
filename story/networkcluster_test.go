package story

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/network"
)

// TestTwoClusters splits a network of four in two clusters by its operators'
// commands. A month is recorded in each, carried to the network, and settled there:
// every node's copy has both, and no cluster's has the other's.
func TestTwoClusters(t *testing.T) {
	exe, month := binary(t), settledMonth(time.Now())
	a, b, c, d := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b"), newNetworkNode(t, exe, "c"), newNetworkNode(t, exe, "d")
	four := []*networkNode{a, b, c, d}
	a.run("ledger", "init")
	a.start()
	a.ready()
	join(b, a)
	join(c, a, b)
	join(d, a, b, c)
	cluster("north", a, b)
	cluster("south", c, d)
	a.records(month, 1)
	c.records(month, 2)
	for _, of := range []*networkNode{a, c} {
		everyCopySays(four, of, month)
	}
	for _, n := range four {
		recordedOnce(n, []*networkNode{a, c}, month)
		n.says([]string{"north, days on the network", "south, days on the network", "delegate"}, "ledger", "cluster", "list")
	}
	receiptHolds(a, c, d, b, month, 1)
	for of, members := range map[*networkNode][]*networkNode{a: {a, b}, c: {c, d}} {
		for _, n := range four {
			if slices.Contains(members, n) {
				n.knowsCarried(of)
			} else if x, err := n.household(of); err == nil {
				t.Errorf("%s knows of the other cluster's channel: %+v", n.id, x)
			}
		}
	}
}

// knowsCarried waits until a node knows that all days of its cluster's delegate are
// on the network.
func (n *networkNode) knowsCarried(of *networkNode) {
	n.Helper()
	n.eventually(n.id+" knows that the days of "+of.id+" are carried", func() error {
		last, err := n.recorder(of.id)
		if err != nil {
			return err
		}
		x, err := n.household(of)
		if err == nil && (x.Carried != last.DayText || x.Recorded < x.Carried || !x.Delegate) { // shortly after midnight a day is recorded and not carried yet
			err = fmt.Errorf("it knows %+v, the network has %s", x, last.DayText)
		}
		return err
	})
}

// cluster founds a cluster of two.
func cluster(name string, founder, member *networkNode) {
	founder.Helper()
	founder.run("ledger", "cluster", "found", name)
	founder.inCluster(name, founder)
	member.run("ledger", "cluster", "join", name, founder.url)
	founder.eventually(founder.id+" admits "+member.id+" to "+name, func() error {
		if out, err := founder.command("ledger", "admit", member.id).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	for _, n := range []*networkNode{founder, member} {
		n.inCluster(name, founder, member)
	}
}

// inCluster waits until a node is in a cluster with others, by the network's word.
func (n *networkNode) inCluster(name string, with ...*networkNode) {
	n.Helper()
	n.eventually(n.id+" is in "+name, func() error {
		m, err := n.membership()
		switch {
		case err != nil:
			return err
		case m.Cluster == nil:
			return fmt.Errorf("it is in none")
		case m.Cluster.Name != name || m.Cluster.Phase != network.Joined || !m.Cluster.Ready || len(m.Cluster.Nodes) != len(with):
			return fmt.Errorf("it is %+v", *m.Cluster)
		}
		return nil
	})
}

// household is what a node knows of one in its cluster.
func (n *networkNode) household(of *networkNode) (x network.ClusterNode, err error) {
	m, err := n.membership()
	if err != nil || m.Cluster == nil {
		return x, fmt.Errorf("it is in no cluster (%w)", err)
	}
	for _, x := range m.Cluster.Nodes {
		if x.Node == of.id {
			return x, nil
		}
	}
	return x, fmt.Errorf("%s is not in its cluster", of.id)
}
