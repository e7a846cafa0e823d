package fabric

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A Cluster is the group of nodes this one records its days with, on a channel of
// their own, and how far it is with it: Asking to be admitted there, Joined, or
// Leaving.
type Cluster struct {
	Name  string `json:"name"`
	Phase Phase  `json:"phase"`
	Via   string `json:"via,omitempty"` // URL of the member that was asked
}

// Leaving is the phase of a node that is still in its cluster's channel and wants
// out of it.
const Leaving Phase = "leaving"

// Channel is the cluster's.
func (c Cluster) Channel() string { return contract.ClusterChannel(c.Name) }

// Cluster is this node's, false when it is in none and asks for none.
func (h *Home) Cluster() (Cluster, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rec.Cluster == nil {
		return Cluster{}, false
	}
	return *h.rec.Cluster, true
}

// clusterChannel is the channel of the node's cluster, "" while it is not there.
func (h *Home) clusterChannel() string {
	c, ok := h.Cluster()
	if !ok || c.Phase == Asking {
		return ""
	}
	return c.Channel()
}

// mayEnter refuses a cluster's name that is none, and a node that is in a cluster
// or in no network.
func (h *Home) mayEnter(name string) error {
	if err := contract.CheckCluster(name); err != nil {
		return err
	}
	if h.Phase() != Joined {
		return fault.New(fault.Conflict, "This node is in no network yet, and a cluster is a part of one.")
	}
	switch c, in := h.Cluster(); {
	case in && c.Phase == Asking:
		return fault.New(fault.Conflict, "This node asks to be in the cluster %s already. Leave it first.", c.Name)
	case in:
		return fault.New(fault.Conflict, "This node is in the cluster %s. Leave it first.", c.Name)
	}
	// A peer that were still in the channel of before would stay in that one.
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(h.rec.Leaving, contract.ClusterChannel(name)) {
		return fault.New(fault.Conflict, "This node's peer still leaves the cluster %s that there was before. Try again in a minute.", name)
	}
	return nil
}

// FoundCluster makes the channel of a cluster whose only member is this node,
// with one orderer. Its first member is its delegate, which no client can be.
func (h *Home) FoundCluster(name string) error {
	if err := h.mayEnter(name); err != nil {
		return err
	}
	if h.wantsClient(channel.Name) {
		return fault.New(fault.Conflict, "Who founds a cluster carries its days to the network, for which it needs a peer on the network's channel. Set ledger.fabric.federation to \"peer\" and start this node again; then found it.")
	}
	own, err := h.IntroduceByFile("")
	if err != nil {
		return err
	}
	founders, err := together(own, nil)
	if err != nil {
		return err
	}
	in := Cluster{Name: name, Phase: Joined}
	b, err := channel.Founding{Channel: in.Channel(), Founders: founders}.Genesis(h.cfg.Now())
	if err != nil {
		return err
	}
	return h.take(in.Channel(), b, func(r *record) { r.Cluster = &in })
}

// AskCluster asks a member of a cluster for admission. From then on this node
// waits and joins the cluster's channel by itself.
func (h *Home) AskCluster(ctx context.Context, name, via, note string) error {
	if err := h.mayEnter(name); err != nil {
		return err
	}
	at, err := h.request(ctx, via, "", name, note)
	if err != nil {
		return err
	}
	return h.change(func(r *record) { r.Cluster = &Cluster{Name: name, Phase: Asking, Via: at} })
}

// MayDelegate refuses a node that cannot carry its cluster's days: one without a
// peer on the network's channel (Conflict), or that nobody reaches (Unavailable).
// A member's own word is not asked for: its peer shows whether it has the channel.
func (h *Home) MayDelegate(ctx context.Context, node string) error {
	if node == h.cfg.Node {
		if h.far(channel.Name) {
			return errClient(node)
		}
		return nil
	}
	cfg, err := h.known(channel.Name)
	if err != nil {
		return err
	}
	members, err := cfg.Members()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(members, func(m channel.Member) bool { return m.MSP == node })
	if i < 0 {
		return fault.New(fault.NotFound, "%s is no member of the network.", node)
	}
	p, err := h.dial(members[i])
	if err != nil {
		return err
	}
	defer p.conn.Close()
	switch err := h.answers(ctx, p, channel.Name); {
	case err == nil:
		return nil
	case absent(err, channel.Name):
		return errClient(node)
	default:
		return fault.Wrap(err, fault.Unavailable, "The peer of %s does not answer at %s, so nobody can tell whether it has the network's ledger, as a delegate must. Try again once it runs.", node, members[i].Address())
	}
}

func errClient(node string) error {
	return fault.New(fault.Conflict, "%s is a client: it has no peer on the network's channel, and a delegate carries days there. Its operator sets ledger.fabric.federation to \"peer\" first.", node)
}

// Carries says whether the node is a delegate of its cluster: one that is keeps
// its peer on the network's channel, whatever its configuration says.
func (h *Home) Carries(yes bool) { h.carries.Store(yes) }

// LeaveCluster ends the waiting for an admission, or has the node leave its
// cluster: what follows is done by itself.
func (h *Home) LeaveCluster() error {
	c, in := h.Cluster()
	if !in || c.Phase == Asking {
		return h.ForgetCluster()
	}
	c.Phase, c.Via = Leaving, ""
	return h.change(func(r *record) { r.Cluster = &c })
}

// ForgetCluster ends the waiting for an admission. Who was admitted meanwhile
// stays. Faults: Conflict when the node does not wait.
func (h *Home) ForgetCluster() error {
	c, in := h.Cluster()
	switch {
	case !in:
		return fault.New(fault.Conflict, "This node is in no cluster.")
	case c.Phase != Asking:
		return fault.New(fault.Conflict, "This node was admitted to the cluster %s meanwhile: it waits no more. To be out of it, leave it.", c.Name)
	}
	return h.change(func(r *record) { r.Cluster = nil })
}

// ClusterAsked is how this node's request to be in a cluster stood last.
func (h *Home) ClusterAsked() Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answer.cluster
}

// LeftCluster ends the node's part in its cluster's channel, of which it is the
// last member or no member any more.
func (h *Home) LeftCluster() error {
	c, in := h.Cluster()
	if !in {
		return nil
	}
	return h.leaveChannel(c.Channel())
}

// leaveChannel forgets a channel; the peer leaves it, too. An orderer that does not
// answer now would keep it: who leaves tries again.
func (h *Home) leaveChannel(name string) error {
	h.seat.Lock()
	defer h.seat.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), hearWithin)
	defer stop()
	_, err := h.Ordering(ctx, name)
	if err == nil {
		err = h.leaveOrderer(ctx, name)
	}
	if err != nil && !fault.Is(err, fault.NotFound) && h.child.Wanted(child.Orderer) {
		return err
	}
	var left *restore
	if err := h.change(func(r *record) {
		if slices.Contains(r.Channels, name) && !slices.Contains(r.Leaving, name) {
			r.Leaving = append(r.Leaving, name)
		}
		r.Channels = slices.DeleteFunc(r.Channels, func(x string) bool { return x == name })
		if r.Cluster != nil && r.Cluster.Channel() == name {
			r.Cluster = nil
		}
		if r.Restore != nil && r.Restore.Channel == name {
			left, r.Restore = r.Restore, nil
		}
		delete(h.cache, name)
	}); err != nil {
		return err
	}
	if left != nil { // nobody restores it any more
		if err := os.RemoveAll(left.From); err != nil {
			h.cfg.Log.Warn("the copied snapshot is left behind", "err", err)
		}
	}
	return h.erase(name)
}

// keepCluster does what no channel's steps do: it asks how a request to be in a
// cluster stands, and has the peer leave where it is not wanted any more. It
// returns when to look again.
func (h *Home) keepCluster(ctx context.Context) time.Duration {
	if err := h.tidyPeer(ctx); err != nil && ctx.Err() == nil {
		h.cfg.Log.Warn("the peer could not leave a channel; it is tried again", "err", err)
	}
	c, in := h.Cluster()
	if !in || c.Phase != Asking {
		return idle
	}
	err := h.inquireCluster(ctx, c)
	if err != nil && ctx.Err() == nil {
		h.cfg.Log.Debug("asking to be in the cluster", "cluster", c.Name, "err", err)
	}
	return h.ClusterAsked().again(err)
}

// inquireCluster asks how the request stands, and joins once it is granted.
func (h *Home) inquireCluster(ctx context.Context, c Cluster) error {
	first, err := h.inquire(ctx, c.Via, c.Name, &h.answer.cluster)
	if err != nil || first == nil {
		return err
	}
	h.cfg.Log.Info("admitted to the cluster", "cluster", c.Name, "via", c.Via)
	c.Phase, c.Via = Joined, ""
	return h.take(c.Channel(), first, func(r *record) { r.Cluster = &c })
}
