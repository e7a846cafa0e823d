package fabric_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A node that was founded ten months ago renews, while it runs, what ends within
// 60 days, and its servers and its own connection use it.
func TestCertificatesRenewEarly(t *testing.T) {
	var back atomic.Int64
	now := func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
	back.Store(int64(310 * 24 * time.Hour))
	h := openIn(t, t.TempDir(), "a.example", fabrictest.Ports(t), now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	n.register(t)
	ends := func(r org.Role) time.Time {
		t.Helper()
		c, err := n.Org().TLS(r)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.NotAfter
	}
	if left := time.Until(ends(org.Peer)); left > 60*24*time.Hour || left < 0 {
		t.Fatalf("the peer's certificate ends in %v", left)
	}
	if done, err := n.Renew(false); err != nil || len(done) > 0 {
		t.Fatalf("renewed ten months early: %v (%v)", done, err)
	}
	was := [2]int{n.PID(child.Peer), n.PID(child.Orderer)}

	back.Store(0)
	done, err := n.Renew(false)
	if err != nil || len(done) != 5 {
		t.Fatalf("renewed %v (%v), want peer and administrator whole, and the orderer's TLS", done, err)
	}
	n.risen(t, child.Peer, was[0])
	n.risen(t, child.Orderer, was[1])
	for _, r := range []org.Role{org.Peer, org.Orderer} {
		eventually(t, fmt.Sprintf("the %s uses its new certificate", r), func() error { return n.shows(r) })
		if left := time.Until(ends(r)); left < 300*24*time.Hour {
			t.Errorf("the %s is good for %v", r, left)
		}
	}
	eventually(t, "it writes", func() error {
		_, err := n.contract(t).UpdateNode(t.Context(), "after", contract.Registration{Node: "a.example", Name: "a", Owner: "a"})
		return err
	})
	if done, err := n.Renew(false); err != nil || len(done) > 0 {
		t.Errorf("renewed twice: %v (%v)", done, err)
	}
	c, err := n.Consenter()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := n.Config(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	if known, _ := cfg.Orders("a.example"); string(known.Identity) != string(c.Identity) {
		t.Error("the orderer's identity was renewed behind the channel's back")
	}
}
