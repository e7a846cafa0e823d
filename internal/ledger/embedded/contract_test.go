package embedded_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

// network gives each node an identity of its own on one embedded ledger.
type network struct {
	t    testing.TB
	l    *embedded.Ledger
	now  time.Time
	seen map[string]contract.Client
}

func open(t testing.TB, rehearse bool) *network {
	t.Helper()
	n := &network{t: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), seen: map[string]contract.Client{}}
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	n.l, err = embedded.Open(context.Background(), embedded.Config{
		File: filepath.Join(t.TempDir(), "ledger.db"), Contract: cc, Rehearse: rehearse, Now: n.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := n.l.Verify(context.Background()); err != nil {
			t.Errorf("the ledger does not verify: %v", err)
		}
		if err := n.l.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *network) Now() time.Time { return n.now }

func (n *network) As(node, role string) contract.Client {
	if c, ok := n.seen[node+role]; ok {
		return c
	}
	who, err := embedded.NewIdentity(node, role, n.now)
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := n.l.As(who, n.Now)
	if err != nil {
		n.t.Fatal(err)
	}
	n.seen[node+role] = contract.Client{Ledger: c}
	return n.seen[node+role]
}

func TestContract(t *testing.T) {
	contracttest.Run(t, func(t *testing.T) contracttest.Network { return open(t, true) })
}
