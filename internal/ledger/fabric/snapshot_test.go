package fabric_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// snapshots has one member's peer start anew from another's snapshot.
func snapshots(t *testing.T, from, to *node) {
	dir := filepath.Join(t.TempDir(), "snapshot")
	s, err := from.Snapshot(t.Context(), channel.Name, dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Channel != channel.Name || s.Block < 8 || len(s.Files) == 0 {
		t.Errorf("the snapshot is %+v", s)
	}
	if _, err := from.Snapshot(t.Context(), channel.Name, dir); !fault.Is(err, fault.Conflict) {
		t.Errorf("a snapshot was written over another: %v", err)
	}
	second, err := from.Snapshot(t.Context(), channel.Name, filepath.Join(t.TempDir(), "second"))
	if err != nil || second.Block != s.Block || second.Hash != s.Hash {
		t.Errorf("a second at the same height is %+v, the first %+v: %v", second, s, err)
	}
	if left, err := filepath.Glob(filepath.Join(from.dir, "peer", "snapshots", "completed", channel.Name, "*")); err != nil || len(left) > 0 {
		t.Errorf("the peer keeps %v (%v)", left, err)
	}
	var old string
	for name := range s.Files {
		old = name
	}
	changed := filepath.Join(t.TempDir(), "changed")
	if err := os.CopyFS(changed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(changed, old), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{changed, t.TempDir()} {
		if _, err := to.Restore(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s was taken for a snapshot: %v", bad, err)
		}
	}

	rename := func(n *node, op, name string) string {
		t.Helper()
		var tx string
		eventually(t, "a transaction", func() (err error) {
			tx, err = n.contract(t).UpdateNode(t.Context(), op, contract.Registration{Node: n.name, Name: name})
			return err
		})
		return tx
	}
	before := rename(from, "before", "Before")
	if _, err := to.Restore(dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the peer starts from the snapshot", func() error {
		if left, _ := filepath.Glob(filepath.Join(to.dir, "peer", "data.before-*")); len(left) != 1 {
			return fmt.Errorf("what the peer had is in %v", left)
		}
		if ready, doing, err := to.Ready(channel.Name); !ready || doing != "" {
			return fmt.Errorf("%s: %w", doing, err)
		}
		n, err := to.contract(t).Node(t.Context(), from.name)
		if err == nil && n.Name != "Before" {
			err = fmt.Errorf("it has not caught up: %s", n.Name)
		}
		return err
	})
	after := rename(to, "after", "After")
	if _, err := to.Verify(t.Context(), channel.Name); err != nil {
		t.Errorf("the restored peer does not verify: %v", err)
	}
	for _, tx := range []string{before, after} {
		c, err := to.Chain(t.Context(), channel.Name, tx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := block.Prove(block.Blocks(c), fabric.ContractName); err != nil {
			t.Errorf("a block after the snapshot: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(to.dir, "restore-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
