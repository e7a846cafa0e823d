package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A node is the real binary, running.
type node struct {
	cmd  *exec.Cmd
	url  string
	took time.Duration // from the start of the process to the first 200 on /readyz
}

// freePort asks the kernel for a port nobody has, and gives none out twice: two
// nodes that start at once would both listen there.
func (b *bench) freePort() (string, error) {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err := errors.Join(err, l.Close()); err != nil {
			return "", err
		}
		if _, given := b.ports.LoadOrStore(port, true); !given {
			return port, nil
		}
	}
}

// start runs a node on a data directory until it is ready.
func (b *bench) start(ctx context.Context, data string, set ...string) (*node, error) {
	port, err := b.freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--data-dir", data, "--set", "listen=127.0.0.1:" + port, "--set", "base_url=http://localhost:" + port, "--set", "log.level=warn"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	n := &node{cmd: exec.Command(b.binary, args...), url: "http://127.0.0.1:" + port}
	n.cmd.Stderr = os.Stderr
	began := time.Now()
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	for {
		res, err := http.Get(n.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				n.took = time.Since(began)
				return n, nil
			}
		}
		if ctx.Err() != nil || time.Since(began) > time.Minute {
			_ = n.stop()
			return nil, fmt.Errorf("the node on %s is not ready: %w", data, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// stop ends the node as an operator does, and waits.
func (n *node) stop() error {
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return n.cmd.Wait()
}

// cpu is what the process has used so far, to the nanosecond.
func (n *node) cpu() time.Duration {
	var ts unix.Timespec
	// The clock of a process by its number: CPUCLOCK_SCHED of linux/posix-timers.h.
	if err := unix.ClockGettime(int32(^n.cmd.Process.Pid<<3|2), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// cpuOfAll adds the helpers that have ended, which the kernel counts in
// hundredths of a second.
func (n *node) cpuOfAll() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 15 {
		return 0
	}
	var user, system int64
	_, _ = fmt.Sscan(f[13], &user)
	_, _ = fmt.Sscan(f[14], &system)
	return n.cpu() + time.Duration(user+system)*10*time.Millisecond
}

// memory is the proportional set size in MB.
func (n *node) memory() (mb float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", n.cmd.Process.Pid))
	for line := range strings.Lines(string(text)) {
		var kb float64
		if k, _ := fmt.Sscanf(line, "Pss: %f kB", &kb); k == 1 {
			return kb * 1024 / 1e6
		}
	}
	return mb
}

// do asks the node for something under a token, reads a JSON answer into out
// (nil for none) and fails unless the status is one of success.
func (n *node) do(ctx context.Context, token, method, path string, header map[string]string, body io.Reader, out any) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, n.url+path, body)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		return res, fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, text)
	}
	if out != nil {
		err = json.Unmarshal(text, out)
	}
	return res, err
}

// json is do with a JSON body.
func (n *node) json(ctx context.Context, token, method, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	_, err = n.do(ctx, token, method, path, map[string]string{"Content-Type": "application/json"}, bytes.NewReader(text), out)
	return err
}

// command runs the binary to its end.
func (b *bench) command(ctx context.Context, stdin string, args ...string) error {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(b.binary), strings.Join(args, " "), err, out)
	}
	return nil
}
