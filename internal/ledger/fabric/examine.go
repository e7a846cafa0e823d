package fabric

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
)

// Examine finds out what keeps the node's part of the network from working, in
// whatever process: the node may run in another one, or not at all. resting says
// that it is known not to run, so that nothing is missed of its children.
func (h *Home) Examine(ctx context.Context, resting bool) ([]doctor.Finding, error) {
	certificates, err := h.org.Certificates()
	if err != nil {
		return nil, err
	}
	trust, err := h.credentials()
	if err != nil {
		return nil, err
	}
	p := doctor.Patient{Config: h.child, Now: h.cfg.Now(), Member: h.Phase() == Joined, Resting: resting, Trust: trust, Certificates: certificates}
	p.Bin = h.cfg.Bin
	if p.Status, err = h.child.Recall(); err != nil {
		return nil, err
	}
	if !p.Member {
		return append(doctor.Examine(ctx, p), h.nameFinding(), h.phaseFinding()), nil
	}
	if p.Due, err = h.due(); err != nil {
		return nil, err
	}
	if resting {
		return doctor.Examine(ctx, p), nil
	}
	c, err := h.Client(channel.Name)
	if err != nil {
		return nil, err
	}
	if s, err := c.Status(ctx); err == nil {
		p.Newest = s.At
	} else {
		p.Complaints = append(p.Complaints, err.Error())
	}
	of, clocks, err := h.examineChannel(ctx)
	p.Clocks = clocks
	list := doctor.Examine(ctx, p)
	if err != nil {
		return list, err
	}
	in, err := h.examineCluster(ctx)
	return slices.Concat(list, of, in), err
}

// due are the roles that the node has by what it knows of its channels, whether it
// has set them up already or has not run since.
func (h *Home) due() (due []child.Role, err error) {
	h.mu.Lock()
	names := slices.Clone(h.rec.Channels)
	h.mu.Unlock()
	near, orders := false, false
	for _, name := range names {
		cfg, err := h.known(name)
		if err != nil {
			return nil, err
		}
		_, yes := cfg.Orders(h.cfg.Node)
		near, orders = near || !h.far(name), orders || yes
	}
	if near {
		due = append(due, child.Peer)
	}
	if orders {
		due = append(due, child.Orderer)
	}
	return due, nil
}

// phaseFinding says what the node without a network waits for.
func (h *Home) phaseFinding() doctor.Finding {
	f := doctor.Finding{Name: "network", OK: true}
	switch via, _ := h.Asked(); h.Phase() {
	case Asking:
		f.Detail = "This node waits to be admitted to a network, through " + via + ". It asks, and joins, while 9ten serve runs; its peer comes with that."
	case Removed:
		f.Detail = "The members have put this node out of their network. It may ask to be admitted again: 9ten ledger request-join."
	default:
		f.Detail = "This node is in no network yet. 9ten ledger init founds one, 9ten ledger request-join asks a member."
	}
	return f
}

// examineChannel is what there is to say of the network's own channel, by the
// newest configuration the node has seen: a peer that is down is no reason not to
// look at the others. What the orderers say of the time is for another finding.
func (h *Home) examineChannel(ctx context.Context) (list []doctor.Finding, clocks doctor.Clocks, err error) {
	b, err := h.newest(channel.Name)
	if err != nil {
		return nil, clocks, err
	}
	cfg, err := channel.Read(b)
	if err != nil {
		return nil, clocks, err
	}
	members, err := cfg.Members()
	if err != nil {
		return nil, clocks, err
	}
	if len(members) == 2 {
		list = append(list, doctor.Finding{Name: "members", OK: true, Detail: "There are two members, and each entry needs both: while one is away nothing is recorded, and if one is lost with its keys nothing ever is again. Both should back up the folder fabric now, and take in a third soon."})
	}
	room, err := h.roomIn("", cfg)
	if err != nil {
		return list, clocks, err
	}
	f, clocks, err := h.orderersOf(ctx, channel.Name, cfg)
	return append(list, room, f), clocks, err
}

// roomIn names who fills the configuration of a cluster's channel up, or that of
// the network's where none is named: each member writes its own part alone, as long
// as it likes, and each node keeps that.
func (h *Home) roomIn(cluster string, cfg channel.Config) (doctor.Finding, error) {
	f, of, flag := doctor.Finding{Name: "configuration", OK: true}, "the network", ""
	if cluster != "" {
		f.Name, of, flag = "cluster's configuration", "the cluster "+cluster, " --cluster"
	}
	parts, whole, err := cfg.Parts()
	if err != nil {
		return f, err
	}
	f.Detail = fmt.Sprintf("The configuration of %s has %.1f kB.", of, float64(whole)/1e3)
	for _, msp := range slices.Sorted(maps.Keys(parts)) {
		if parts[msp] <= channel.MaxPart {
			continue
		}
		f.OK = false
		f.Detail += fmt.Sprintf(" %s fills %.1f kB of it, which no member needs.", msp, float64(parts[msp])/1e3)
		if msp == h.cfg.Node {
			f.Remedy += "This node writes no such thing, so somebody else has its administrator's key: see “A key that was stolen” in docs/operate/ledger-certificates.md. "
			continue
		}
		f.Remedy += fmt.Sprintf("Ask the operator of %s, whose key may be stolen. If it does not end, put it out: 9ten ledger member remove %s%s. ", msp, msp, flag)
	}
	if !f.OK {
		f.Remedy += "What would make a configuration longer than 10 MiB is refused, so nobody could be admitted any more."
	}
	return f, nil
}

// examineCluster is what there is to say of the channel of the node's cluster,
// nothing where it is in none.
func (h *Home) examineCluster(ctx context.Context) ([]doctor.Finding, error) {
	in, _ := h.Cluster()
	name := h.clusterChannel()
	if name == "" {
		return nil, nil
	}
	b, err := h.newest(name)
	if err != nil {
		return nil, err
	}
	cfg, err := channel.Read(b)
	if err != nil {
		return nil, err
	}
	c, err := h.Client(name)
	if err != nil {
		return nil, err
	}
	f := doctor.Finding{Name: "cluster", OK: true}
	if s, err := c.Status(ctx); err == nil {
		f.Detail = fmt.Sprintf("The channel of the cluster %s answers, with %d blocks.", in.Name, s.Height)
	} else {
		f.OK, f.Detail = false, fmt.Sprintf("The channel of the cluster %s does not answer: %s", in.Name, fault.Message(err))
		f.Remedy = "This node's days wait and lose nothing. After a start that takes some seconds; if it stays so, the node's log says what is in the way."
	}
	room, err := h.roomIn(in.Name, cfg)
	if err != nil {
		return []doctor.Finding{f}, err
	}
	o, _, err := h.orderersOf(ctx, name, cfg)
	o.Name = "cluster's orderers"
	return []doctor.Finding{f, room, o}, err
}

// orderersOf says how many of a channel's orderers take part, by the newest
// configuration the node has seen: with too few nothing is recorded, and no
// server of this node says whose fault it is. Those of others that have another
// time answer all the same, and so take part.
func (h *Home) orderersOf(ctx context.Context, name string, cfg channel.Config) (f doctor.Finding, clocks doctor.Clocks, err error) {
	heard, err := h.hear(ctx, name, cfg)
	if err != nil {
		return f, clocks, err
	}
	var silent, waiting []string
	for _, x := range heard {
		switch {
		case x.who.MSP == h.cfg.Node: // on this machine
		case x.apart:
			clocks.Apart = append(clocks.Apart, x.who.MSP)
		case x.err == nil:
			clocks.Agree++
		}
		switch {
		case x.absent:
			waiting = append(waiting, x.who.MSP)
		case !x.there():
			silent = append(silent, fmt.Sprintf("%s (%s)", x.who.MSP, x.who.Address()))
		}
	}
	n, needed := len(heard)-len(silent)-len(waiting), channel.Quorum(len(heard))
	f = doctor.Finding{Name: "orderers", OK: n >= needed, Detail: fmt.Sprintf("%d of %d orderers take part; %d must.", n, len(heard), needed)}
	if len(waiting) > 0 {
		f.Detail += " Up, and not in the channel yet: " + strings.Join(waiting, ", ") + "."
	}
	if len(silent) > 0 {
		f.Detail += " Not heard from: " + strings.Join(silent, ", ") + "."
	}
	if !f.OK {
		f.Remedy = "Nothing is recorded until more of them run: ask their operators, and see that these addresses are reached from here."
	}
	if err := h.orderersPlace(cfg); err != nil { // this node's own: it runs, but nobody hears it
		f.OK, f.Remedy = false, strings.TrimSpace(fault.Message(err)+" "+f.Remedy)
	}
	return f, clocks, nil
}
