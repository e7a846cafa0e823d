package app

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/social"
)

// jobIndexes asks for the indexes of the neighbours, every night.
const jobIndexes = "index.all"

// openIndex has the neighbours' indexes read, where the operator wants that.
func (f *federation) openIndex() {
	f.node.jobs.Handle(jobIndexes, jobs.Options{}, func(ctx context.Context, _ jobs.Job) error { return f.readIndexes(ctx) })
	f.node.jobs.At(jobIndexes, jobs.Date{Hour: 4, Minute: 20})
}

// readIndexes asks for the index of each neighbour.
func (f *federation) readIndexes(ctx context.Context) error {
	if !f.on() || !f.node.cfg.Federation.Index {
		return nil
	}
	hosts, err := f.neighbours(ctx)
	if err != nil {
		return err
	}
	return f.node.db.SocialUpdate(ctx, func(tx social.Tx) error {
		for _, host := range hosts {
			if err := elsewhere.WantIndex(ctx, tx, host); err != nil {
				return err
			}
		}
		return nil
	})
}

// neighbours are the nodes beside this one.
func (f *federation) neighbours(ctx context.Context) ([]string, error) {
	nodes, err := f.node.recorder.told(f.node.db).contract.Nodes(ctx)
	return beside(f.node.cfg.NodeID(), nodes), err
}

// beside are the other nodes of a node's cluster, or of its network where it is in
// none: a node's id is its host.
func beside(own string, nodes []contract.Node) (hosts []string) {
	at := slices.IndexFunc(nodes, func(x contract.Node) bool { return x.ID == own })
	if at < 0 {
		return nil // it is not in the network yet
	}
	for _, x := range nodes {
		if x.ID != own && x.Cluster == nodes[at].Cluster {
			hosts = append(hosts, x.ID)
		}
	}
	return hosts
}

// capabilities are what other nodes may rely on.
func (f *federation) capabilities() []string {
	if f.node.cfg.Federation.Index {
		return []string{"audio-track", "index"}
	}
	return []string{"audio-track"}
}
