package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cold measures what a newcomer waits for: `make run` in a fresh clone with
// empty caches, until the setup link is printed.
func cold(ctx context.Context, b *bench) error {
	clone := filepath.Join(b.dir, "clone")
	if out, err := exec.CommandContext(ctx, "git", "clone", "-q", b.repo, clone).CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	port, err := b.freePort()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "make", "run")
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "GOFLAGS=-modcacherw", "GOMODCACHE="+filepath.Join(b.dir, "mod"), "GOCACHE="+filepath.Join(b.dir, "cache"),
		"NINETEN_LISTEN=127.0.0.1:"+port, "NINETEN_BASE_URL=http://localhost:"+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make and the node end together
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	linked := false
	for s := bufio.NewScanner(out); !linked && s.Scan(); {
		linked = strings.Contains(s.Text(), "/setup?token=")
	}
	took := time.Since(began).Seconds()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	_ = cmd.Wait() // it was told to end
	if !linked {
		return errors.New("make run printed no setup link")
	}
	b.add(result{name: "make run, empty caches, until the setup link", unit: "s", runs: []float64{took}, most: 300, beside: "downloads included"})
	return nil
}
