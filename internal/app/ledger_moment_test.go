package app

import (
	"path/filepath"
	"strings"
	"testing"
)

// A change that is proposed while the node is in no network, or does not run, waits
// nowhere: the command says so, and what is to be done before.
func TestProposedAtAWrongMoment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	flags := []string{"--data-dir", dir, "--set", "base_url=http://a.localhost", "--set", "ledger.mode=fabric", "--set", "ledger.fabric.port=9620"}
	as := func(args ...string) (code int, out, errs string) { return run(t, "", append(args, flags...)...) }
	must(t, "a long enough password\n", append([]string{"setup", "--empty", "--admin", "ada", "--password-file", "-", "--name", "Quayside"}, flags...)...)
	commands := map[string][]string{
		"orderer add":    {"ledger", "orderer", "add"},
		"orderer remove": {"ledger", "orderer", "remove", "b.localhost"},
		"member remove":  {"ledger", "member", "remove", "b.localhost", "--note", "It is gone."},
		"upgrade":        {"ledger", "upgrade", "--note", "It is better."},
		"snapshot":       {"ledger", "snapshot", filepath.Join(dir, "snapshot")},
		"members":        {"ledger", "members"},
	}
	says := func(when, words string) {
		t.Helper()
		for name, args := range commands {
			code, out, errs := as(args...)
			if code == exitOK || out != "" || !strings.Contains(errs, words) || strings.Contains(errs, "waits") {
				t.Errorf("%s, %s: exit %d, %s%s", name, when, code, out, errs)
			}
		}
	}
	says("in no network", "9ten ledger init")
	must(t, "", append([]string{"ledger", "init"}, flags...)...)
	says("while it does not run", "9ten serve")
}
