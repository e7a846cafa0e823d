package fabric_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// kill ends a child of a node as a machine does whose memory ran out.
func (n *node) kill(t *testing.T, r child.Role) (was int) {
	t.Helper()
	if was = n.PID(r); was == 0 {
		t.Fatalf("%s has no %s to kill", n.name, r)
	}
	if err := syscall.Kill(was, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return was
}

// risen waits until a child runs as another process.
func (n *node) risen(t *testing.T, r child.Role, was int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s of %s is back", r, n.name), func() error {
		if now := n.PID(r); now == 0 || now == was {
			return fmt.Errorf("its process is %d", now)
		}
		return nil
	})
}

// freeze stops orderers in the middle of what they do, or lets them go on.
func (l *life) freeze(t *testing.T, stop bool, of ...*node) {
	t.Helper()
	sig := syscall.SIGCONT
	if stop {
		sig = syscall.SIGSTOP
	}
	for _, n := range of {
		if err := syscall.Kill(n.PID(child.Orderer), sig); err != nil {
			t.Error(err)
		}
	}
}

// head is the height at a node's own peer.
func (n *node) head(t *testing.T) uint64 {
	t.Helper()
	c, err := n.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Height
}

// A node's peer dies, and who writes through another one's does not notice.
func killPeer(t *testing.T, l *life) {
	again := l.under(t, l.b, func() {
		was := l.c.kill(t, child.Peer)
		l.c.risen(t, child.Peer, was)
		eventually(t, "c's peer answers", func() error { _, err := l.c.contract(t).Nodes(t.Context()); return err })
	})
	if again > 0 {
		t.Errorf("%d calls through b's peer failed when c's was killed", again)
	}
	l.whole(t, l.b, l.c)
}

// leader is the node whose orderer leads: the view's number, counted through
// those who order.
func (l *life) leader(t *testing.T) *node {
	t.Helper()
	c, err := l.a.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Block(t.Context(), l.a.head(t)-1)
	if err != nil {
		t.Fatal(err)
	}
	var md cb.Metadata
	var obm cb.OrdererBlockMetadata
	if err := proto.Unmarshal(b.Metadata.Metadata[cb.BlockMetadataIndex_SIGNATURES], &md); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(md.Value, &obm); err != nil {
		t.Fatal(err)
	}
	view := uint64(0) // SmartBFT's ViewMetadata has it as its first field, where it is not 0
	if num, _, n := protowire.ConsumeTag(obm.ConsenterMetadata); n > 0 && num == 1 {
		view, _ = protowire.ConsumeVarint(obm.ConsenterMetadata[n:])
	}
	cfg, err := l.a.Config(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := cfg.Consenters()
	if err != nil {
		t.Fatal(err)
	}
	leads := list[view%uint64(len(list))].MSP
	for _, n := range l.all() {
		if n.name == leads {
			return n
		}
	}
	t.Fatalf("no node %s", leads)
	return nil
}

func killLeader(t *testing.T, l *life) {
	leader := l.leader(t)
	t.Logf("%s leads", leader.name)
	began := time.Now()
	l.under(t, l.b, func() {
		was := leader.kill(t, child.Orderer)
		l.act(t, t.Context(), l.c)
		t.Logf("written %v after the leader was killed", time.Since(began).Round(100*time.Millisecond))
		leader.risen(t, child.Orderer, was)
	})
	l.whole(t, l.all()...)
	eventually(t, "all order", func() error { return l.orderers(t, l.a, l.all()...) })
}

// Everything at once, as when the power fails everywhere.
func killAll(t *testing.T, l *life) {
	was := map[*node][2]int{}
	for _, n := range l.all() {
		was[n] = [2]int{n.kill(t, child.Peer), n.kill(t, child.Orderer)}
	}
	for _, n := range l.all() {
		n.risen(t, child.Peer, was[n][0])
		n.risen(t, child.Orderer, was[n][1])
	}
	began := time.Now()
	l.act(t, t.Context(), l.d)
	t.Logf("written %v after all were back", time.Since(began).Round(100*time.Millisecond))
	l.whole(t, l.all()...)
}
