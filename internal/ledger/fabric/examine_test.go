package fabric_test

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A node that is well is found well, by itself and by another process; one that
// is down is told to be started, whatever happened to it before it was stopped.
func TestExamine(t *testing.T) {
	n := found(t, "a.example")
	all := map[string]string{}
	for range 2 {
		list, err := n.Examine(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if all[f.Name] = f.Detail; !f.OK {
				t.Errorf("%+v", f)
			}
		}
	}
	for _, name := range []string{"commands", "ports", "disk", "clock", "certificate", "peer", "orderer", "orderers"} {
		if all[name] == "" {
			t.Errorf("%s was not looked at: %v", name, all)
		}
	}
	was := n.kill(t, child.Peer)
	n.risen(t, child.Peer, was)
	n.stop()
	looked := false
	list, err := n.Examine(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name == "orderers" { // by the configuration that it keeps
			if f.OK || !strings.Contains(f.Detail, "0 of 1") {
				t.Errorf("its orderer is stopped: %+v", f)
			}
			looked = true
		} else if down := f.Name == "peer" || f.Name == "orderer"; f.OK == down || down && (!strings.Contains(f.Remedy, "9ten serve") || strings.Contains(f.Detail, "ended by itself")) {
			t.Errorf("stopped: %+v", f)
		}
	}
	if !looked {
		t.Errorf("of a node whose peer is down, nothing is said of the orderers: %+v", list)
	}
	servers, err := n.Servers(t.Context())
	if err != nil || len(servers) != 2 || strings.Contains(servers[0].Trouble, "killed") {
		t.Errorf("stopped in order, its servers are %+v (%v)", servers, err)
	}
	if list, err = n.Examine(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if !f.OK {
			t.Errorf("of a node that is not meant to run: %+v", f)
		}
	}
}
