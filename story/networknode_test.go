package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/report"
)

// A networkNode is a stranger's node on a network: the real binary with a folder
// and keys of its own, which the others reach over its ports alone. What a test
// knows of it, it knows from its commands and from HTTP.
type networkNode struct {
	*testing.T
	id, exe, dir string
	ip, url      string
	first        int      // of its ports
	namespace    string   // of the network it runs in; "" for the machine's own
	env          []string // beside the test's own
	fabric       string   // the folder of Fabric's commands
	token        string   // its operator's
	cmd          *exec.Cmd
	ended        chan struct{} // closed when cmd has
	http         *http.Client

	mu  sync.Mutex
	why []string // the test failed here, if it did
}

// operator is who runs a node; each has a password of the same four words.
const operator = "ada"

// newNetworkNode makes the folder of a node a.localhost (of a), with no music.
func newNetworkNode(t *testing.T, exe, name string) *networkNode {
	t.Helper()
	return nodeAt(t, exe, name+".localhost", "127.0.0.1", "")
}

// nodeAt makes the folder of a node that is at an address, in a namespace of the
// network where one is named.
func nodeAt(t *testing.T, exe, id, ip, namespace string) *networkNode {
	t.Helper()
	first := fabrictest.Ports(t)
	n := &networkNode{T: t, id: id, exe: exe, ip: ip, namespace: namespace, dir: filepath.Join(t.TempDir(), id), fabric: fabrictest.Bin(t), first: first, http: &http.Client{Timeout: time.Minute}}
	t.Cleanup(n.repeats) // what begins later ends earlier
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	n.url = fmt.Sprintf("http://%s:%d", ip, port)
	if err := os.MkdirAll(n.path("bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	n.giveBack("peer")
	n.giveBack("orderer")
	settings := fmt.Sprintf(`listen = "%s:%d"
base_url = "http://%s:%d"
[media]
ffmpeg = "off"
[ledger]
mode = "fabric"
[ledger.fabric]
bin = %q
port = %d
`, ip, port, id, port, n.path("bin"), first)
	if ip != "127.0.0.1" {
		settings += fmt.Sprintf("host = %q\nlisten = %q\n", ip, ip)
	}
	n.write("9ten.toml", settings)
	n.write("password", longWords)
	n.run("setup", "--demo", "--empty", "--open", "--admin", operator, "--name", "Node "+id, "--password-file", n.path("password"))
	return n
}

func (n *networkNode) path(name string) string { return filepath.Join(n.dir, name) }

func (n *networkNode) write(name, text string) {
	n.Helper()
	if err := os.WriteFile(n.path(name), []byte(text), 0o600); err != nil {
		n.Fatal(err)
	}
}

// command is a 9ten command as the node's operator types it.
func (n *networkNode) command(args ...string) *exec.Cmd {
	args = append(args, "--data-dir", n.dir)
	cmd := exec.Command(n.exe, args...)
	if n.namespace != "" {
		cmd = exec.Command("ip", append([]string{"netns", "exec", n.namespace, n.exe}, args...)...)
	}
	cmd.Env = append(os.Environ(), n.env...)
	cmd.Env = append(cmd.Env, "MOOD="+n.path("mood")) // which a dishonest one knows
	return cmd
}

// mood puts a dishonest node into moods, and out of all others.
func (n *networkNode) mood(moods ...string) {
	n.Helper()
	if err := os.RemoveAll(n.path("mood")); err != nil {
		n.Fatal(err)
	}
	for _, m := range moods {
		if err := os.MkdirAll(n.path(filepath.Join("mood", m)), 0o700); err != nil {
			n.Fatal(err)
		}
	}
}

// run runs a command that has to succeed, and returns what it printed.
func (n *networkNode) run(args ...string) string {
	n.Helper()
	var stdout, stderr bytes.Buffer
	cmd := n.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		n.Fatalf("%s: 9ten %s: %v\n%s%s", n.id, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// refused runs a command that has to fail in words.
func (n *networkNode) refused(args ...string) string {
	n.Helper()
	out, err := n.command(args...).CombinedOutput()
	if err == nil || len(out) < 20 {
		n.Fatalf("%s: 9ten %s: %v\n%s", n.id, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start starts the node and waits until it answers.
func (n *networkNode) start() {
	n.Helper()
	log, err := os.OpenFile(n.path("node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.Fatal(err)
	}
	n.cmd = n.command("serve")
	n.cmd.Stdout, n.cmd.Stderr = log, log
	if err := n.cmd.Start(); err != nil {
		n.Fatal(err)
	}
	cmd, ended := n.cmd, make(chan struct{})
	n.ended = ended
	go func() { _, _ = cmd.Process.Wait(); _ = log.Close(); close(ended) }() // a kill is its error
	n.Cleanup(func() {
		if n.cmd != cmd {
			return // another of its lives says the same
		}
		waits := ""
		if n.Failed() {
			waits = n.waits() // the end of the node interrupts what runs
		}
		n.end(syscall.SIGTERM)
		if n.Failed() {
			n.tells(waits)
		}
	})
	n.eventually(n.id+" answers", func() error {
		select {
		case <-ended:
			return fmt.Errorf("the node has ended")
		default:
		}
		return n.get("/readyz", nil)
	})
	if n.token == "" {
		n.token = n.signIn(operator, "admin", "money", "studio")
	}
}

// end ends the node, and waits until it and its children have.
func (n *networkNode) end(how syscall.Signal) {
	select {
	case <-n.ended:
		return
	default:
	}
	_ = syscall.Kill(n.cmd.Process.Pid, how) // it may be ending
	late := time.AfterFunc(time.Minute, func() { _ = n.cmd.Process.Kill() })
	<-n.ended
	late.Stop()
}

// eventually waits until something holds. How long that takes is the machine's
// business.
func (n *networkNode) eventually(what string, holds func() error) {
	n.Helper()
	began := time.Now()
	ctx, stop := context.WithTimeout(n.Context(), patience)
	defer stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			n.Logf("%s (%v)", what, time.Since(began).Round(time.Millisecond))
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			n.Fatalf("%s: does not come true: %v", what, err)
		}
	}
}

// ask asks the node over HTTP under a token, "" for none.
func (n *networkNode) ask(method, path, token string, body, into any) error {
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(n.Context(), method, n.url+path, send)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := n.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s%s: %s: %s", method, n.id, path, res.Status, b)
	}
	switch into := into.(type) {
	case nil:
		return nil
	case *[]byte:
		*into = b
		return nil
	}
	return json.Unmarshal(b, into)
}

// get asks as the node's operator.
func (n *networkNode) get(path string, into any) error {
	return n.ask(http.MethodGet, path, n.token, nil, into)
}

// must is ask for what has to succeed at once.
func (n *networkNode) must(method, path, token string, body, into any) {
	n.Helper()
	if err := n.ask(method, path, token, body, into); err != nil {
		n.Fatal(err)
	}
}

// signIn signs somebody in and returns a token of theirs.
func (n *networkNode) signIn(login string, scopes ...string) string {
	n.Helper()
	var token struct{ Secret string }
	if err := n.session(login, func(ask func(method, path string, body, into any) error) error {
		return ask(http.MethodPost, "/api/v1/tokens", map[string]any{"name": "story", "scopes": scopes}, &token)
	}); err != nil {
		n.Fatal(err)
	}
	return token.Secret
}

// session does something as somebody who is signed in.
func (n *networkNode) session(login string, do func(ask func(method, path string, body, into any) error) error) error {
	b, err := json.Marshal(map[string]any{"login": login, "password": longWords})
	if err != nil {
		return err
	}
	res, err := n.http.Post(n.url+"/api/v1/session", "application/json", bytes.NewReader(b))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var s struct{ CSRF string }
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil || res.StatusCode != http.StatusCreated || len(res.Cookies()) == 0 {
		return fmt.Errorf("%s signs in at %s: %s, %w", login, n.id, res.Status, err)
	}
	cookie := res.Cookies()[0]
	return do(func(method, path string, body, into any) error {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(n.Context(), method, n.url+path, bytes.NewReader(b))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Csrf-Token", s.CSRF)
		req.AddCookie(cookie)
		res, err := n.http.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode >= 300 {
			text, _ := io.ReadAll(res.Body) // for the message
			return fmt.Errorf("%s %s%s: %s: %s", method, n.id, path, res.Status, text)
		}
		switch into := into.(type) {
		case nil:
			return nil
		case *[]byte:
			*into, err = io.ReadAll(res.Body)
			return err
		}
		return json.NewDecoder(res.Body).Decode(into)
	})
}

// page is what somebody who is signed in is shown at a path.
func (n *networkNode) page(login, path string) string {
	n.Helper()
	var b []byte
	if err := n.session(login, func(ask func(method, path string, body, into any) error) error {
		return ask(http.MethodGet, path, nil, &b)
	}); err != nil {
		n.Fatal(err)
	}
	return string(b)
}

// membership, network and standing are what the node says of itself.
func (n *networkNode) membership() (m network.Membership, err error) {
	return m, n.get("/api/v1/ledger/membership", &m)
}

func (n *networkNode) network() (w network.Network, err error) {
	return w, n.get("/api/v1/ledger/network", &w)
}

func (n *networkNode) standing() (s report.Standing, err error) {
	return s, n.get("/api/v1/ledger/standing", &s)
}

// ready waits until the node's ledger works and the node is entered on it.
func (n *networkNode) ready() {
	n.Helper()
	n.eventually(n.id+" is a member", func() error {
		m, err := n.membership()
		if err == nil && (m.Phase != network.Joined || !m.Ready) {
			err = fmt.Errorf("it is %s: %s %s", m.Phase, m.Doing, m.Trouble)
		}
		return err
	})
	n.eventually(n.id+" is on the ledger", func() error {
		_, err := n.recorder(n.id)
		return err
	})
}

// recorder is what this node's own copy of the ledger says of a node.
func (n *networkNode) recorder(id string) (report.Recorder, error) {
	s, err := n.standing()
	if err != nil {
		return report.Recorder{}, err
	}
	for _, x := range s.Nodes {
		if x.Node == id {
			return x, nil
		}
	}
	return report.Recorder{}, fmt.Errorf("%s does not know %s (away since %v, %+v)", n.id, id, s.Away, s.Waiting)
}

// child is a running child of the node, as the kernel tells it.
func (n *networkNode) child(role string) int {
	n.Helper()
	pid := 0
	n.eventually("the "+role+" of "+n.id+" runs", func() (err error) {
		pid, err = childOf(n.cmd.Process.Pid, role)
		return err
	})
	return pid
}

// childOf looks for a command among the children of a process. One that only says
// its version, which the node asks of it before it is started, is not meant, nor one
// that has ended.
func childOf(parent int, name string) (int, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		return 0, err
	}
	for _, t := range tasks {
		b, err := os.ReadFile(t)
		if err != nil {
			continue // the thread has ended
		}
		for f := range strings.FieldsSeq(string(b)) {
			pid, err := strconv.Atoi(f)
			if err != nil {
				return 0, err
			}
			comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			if err != nil || strings.TrimSpace(string(comm)) != name {
				continue
			}
			args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // each ends with a NUL
			if err == nil && len(args) > 0 && !bytes.HasSuffix(args, []byte("\x00version\x00")) {
				return pid, nil
			}
		}
	}
	return 0, fmt.Errorf("process %d has no child %s", parent, name)
}

// killChild kills a child without a warning, and waits until another runs.
func (n *networkNode) killChild(role string) {
	n.Helper()
	pid := n.child(role)
	n.Logf("kill -9 the %s of %s (%d)", role, n.id, pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		n.Fatal(err)
	}
	n.eventually("another "+role+" of "+n.id+" runs", func() error {
		now, err := childOf(n.cmd.Process.Pid, role)
		if err == nil && now == pid {
			err = fmt.Errorf("process %d has not ended", pid)
		}
		return err
	})
}

// join takes a newcomer in: it asks a member, that member's operator puts it
// before the others, who approve on what their own nodes show them.
func join(newcomer, first *networkNode, more ...*networkNode) {
	newcomer.Helper()
	approve(asks(newcomer, first), newcomer.id, more...)
	newcomer.ready()
}

// asks has a newcomer ask a member, and that member's operator put it before the
// others. It returns the intent's id.
func asks(newcomer, first *networkNode) string {
	t := newcomer
	t.Helper()
	newcomer.start()
	meant, err := first.network()
	if err != nil {
		t.Fatal(err)
	}
	t.must(http.MethodPut, "/api/v1/ledger/membership", t.token, map[string]string{"via": first.url, "network": meant.First, "note": "We play sea shanties."}, nil)
	m, err := newcomer.membership()
	if err != nil {
		t.Fatal(err)
	}
	var waits []network.Newcomer
	if err := first.get("/api/v1/ledger/requests", &waits); err != nil || len(waits) != 1 || waits[0].Node != newcomer.id || waits[0].Fingerprint != m.Fingerprint {
		t.Fatalf("%s sees %+v (%v), the newcomer's fingerprint is %s", first.id, waits, err, m.Fingerprint)
	}
	var intent struct{ ID string }
	first.eventually(first.id+" proposes "+newcomer.id, func() error {
		return first.ask(http.MethodPost, "/api/v1/ledger/requests/"+newcomer.id+"/admit", first.token, struct{}{}, &intent)
	})
	return intent.ID
}

// approve has operators approve an intent; one that a majority has approved
// already is carried out, and nothing is left to say.
func approve(id, about string, operators ...*networkNode) {
	for _, m := range operators {
		m.eventually(m.id+" approves "+about, func() error {
			var i network.Intent
			if err := m.get("/api/v1/ledger/intents/"+id, &i); err != nil {
				return err
			}
			if i.State != network.Open || i.Self == network.Approved {
				return nil
			}
			return m.ask(http.MethodPost, "/api/v1/ledger/intents/"+id+"/approve", m.token, struct{}{}, nil)
		})
	}
}
