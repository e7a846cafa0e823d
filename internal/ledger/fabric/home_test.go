package fabric_test

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/network"
)

// node is one running member.
type node struct {
	*fabric.Home
	name string
	dir  string
	stop func()
}

func open(t testing.TB, name string, contracts ...fabric.Contract) *fabric.Home {
	t.Helper()
	h, _ := openAt(t, name, contracts...)
	return h
}

// openAt also tells the first of the node's ports.
func openAt(t testing.TB, name string, contracts ...fabric.Contract) (*fabric.Home, int) {
	t.Helper()
	port := fabrictest.Ports(t)
	return openIn(t, t.TempDir(), name, port, time.Now, contracts...), port
}

// openIn opens a folder, which may be an earlier node's.
func openIn(t testing.TB, dir, name string, port int, now func() time.Time, contracts ...fabric.Contract) *fabric.Home {
	t.Helper()
	if len(contracts) == 0 {
		cc, err := contract.New()
		if err != nil {
			t.Fatal(err)
		}
		contracts = []fabric.Contract{{Version: "1", Code: cc}}
	}
	return openAs(t, fabric.Config{Dir: dir, Node: name, Port: port, Contracts: contracts, Now: now})
}

// openAs opens a folder as a configuration says, on this machine.
func openAs(t testing.TB, cfg fabric.Config) *fabric.Home {
	t.Helper()
	cfg.Bin, cfg.Host, cfg.Listen, cfg.Log = fabrictest.Bin(t), cmp.Or(cfg.Host, "127.0.0.1"), "127.0.0.1", logger(t)
	h, err := fabric.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// start runs a node until the test ends.
func start(t testing.TB, h *fabric.Home, name string) *node {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	n := &node{Home: h, name: name, dir: h.Dir()}
	stopped := false
	n.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(n.stop)
	return n
}

func (n *node) contract(t testing.TB) contract.Client {
	t.Helper()
	c, err := n.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	return contract.Client{Ledger: c}
}

// eventually tries until it succeeds or a minute is over.
func eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	often(t, 50*time.Millisecond, what, try)
}

// often tries with a pause of one's own: what lasts for a moment is not to be missed.
func often(t testing.TB, pause time.Duration, what string, try func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err = try(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(pause):
		}
	}
	t.Fatalf("%s: %v", what, err)
}

func logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func TestFoundedAlone(t *testing.T) {
	began := time.Now()
	h := open(t, "a.example")
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	c := n.contract(t)
	eventually(t, "the first transaction", func() error {
		_, err := c.RegisterNode(t.Context(), "register", contracttest.Registration("a.example"))
		return err
	})
	t.Logf("first transaction after %v", time.Since(began))
	got, err := c.Node(t.Context(), "a.example")
	if err != nil || got.Name != contracttest.Registration("a.example").Name {
		t.Fatalf("registered %+v (%v)", got, err)
	}
	n.stop()
}

// A node that dies while it founds a network has founded it when it is told to
// again: between the first block and the note that it has one, and before both. Who
// moved meanwhile is not where that block says, and founds another.
func TestFoundingGoesOn(t *testing.T) {
	h := open(t, "a.example")
	defer h.Close()
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := h.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	for port, same := range map[int]bool{m.Port: true, fabrictest.Ports(t): false} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(h.Dir())); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "home.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		again := openIn(t, dir, "a.example", port, time.Now)
		defer again.Close()
		if err := again.Found(); err != nil {
			t.Fatalf("a founding that was broken off: %v", err)
		}
		if b, err := again.First(channel.Name); err != nil || proto.Equal(b, first) != same || again.Phase() != fabric.Joined {
			t.Errorf("where it was: %v; phase %q, another first block or none: %v", same, again.Phase(), err)
		}
		if err := again.Found(); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second network: %v", err)
		}
	}
}

// Whatever members may agree on a node carries out: an upgrade of the contract by
// the channel's lifecycle, everything else by an update of its configuration.
func TestEveryKindIsCarriedOut(t *testing.T) {
	want := slices.DeleteFunc(network.Kinds(), func(k string) bool { return k == network.UpgradeContract })
	if have := fabric.Kinds(); !slices.Equal(have, want) {
		t.Errorf("a node carries out %v, and members agree on %v", have, want)
	}
}
