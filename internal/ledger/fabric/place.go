package fabric

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	sdk "github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// Ten thousand peers on one channel would be too many. In a network of clusters
// a node may therefore be a client of the network's own channel: it is a member,
// signs and records as all do, but over another member's peer, and over the next
// one when that does not answer. It trusts that peer with what it is shown; what
// it records is signed, endorsed by a majority of the validators, and ordered.

// A place is a peer as the node's administrator uses it.
type place struct {
	conn *grpc.ClientConn
	id   identity.SigningIdentity
	hash []byte // of the connection's certificate
	org  string // whose peer it is
}

var (
	errNoPeer   = fault.New(fault.Unsupported, "This node has no peer on that channel: it uses it through other members' peers.")
	errNobody   = fault.New(fault.Unavailable, "This node uses its network through other members' peers, and none of them answers at the moment. What has to be recorded waits.")
	reachWithin = 3 * time.Second // how long a member's peer may take to answer
)

// wantsClient reports whether the node wants no peer on a channel.
func (h *Home) wantsClient(name string) bool { return h.cfg.Client && name == channel.Name }

// far reports whether the node has no peer on a channel: it wants none, and
// neither endorses nor orders there, nor carries days.
func (h *Home) far(name string) bool {
	if !h.wantsClient(name) || h.carries.Load() {
		return false
	}
	cfg, err := h.known(name)
	if err != nil {
		return false
	}
	validators, err := cfg.Validators()
	_, orders := cfg.Orders(h.cfg.Node)
	return err == nil && !orders && !slices.Contains(validators, h.cfg.Node)
}

// known is the newest configuration of a channel that the node has seen.
func (h *Home) known(name string) (channel.Config, error) {
	if v, ok := h.seen(name); ok {
		return v.config, nil
	}
	b, err := h.newest(name)
	if err != nil {
		return channel.Config{}, err
	}
	return channel.Read(b)
}

// at is the peer through which the node uses a channel. A node that does not run
// looks for one first; one that runs does that by itself.
func (h *Home) at(name string) (place, error) {
	if !h.far(name) {
		conn, id, hash := h.peer()
		return place{conn, id, hash, h.cfg.Node}, nil
	}
	h.mu.Lock()
	p, ok := h.links[name]
	runs := h.sup != nil
	h.mu.Unlock()
	if ok {
		return p, nil
	}
	if runs {
		return place{}, errNobody
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*reachWithin)
	defer stop()
	return h.reach(ctx, name)
}

// Through tells whose peer the node uses a channel over, "" for none at the moment.
func (h *Home) Through(name string) string {
	if !h.far(name) {
		return h.cfg.Node
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.links[name].org
}

// Prefer names members whose peers are tried first, the nearest first.
func (h *Home) Prefer(nodes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prefer = slices.Clone(nodes)
}

// stepReach finds a member's peer that answers, and another one when it does not.
func (h *Home) stepReach(ctx context.Context, name string, _ *view) (bool, error) {
	h.mu.Lock()
	p, ok := h.links[name]
	fresh := ok && bytes.Equal(p.hash, h.tls) // or certificates were renewed
	h.mu.Unlock()
	if fresh {
		if err := h.answers(ctx, p, name); err == nil {
			return false, nil
		}
	}
	_, err := h.reach(ctx, name)
	return err == nil, err
}

// reach connects to the first member's peer that answers for a channel.
func (h *Home) reach(ctx context.Context, name string) (place, error) {
	cfg, err := h.known(name)
	if err != nil {
		return place{}, err
	}
	members, err := h.nearest(cfg)
	if err != nil {
		return place{}, err
	}
	for _, m := range members {
		p, err := h.dial(m)
		if err != nil { // a member writes its address alone
			h.cfg.Log.Debug("a member's peer cannot be called", "member", m.MSP, "err", err)
			continue
		}
		if err := h.answers(ctx, p, name); err != nil {
			h.cfg.Log.Debug("a member's peer does not answer", "member", m.MSP, "err", err)
			_ = p.conn.Close() // nothing was asked over it
			continue
		}
		h.mu.Lock()
		was, had := h.links[name]
		h.links[name] = p
		h.mu.Unlock()
		if had {
			_ = was.conn.Close() // it does not answer
		}
		h.cfg.Log.Info("the network is used through a member's peer", "member", m.MSP, "channel", name)
		return p, nil
	}
	return place{}, errNobody
}

// shunned drops the member's peer over which a channel is used: it shows what the
// orderers did not sign. All others are tried before it from now on.
func (h *Home) shunned(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.links[name]
	if !ok {
		return
	}
	delete(h.links, name)
	if !slices.Contains(h.shun, p.org) {
		h.shun = append(h.shun, p.org)
	}
	h.cfg.Log.Warn("a member's peer shows a configuration of the channel that its orderers did not sign; another one is used", "member", p.org, "channel", name)
	_ = p.conn.Close() // nothing that it says counts
}

// nearest are the other members of a channel in the order in which their peers
// are tried: those the node prefers, those who endorse, all others.
func (h *Home) nearest(cfg channel.Config) ([]channel.Member, error) {
	members, err := cfg.Members()
	if err != nil {
		return nil, err
	}
	validators, err := cfg.Validators()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	order := append(slices.Clone(h.prefer), validators...)
	shun := slices.Clone(h.shun)
	h.mu.Unlock()
	rank := func(m channel.Member) int {
		if slices.Contains(shun, m.MSP) {
			return len(order) + 1
		}
		if i := slices.Index(order, m.MSP); i >= 0 {
			return i
		}
		return len(order)
	}
	members = slices.DeleteFunc(members, func(m channel.Member) bool { return m.MSP == h.cfg.Node })
	slices.SortStableFunc(members, func(a, b channel.Member) int { return rank(a) - rank(b) })
	return members, nil
}

// dial connects to a member's peer, which takes the certificates of all members.
func (h *Home) dial(m channel.Member) (place, error) {
	as, err := h.credentialsFor(m.TLSCA)
	if err != nil {
		return place{}, err
	}
	conn, err := Dial(m.Address(), as)
	if err != nil {
		return place{}, err
	}
	_, id, _ := h.peer()
	return place{conn, id, certHash(as.Certificates[0]), m.MSP}, nil
}

// answers asks a peer for a channel: one that is not in it says so.
func (h *Home) answers(ctx context.Context, p place, name string) error {
	ctx, stop := context.WithTimeout(ctx, reachWithin)
	defer stop()
	_, err := h.cscc(ctx, p, name, "GetConfigBlock", name)
	return err
}

// absent reports whether a peer said that it is not in a channel.
func absent(err error, name string) bool {
	refused, ok := errors.AsType[*refusedError](err)
	return ok && strings.Contains(refused.said, "channel '"+name+"' not found")
}

// stepLook looks which version of the contract a channel runs that the node
// has no peer on.
func (h *Home) stepLook(ctx context.Context, name string, v *view) (bool, error) {
	var err error
	if v.contract, err = h.committed(ctx, name); err == nil && v.contract == nil {
		err = fault.New(fault.Unavailable, "The channel has no contract yet.")
	}
	return false, err
}

// tidyPeer takes the own peer out of channels in which the node has none any
// more. It must not run meanwhile, which takes a few seconds.
func (h *Home) tidyPeer(ctx context.Context) error {
	h.mu.Lock()
	mine, sup := slices.Clone(h.rec.Channels), h.sup
	h.mu.Unlock()
	if sup == nil || h.standsStill() {
		return nil
	}
	conn, id, _ := h.peer()
	within, stop := context.WithTimeout(ctx, reachWithin)
	defer stop()
	list, err := sdk.ListChannelOnPeer(within, conn, id)
	if err != nil {
		return nil // it does not run; the next look finds out
	}
	var leave []string
	for _, c := range list {
		if !slices.Contains(mine, c.ChannelId) || h.far(c.ChannelId) {
			leave = append(leave, c.ChannelId)
		}
	}
	if len(leave) == 0 {
		return h.peerLeft(list)
	}
	if err := h.child.Remove(child.Peer); err != nil {
		return err
	}
	h.wakeChildren()
	for !sup.Ended(child.Peer) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busy):
		}
	}
	for _, name := range leave {
		if err := sup.Unjoin(ctx, name); err != nil {
			return err
		}
		h.cfg.Log.Info("the peer left a channel", "channel", name)
	}
	if err := h.child.Write(child.Peer); err != nil {
		return err
	}
	h.wakeChildren()
	return h.peerLeft(slices.DeleteFunc(list, func(c *peer.ChannelInfo) bool { return slices.Contains(leave, c.ChannelId) }))
}

// peerLeft notes that the peer is in no other channels than these.
func (h *Home) peerLeft(in []*peer.ChannelInfo) error {
	gone := func(name string) bool {
		return !slices.ContainsFunc(in, func(c *peer.ChannelInfo) bool { return c.ChannelId == name })
	}
	h.mu.Lock()
	some := slices.ContainsFunc(h.rec.Leaving, gone)
	h.mu.Unlock()
	if !some {
		return nil
	}
	return h.change(func(r *record) { r.Leaving = slices.DeleteFunc(r.Leaving, gone) })
}
