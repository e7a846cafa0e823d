package fabric_test

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// A node that starts at another address is found there by the others, who need
// its endorsement, and nobody has to approve it. An orderer does not move so.
func TestANodeMoves(t *testing.T) {
	a := found(t, "a.example")
	b := join(t, "b.example", door(t, a), a)
	eventually(t, "both endorse", func() error {
		if v := a.validators(t); len(v) != 2 {
			return fmt.Errorf("validators are %v", v)
		}
		return nil
	})
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	reopen := func(n *node, host string) (*node, string) {
		t.Helper()
		n.stop()
		port := fabrictest.Ports(t)
		h := openAs(t, fabric.Config{Dir: n.dir, Node: n.name, Host: host, Port: port, Contracts: []fabric.Contract{{Version: "1", Code: cc}}, Now: time.Now})
		return start(t, h, n.name), net.JoinHostPort(host, strconv.Itoa(port))
	}
	b, address := reopen(b, "localhost")
	eventually(t, "a knows where b is", func() error {
		cfg, err := a.Config(t.Context(), channel.Name)
		if err != nil {
			return err
		}
		members, err := cfg.Members()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(members, func(m channel.Member) bool { return m.MSP == b.name && m.Address() == address }) {
			return fmt.Errorf("it knows %v, not %s", members, address)
		}
		return nil
	})
	for _, n := range []*node{a, b} { // each needs the other's word
		eventually(t, n.name+" writes", func() error {
			_, err := n.contract(t).UpdateNode(t.Context(), "moved", contract.Registration{Node: n.name, Name: "After " + n.name})
			return err
		})
	}
	eventually(t, "nothing is left to do", func() error {
		if ready, doing, err := b.Ready(channel.Name); !ready || err != nil {
			return fmt.Errorf("it is %s: %w", doing, err)
		}
		return nil
	})

	a.stop()
	h := openAs(t, fabric.Config{Dir: a.dir, Node: a.name, Port: fabrictest.Ports(t), Contracts: []fabric.Contract{{Version: "1", Code: cc}}, Now: time.Now})
	moved := start(t, h, a.name)
	eventually(t, "a says why it does not order", func() error {
		_, _, err := moved.Ready(channel.Name)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "9ten ledger orderer remove a.example") {
			return fmt.Errorf("it says %w", err)
		}
		return nil
	})
	list, err := moved.Examine(t.Context(), false)
	i := slices.IndexFunc(list, func(f doctor.Finding) bool { return f.Name == "orderers" })
	if err != nil || i < 0 || list[i].OK || !strings.Contains(list[i].Remedy, "9ten ledger orderer remove a.example") {
		t.Errorf("the doctor finds %+v (%v)", list, err)
	}
}
