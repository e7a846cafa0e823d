package fabric_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A node with two channels has one peer for both. While it starts anew from a
// snapshot of one of them it stands still for the other, too, which it takes from
// those who order there: what it had is moved away once, by nobody who still runs.
func TestRestoredInACluster(t *testing.T) {
	n := found(t, "a.example")
	eventually(t, "nothing is left to do", n.ready)
	if err := n.FoundCluster("north"); err != nil {
		t.Fatal(err)
	}
	north := contract.ClusterChannel("north")
	n.enter(t, north)
	for i, x := range []struct{ restored, other string }{{channel.Name, north}, {north, channel.Name}} {
		dir := filepath.Join(t.TempDir(), "snapshot")
		s, err := n.Snapshot(t.Context(), x.restored, dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Restore(dir); err != nil {
			t.Fatal(err)
		}
		eventually(t, x.restored+" is restored", func() error {
			if left, _ := filepath.Glob(filepath.Join(n.dir, "restore-*")); len(left) > 0 {
				return fmt.Errorf("it still restores from %v", left)
			}
			for _, name := range []string{x.restored, x.other} {
				if ready, doing, err := n.Ready(name); !ready || doing != "" {
					return fmt.Errorf("%s: %s: %w", name, doing, err)
				}
			}
			return nil
		})
		if kept, err := filepath.Glob(filepath.Join(n.dir, "peer", "data.before-*")); err != nil || len(kept) != i+1 {
			t.Errorf("what its peer had is in %v (%v)", kept, err)
		}
		for _, name := range []string{x.restored, x.other} {
			c, err := n.Client(name)
			if err != nil {
				t.Fatal(err)
			}
			// A peer that began with a snapshot of a channel has no older blocks of it.
			if _, err := c.Block(t.Context(), 0); fault.Is(err, fault.NotFound) != (name == x.restored) || err != nil && name == x.other {
				t.Errorf("the first block of %s, after %s was restored from %+v: %v", name, x.restored, s, err)
			}
			if _, err := n.on(t, name).UpdateNode(t.Context(), fmt.Sprint("after/", i), contract.Registration{Node: n.name, Name: "After"}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
