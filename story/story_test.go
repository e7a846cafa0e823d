// Package story runs the stories in *.txtar against the real binary: what a
// newcomer, an operator and an accountant would type, and what they would see.
package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// builds is the folder of the binaries that stories run: each is built by the first
// that needs it.
var builds string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "9ten-stories-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary is the 9ten of this source.
func binary(t *testing.T) string {
	t.Helper()
	return built(t, "9ten", func() []string { return nil })
}

// built is the binary of a name, with what flags says go build is given for it.
func built(t *testing.T, name string, flags func() []string) string {
	t.Helper()
	exe := filepath.Join(builds, name, "9ten")
	if _, err := os.Stat(exe); err == nil {
		return exe
	}
	binaryAt(t, exe, flags()...)
	return exe
}

func binaryAt(t *testing.T, exe string, flags ...string) {
	t.Helper()
	args := append([]string{"build", "-tags", "grpcnotrace", "-o", exe}, flags...)
	if out, err := exec.Command("go", append(args, "../cmd/9ten")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestStories(t *testing.T) {
	exe := binary(t)
	music, err := filepath.Abs("../.cache/music")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(exe)+string(os.PathListSeparator)+e.Getenv("PATH"))
			port, err := freePort()
			if err != nil {
				return err
			}
			e.Setenv("NINETEN_LISTEN", fmt.Sprintf("127.0.0.1:%d", port))
			e.Setenv("NINETEN_BASE_URL", fmt.Sprintf("http://localhost:%d", port))
			e.Setenv("URL", fmt.Sprintf("http://127.0.0.1:%d", port))
			e.Setenv("NINETEN_DATA_DIR", filepath.Join(e.WorkDir, "data"))
			e.Setenv("MUSIC", music)
			e.Setenv("EXE", exe)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"node": node, "http": get, "flip": flip, "flipbyte": flipByte, "api": call, "login": login, "sql": statement, "take": take,
		},
	})
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// node starts `9ten serve` in the background and waits until it is ready; it
// is stopped with the story, or by "node kill" without a warning.
//
//	node start [flags]
//	node stop
//	node kill
func node(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: node start|stop|kill")
	}
	switch args[0] {
	case "start":
		start(ts, args[1:])
	case "stop", "kill":
		sig := syscall.SIGTERM
		if args[0] == "kill" {
			sig = syscall.SIGKILL
		}
		pid := strings.TrimSpace(ts.ReadFile("node.pid"))
		var n int
		if _, err := fmt.Sscan(pid, &n); err != nil {
			ts.Fatalf("no node is running: %v", err)
		}
		ts.Check(syscall.Kill(n, sig))
		waitGone(ts, n)
	default:
		ts.Fatalf("node %s: start, stop or kill", args[0])
	}
}

func start(ts *testscript.TestScript, args []string) {
	exe, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "9ten"))
	ts.Check(err)
	log, err := os.OpenFile(ts.MkAbs("node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	cmd := exec.Command(exe, append([]string{"serve"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, k := range []string{"PATH", "HOME", "NINETEN_LISTEN", "NINETEN_BASE_URL", "NINETEN_DATA_DIR"} {
		cmd.Env = append(cmd.Env, k+"="+ts.Getenv(k))
	}
	cmd.Stdout, cmd.Stderr = log, log
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			_ = cmd.Process.Kill()
		}
		_ = log.Close()
	})
	ts.Check(os.WriteFile(ts.MkAbs("node.pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if resp, err := http.Get(ts.Getenv("URL") + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			ts.Fatalf("the node ended: %v\n%s", err, ts.ReadFile("node.log"))
		case <-ctx.Done():
			ts.Fatalf("the node is not ready\n%s", ts.ReadFile("node.log"))
		default:
		}
	}
}

// waitGone polls until no process has the id any more.
func waitGone(ts *testscript.TestScript, pid int) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
	}
	ts.Fatalf("process %d does not end", pid)
}

// get fetches a path of the node into a file.
//
//	http STATUS /path FILE
func get(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: http STATUS /path FILE")
	}
	resp, err := http.Get(ts.Getenv("URL") + args[1])
	ts.Check(err)
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), body.Bytes(), 0o600))
	if fmt.Sprint(resp.StatusCode) != args[0] {
		ts.Fatalf("%s answers %s, want %s\n%s", args[1], resp.Status, args[0], body.String())
	}
}

// flip changes one character of a line that begins with a prefix, the way
// somebody would who wants a little more.
//
//	flip FILE LINE
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: flip FILE LINE-PREFIX")
	}
	lines := strings.Split(ts.ReadFile(args[0]), "\n")
	for i, l := range lines {
		rest, ok := strings.CutPrefix(l, args[1])
		if !ok || len(rest) < 24 {
			continue
		}
		b := []byte(rest)
		at := len(b) / 2
		if b[at] != 'A' {
			b[at] = 'A'
		} else {
			b[at] = 'B'
		}
		lines[i] = args[1] + string(b)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "\n")), 0o600))
		return
	}
	ts.Fatalf("%s has no line that begins with %q", args[0], args[1])
}
