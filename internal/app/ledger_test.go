package app

import (
	"testing"

	"github.com/michaelperna/9ten/internal/account"
)

// A node's name on the ledger is the one it has now: with spaces and letters
// of all languages, and also when it takes an old one again.
func TestRenamedOnTheLedger(t *testing.T) {
	h := newResidence(t, timeOf("2026-11-24T12:00:00Z"), 0)
	for _, name := range []string{"Kölner Nachtschicht", "Quayside", "Kölner Nachtschicht", "夜番", "Quayside"} {
		h.ok(h.accounts.SaveSettings(t.Context(), account.Operator(), account.Settings{Name: name, OperatorName: "Ada Lovelace"}))
		h.ok(h.node.settle(t.Context()))
		n, err := h.recorder.contract.Node(t.Context(), h.cfg.NodeID())
		if h.ok(err); n.Name != name || n.Owner != "Ada Lovelace" {
			t.Errorf("the ledger says %q of %q, not %q", n.Name, n.Owner, name)
		}
	}
}
