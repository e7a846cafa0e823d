package story

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A node that kept its ledger alone joins a network and brings its past, is
// killed without a warning while it does, and goes on. What it settled before is
// held against the others' copies, and found in a block that they signed.
func TestNodeJoinsWithItsPast(t *testing.T) {
	exe, month := binary(t), settledMonth(time.Now())
	a, b := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b")
	b.keepsItsLedger("embedded")
	b.playsMonth(month, 1)
	b.start()
	b.eventually("the month of b is final on its own ledger", func() error {
		r, err := b.recorder(b.id)
		if err == nil && (r.Month != month.String() || r.State != "final") {
			err = fmt.Errorf("it is %+v", r)
		}
		return err
	})
	b.end(syscall.SIGTERM)
	b.keepsItsLedger("fabric")

	a.run("ledger", "init")
	a.start()
	a.ready()
	b.start()
	b.must(http.MethodPut, "/api/v1/ledger/membership", b.token, map[string]string{"via": a.url, "note": "We bring what we have."}, nil)
	a.eventually("a admits b", func() error {
		return a.ask(http.MethodPost, "/api/v1/ledger/requests/"+b.id+"/admit", a.token, struct{}{}, nil)
	})
	b.eventually("b brings its ledger", func() error { _, err := os.Stat(b.path("ledger.moving.db")); return err })
	b.end(syscall.SIGKILL)
	if _, err := os.Stat(b.path("ledger.embedded.db")); err == nil {
		t.Log("it was all there before the node was killed")
	}
	b.start()
	b.ready()
	for _, n := range []*networkNode{a, b} {
		n.eventually(n.id+" knows what b brought", func() error {
			r, err := n.recorder(b.id)
			if err == nil && (r.Month != month.String() || r.State != "final" || r.Own.IsZero()) {
				err = fmt.Errorf("it knows %+v", r)
			}
			return err
		})
	}
	if f, err := os.Stat(b.path("ledger.embedded.db")); err != nil || f.Mode().Perm() != 0o400 {
		t.Errorf("the old ledger: %v, %v", f, err)
	}
	receiptHolds(b, a, a, b, month, 1)
}

// keepsItsLedger sets where a node that does not run keeps its ledger.
func (n *networkNode) keepsItsLedger(mode string) {
	n.Helper()
	text, err := os.ReadFile(n.path("9ten.toml"))
	if err != nil {
		n.Fatal(err)
	}
	other := map[string]string{"embedded": "fabric", "fabric": "embedded"}[mode]
	n.write("9ten.toml", strings.Replace(string(text), fmt.Sprintf("mode = %q", other), fmt.Sprintf("mode = %q", mode), 1))
}
