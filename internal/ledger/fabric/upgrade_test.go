package fabric

import (
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A version is newer than what a channel runs only to who knows both. An outdated
// node has its network go back to nothing.
func TestWhatIsNewer(t *testing.T) {
	for name, x := range map[string]struct {
		runs  string
		knows []string
		newer string
		to    string
		says  string // who refuses to propose that, "" when it may be proposed
	}{
		"the newest":           {"2", []string{"1", "2"}, "", "2", "already"},
		"one is newer":         {"1", []string{"1", "2"}, "2", "2", ""},
		"two are":              {"1", []string{"1", "2", "3"}, "3", "3", ""},
		"the last of three":    {"3", []string{"1", "2", "3"}, "", "3", "already"},
		"an older one":         {"2", []string{"1", "2"}, "", "1", "is older"},
		"the oldest of three":  {"2", []string{"1", "2", "3"}, "3", "1", "is older"},
		"an outdated node":     {"2", []string{"1"}, "", "1", "Update 9ten"},
		"long outdated":        {"4", []string{"1", "2"}, "", "2", "Update 9ten"},
		"before it was looked": {"", []string{"1"}, "", "1", "Update 9ten"},
	} {
		h := atHome(t, "a.example", time.Now)
		h.cfg.Contracts = nil
		for _, v := range x.knows {
			h.cfg.Contracts = append(h.cfg.Contracts, Contract{Version: v})
		}
		if x.runs != "" {
			h.cache[channel.Name] = &view{block: &cb.Block{}, contract: &lifecycle.QueryChaincodeDefinitionResult{Version: x.runs}}
		}
		if runs, newer := h.Version(channel.Name); runs != x.runs || newer != x.newer {
			t.Errorf("%s: it runs %q, and %q is newer; want %q", name, runs, newer, x.newer)
		}
		err := h.mayMove(x.runs, x.to)
		if refused := err != nil; refused != (x.says != "") || refused && !strings.Contains(fault.Message(err), x.says) {
			t.Errorf("%s: proposing %s: %v", name, x.to, err)
		}
		// Nor is it approved, whoever proposes it.
		err = h.knows(channel.Name, contract.Intent{IntentProposal: contract.IntentProposal{Subject: x.to, Payload: []byte(`""`)}})
		if older := strings.Contains(fault.Message(err), "is older"); older != (x.says == "is older") {
			t.Errorf("%s: approving %s: %v", name, x.to, err)
		}
	}
}
