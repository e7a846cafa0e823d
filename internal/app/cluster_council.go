package app

import (
	"context"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
)

// What an operator does about clusters, by command, page or interface.

// foundCluster makes one of which this node is the first member. Faults: Invalid
// for a name that is none, Conflict when there is one of that name or the node is
// in another.
func (c council) foundCluster(ctx context.Context, name string) error {
	all, err := c.book.Clusters(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(x contract.Cluster) bool { return x.Name == name }) {
		return fault.New(fault.Conflict, "There is a cluster %s already. Ask its members to be in it, or choose another name.", name)
	}
	return c.FoundCluster(name)
}

// joinCluster asks a member of a cluster to admit this node: the one at an
// address, and for "" the first delegate at https and its name.
func (c council) joinCluster(ctx context.Context, name, via, note string) error {
	if via == "" {
		all, err := c.book.Clusters(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(x contract.Cluster) bool { return x.Name == name && len(x.Delegates) > 0 })
		if i < 0 {
			return fault.New(fault.NotFound, "There is no cluster %s. Those there are: %s.", name, clusterNames(all))
		}
		via = "https://" + all[i].Delegates[0].Node
	}
	return c.AskCluster(ctx, name, via, note)
}

func clusterNames(all []contract.Cluster) string {
	var out []string
	for _, x := range all {
		out = append(out, x.Name)
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// delegate makes a member of the node's cluster its delegate, or has one be none
// any more. Who carries days needs the ledger that they are carried to.
func (c council) delegate(ctx context.Context, node string, resign bool) error {
	x, in := c.Cluster()
	if !in || x.Phase == fabric.Asking {
		return errNoCluster
	}
	if !resign {
		if err := c.MayDelegate(ctx, node); err != nil {
			return err
		}
	}
	_, err := c.book.NameDelegate(ctx, opDelegate(x.Name), contract.Delegation{Cluster: x.Name, Node: node, Resign: resign})
	return err
}
