package fabric_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
)

// founders are nodes in no network, and what they hand each other.
func founders(t *testing.T, names ...string) (homes []*fabric.Home, files []fabric.Request) {
	t.Helper()
	for _, name := range names {
		h := open(t, name)
		t.Cleanup(func() { _ = h.Close() })
		r, err := h.IntroduceByFile("")
		if err != nil {
			t.Fatal(err)
		}
		homes, files = append(homes, h), append(files, r)
	}
	return homes, files
}

// Four strangers who begin together are one network with four orderers: it waits
// for three of them and says so, works without the fourth, and takes it in
// whenever it comes.
func TestFourFoundTogether(t *testing.T) {
	names := []string{"a.example", "b.example", "c.example", "d.example"}
	homes, files := founders(t, names...)
	if err := homes[0].Found(files[1:]...); err != nil {
		t.Fatal(err)
	}
	first, err := homes[0].First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	orderers, err := cfg.Consenters()
	if v, err2 := cfg.Validators(); err != nil || err2 != nil || len(orderers) != 4 || len(v) != 4 {
		t.Fatalf("it begins with the orderers %v and the validators %v (%v, %v)", orderers, v, err, err2)
	}
	var nodes []*node
	come := func() {
		i := len(nodes)
		if i > 0 {
			if err := homes[i].Take(channel.Name, first); err != nil {
				t.Fatal(err)
			}
		}
		nodes = append(nodes, start(t, homes[i], names[i]))
	}
	come()
	come()
	eventually(t, "a says for whom it waits", func() error {
		f, err := nodes[0].orderers(t)
		switch {
		case err != nil || f.OK || !strings.Contains(f.Detail, "0 of 4"):
		case !strings.Contains(f.Detail, "not in the channel yet: a.example, b.example."):
		case strings.Contains(f.Detail, files[2].Orderer.Address()) && strings.Contains(f.Detail, files[3].Orderer.Address()):
			return nil
		}
		return fmt.Errorf("%+v (%v)", f, err)
	})
	eventually(t, "a knows its network meanwhile", func() error {
		_, err := nodes[0].Answer("e.example", "")
		if ready, doing, why := nodes[0].Ready(channel.Name); ready || !strings.Contains(fault.Message(why), "2 of the network's 4") {
			return fmt.Errorf("ready %v, at %s: %w", ready, doing, why)
		}
		return err
	})
	come()
	for _, n := range nodes {
		n.register(t)
	}
	if f, err := nodes[0].orderers(t); err != nil || !f.OK || !strings.Contains(f.Detail, "d.example") {
		t.Errorf("without d: %+v (%v)", f, err)
	}
	come()
	nodes[3].register(t)
	eventually(t, "all four order", func() error {
		f, err := nodes[0].orderers(t)
		if err == nil && !strings.Contains(f.Detail, "4 of 4") {
			err = fmt.Errorf("%+v", f)
		}
		return err
	})
	if list, err := nodes[3].contract(t).Nodes(t.Context()); err != nil || len(list) != 4 {
		t.Errorf("d sees %v (%v)", list, err)
	}
}

// orderers is what a node finds of its channel's orderers.
func (n *node) orderers(t *testing.T) (doctor.Finding, error) {
	t.Helper()
	list, err := n.Examine(t.Context(), false)
	for _, f := range list {
		if f.Name == "orderers" {
			return f, err
		}
	}
	return doctor.Finding{}, err
}

// Files that cannot found a network together are refused, with what to do.
func TestWhoCannotFoundTogether(t *testing.T) {
	homes, files := founders(t, "a.example", "b.example", "c.example", "d.example")
	near, silent, other, double := files[2], files[3], files[3], files[1]
	near.Member.Host, near.Member.Port = files[1].Member.Host, files[1].Member.Port
	silent.Orderer, other.Orderer = nil, files[2].Orderer
	double.Member.Port++
	for name, x := range map[string]struct {
		with []fabric.Request
		says string
	}{
		"its own file":         {[]fabric.Request{files[0]}, "this node's own"},
		"one twice":            {[]fabric.Request{files[1], double}, "founds the network twice"},
		"two at one address":   {[]fabric.Request{files[1], near}, "b.example and c.example both say"},
		"no orderer":           {[]fabric.Request{files[1], files[2], silent}, "d.example does not say"},
		"another's orderer":    {[]fabric.Request{files[1], files[2], other}, "d.example does not say"},
		"something else":       {[]fabric.Request{{}}, "is no name for a member"},
		"not of its authority": {[]fabric.Request{files[1], files[2], swapped(files[3], files[2])}, "not from its own authorities"},
	} {
		if err := homes[0].Found(x.with...); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), x.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if homes[0].Phase() != fabric.Alone {
		t.Fatal("a refused founding left something behind")
	}
	// With three of them one orders alone; two or three orderers would need all.
	if err := homes[0].Found(silent, files[1]); err != nil {
		t.Fatal(err)
	}
	first, err := homes[0].First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := cfg.Consenters(); err != nil || len(list) != 1 || list[0].MSP != "a.example" {
		t.Errorf("three begin with the orderers %v (%v)", list, err)
	}
	if err := homes[0].Found(files[1]); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second network: %v", err)
	}
	if err := homes[3].Take(channel.Name, first); err != nil {
		t.Errorf("one of the founders: %v", err)
	}
	impostor := open(t, "b.example")
	t.Cleanup(func() { _ = impostor.Close() })
	if err := impostor.Take(channel.Name, first); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), files[1].Fingerprint()) {
		t.Errorf("b with other certificates: %v", err)
	}
}

// swapped is a file with the certificates of another's orderer under its name.
func swapped(r, with fabric.Request) fabric.Request {
	c := *with.Orderer
	c.MSP = r.Member.MSP
	c.Port++
	r.Orderer = &c
	return r
}
