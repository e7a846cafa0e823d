package app

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// outside is the ledger of a Fabric network as the node uses it: through its own
// peer or another member's, as its administrator, on the channel that of names.
type outside struct {
	*fabric.Home
	of func() string
}

// openFabric opens the node's part of a network. It runs with [fabric.Home.Run];
// until then, and while the node is in no network, calls are Unavailable.
func openFabric(_ context.Context, n *node, _ world) (home, error) {
	if n.cfg.Clock.Start != "" {
		return nil, fault.On("clock.start", fault.Invalid, "A network's ledger keeps everybody to the real time: with ledger.mode \"fabric\" the clock cannot be set.")
	}
	h, err := n.cfg.openNetwork(n.dir.wall, n.log) // certificates know no other time
	if err != nil {
		return nil, err
	}
	n.fabric = h
	return outside{h, networkChannel}, nil
}

// runsOn refuses a system on which a network's ledger does not run: there nothing
// ends the peer and the orderer when the node is killed, and nobody has tried.
func runsOn(system string) error {
	if system == "linux" {
		return nil
	}
	return fault.On("ledger.mode", fault.Invalid, "A network's ledger runs on Linux alone, and this is %s. Run the node on Linux, in a virtual machine for instance, or set ledger.mode to \"embedded\": it then keeps its ledger alone.", system)
}

// openNetwork opens the folder of the node's network.
func (c *Config) openNetwork(now func() time.Time, log *slog.Logger) (*fabric.Home, error) {
	if err := runsOn(runtime.GOOS); err != nil {
		return nil, err
	}
	cc, err := contract.New()
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	f := c.Ledger.Fabric
	host := f.Host
	if host == "" {
		host = c.NodeID()
	}
	listen := f.Listen
	if fabric.Loopback(host) { // not every resolver knows a.localhost
		host = "127.0.0.1"
		if listen == "" {
			listen = host
		}
	}
	dir, err := filepath.Abs(filepath.Join(c.DataDir, "fabric"))
	if err != nil {
		return nil, err
	}
	return fabric.Open(fabric.Config{
		Dir: dir, Node: c.NodeID(), Bin: f.Bin, Host: host, Listen: listen, Port: int(f.Port), Client: f.Federation == "client",
		Contracts: []fabric.Contract{{Version: contract.Version, Code: cc}}, Now: now, Log: log,
	})
}

// runNetwork keeps the node in its network until ctx ends. What keeps it from
// running keeps nobody from listening: it is said and tried again.
func (n *node) runNetwork(ctx context.Context) {
	for ctx.Err() == nil {
		if err := n.fabric.Run(ctx); err != nil {
			n.log.Error("the ledger's network does not run; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
		}
	}
}

// networkChannel is the name of the network's own channel.
func networkChannel() string { return channel.Name }

func (n outside) client() (*fabric.Client, error) {
	if err := n.Absent(); err != nil {
		return nil, err
	}
	return n.Client(n.of())
}

// starting says of a ledger that does not answer that the node is not far enough
// yet, where that is so.
func (n outside) starting(err error) error {
	if ready, _, _ := n.Ready(n.of()); !ready && fault.Is(err, fault.Unavailable) {
		return fault.Wrap(err, fault.Unavailable, "This node's peer is not ready yet. What has to be recorded waits for it.")
	}
	return err
}

// Submit records a call; see [ledger.Ledger].
func (n outside) Submit(ctx context.Context, call ledger.Call) (ledger.Result, error) {
	c, err := n.client()
	if err != nil {
		return ledger.Result{}, err
	}
	return c.Submit(ctx, call)
}

// Evaluate asks a reading function.
func (n outside) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	c, err := n.client()
	if err != nil {
		return nil, err
	}
	b, err := c.Evaluate(ctx, fn, args...)
	return b, n.starting(err)
}

// Events yields what the network recorded.
func (n outside) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		c, err := n.client()
		if err != nil {
			yield(ledger.Event{}, err)
			return
		}
		c.Events(ctx, after)(yield)
	}
}

// Status tells the channel's height and head.
func (n outside) Status(ctx context.Context) (ledger.Status, error) {
	c, err := n.client()
	if err != nil {
		return ledger.Status{}, err
	}
	s, err := c.Status(ctx)
	return s, n.starting(err)
}

// Verify walks the channel's blocks.
func (n outside) Verify(ctx context.Context) (ledger.Status, error) {
	return n.Home.Verify(ctx, n.of())
}
