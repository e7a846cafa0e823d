package fabric

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	sdk "github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	"github.com/hyperledger/fabric-gateway/pkg/client"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A view is what the node last saw of a channel.
type view struct {
	config   channel.Config
	block    *cb.Block // of the configuration
	contract *lifecycle.QueryChaincodeDefinitionResult
	hashed   string            // the definition whose approval the peer has as a hash alone
	intents  []contract.Intent // that are not concluded
	approved []yes             // what the node signs again without asking
	accused  bool              // one of them would put this node out
	asked    time.Time         // when the orderers were asked last whether it is a member
	far      bool              // it is used through another member's peer
	gathered time.Time         // since when enough of the orderers are there to begin, see [view.begins]
	waits    error             // for whom the own orderer waits with its place in a new channel
	begun    bool              // the orderers of a new channel have taken theirs
	ready    bool
	doing    string // the step it is at
	err      error  // why the step did not succeed
	failures int    // how often it failed the same way before
}

// The pace of what the node does by itself. It looks soon again while there is
// something to do, ever later while the same thing fails, and otherwise when a
// block changes the channel. While a node starts nearly every look finds that
// its peer is not up yet, so the first few are close together.
const (
	busy     = 40 * time.Millisecond
	tries    = 3  // of the same before the pause doubles
	patience = 15 // tries before it doubles no more: 1.28 seconds
	idle     = 30 * time.Second
	// stepWithin bounds one step; upstream's administration calls have no
	// deadlines of their own.
	stepWithin = 45 * time.Second
)

// Run keeps the node's place in the network until ctx ends: its children, its
// contract, and everything [steps] lists. It ends with the children. It returns
// Unavailable when Fabric's commands are missing, no programs or of another
// release, or a socket cannot be made.
func (h *Home) Run(ctx context.Context) error {
	children := h.child
	var err error
	if children.Bin, err = child.Find(h.cfg.Bin); err != nil {
		return err
	}
	if _, err := child.Release(ctx, children.Bin); err != nil {
		return err
	}
	sup := child.New(children, h.cfg.Log)
	h.mu.Lock()
	h.sup = sup
	h.mu.Unlock()
	// The contract is served until the peer has ended: what it endorses calls it.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	g, gctx := errgroup.WithContext(ctx)
	contracts, cctx := errgroup.WithContext(serving)
	for _, c := range h.cfg.Contracts {
		contracts.Go(func() error { return c.serve(cctx, h.cfg.Dir) })
	}
	g.Go(func() error { <-cctx.Done(); return context.Cause(cctx) })
	g.Go(func() error {
		defer stopServing()
		sup.Run(gctx)
		return nil
	})
	g.Go(func() error { return h.reconcile(gctx) })
	g.Go(func() error { return h.follow(gctx, func() string { return channel.Name }) })
	g.Go(func() error { return h.follow(gctx, h.clusterChannel) })
	g.Go(func() error { return h.renewing(gctx) })
	g.Go(func() error { return h.watchRecord(gctx) })
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, contracts.Wait())
}

// A step leads from an empty folder towards a working ledger. Each looks for
// itself whether there is something to do, and does it; done steps cost a look.
// did asks to be called again before what follows.
type step struct {
	name  string
	where where
	chore bool // of a ledger that works already: one that fails keeps it from nobody
	do    func(h *Home, ctx context.Context, name string, v *view) (did bool, err error)
}

// where is on which channels a step is done: with the node's own peer, or
// through another member's.
type where int

const (
	anywhere where = iota
	own
	away
)

var steps = []step{
	{"restoring the peer", own, false, (*Home).stepRestore},
	{"starting the children", anywhere, false, (*Home).wantChildren},
	{"joining the orderer to the channel", own, false, (*Home).stepOrderer},
	{"joining the peer to the channel", own, false, (*Home).stepPeer},
	{"finding a member's peer", away, false, (*Home).stepReach},
	{"reading the channel's configuration", anywhere, false, (*Home).stepConfig},
	{"installing and approving the contract", own, false, (*Home).stepContract},
	{"committing the contract", own, false, (*Home).stepCommit},
	{"looking for the contract", away, false, (*Home).stepLook},
	{"waiting for the other orderers", own, true, (*Home).stepWait},
	{"taking the orderer's new identity", own, true, (*Home).stepIdentity},
	{"taking the orderer out of the channel", anywhere, true, (*Home).stepLeave},
	{"telling the network where the node is", anywhere, true, (*Home).stepAddress},
	{"asking whether the node is a member", anywhere, true, (*Home).stepMembership},
	{"carrying on what members agreed on", anywhere, true, (*Home).stepIntents},
	{"asking to endorse, or no longer to", own, true, (*Home).stepValidator},
}

// reconcile runs the steps of every channel for ever.
func (h *Home) reconcile(ctx context.Context) error {
	said := "" // what kept the member asked from answering: it is said once
	for {
		pause := idle
		names, err := h.lookAtRecord()
		if err != nil {
			return err
		}
		if err := h.refresh(); err != nil {
			h.cfg.Log.Warn("the administrator's certificates", "err", err)
		}
		switch h.Phase() {
		case Removed:
			names, pause = nil, time.Second // a command may ask to be admitted again
			h.unsee()
			if err := h.stop(); err != nil {
				h.cfg.Log.Warn("stopping the children", "err", err)
			}
		case Alone:
			pause = time.Second // a command may found a network
		case Asking: // one that was put out has its old channel still, and no part in it
			err := h.Inquire(ctx)
			_, a := h.Asked()
			names, pause = nil, a.again(err)
			if err != nil && err.Error() != said {
				h.cfg.Log.Warn("asking to be admitted; it goes on", "err", err)
			}
			if said = ""; err != nil {
				said = err.Error()
			}
		}
		for _, name := range names {
			pause = min(pause, h.steps(ctx, name))
		}
		if len(names) > 0 {
			pause = min(pause, h.keepCluster(ctx))
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-h.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// watchRecord has the node look when a command, in a process of its own, has
// changed what it wants.
func (h *Home) watchRecord(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var was time.Time
	for {
		if at, err := os.Stat(filepath.Join(h.cfg.Dir, "home.json")); err == nil && !at.ModTime().Equal(was) {
			was = at.ModTime()
			h.Wake()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// unsee forgets what the node saw of its channels: it is in none of them.
func (h *Home) unsee() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.cache)
}

// lookAtRecord reads what a command may have changed meanwhile.
func (h *Home) lookAtRecord() ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.rec.Cluster
	err := h.read()
	if is := h.rec.Cluster; (was == nil) != (is == nil) || is != nil && *was != *is {
		h.tellMoved()
	}
	return slices.Clone(h.rec.Channels), err
}

// steps runs a channel's steps and tells when to look again.
func (h *Home) steps(ctx context.Context, name string) time.Duration {
	h.mu.Lock()
	v := view{}
	if was := h.cache[name]; was != nil {
		v = *was
	}
	h.mu.Unlock()
	was := v
	v.ready, v.doing, v.err = true, "", nil
	v.far = h.far(name)
	for _, s := range steps {
		if s.where == own && v.far || s.where == away && !v.far {
			continue
		}
		within, stop := context.WithTimeout(ctx, stepWithin)
		did, err := s.do(h, within, name, &v)
		stop()
		if err != nil || did {
			v.ready = s.chore || err == nil && was.ready // a change of the channel keeps nobody from it
			v.doing, v.err = s.name, err
		}
		if err != nil && !s.chore || did {
			break
		}
	}
	if ctx.Err() != nil {
		return idle
	}
	v.tell(h.cfg.Log, name, was)
	h.mu.Lock()
	if slices.Contains(h.rec.Channels, name) { // or it has just left
		h.cache[name] = &v
	}
	works := h.works
	if !v.ready {
		h.conn.ResetConnectBackoff() // a server that starts is there at any moment
	}
	h.mu.Unlock()
	if v.ready != was.ready || v.block != was.block {
		h.tellMoved()
	}
	if works != nil && v.ready && (!was.ready || was.err != nil && v.err == nil) {
		works()
	}
	return v.pause(was)
}

// pause is until the channel is looked at again: soon after something was done,
// ever later while the same thing fails.
func (v *view) pause(was view) time.Duration {
	switch {
	case v.err != nil && was.err != nil && v.err.Error() == was.err.Error():
		v.failures = min(was.failures+1, patience)
		return busy << (v.failures / tries)
	case v.doing != "":
		v.failures = 0
		return busy
	case v.accused:
		return suspects
	case len(v.intents) > 0:
		return turn
	}
	return idle
}

// tell logs what changed.
func (v *view) tell(log *slog.Logger, name string, was view) {
	if v.err != nil && (was.err == nil || was.err.Error() != v.err.Error()) {
		log.Debug("ledger", "channel", name, "at", v.doing, "err", v.err)
	}
	if v.ready && !was.ready {
		log.Info("the ledger is ready", "channel", name, "contract", v.contract.GetVersion(), "sequence", v.config.Sequence)
	}
}

// wantChildren writes what the children are configured with: every member's node
// has a peer, but for the moment in which it starts anew, and an orderer while a
// channel says so. How one ends is [Home.stepLeave].
func (h *Home) wantChildren(_ context.Context, name string, v *view) (bool, error) {
	if !h.standsStill() {
		if err := h.child.Write(child.Peer); err != nil {
			return false, err
		}
	}
	orders, err := h.orders(name, v)
	if err != nil {
		return false, err
	}
	if orders {
		err = h.child.Write(child.Orderer)
	}
	h.wakeChildren()
	return false, err
}

// wakeChildren has the supervisor look at their files now.
func (h *Home) wakeChildren() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sup != nil {
		h.sup.Wake()
	}
}

func (h *Home) stepPeer(ctx context.Context, name string, _ *view) (bool, error) {
	in, err := h.inChannel(ctx, name)
	if err != nil || in {
		return false, err
	}
	conn, id, _ := h.peer()
	first, err := h.First(name)
	if err != nil {
		return false, err
	}
	return true, explain(sdk.JoinChannel(ctx, conn, id, first))
}

// inChannel reports whether the own peer is in a channel.
func (h *Home) inChannel(ctx context.Context, name string) (bool, error) {
	conn, id, _ := h.peer()
	list, err := sdk.ListChannelOnPeer(ctx, conn, id)
	return slices.ContainsFunc(list, func(c *peer.ChannelInfo) bool { return c.ChannelId == name }), explain(err)
}

// configBlock is the newest configuration block at the peer that answers for a
// channel: the own one, or another member's.
func (h *Home) configBlock(ctx context.Context, name string) (*cb.Block, error) {
	p, err := h.at(name)
	if err != nil {
		return nil, err
	}
	b, err := sdk.GetConfigBlock(ctx, p.conn, p.id, name)
	if err != nil || b.GetHeader() != nil {
		return b, explain(err)
	}
	// A peer that began with a snapshot has no configuration block until the
	// channel changes again; the node kept the one that is in force.
	return h.newest(name)
}

func (h *Home) stepConfig(ctx context.Context, name string, v *view) (bool, error) {
	b, err := h.configBlock(ctx, name)
	if err != nil {
		return false, err
	}
	if v.block != nil && same(v.block, b) {
		return false, nil
	}
	if b, err = h.verified(ctx, name, b); err != nil {
		return false, err
	}
	if v.block != nil && same(v.block, b) { // the peer is behind
		return false, nil
	}
	if v.config, err = channel.Read(b); err != nil {
		return false, err
	}
	v.block = b
	return true, nil // children may be wanted that were not
}

// follow wakes the node when a block changes one of its channels, or the
// contract there.
func (h *Home) follow(ctx context.Context, of func() string) error {
	for ctx.Err() == nil {
		if name := of(); name != "" {
			if err := h.watch(ctx, name); err != nil && ctx.Err() == nil {
				h.cfg.Log.Debug("following the channel", "channel", name, "err", err)
				if h.far(name) { // another member's peer may answer
					h.Wake()
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// waking are the contract's events of what members say of a change, and of a
// node that is registered now.
var waking = []string{"intent", "approval", "decline", "node"}

func (h *Home) watch(ctx context.Context, name string) error {
	if h.Phase() != Joined {
		return nil
	}
	c, err := h.Client(name)
	if err != nil {
		return err
	}
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	blocks, err := c.network.BlockEvents(ctx, client.WithStartBlock(s.Height))
	if err != nil {
		return explain(err)
	}
	h.Wake()
	for b := range blocks {
		txs, err := block.Transactions(b)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(txs, func(t block.Tx) bool {
			return t.Config || t.Chaincode == "_lifecycle" || slices.Contains(waking, t.Event)
		}) {
			h.Wake()
		}
	}
	return fault.New(fault.Unavailable, "The peer has ended its stream of blocks.")
}

// Ready reports whether nothing is left to do on a channel, and otherwise at what
// the node is and what keeps it.
func (h *Home) Ready(name string) (ready bool, doing string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.cache[name]
	switch {
	case h.rec.Phase == Removed:
		return false, "", errExpelled
	case v == nil:
		return false, "starting", nil
	}
	return v.ready, v.doing, v.err
}

// Absent says why the node has no ledger to ask at all, nil where it has one,
// which may still be away.
func (h *Home) Absent() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.rec.Phase {
	case Alone:
		return fault.New(fault.Unavailable, "This node is in no network yet, so it has no ledger. What has to be recorded waits.")
	case Asking:
		return fault.New(fault.Unavailable, "This node waits to be admitted to a network. What has to be recorded waits with it.")
	case Removed:
		return fault.New(fault.Unavailable, "The members have put this node out of their network. What has to be recorded waits until it is in one again.")
	}
	return nil
}
