package app

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// A month settled on the node's own ledger and one that is open there go to a
// network of a real peer and orderer: receipts issued before hold against it, and
// the open month is settled on it.
func TestMoveToFabric(t *testing.T) {
	const settled, open = calendar.Period(202609), calendar.Period(202610)
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "demo")
	const url, address = "http://quay.localhost", "base_url=http://quay.localhost"
	must(t, "a long enough password\n", "setup", "--demo", "--empty", "--data-dir", dir, "--set", address, "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	catalogue(t, "sqlite", filepath.Join(dir, "9ten.db"), 14)
	must(t, "", "simulate", "--data-dir", dir, "--set", address, "--listeners", "12", "--seed", "7", "--period", settled.String())
	must(t, "", "simulate", "--data-dir", dir, "--set", address, "--listeners", "12", "--seed", "8", "--period", open.String())
	must(t, "", "month", "close", settled.String(), "--data-dir", dir, "--set", address, "--set", "clock.start=2026-11-02T12:00:00Z")
	opened := func(values map[string]string) *node {
		t.Helper()
		values["data_dir"], values["log.level"], values["base_url"] = dir, "error", url
		cfg, _, err := LoadConfig("", values, noenv)
		if err != nil {
			t.Fatal(err)
		}
		n, err := openNode(ctx, cfg, newLogger(cfg.Log, os.Stderr))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	own := opened(map[string]string{})
	file := filepath.Join(t.TempDir(), "before.9ten-receipt.txt")
	var receipt []byte
	for _, who := range people(t, own) {
		b, err := own.report.MonthReceipt(ctx, who, settled)
		if fault.Is(err, fault.NotFound) {
			continue // who came with the second month
		}
		if err != nil {
			t.Fatal(err)
		}
		receipt = b
	}
	if err := os.WriteFile(file, receipt, 0o600); err != nil {
		t.Fatal(err)
	}
	balances, err := own.recorder.contract.Balances(ctx, own.cfg.NodeID())
	if err != nil || len(balances) == 0 {
		t.Fatal(balances, err)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}

	fabric := map[string]string{"ledger.mode": "fabric", "ledger.fabric.bin": fabrictest.Bin(t), "ledger.fabric.port": strconv.Itoa(fabrictest.Ports(t))}
	flags := []string{"--data-dir", dir, "--set", address}
	for k, v := range fabric {
		flags = append(flags, "--set", k+"="+v)
	}
	must(t, "", append([]string{"ledger", "init"}, flags...)...)
	n := opened(fabric)
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); n.runNetwork(running) }()
	defer func() {
		stop()
		<-ended
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := n.settle(ctx); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the node is registered before its past is there: %v", err)
	}
	if err := n.move(ctx); err != nil {
		t.Fatal(err)
	}
	now, err := n.recorder.contract.Balances(ctx, n.cfg.NodeID())
	if err != nil || len(now) != len(balances) {
		t.Fatalf("%d balances, were %d: %v", len(now), len(balances), err)
	}
	for i := range now {
		if now[i].Act != balances[i].Act || now[i].Micro != balances[i].Micro {
			t.Errorf("%+v, was %+v", now[i], balances[i])
		}
	}
	handler, err := n.handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	defer srv.Close()
	if out := must(t, "", "verify", "receipt", file, "--from", srv.URL, "--data-dir", dir, "--set", address); !strings.Contains(out, settled.String()) {
		t.Errorf("the receipt of before the move: %s", out)
	}

	err = n.recording(ctx, func(ctx context.Context) error {
		if _, err := n.report.CloseDays(ctx); err != nil {
			return err
		}
		return n.closeDueMonths(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, adopted := range map[calendar.Period]bool{settled: true, open: false} {
		s, err := n.recorder.contract.Settlement(ctx, n.cfg.NodeID(), p)
		if err != nil || (s.Adopted != 0) != adopted || s.State != contract.Final {
			t.Errorf("%v: %+v, %v", p, s, err)
		}
		if _, err := n.report.Audit(ctx, p); err != nil {
			t.Errorf("%v: %v", p, err)
		}
	}
	for _, f := range n.check(ctx) {
		if !f.OK {
			t.Errorf("%s: %s", f.Name, f.Detail)
		}
	}
	first := open.Add(1).Day(2) // the first that was not anchored before
	if a, err := n.recorder.contract.Anchor(ctx, n.cfg.NodeID(), first); err != nil || a.Adopted != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	s, err := n.standing(ctx)
	if err != nil || s.Own.IsZero() || s.Moving != "" || s.Mode != "fabric" || len(s.Nodes) != 1 || s.Nodes[0].Month != open.String() {
		t.Errorf("%+v, %v", s, err)
	}
}
