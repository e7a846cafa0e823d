package story

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric"
)

// A segment is a network of this machine's own, with a place for each node that
// can be cut off from the others as when a cable is pulled.
type segment struct {
	*testing.T
	name string // of its bridge
	net  int    // 10.99.net.0/24
}

// ip runs the system's command for networks.
func (s *segment) ip(args ...string) {
	s.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		s.Fatalf("ip %v: %v\n%sThis test cuts a node off from the others, for which it makes networks of its own: it has to run as root on Linux, with iproute2, where network namespaces are allowed. CONTRIBUTING.md says how to run it without being root.", args, err, out)
	}
}

func newSegment(t *testing.T) *segment {
	t.Helper()
	n := os.Getpid() % 250
	s := &segment{t, fmt.Sprintf("9ten%d", n), n}
	s.ip("link", "add", s.name, "type", "bridge")
	t.Cleanup(func() { s.ip("link", "delete", s.name) })
	s.ip("address", "add", fmt.Sprintf("10.99.%d.1/24", n), "dev", s.name)
	s.ip("link", "set", s.name, "up")
	return s
}

// place makes a namespace with an address of its own and returns both.
func (s *segment) place(i int) (namespace, address string) {
	s.Helper()
	namespace, address = fmt.Sprintf("%s-%d", s.name, i), fmt.Sprintf("10.99.%d.%d", s.net, 10+i)
	s.ip("netns", "add", namespace)
	s.Cleanup(func() { s.ip("netns", "delete", namespace) })
	s.ip("link", "add", s.cable(i), "type", "veth", "peer", "name", "eth0", "netns", namespace)
	s.ip("link", "set", s.cable(i), "master", s.name, "up")
	s.ip("-n", namespace, "link", "set", "lo", "up")
	s.ip("-n", namespace, "address", "add", address+"/24", "dev", "eth0")
	s.ip("-n", namespace, "link", "set", "eth0", "up")
	return namespace, address
}

// cable is the end of a node's that is in the bridge.
func (s *segment) cable(i int) string { return fmt.Sprintf("%s.%d", s.name, i) }

// foundTogether has nodes found a network at once, by files, in which all of them
// order; the first leads at the beginning.
func foundTogether(nodes ...*networkNode) {
	first := nodes[0]
	first.Helper()
	init := []string{"ledger", "init"}
	for _, n := range nodes[1:] {
		file := n.path("request.json")
		n.run("ledger", "request-join", "--out", file)
		init = append(init, "--with", file)
	}
	first.run(init...)
	block := first.path("first.block")
	first.run("ledger", "first-block", "--out", block)
	for _, n := range nodes[1:] {
		n.run("ledger", "join", "--first", block)
	}
	for _, n := range nodes {
		n.start()
	}
	for _, n := range nodes {
		n.ready()
	}
}

// TestPartition cuts one of four nodes off, the one whose orderer led when they
// began. What it records meanwhile waits and arrives once; the others go on without
// it, under another leader.
func TestPartition(t *testing.T) {
	s, exe := newSegment(t), binary(t)
	var nodes []*networkNode
	for i, id := range []string{"a.example", "b.example", "c.example", "d.example"} {
		namespace, address := s.place(i)
		nodes = append(nodes, nodeAt(t, exe, id, address, namespace))
	}
	a, b, c, d := nodes[0], nodes[1], nodes[2], nodes[3]
	month := settledMonth(time.Now())
	c.playsMonth(month, 1)
	foundTogether(c, a, b, d)
	c.eventually("c records", func() error {
		r, err := c.recorder(c.id)
		if err == nil && r.DayText == "" {
			err = fmt.Errorf("nothing yet: %+v", r)
		}
		return err
	})

	own := c.ledgerAt(c).Ledger.(*fabric.Client)
	at, err := own.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if view, _, err := sealed(t.Context(), own, at.Height-1); err != nil || view != 0 {
		t.Logf("c led at first, and does no longer, in view %d (%v): it took long to begin here", view, err)
	}
	s.ip("link", "set", s.cable(2), "down")
	t.Log("c is cut off")
	a.rename("The Short Pier")
	b.knows(a, "The Short Pier") // and what c had sent before is in
	recorded, err := a.recorder(c.id)
	if err != nil {
		t.Fatal(err)
	}
	b.rename("The Long Pier")
	a.knows(b, "The Long Pier")
	c.http.CloseIdleConnections()
	if err := c.get("/readyz", nil); err == nil {
		t.Error("c is reached without its cable")
	}
	meanwhile, err := a.recorder(c.id)
	if err != nil || meanwhile.DayText != recorded.DayText || meanwhile.Leaves != recorded.Leaves || meanwhile.State != recorded.State {
		t.Errorf("c was cut off after %+v and recorded %+v (%v)", recorded, meanwhile, err)
	}
	s.ip("link", "set", s.cable(2), "up")
	t.Log("c is back, after its", recorded.DayText)

	if recorded.State == "final" {
		t.Error("all was recorded before the cable was pulled")
	}
	everyCopySays(nodes, c, month)
	c.rename("The Lighthouse")
	for _, n := range nodes {
		recordedOnce(n, []*networkNode{c}, month)
		n.knows(a, "The Short Pier")
		n.knows(b, "The Long Pier")
		n.knows(c, "The Lighthouse")
	}
}
