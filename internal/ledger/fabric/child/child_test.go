package child_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

func TestMain(m *testing.M) {
	if home := os.Getenv("CHILD_TEST_HOME"); home != "" {
		node(home, os.Getenv("CHILD_TEST_BIN"))
	}
	os.Exit(m.Run())
}

// home is a node's Fabric home with its supervisor, as `9ten serve` has it.
type home struct {
	child.Config
	org *org.Org
	sup *child.Supervisor
	log *journal
}

// journal keeps what is logged.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func newHome(t *testing.T, level slog.Level) *home {
	t.Helper()
	h := &home{log: new(journal)}
	h.Config = child.Config{
		Home: filepath.Join(t.TempDir(), "a node's home"), Bin: fabrictest.Bin(t), MSP: "a.example", Host: "localhost", Listen: "127.0.0.1",
		Port: fabrictest.Ports(t), Channel: "nineten",
	}
	var err error
	if h.org, err = org.Keep(h.Home, h.MSP, []string{h.Host}, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := h.InstallBuilder(); err != nil {
		t.Fatal(err)
	}
	h.sup = child.New(h.Config, slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: level})))
	return h
}

// run supervises until the returned function is called, or the test ends.
func (h *home) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.sup.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("the log:\n%s", h.log)
		}
	})
	return stop
}

func (h *home) write(t *testing.T, roles ...child.Role) {
	t.Helper()
	for _, r := range roles {
		if err := h.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	h.sup.Wake()
}

func (h *home) status(r child.Role) child.Status {
	for _, s := range h.sup.Status() {
		if s.Role == r {
			return s
		}
	}
	return child.Status{}
}

// trust connects to the node's own orderer as its administrator.
func (h *home) trust(t *testing.T) *tls.Config {
	t.Helper()
	cert, err := h.org.TLS(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := h.org.Pool()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("not so after a minute: %s", what)
		}
	}
}

func (h *home) healthy(t *testing.T, r child.Role) {
	t.Helper()
	until(t, string(r)+" is healthy", func() bool { return h.Alive(t.Context(), r) == nil })
}

// serves reports whether a child's own port is listened on: a moment after it
// says it is well.
func (h *home) serves(r child.Role) bool {
	port := h.Ports().Peer
	if r == child.Orderer {
		port = h.Ports().Orderer
	}
	return listened(port)
}

func listened(port int) bool {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestChildrenStartAreWellAndStopInOrder(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	stop := h.run(t)
	h.write(t, child.Peer, child.Orderer)
	h.healthy(t, child.Peer)
	h.healthy(t, child.Orderer)
	for _, r := range child.Roles {
		if s := h.status(r); !s.Wanted || s.PID == 0 || s.Crashes != 0 || s.Exit != nil || time.Since(s.Since) > time.Minute {
			t.Errorf("status of a healthy %s: %+v", r, s)
		}
	}
	for _, path := range []string{"peer/data", "orderer/data"} {
		if !exists(filepath.Join(h.Home, path)) {
			t.Errorf("no %s in the home", path)
		}
	}
	stop()
	log := h.log.String()
	peer, orderer := strings.Index(log, "peer stopped"), strings.Index(log, "orderer stopped")
	if peer < 0 || orderer < peer {
		t.Errorf("the peer must stop before the orderer:\n%s", log)
	}
	for _, r := range child.Roles {
		if s := h.status(r); s.PID != 0 || s.Exit != nil {
			t.Errorf("status of a stopped %s: %+v", r, s)
		}
		if h.Alive(t.Context(), r) == nil {
			t.Errorf("the stopped %s answers", r)
		}
	}
}

// Trap 4: the peers of two nodes on one machine do not want the same ports, and
// neither do their orderers.
func TestTwoNodesOnOneMachine(t *testing.T) {
	one, two := newHome(t, slog.LevelInfo), newHome(t, slog.LevelInfo)
	for _, h := range []*home{one, two} {
		h.run(t)
		h.write(t, child.Peer, child.Orderer)
	}
	used := map[int]bool{}
	for _, h := range []*home{one, two} {
		p := h.Ports()
		for _, n := range []int{p.Peer, p.Orderer, p.Chaincode, p.Admin, p.PeerOperations, p.OrdererOperations} {
			if used[n] {
				t.Errorf("port %d is used twice", n)
			}
			used[n] = true
			until(t, fmt.Sprintf("port %d is listened on", n), func() bool { return listened(n) })
		}
	}
	for _, h := range []*home{one, two} {
		for _, s := range h.sup.Status() {
			if s.Crashes > 0 {
				t.Errorf("the %s at port %d crashed: %s", s.Role, h.Port, said(s.Exit))
			}
		}
	}
}

func TestKilledComesBack(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	h.run(t)
	h.write(t, child.Peer, child.Orderer)
	h.healthy(t, child.Peer)
	h.healthy(t, child.Orderer)
	for _, r := range child.Roles {
		if c := h.status(r).Crashes; c != 0 {
			t.Fatalf("the %s crashed %d times before it was killed", r, c)
		}
		before := h.status(r).PID
		kill(t, before)
		until(t, string(r)+" runs again", func() bool { s := h.status(r); return s.PID != 0 && s.PID != before })
		h.healthy(t, r)
		s := h.status(r)
		if s.Crashes != 1 || s.Exit == nil || !strings.Contains(s.Exit.Reason, "killed (signal 9)") {
			t.Errorf("status of the %s after it was killed: %+v, %+v", r, s, s.Exit)
		}
		if !strings.Contains(h.log.String(), `level=ERROR msg="`+string(r)+` ended by itself"`) {
			t.Errorf("the log does not tell that the %s was killed", r)
		}
	}
}

// A child that is killed while it makes its databases starts again.
func TestKilledWhileItsDatabasesAreMade(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	torn := filepath.Join(h.Home, "peer/data/transientStoreFileLock")
	if err := os.MkdirAll(torn, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LOCK", "LOG", "MANIFEST-000000"} {
		if err := os.WriteFile(filepath.Join(torn, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.run(t)
	h.write(t, child.Peer)
	until(t, "the peer serves", func() bool { return h.serves(child.Peer) })
	if n := h.status(child.Peer).Crashes; n != 0 {
		t.Errorf("the peer crashed %d times", n)
	}
	if !strings.Contains(h.log.String(), "never finished") {
		t.Error("nothing in the log of what was removed")
	}
}

// A child runs while its configuration is there, and is started again when
// that or a certificate changes, but not when the same is written once more.
func TestFilesSayWhatRuns(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	h.run(t)
	h.write(t, child.Peer, child.Orderer)
	h.healthy(t, child.Peer)
	h.healthy(t, child.Orderer)
	peer, orderer := h.status(child.Peer).PID, h.status(child.Orderer).PID

	h.write(t, child.Peer, child.Orderer) // the same
	if err := h.org.RenewTLS(org.Peer); err != nil {
		t.Fatal(err)
	}
	if err := h.org.RenewIdentity(org.Peer); err != nil {
		t.Fatal(err)
	}
	until(t, "the peer was restarted", func() bool { p := h.status(child.Peer).PID; return p != 0 && p != peer })
	h.healthy(t, child.Peer)
	if p := h.status(child.Orderer).PID; p != orderer {
		t.Errorf("the orderer, which nothing changed for, was restarted: %d, before %d", p, orderer)
	}

	if err := h.Remove(child.Orderer); err != nil {
		t.Fatal(err)
	}
	if h.sup.Ended(child.Peer) {
		t.Error("a peer that runs has ended")
	}
	until(t, "the orderer is gone", func() bool { return h.sup.Ended(child.Orderer) })
	if syscall.Kill(orderer, 0) == nil {
		t.Error("the orderer's process is still there")
	}
	h.write(t, child.Orderer)
	h.healthy(t, child.Orderer)
	for _, s := range h.sup.Status() {
		if s.Crashes != 0 || s.Exit != nil {
			t.Errorf("a restart that was wanted counts as a crash: %+v", s)
		}
	}
}

// A port that is taken is a crash with a reason, tried again with longer and
// longer pauses, until it is free.
func TestTakenPortIsToldAndTriedAgain(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	taken, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(h.Ports().Peer)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	h.run(t)
	h.write(t, child.Peer)
	until(t, "the peer crashed twice", func() bool { return h.status(child.Peer).Crashes >= 2 })
	if h.sup.Ended(child.Peer) {
		t.Error("a peer that is about to be started again has ended")
	}
	s := h.status(child.Peer)
	kept, err := h.Recall()
	if err != nil || len(kept) != 1 || kept[0].Exit == nil || kept[0].Crashes < 1 || kept[0].Role != child.Peer || !strings.Contains(said(kept[0].Exit), "address already in use") {
		t.Errorf("another process has it as %+v (%v)", kept, err)
	}
	if s.Exit == nil || len(s.Exit.Said) == 0 || !strings.Contains(said(s.Exit), "address already in use") {
		t.Errorf("nothing is said of the port: %+v", s.Exit)
	}
	taken.Close()
	h.sup.Wake()
	h.healthy(t, child.Peer)
	until(t, "the peer stays", func() bool { s := h.status(child.Peer); return s.PID != 0 && time.Since(s.Since) > time.Second })
}

// What a full disk cut off keeps nobody from hearing of the other child.
func TestDamagedStatusIsNone(t *testing.T) {
	c := child.Config{Home: t.TempDir()}
	for r, status := range map[child.Role]string{child.Peer: `{"role":"pe`, child.Orderer: `{"role":"orderer"}`} {
		if err := os.MkdirAll(c.Dir(r), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.Dir(r), "status.json"), []byte(status), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := c.Recall(); err != nil || len(list) != 1 || list[0].Role != child.Orderer {
		t.Errorf("%+v, %v", list, err)
	}
}

func said(e *child.Exit) string {
	var all []string
	for _, s := range e.Said {
		all = append(all, s.Text)
	}
	return strings.Join(all, "\n")
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// A child that does not listen is killed.
func TestDeafChildIsKilled(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	h.sup.Patience = 300 * time.Millisecond
	stop := h.run(t)
	h.write(t, child.Orderer)
	h.healthy(t, child.Orderer)
	pid := h.status(child.Orderer).PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stop()
	if syscall.Kill(pid, 0) == nil || !strings.Contains(h.log.String(), "did not stop when asked") {
		t.Errorf("a stopped orderer outlives the node: %s", h.log)
	}
}

// A child that hangs is ended and started again.
func TestHangingChildIsStartedAgain(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	h.sup.Patience, h.sup.Silence = 300*time.Millisecond, 1
	h.run(t)
	h.write(t, child.Orderer)
	h.healthy(t, child.Orderer)
	pid := h.status(child.Orderer).PID
	time.Sleep(11 * time.Second) // it is asked once while it is well
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "the orderer runs again", func() bool { s := h.status(child.Orderer); return s.PID != 0 && s.PID != pid })
	h.healthy(t, child.Orderer)
	if s := h.status(child.Orderer); s.Crashes != 1 || !strings.Contains(s.Exit.Reason, "did not answer") {
		t.Errorf("%+v, %+v", s, s.Exit)
	}
}

// The node's environment does not reach the children: it would overrule what
// they are configured with.
func TestEnvironmentIsNotInherited(t *testing.T) {
	t.Setenv("CORE_OPERATIONS_LISTENADDRESS", "127.0.0.1:1")
	t.Setenv("ORDERER_OPERATIONS_LISTENADDRESS", "127.0.0.1:1")
	t.Setenv("FABRIC_CFG_PATH", t.TempDir())
	h := newHome(t, slog.LevelInfo)
	h.run(t)
	h.write(t, child.Peer, child.Orderer)
	h.healthy(t, child.Peer)
	h.healthy(t, child.Orderer)
}

// node is the process of TestNoOrphans: it supervises a home and says the
// orderer's pid.
func node(home, bin string) {
	sup := child.New(child.Config{Home: home, Bin: bin}, slog.New(slog.DiscardHandler))
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			if s := sup.Status()[1]; s.PID != 0 {
				fmt.Println(s.PID)
				return
			}
		}
	}()
	sup.Run(context.Background())
}
