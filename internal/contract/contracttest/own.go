package contracttest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

// Own is a node's own ledger as a network: it gives each node that asks an
// identity of its own.
type Own struct {
	Ledger *embedded.Ledger
	Time   time.Time // of the ledger and of all clients

	t    testing.TB
	seen map[string]contract.Client
}

// OpenOwn opens an empty one, which is verified at the end of the test.
func OpenOwn(t testing.TB, rehearse bool) *Own {
	t.Helper()
	return OpenChannel(t, rehearse, "")
}

// OpenChannel opens one with a channel's name.
func OpenChannel(t testing.TB, rehearse bool, channel string) *Own {
	t.Helper()
	n := &Own{t: t, Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), seen: map[string]contract.Client{}}
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	n.Ledger, err = embedded.Open(context.Background(), embedded.Config{
		File: filepath.Join(t.TempDir(), "ledger.db"), Contract: cc, Channel: channel, Rehearse: rehearse, Now: n.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := n.Ledger.Verify(context.Background()); err != nil {
			t.Errorf("the ledger does not verify: %v", err)
		}
		if err := n.Ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// Now is the time it is set to.
func (n *Own) Now() time.Time { return n.Time }

// As returns a client.
func (n *Own) As(node, role string) contract.Client {
	if c, ok := n.seen[node+role]; ok {
		return c
	}
	who, err := embedded.NewIdentity(node, role, n.Time)
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := n.Ledger.As(who, n.Now)
	if err != nil {
		n.t.Fatal(err)
	}
	n.seen[node+role] = contract.Client{Ledger: c}
	return n.seen[node+role]
}

// pack packs what belongs to home.
func (n *Own) pack(t *testing.T) contract.Packed {
	t.Helper()
	p, err := contract.Pack(home, func(call func(string, []string) error, value func(string, []byte) error) (ledger.Status, error) {
		return n.Ledger.Export(t.Context(), call, value)
	})
	wants(t, "pack", err, fine)
	return p
}
