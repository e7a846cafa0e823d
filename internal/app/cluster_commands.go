package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
)

// The commands of a network that is split into clusters.

func clusterFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.cluster, "cluster", false, "in the channel of this node's cluster")
}

// onChannel is the channel that a command is about.
func (c *call) onChannel(h *fabric.Home) (string, error) {
	if !c.opt.cluster {
		return channel.Name, nil
	}
	x, in := h.Cluster()
	if !in || x.Phase == fabric.Asking {
		return "", errNoCluster
	}
	return x.Channel(), nil
}

// ofCluster says to which channel something belongs.
func ofCluster(name string) string {
	if name == "" {
		return "network"
	}
	return "cluster " + name
}

func foundCluster(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name the cluster")
	}
	name := c.args[0]
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		if err := m.foundCluster(ctx, name); err != nil {
			return err
		}
		return c.done("The cluster " + name + " is founded; this node is its first member and its delegate. Others join with `9ten ledger cluster join " + name + "`.")
	})
}

func joinCluster(ctx context.Context, c *call) error {
	if len(c.args) < 1 || len(c.args) > 2 {
		return usagef("name the cluster, and the address of a member's node where that is not https://NODE")
	}
	via := ""
	if len(c.args) == 2 {
		via = c.args[1]
	}
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		if err := m.joinCluster(ctx, c.args[0], via, c.opt.note); err != nil {
			return err
		}
		x, _ := m.Cluster()
		return c.done("Asked " + x.Via + ". The cluster's members decide; this node joins by itself once it is admitted. `9ten ledger status` says how it stands.")
	})
}

func leaveCluster(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(_ context.Context, _ *Config, h *fabric.Home) error {
		was, _ := h.Cluster()
		if err := h.LeaveCluster(); err != nil {
			return err
		}
		if was.Phase == fabric.Asking {
			return c.done("This node asks no more to be in the cluster " + was.Name + ".")
		}
		return c.done("This node leaves the cluster " + was.Name + ": its last days are carried to the network, and the other members approve its going. Until then it endorses there.")
	})
}

// clusterDelegate names a delegate, or has this node be none any more.
func clusterDelegate(resign bool) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if !resign && len(c.args) != 1 {
			return usagef("name one node of the cluster, such as music.example")
		}
		return withCouncil(ctx, c, func(ctx context.Context, m council) error {
			if resign {
				if err := m.delegate(ctx, m.self, true); err != nil {
					return err
				}
				return c.done("This node is no delegate of its cluster any more.")
			}
			if err := m.delegate(ctx, c.args[0], false); err != nil {
				return err
			}
			return c.done(c.args[0] + " is a delegate of this node's cluster.")
		})
	}
}

func listClusters(ctx context.Context, c *call) error {
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		all, err := m.book.Clusters(ctx)
		if err != nil {
			return err
		}
		out, err := clustersOf(all, m.self, func(node string) (calendar.Day, error) {
			a, err := lastOf(ctx, m.book, node)
			return a.Day, err
		})
		if err != nil {
			return err
		}
		return c.print(out, func(w io.Writer) {
			if len(out) == 0 {
				fmt.Fprintln(w, "The network is not split into clusters.")
			}
			for _, x := range out {
				fmt.Fprintf(w, "%s, days on the network up to %s\n", x.Name, orNone(x.Carried))
				rows(w, x.Nodes, "", clusterRow)
			}
		})
	})
}

// writeHousehold says how the node stands in its cluster.
func writeHousehold(w io.Writer, h network.Household) {
	fmt.Fprintf(w, "cluster   %s, %s", h.Name, h.Phase)
	switch {
	case h.Phase == network.Asking:
		fmt.Fprintf(w, ", asked %s: %s", h.Via, h.Asked.State)
	case !h.Ready && h.Doing != "":
		fmt.Fprintf(w, ", %s", h.Doing)
	default:
		fmt.Fprintf(w, ", %d blocks, days on the network up to %s", h.Height, orNone(h.Carried))
	}
	fmt.Fprintln(w)
	if h.Trouble != "" {
		fmt.Fprintf(w, "          %s\n", h.Trouble)
	}
	if len(h.Nodes) > 0 {
		rows(w, h.Nodes, "", clusterRow)
	}
}

func clusterRow(x network.ClusterNode) string {
	var does []string
	if x.Delegate {
		does = append(does, "delegate")
	}
	if x.Self {
		does = append(does, "this node")
	}
	days := orNone(x.Carried)
	if x.Recorded != "" && x.Recorded != x.Carried {
		days += ", in the cluster up to " + x.Recorded
	}
	if x.LeftOut != "" {
		days += ", LEFT OUT " + x.LeftOut
	}
	return fmt.Sprintf("  %s\t%s\t%s", x.Node, days, strings.Join(does, ", "))
}

// clustersOf puts clusters as people see them; carried is the last day of a node
// that is on the network.
func clustersOf(all []contract.Cluster, self string, carried func(node string) (calendar.Day, error)) ([]network.Cluster, error) {
	out := []network.Cluster{}
	for _, x := range all {
		y := network.Cluster{Name: x.Name, Nodes: []network.ClusterNode{}}
		var least calendar.Day
		for i, node := range x.Members {
			d, err := carried(node)
			if err != nil {
				return nil, err
			}
			if i == 0 || d < least {
				least = d
			}
			y.Nodes = append(y.Nodes, network.ClusterNode{
				Node: node, Self: node == self, Carried: dayText(d),
				Delegate: slices.ContainsFunc(x.Delegates, func(d contract.Delegate) bool { return d.Node == node }),
			})
		}
		y.Carried = dayText(least)
		out = append(out, y)
	}
	return out, nil
}

// dayText is a day, "" for none.
func dayText(d calendar.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
