package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// member is a node that founded a network and does not run. It keeps its ledger's
// certificates since so many days.
func member(t *testing.T, since int) *node {
	t.Helper()
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": filepath.Join(t.TempDir(), "node"), "base_url": "https://quay.example", "ledger.mode": "fabric"}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.make(); err != nil {
		t.Fatal(err)
	}
	h, err := cfg.openNetwork(func() time.Time { return time.Now().AddDate(0, 0, -since) }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Found(), h.Close()); err != nil {
		t.Fatal(err)
	}
	n, err := openNodeIn(t.Context(), cfg, slog.New(slog.DiscardHandler), world{now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// A certificate that is not being renewed makes the nightly check fail, also where
// nobody asks the doctor. That the ledger is away is no failure.
func TestNightlySaysThatACertificateEnds(t *testing.T) {
	n := member(t, 340)
	const words = "certificate: The peer's certificate (identity) ends in 2"
	if err := n.nightly(t.Context()); err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "should have been renewed") {
		t.Errorf("25 days before it ends: %v", err)
	}
	if _, err := n.fabric.Renew(false); err != nil {
		t.Fatal(err)
	}
	if err := n.nightly(t.Context()); err == nil || strings.Contains(err.Error(), "certificate") {
		t.Errorf("once it is renewed: %v", err)
	}
}

// Who the members are, what they do and where their peers are reached is told while
// nobody can be asked.
func TestStandingNamesThePeers(t *testing.T) {
	n := member(t, 0)
	s, err := n.standing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Away.IsZero() || s.Membership == nil {
		t.Fatalf("it stands at %+v", s)
	}
	m := s.Membership.Members
	if len(m) != 1 || m[0].Node != "quay.example" || !m[0].Self || !m[0].Endorses || !m[0].Orders || !strings.HasPrefix(m[0].Address, "quay.example:") || m[0].Fingerprint != s.Membership.Fingerprint {
		t.Errorf("the members are %+v", m)
	}
	var out strings.Builder
	writeStanding(&out, s)
	if !strings.Contains(out.String(), "\npeers     members: 1, endorsing: 1, ordering: 1\n") {
		t.Error(out.String())
	}
}
