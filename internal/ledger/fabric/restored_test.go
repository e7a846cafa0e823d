package fabric_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A peer that began with a snapshot does not have the snapshot's last block. Until
// the next is made everything is answered all the same, also after a start.
func TestRestoredWithNothingSince(t *testing.T) {
	h, port := openAt(t, "a.example")
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	n.register(t)
	eventually(t, "nothing is left to do", n.ready)
	dir := filepath.Join(t.TempDir(), "snapshot")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]fault.Kind{"": fault.Invalid, filepath.Join(file, "snapshot"): fault.Unavailable} {
		if _, err := n.Snapshot(t.Context(), channel.Name, to); !fault.Is(err, want) {
			t.Errorf("a snapshot to %q: %v", to, err)
		}
	}
	if written, _ := filepath.Glob(filepath.Join(n.dir, "peer", "snapshots", "completed", channel.Name, "*")); len(written) > 0 {
		t.Errorf("the peer wrote %v for nobody", written)
	}
	s, err := n.Snapshot(t.Context(), channel.Name, dir)
	if err != nil {
		t.Fatal(err)
	}
	n.stop()
	reopen := func() *node {
		return start(t, openIn(t, n.dir, n.name, port, time.Now), n.name)
	}
	closed := openIn(t, n.dir, n.name, port, time.Now)
	if _, err := closed.Restore(dir); err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at the first start", "at the second"} {
		n = reopen()
		eventually(t, when+" it is ready", func() error {
			if left, _ := filepath.Glob(filepath.Join(n.dir, "restore-*")); len(left) > 0 {
				return fmt.Errorf("it still restores from %v", left)
			}
			return n.ready()
		})
		c, err := n.Client(channel.Name)
		if err != nil {
			t.Fatal(err)
		}
		if st, err := c.Status(t.Context()); err != nil || st.Height != s.Block+1 || st.HeadHex() != s.Hash || !st.At.IsZero() {
			t.Errorf("%s it stands at %+v, the snapshot was %+v: %v", when, st, s, err)
		}
		if st, err := n.Verify(t.Context(), channel.Name); err != nil || st.HeadHex() != s.Hash {
			t.Errorf("%s it verifies %+v: %v", when, st, err)
		}
		if cfg, err := n.Config(t.Context(), channel.Name); err != nil || cfg.Block > s.Block {
			t.Errorf("%s the configuration is of block %d: %v", when, cfg.Block, err)
		}
		if _, err := n.Examine(t.Context(), false); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		n.stop()
	}
	n = reopen()
	eventually(t, "a snapshot of the same block", func() error {
		again := filepath.Join(t.TempDir(), "again")
		x, err := n.Snapshot(t.Context(), channel.Name, again)
		if err == nil && (x.Block != s.Block || x.Hash != s.Hash) {
			err = fmt.Errorf("it is %+v, the first was %+v", x, s)
		}
		if err == nil {
			_, err = os.Stat(again)
		}
		return err
	})
	eventually(t, "the next block", func() error {
		_, err := n.contract(t).UpdateNode(t.Context(), "after", contract.Registration{Node: n.name, Name: "After"})
		return err
	})
	if st, err := n.contract(t).Ledger.(*fabric.Client).Status(t.Context()); err != nil || st.Height <= s.Block+1 || st.At.IsZero() {
		t.Errorf("after the next block it stands at %+v: %v", st, err)
	}
}
