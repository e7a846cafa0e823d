package child_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A node that is killed leaves no orphan behind, which would keep the ports
// and the data from the next.
func TestNoOrphans(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	if err := h.Write(child.Orderer); err != nil {
		t.Fatal(err)
	}
	node := exec.Command(os.Args[0])
	node.Env = append(os.Environ(), "CHILD_TEST_HOME="+h.Home, "CHILD_TEST_BIN="+h.Bin)
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	h.healthy(t, child.Orderer)
	kill(t, node.Process.Pid)
	if err := node.Wait(); err == nil {
		t.Error("a killed node ended well")
	}
	until(t, "the orderer ended with its node", func() bool { return syscall.Kill(pid, 0) != nil })
}

// A child's runtime looks after itself as seldom as it may.
func TestChildrenAreUnhurried(t *testing.T) {
	h := newHome(t, slog.LevelDebug)
	h.Bin = t.TempDir()
	if err := os.WriteFile(filepath.Join(h.Bin, string(child.Orderer)), []byte("#!/bin/sh\ncat /proc/self/timerslack_ns\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.sup = child.New(h.Config, slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h.run(t)
	h.write(t, child.Orderer)
	until(t, "the child says how late its timers may be", func() bool { return strings.Contains(h.log.String(), "msg=1000000 ") })
}

// Where memory runs out a child goes before its node.
func TestChildrenAreExpendable(t *testing.T) {
	h := newHome(t, slog.LevelDebug)
	h.Bin = t.TempDir()
	if err := os.WriteFile(filepath.Join(h.Bin, string(child.Orderer)), []byte("#!/bin/sh\nuntil grep -qx 500 /proc/$$/oom_score_adj; do :; done; echo goes first\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.sup = child.New(h.Config, slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h.run(t)
	h.write(t, child.Orderer)
	until(t, "the child is marked", func() bool { return strings.Contains(h.log.String(), "goes first") })
}
