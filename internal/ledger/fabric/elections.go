package fabric

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	sdk "github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// Who orders is decided by those who order. Each of these puts one change before
// them and approves it for this node; what follows (an orderer that starts, one
// that stops, one that takes another certificate) each node does by itself once
// the channel says so.

// AddOrderer puts before the members that this node orders, too.
func (h *Home) AddOrderer(ctx context.Context, name, note string) (contract.Digest, error) {
	c, err := h.Consenter()
	if err != nil {
		return contract.Digest{}, err
	}
	return h.Propose(ctx, name, contract.AddOrderer, h.cfg.Node, c, note)
}

// RemoveOrderer puts before the members that a node orders no longer.
func (h *Home) RemoveOrderer(ctx context.Context, name, node, note string) (contract.Digest, error) {
	return h.Propose(ctx, name, contract.RemoveOrderer, node, nil, note)
}

// ReplaceOrderer tells the members by which certificates this node's orderer is
// known; with identity it gets a new one. Nothing here uses it until the channel
// knows it. It returns Conflict when nothing changed, Invalid when it moved.
func (h *Home) ReplaceOrderer(ctx context.Context, name string, identity bool, note string) (contract.Digest, error) {
	c, err := h.Consenter()
	if err != nil {
		return contract.Digest{}, err
	}
	next, err := h.org.PlannedIdentity(org.Orderer)
	if err == nil && next == nil && identity {
		next, err = h.org.PlanIdentity(org.Orderer)
	}
	if err != nil {
		return contract.Digest{}, err
	}
	if next != nil {
		c.Identity = next
	}
	v, err := h.current(ctx, name)
	if err != nil {
		return contract.Digest{}, err
	}
	// A renewed certificate for connections is for the same key, by which it is
	// known: the channel need not hear of it.
	if is, _ := v.config.Orders(h.cfg.Node); channel.SameKey(is.TLS, c.TLS) {
		c.TLS = is.TLS
	}
	return h.Propose(ctx, name, contract.ReplaceOrderer, h.cfg.Node, c, note)
}

// RemoveMember puts before the members that a node leaves the network: as
// member, as validator, and as orderer.
func (h *Home) RemoveMember(ctx context.Context, name, node, note string) (contract.Digest, error) {
	return h.Propose(ctx, name, contract.RemoveMember, node, nil, note)
}

// AddValidator puts before the members that a node endorses, too. In a small
// network each member asks for itself; in one of more than
// [channel.MaxValidators] this is how who endorses is chosen. Faults besides
// [Home.Propose]'s: NotFound for one that is not registered, whose peer and
// contract nobody has seen working.
func (h *Home) AddValidator(ctx context.Context, name, node, note string) (contract.Digest, error) {
	b, err := h.book(name)
	if err != nil {
		return contract.Digest{}, err
	}
	if _, err := b.Node(ctx, node); err != nil {
		return contract.Digest{}, err
	}
	return h.proposeValidators(ctx, name, note, func(now []string) []string { return beside(now, node) })
}

// RemoveValidator puts before the members that a node endorses no longer: one
// that is down for good, or whose place another one shall have. It stays a member.
func (h *Home) RemoveValidator(ctx context.Context, name, node, note string) (contract.Digest, error) {
	return h.proposeValidators(ctx, name, note, func(now []string) []string { return without(now, node) })
}

func (h *Home) proposeValidators(ctx context.Context, name, note string, next func(now []string) []string) (contract.Digest, error) {
	cfg, err := h.Config(ctx, name)
	if err != nil {
		return contract.Digest{}, err
	}
	now, err := cfg.Validators()
	if err != nil {
		return contract.Digest{}, err
	}
	return h.Propose(ctx, name, contract.SetValidators, "", next(now), note)
}

// stepIdentity has the orderer use its next identity once the channel knows it:
// before that the others would not know it, and after it they know no other.
func (h *Home) stepIdentity(_ context.Context, _ string, v *view) (bool, error) {
	next, err := h.org.PlannedIdentity(org.Orderer)
	if err != nil || next == nil {
		return false, err
	}
	if c, yes := v.config.Orders(h.cfg.Node); !yes || !bytes.Equal(c.Identity, next) {
		return false, nil
	}
	if err := h.org.TakePlanned(org.Orderer); err != nil {
		return false, err
	}
	h.cfg.Log.Info("the channel knows the orderer's new identity, which it takes now")
	h.wakeChildren()
	return true, nil
}

// stepLeave stops the node's orderer where the channel does not name it any
// more. The peer keeps everything.
func (h *Home) stepLeave(ctx context.Context, name string, v *view) (bool, error) {
	if _, yes := v.config.Orders(h.cfg.Node); yes || !h.child.Wanted(child.Orderer) {
		return false, nil
	}
	_, err := h.Ordering(ctx, name)
	if err == nil {
		if err = h.leaveOrderer(ctx, name); err == nil {
			h.cfg.Log.Info("the orderer left the channel, as the members agreed", "channel", name)
			return true, nil
		}
	}
	elsewhere, others := h.ordersAny(name)
	if others != nil || elsewhere {
		return false, others
	}
	// It orders nowhere. One that does not answer has nothing to be asked either.
	if !fault.Is(err, fault.NotFound) {
		h.cfg.Log.Warn("the orderer did not answer and is stopped", "err", err)
	}
	err = h.child.Remove(child.Orderer)
	h.wakeChildren()
	return err == nil, err
}

// ordersAny reports whether the node orders in a channel, other than one.
func (h *Home) ordersAny(except string) (bool, error) {
	h.mu.Lock()
	names := h.rec.Channels
	h.mu.Unlock()
	for _, name := range names {
		if name == except {
			continue
		}
		if yes, err := h.orders(name, h.seenAs(name)); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

// A hearing is what one orderer answered to the question for its newest
// configuration.
type hearing struct {
	who       channel.Consenter
	config    channel.Config // when err is nil
	forbidden bool           // it does not take this node for a member
	absent    bool           // it runs, and is not in the channel
	apart     bool           // by its clock the question is 15 minutes old, or from as far ahead
	err       error
}

// there reports whether the orderer answers in any way, and takesPart whether it says
// that it is in the channel. What time it is, an orderer looks at before anything else.
func (x hearing) there() bool     { return x.takesPart() || x.apart || x.absent }
func (x hearing) takesPart() bool { return x.err == nil || x.forbidden }

// hearWithin bounds how long an orderer may take to answer.
const hearWithin = 3 * time.Second

// hear asks all of a channel's orderers, at once.
func (h *Home) hear(ctx context.Context, name string, cfg channel.Config) ([]hearing, error) {
	list, authorities, err := orderers(cfg)
	if err != nil {
		return nil, err
	}
	out := make([]hearing, len(list))
	var all sync.WaitGroup
	for i, o := range list {
		all.Go(func() {
			out[i].who = o
			var b *cb.Block
			if b, out[i].err = h.newestAt(ctx, name, o, authorities[o.MSP]); out[i].err == nil {
				out[i].config, out[i].err = channel.Read(b)
				return
			}
			says := out[i].err.Error()
			out[i].forbidden = strings.Contains(says, cb.Status_FORBIDDEN.String())
			out[i].absent = strings.Contains(says, cb.Status_NOT_FOUND.String())
			// It tells its own log why. Of a question that is well made only the time can be wrong.
			out[i].apart = strings.Contains(says, cb.Status_BAD_REQUEST.String())
		})
	}
	all.Wait()
	return out, nil
}

// newestAt asks one orderer, whose organisation has this TLS authority, for the
// configuration it has.
func (h *Home) newestAt(ctx context.Context, name string, o channel.Consenter, authority []byte) (*cb.Block, error) {
	as, err := h.credentialsFor(authority)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, hearWithin)
	defer stop()
	conn, err := Dial(o.Address(), as)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_, admin, _ := h.peer()
	return sdk.GetConfigBlockFromOrderer(ctx, conn, admin, name, as.Certificates[0])
}

// stays reports whether the network goes on ordering after a change of its
// orderers: whether enough of those that stay answer now and have the newest
// configuration. So orderers change one after the other, and one that is not
// back yet keeps the next from stopping.
func (h *Home) stays(ctx context.Context, name string, i contract.Intent, cfg channel.Config) (bool, error) {
	heard, err := h.hear(ctx, name, cfg)
	if err != nil {
		return false, err
	}
	well := 0
	for _, x := range heard {
		if x.who.MSP != i.Subject && x.err == nil && x.config.Sequence >= cfg.Sequence {
			well++
		}
	}
	return well >= needed(i.Kind, len(heard)), nil
}

// needed is how many orderers beside the one that changes must be well, of n.
func needed(kind string, n int) int {
	switch kind {
	case contract.AddOrderer: // it starts now, and orders from then on
		return channel.Quorum(n+1) - 1
	case contract.ReplaceOrderer: // it restarts meanwhile; where all are needed, it is waited for
		return min(channel.Quorum(n), n-1)
	}
	return channel.Quorum(n - 1)
}

// How often the orderers are asked whether this node is still a member.
const (
	asksMembership = time.Minute
	suspects       = 3 * time.Second // while the others decide about it
)

// stepMembership finds out that the members have put this node out. Its peer
// never hears of it: orderers give a block to members only. So the orderers are
// asked, and believed when more of them say so than may lie.
func (h *Home) stepMembership(ctx context.Context, name string, v *view) (bool, error) {
	now, every := h.cfg.Now(), asksMembership
	if v.accused {
		every = suspects
	}
	if !v.config.Member(h.cfg.Node) || now.Sub(v.asked) < every {
		return false, nil
	}
	v.asked = now
	heard, err := h.hear(ctx, name, v.config)
	if err != nil {
		return false, err
	}
	out, in := 0, 0
	for _, x := range heard {
		switch {
		case x.forbidden:
			out++
		case x.err == nil:
			in++
		}
	}
	if liars := (len(heard) - 1) / 3; out <= liars || in > liars {
		return false, nil
	}
	return true, h.expelled(name, v)
}

// errExpelled is what a node that was put out says of its ledger.
var errExpelled = fault.New(fault.Forbidden, "The members have put this node out of their network. What it had until then stays on its disk. It may ask a member to be admitted again.")

// expelled ends the node's part in its network: its children stop, what they had
// stays. A cluster is less than that.
func (h *Home) expelled(name string, v *view) error {
	if name != channel.Name {
		h.cfg.Log.Warn("this node is no member of the channel any more", "channel", name, "sequence", v.config.Sequence)
		return h.leaveChannel(name)
	}
	h.cfg.Log.Error("the members have put this node out of their network; its peer and its orderer stop, what they had stays on the disk", "folder", h.cfg.Dir, "sequence", v.config.Sequence)
	return h.change(func(r *record) { r.Phase = Removed })
}

// stop ends both children of a node that is in no network any more.
func (h *Home) stop() error {
	for _, r := range child.Roles {
		if err := h.child.Remove(r); err != nil {
			return err
		}
	}
	h.wakeChildren()
	return nil
}
