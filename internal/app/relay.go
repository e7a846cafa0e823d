package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/store"
)

// jobRelay carries the days of the node's cluster to the network.
const jobRelay = "ledger.relay"

// When a day is carried: by the first of the cluster's delegates a while after it
// is closed, by the next ones later, so that two do not do it at once, and by
// everybody else when they all have let it lie.
const (
	carries   = 20 * time.Minute // after midnight
	turns     = 5 * time.Minute  // between one delegate and the next
	helpsSelf = 2 * time.Hour
	retries   = 30 * time.Minute // while a member's day is missing
)

// carriesBack is how many days are looked through for a node of which none was
// ever carried.
const carriesBack = 62

// carryFrom is the first day that may have to be carried, by the last that is
// recorded in the cluster and the last that is on the network, 0 for none: the
// latter again, since payments may have come after their day's anchor.
func carryFrom(near, far calendar.Day) calendar.Day {
	if far != 0 {
		return far
	}
	return near.Add(-carriesBack)
}

// maxCarried is how many nodes one relay may carry.
const maxCarried = 100

// carryAt is when a node carries a day that is not carried until then. place is
// its own among the delegates, -1 for none.
func carryAt(d calendar.Day, place int) time.Time {
	if place < 0 {
		return d.End().Add(helpsSelf)
	}
	return d.End().Add(carries + time.Duration(place)*turns)
}

// relay is the handler of [jobRelay].
func (n *node) relay(ctx context.Context) error {
	cluster, err := n.clusterName(ctx)
	if err != nil || cluster == "" {
		return err
	}
	clusters, err := n.recorder.told(n.db).contract.Clusters(ctx)
	if err != nil {
		return err
	}
	yesterday := calendar.DayOf(n.now()).Add(-1)
	due, next := carriable(n.now(), place(clusters, cluster, n.cfg.NodeID()))
	if err := n.carry(ctx, cluster, due); err != nil {
		return err
	}
	if due < yesterday {
		return n.relayAgain(ctx, next)
	}
	missing, err := n.missing(ctx, cluster, yesterday)
	if err != nil || !missing {
		return err
	}
	return n.relayAgain(ctx, n.now().Add(retries))
}

// carriable is the last day that a node carries at a time, and when it carries
// the next one. place is its own among the delegates, -1 for none.
func carriable(now time.Time, place int) (last calendar.Day, next time.Time) {
	last = calendar.DayOf(now).Add(-1)
	if at := carryAt(last, place); now.Before(at) {
		return last.Add(-1), at
	}
	return last, carryAt(last.Add(1), place)
}

func (n *node) relayAgain(ctx context.Context, at time.Time) error {
	return n.db.Update(ctx, func(tx *store.Tx) error { return tx.Enqueue(ctx, jobRelay, "again", nil, at) })
}

// missing reports whether a member has not recorded a day yet.
func (n *node) missing(ctx context.Context, cluster string, d calendar.Day) (bool, error) {
	members, err := n.clusterMembers(ctx, cluster)
	if err != nil {
		return false, err
	}
	near := contract.Client{Ledger: n.cluster.ledger}
	for _, m := range members {
		if last, err := lastOf(ctx, near, m); err != nil || last.Day < d {
			return true, err
		}
	}
	return false, nil
}

// clusterMembers are those of a cluster, and this node alone for none.
func (n *node) clusterMembers(ctx context.Context, cluster string) ([]string, error) {
	if cluster == "" {
		return []string{n.cfg.NodeID()}, nil
	}
	nodes, err := told{n.db}.nodes(ctx)
	var out []string
	for _, x := range nodes {
		if x.Cluster == cluster {
			out = append(out, x.ID)
		}
	}
	return out, err
}

// lastOf is a node's last anchor on a channel, zero for none.
func lastOf(ctx context.Context, c contract.Client, node string) (contract.Anchor, error) {
	a, err := c.LastAnchor(ctx, node)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return a, err
}

// carry carries every day of a cluster up to one that is recorded there and not on
// the network, the oldest first: one transaction a day. Of a node that is in no
// cluster any more it carries what that left behind.
func (n *node) carry(ctx context.Context, cluster string, last calendar.Day) error {
	members, err := n.clusterMembers(ctx, cluster)
	if err != nil {
		return err
	}
	near, far := contract.Client{Ledger: n.cluster.ledger}, n.recorder.contract
	carried := map[string]calendar.Day{}
	var from, to calendar.Day
	for _, m := range members {
		a, err := lastOf(ctx, near, m)
		if err != nil {
			return err
		}
		if a.Day == 0 {
			continue
		}
		b, err := lastOf(ctx, far, m)
		if err != nil {
			return err
		}
		carried[m] = b.Day
		first := carryFrom(a.Day, b.Day)
		if from == 0 || first < from {
			from = first
		}
		to = max(to, a.Day)
	}
	if from == 0 {
		return nil
	}
	n.cluster.mu.Lock()
	clear(n.cluster.left)
	n.cluster.mu.Unlock()
	for d := from; d <= min(to, last); d = d.Add(1) {
		r, err := n.uncarried(ctx, near, d, carried)
		if err != nil {
			return err
		}
		r.Cluster = cluster
		for len(r.Anchors)+len(r.Payments) > 0 {
			part := r
			part.Anchors, r.Anchors = cut(r.Anchors)
			part.Payments, r.Payments = cut(r.Payments)
			if err := n.carryDay(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

func cut[T any](list []T) (first, rest []T) {
	i := min(len(list), maxCarried)
	return list[:i:i], list[i:]
}

// uncarried is what members signed for a day and the network does not have.
func (n *node) uncarried(ctx context.Context, near contract.Client, d calendar.Day, carried map[string]calendar.Day) (contract.Relay, error) {
	r, err := near.Relay(ctx, d)
	if err != nil {
		return r, err
	}
	r.Anchors = slices.DeleteFunc(r.Anchors, func(a contract.DayAnchor) bool {
		last, ours := carried[a.Node]
		return !ours || d <= last
	})
	payments := r.Payments
	r.Payments = nil
	for _, p := range payments {
		if _, ours := carried[p.Node]; !ours {
			continue
		}
		_, err := n.recorder.contract.Payments(ctx, p.Node, d)
		switch {
		case fault.Is(err, fault.NotFound):
			r.Payments = append(r.Payments, p)
		case err != nil:
			return r, err
		}
	}
	return r, nil
}

// carryDay records one relay. A node's part that does not hold is left out, and
// the rest goes.
func (n *node) carryDay(ctx context.Context, r contract.Relay) error {
	for len(r.Anchors)+len(r.Payments) > 0 {
		op, err := opRelay(r)
		if err != nil {
			return err
		}
		if _, err = n.recorder.contract.RelayDay(ctx, op, r); err == nil {
			n.log.Info("a day of the cluster is on the network", "day", r.Day.String(), "cluster", r.Cluster, "nodes", len(r.Anchors))
			return nil
		}
		node := accused(err, r)
		if fault.Is(err, fault.Unavailable) || node == "" {
			return err
		}
		n.log.Warn("what a node recorded of a day cannot be carried to the network", "node", node, "day", r.Day.String(), "err", err)
		n.cluster.mu.Lock()
		n.cluster.left[node] = r.Day.String() + ": " + plain(err)
		n.cluster.mu.Unlock()
		r.Anchors = slices.DeleteFunc(slices.Clone(r.Anchors), func(a contract.DayAnchor) bool { return a.Node == node })
		r.Payments = slices.DeleteFunc(slices.Clone(r.Payments), func(p contract.DayPayments) bool { return p.Node == node })
	}
	return nil
}

// accused is the node whose part a relay was refused for, "" for none: the
// contract begins what it says with it.
func accused(err error, r contract.Relay) string {
	said := fault.Message(err)
	for _, a := range r.Anchors {
		if strings.HasPrefix(said, a.Node+": ") {
			return a.Node
		}
	}
	for _, p := range r.Payments {
		if strings.HasPrefix(said, p.Node+": ") {
			return p.Node
		}
	}
	return ""
}

func opRelay(r contract.Relay) (string, error) {
	b, err := json.Marshal(r)
	return "relay/" + r.Day.String() + "/" + contract.Digest(sha256.Sum256(b)).String()[:16], err
}
