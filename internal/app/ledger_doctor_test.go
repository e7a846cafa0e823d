package app

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// The ledger's doctor needs no node that runs, and no commands: it says that
// they are missing, and how to get them.
func TestLedgerDoctor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	must(t, "a long enough password\n", "setup", "--empty", "--data-dir", dir, "--base-url", "https://quay.example", "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	if code, _, errs := run(t, "", "ledger", "doctor", "--data-dir", dir); code == exitOK || !strings.Contains(errs, `Set ledger.mode to "fabric"`) {
		t.Errorf("of a node without a network: exit %d, %s", code, errs)
	}
	for bin, missing := range map[string]bool{t.TempDir(): true, fabrictest.Bin(t): false} {
		code, out, errs := run(t, "", "ledger", "doctor", "--json", "--data-dir", dir, "--base-url", "https://quay.example", "--set", "ledger.mode=fabric", "--set", "ledger.fabric.bin="+bin)
		var list []finding
		if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) < 5 {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		if f := list[0]; f.Name != "commands" || f.OK == missing || missing && (code != exitFailed || !strings.Contains(f.Remedy, "make fabric")) {
			t.Errorf("exit %d: %+v", code, f)
		}

		// And the node's own doctor says so too, where everything is looked at.
		_, out, errs = run(t, "", "doctor", "--json", "--data-dir", dir, "--base-url", "https://quay.example", "--set", "ledger.mode=fabric", "--set", "ledger.fabric.bin="+bin)
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		said := 0
		for _, f := range list {
			if f.Name == checkNetwork && f.OK != missing && (f.OK || strings.Contains(f.Remedy, "make fabric")) {
				said++
			}
			if f.Name == "ledger" && !f.OK {
				t.Errorf("a node that does not run has no ledger to look at: %+v", f)
			}
		}
		if said != 1 {
			t.Errorf("the node's doctor says %d times what the ledger's found: %s", said, out)
		}
	}
	_, out, _ := run(t, "", "doctor", "--data-dir", dir)
	if strings.Contains(out, "ledger doctor") {
		t.Errorf("a node that keeps its ledger alone has no network: %s", out)
	}
}
