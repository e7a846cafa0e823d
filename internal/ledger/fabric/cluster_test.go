package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// among is a channel as the contract's tests use it, each node through itself.
type among struct {
	t       *testing.T
	channel string
	nodes   map[string]*node
}

func (a among) Now() time.Time { return time.Now() }

func (a among) As(name, _ string) contract.Client {
	a.t.Helper()
	return a.nodes[name].on(a.t, a.channel)
}

// on is the contract of a channel.
func (n *node) on(t testing.TB, name string) contract.Client {
	t.Helper()
	c, err := n.Client(name)
	if err != nil {
		t.Fatal(err)
	}
	return contract.Client{Ledger: c}
}

// enter waits until a node is on a channel, and registers it there.
func (n *node) enter(t *testing.T, name string) {
	t.Helper()
	eventually(t, n.name+" registers on "+name, func() error {
		if ready, doing, err := n.Ready(name); !ready {
			return fmt.Errorf("%s: %w", doing, err)
		}
		_, err := n.on(t, name).RegisterNode(t.Context(), "register", contracttest.Registration(n.name))
		return err
	})
}

// Two clusters of two: b and a in the north, c and d in the south. The delegates b
// and c have a peer on the network's channel; a, which had one, and d, which never
// had, are clients there.
func TestTwoClustersOfTwo(t *testing.T) {
	began := time.Now()
	did := func(what string) { t.Logf("%s after %v", what, time.Since(began).Round(100*time.Millisecond)) }
	b := found(t, "b.example")
	url := door(t, b)
	port, dir := fabrictest.Ports(t), t.TempDir()
	contracts := versions(t)
	a := start(t, openAs(t, fabric.Config{Dir: dir, Node: "a.example", Port: port, Contracts: contracts, Now: time.Now}), "a.example")
	enters := func(n *node, members ...*node) {
		t.Helper()
		if err := n.Ask(t.Context(), url, "", "Please."); err != nil {
			t.Fatal(err)
		}
		r, err := b.Request(n.name)
		if err != nil {
			t.Fatal(err)
		}
		id, err := b.Admit(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			eventually(t, m.name+" approves "+n.name, func() error { return m.Approve(t.Context(), channel.Name, id) })
		}
		n.enter(t, channel.Name)
	}
	endorse := func(want ...string) {
		t.Helper()
		eventually(t, fmt.Sprint(want, " endorse"), func() error {
			cfg, err := b.Config(t.Context(), channel.Name)
			if err != nil {
				return err
			}
			if v, err := cfg.Validators(); err != nil || !slices.Equal(v, want) {
				return fmt.Errorf("validators are %v, %w", v, err)
			}
			return nil
		})
	}
	enters(a)
	endorse("a.example", "b.example")
	c := start(t, open(t, "c.example"), "c.example")
	enters(c, a)
	endorse("a.example", "b.example", "c.example")
	d := start(t, openAs(t, fabric.Config{Dir: t.TempDir(), Node: "d.example", Port: fabrictest.Ports(t), Contracts: contracts, Now: time.Now, Client: true}), "d.example")
	enters(d, a)
	did("four members")
	if p := d.Through(channel.Name); p == "" || p == d.name {
		t.Errorf("d, a client, uses the network through %q", p)
	}
	if _, err := d.Snapshot(t.Context(), channel.Name, t.TempDir()+"/x"); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a snapshot of a peer that is not there: %v", err)
	}

	// While the peer that a client uses is down it goes on through another one.
	d.Prefer([]string{"b.example"})
	away := d.Through(channel.Name)
	down := map[string]*node{"a.example": a, "b.example": b, "c.example": c}[away]
	stop := keepDown(t, down)
	eventually(t, "d goes on through another peer", func() error {
		if p := d.Through(channel.Name); p == away {
			return fmt.Errorf("it uses %s", p)
		}
		_, err := d.on(t, channel.Name).UpdateNode(t.Context(), "rename", contract.Registration{Node: d.name, Name: "D"})
		return err
	})
	stop()
	did("d went on without " + away)

	// a, which endorses, becomes a client: it steps down and its peer leaves.
	a.stop()
	a = start(t, openAs(t, fabric.Config{Dir: dir, Node: "a.example", Port: port, Contracts: contracts, Now: time.Now, Client: true}), "a.example")
	endorse("b.example", "c.example")
	eventually(t, "a is a client", func() error {
		if p := a.Through(channel.Name); p == "" || p == a.name {
			return fmt.Errorf("it uses the network through %q", p)
		}
		if has, err := a.Has(t.Context(), channel.Name); has || err != nil {
			return fmt.Errorf("its peer is in the channel: %v, %w", has, err)
		}
		return nil
	})
	did("a is a client")

	clusters := map[string]contracttest.Network{}
	for _, half := range []struct {
		name          string
		first, second *node
	}{{"north", b, a}, {"south", c, d}} {
		if err := half.first.FoundCluster(half.name); err != nil {
			t.Fatal(err)
		}
		name := contract.ClusterChannel(half.name)
		half.first.enter(t, name)
		if err := half.second.AskCluster(t.Context(), half.name, door(t, half.first), "Please."); err != nil {
			t.Fatal(err)
		}
		if err := half.second.FoundCluster("west"); !fault.Is(err, fault.Conflict) {
			t.Errorf("it asks and founds another: %v", err)
		}
		r, err := half.first.Request(half.second.name)
		if err != nil || r.Cluster != half.name {
			t.Fatal(r, err)
		}
		if _, err := half.first.Admit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		half.second.enter(t, name)
		eventually(t, "both endorse in the "+half.name, func() error {
			cfg, err := half.first.Config(t.Context(), name)
			if err != nil {
				return err
			}
			if v, err := cfg.Validators(); err != nil || len(v) != 2 {
				return fmt.Errorf("%v, %w", v, err)
			}
			return nil
		})
		clusters[half.name] = among{t, name, map[string]*node{half.first.name: half.first, half.second.name: half.second}}
	}
	did("two clusters")
	contracttest.Split(t, among{t, channel.Name, map[string]*node{"a.example": a, "b.example": b, "c.example": c, "d.example": d}}, clusters)
	did("a settled a month")
	if p := a.Through(channel.Name); p == a.name {
		t.Error("a used its own peer")
	}

	// d leaves its cluster: it proposes its own removal, and its peer goes.
	south := contract.ClusterChannel("south")
	if err := d.LeaveCluster(); err != nil {
		t.Fatal(err)
	}
	id, err := d.RemoveMember(t.Context(), south, d.name, "")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "c approves", func() error { return c.Approve(t.Context(), south, id) })
	eventually(t, "d is in no cluster", func() error {
		if x, in := d.Cluster(); in {
			return fmt.Errorf("it is %s in %s", x.Phase, x.Name)
		}
		if has, err := d.Has(t.Context(), south); has || err != nil {
			return fmt.Errorf("its peer is in the channel: %v, %w", has, err)
		}
		return nil
	})
	if d.Phase() != fabric.Joined {
		t.Errorf("d is %q in its network", d.Phase())
	}
	did("d left its cluster")

	// c, who was alone in it, leaves too. The name is free: it founds a cluster
	// of it, and d asks to be in.
	if err := c.LeaveCluster(); err != nil {
		t.Fatal(err)
	}
	c.kill(t, child.Peer) // nobody can ask it whether it is out
	if err := c.LeftCluster(); err != nil {
		t.Fatal(err)
	}
	if err := c.FoundCluster("south"); !fault.Is(err, fault.Conflict) {
		t.Errorf("founded while its peer is in the cluster before: %v", err)
	}
	if _, err := c.First(south); !fault.Is(err, fault.NotFound) {
		t.Errorf("c keeps a first block of what it left: %v", err)
	}
	eventually(t, "the name is free", func() error { return c.FoundCluster("south") })
	c.enter(t, south)
	did("c founded it again")
	if err := d.AskCluster(t.Context(), "south", door(t, c), "Again."); err != nil {
		t.Fatal(err)
	}
	r, err := c.Request(d.name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Admit(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	d.enter(t, south)
	did("d is in it again")
}

// versions are the contracts of a node.
func versions(t *testing.T) []fabric.Contract {
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	return []fabric.Contract{{Version: contract.Version, Code: cc}}
}

// keepDown kills a node's peer as often as it is started again, until stop.
func keepDown(t *testing.T, n *node) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if pid := n.PID(child.Peer); pid != 0 {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					t.Errorf("killing the peer of %s: %v", n.name, err)
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() { cancel(); <-done }
}
