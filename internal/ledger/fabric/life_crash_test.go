package fabric_test

import (
	"fmt"
	"syscall"
	"testing"

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
