package fabric_test

import (
	"strings"
	"testing"
)

// A node that is well is found well, by itself and by another process; one that
// is down is told to be started.
func TestExamine(t *testing.T) {
	n := found(t, "a.example")
	all := map[string]string{}
	for range 2 {
		list, err := n.Examine(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if all[f.Name] = f.Detail; !f.OK {
				t.Errorf("%+v", f)
			}
		}
	}
	for _, name := range []string{"commands", "ports", "disk", "clock", "certificate", "peer", "orderer"} {
		if all[name] == "" {
			t.Errorf("%s was not looked at: %v", name, all)
		}
	}
	n.stop()
	list, err := n.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if down := f.Name == "peer" || f.Name == "orderer"; f.OK == down || down && !strings.Contains(f.Remedy, "9ten serve") {
			t.Errorf("stopped: %+v", f)
		}
	}
}
