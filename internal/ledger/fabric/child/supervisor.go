package child

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// The pace of supervision. A child that crashes is started again after a pause
// that doubles up to a limit, and is short again after a minute of health.
const (
	look      = 500 * time.Millisecond // between looks at a child's files
	pauseMin  = 200 * time.Millisecond
	pauseMax  = 30 * time.Second
	healthy   = time.Minute
	asks      = 10 * time.Second // between questions whether a child hangs
	unwritten = time.Second      // how long what a dead child wrote may take to arrive
)

// garbage is by how much a child's memory may grow between two collections, in
// per cent (GOGC). There is no GOMEMLIMIT: one that is near what a busy child
// needs has it collect all the time, just when many wait for it.
var garbage = map[Role]string{Peer: "75", Orderer: "100"}

// Status is what a status page says of a child.
type Status struct {
	Role    Role      `json:"role"`
	Wanted  bool      `json:"wanted"`         // the node has this role
	PID     int       `json:"pid,omitempty"`  // 0 while it does not run
	Since   time.Time `json:"since"`          // when it started, or ended; zero before the first start
	Crashes int       `json:"crashes"`        // since the node started
	Exit    *Exit     `json:"exit,omitempty"` // the last one that nobody asked for
	Again   time.Time `json:"again,omitzero"` // when it is tried again
}

// Crash is the end by itself that the child is in or came back from, nil when
// there was none, or when it was stopped in order since or ended with its node:
// then how it ended before is nobody's concern.
func (s Status) Crash() *Exit {
	switch {
	case s.Exit == nil, s.PID == 0 && s.Since.After(s.Exit.At):
		return nil
	case s.PID != 0 && errors.Is(syscall.Kill(s.PID, 0), syscall.ESRCH):
		return nil
	}
	return s.Exit
}

// Exit says how a child ended that should not have.
type Exit struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"` // a sentence
	Why    error     `json:"-"`      // the same as a fault, for who reads another language
	Said   []Said    `json:"said"`   // its last complaints, oldest first
}

// A Supervisor keeps the children of one home running. All its methods may be
// called at any time, from anywhere.
type Supervisor struct {
	Patience time.Duration      // between SIGTERM and SIGKILL; set before Run
	Silence  int                // questions, 10 s apart, that one which hangs leaves unanswered; set before Run
	children [len(Roles)]*child // in the order of Roles
}

// New makes a supervisor. Config.Bin is a folder that [Find] returned. What
// the children say goes to log.
func New(c Config, log *slog.Logger) *Supervisor {
	s := &Supervisor{Patience: 10 * time.Second, Silence: 8}
	for i, r := range Roles {
		s.children[i] = &child{
			Config: c, role: r, log: log.With("from", "9ten"), ear: &ear{role: r, log: log},
			wake: make(chan struct{}, 1), status: Status{Role: r},
		}
	}
	return s
}

// Run keeps the children running until ctx ends, and returns when both have
// ended. The peer ends before the orderer: it takes work from clients and
// hands it to the orderer, so with the peer gone nothing is under way here any
// more, and the orderer ends idle. The other way round the last transactions
// would be refused by an orderer that was still to be seen. The caller stops
// what submits before that, and serves the chaincode until Run has returned:
// an endorsement under way calls it.
func (s *Supervisor) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range s.children {
		next, stop := context.WithCancel(context.WithoutCancel(ctx))
		turn := ctx
		wg.Go(func() {
			defer stop()
			c.keep(turn, s.Patience, s.Silence)
		})
		ctx = next
	}
	wg.Wait()
}

// Wake makes the supervisor look at the files now, which it does twice a
// second anyway.
func (s *Supervisor) Wake() {
	for _, c := range s.children {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// Status returns both children's, in the order of [Roles]. Another process has
// it from [Config.Recall].
func (s *Supervisor) Status() []Status {
	var list []Status
	for _, c := range s.children {
		c.mu.Lock()
		list = append(list, c.status)
		c.mu.Unlock()
	}
	return list
}

// Ended reports whether a child does not run and will not start: the supervisor has
// seen that its role is not wanted. One that is between two looks may still start.
func (s *Supervisor) Ended(r Role) bool {
	is := s.Status()[slices.Index(Roles[:], r)]
	return is.PID == 0 && !is.Wanted
}

// child is one of them.
type child struct {
	Config
	role Role
	log  *slog.Logger
	ear  *ear
	wake chan struct{}

	mu     sync.Mutex
	status Status
}

func (c *child) set(change func(*Status)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}

// write keeps the status in the child's folder, for [Config.Recall]. A disk
// that is full is no reason to stop supervising.
func (c *child) write() {
	c.mu.Lock()
	b, err := json.Marshal(c.status)
	c.mu.Unlock()
	if err == nil {
		err = file.Replace(c.statusFile(c.role), b, 0o600)
	}
	if err != nil {
		c.log.Debug("the status of the "+string(c.role)+" is not kept", "err", err)
	}
}

func (c Config) statusFile(r Role) string { return filepath.Join(c.Dir(r), "status.json") }

// Recall returns the last status of each child that was ever started here, as
// its supervisor, in whatever process, wrote it. A child with a PID may have
// ended with its node since.
func (c Config) Recall() ([]Status, error) {
	var list []Status
	for _, r := range Roles {
		var s Status
		b, err := os.ReadFile(c.statusFile(r))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return list, fault.Wrap(err, fault.Unavailable, "What became of Fabric's %s cannot be read.", r)
		}
		if json.Unmarshal(b, &s) == nil { // a damaged one is written anew with the next change
			list = append(list, s)
		}
	}
	return list, nil
}

// keep runs the child whenever its role is wanted, until ctx ends.
func (c *child) keep(ctx context.Context, patience time.Duration, silence int) {
	// The kernel ends the child when the thread ends that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer unhurried()()
	var pause time.Duration
	var m mark // what it was last started with
	for c.rest(ctx, pause, m) {
		now, ok := c.wanted(ctx)
		if !ok {
			return
		}
		if now != m {
			m, pause = now, 0
		}
		began := time.Now()
		err := c.run(ctx, m, patience, silence)
		if err == nil {
			pause = 0 // it was told to end
			continue
		}
		pause = longer(pause, time.Since(began))
		c.crashed(err, began, pause)
	}
}

// longer is the pause after a crash, given the one before and how long the
// child ran.
func longer(pause, ran time.Duration) time.Duration {
	if ran >= healthy {
		pause = 0
	}
	return min(max(2*pause, pauseMin), pauseMax)
}

// rest pauses after a crash, for as long as the files are those that the child
// crashed with: others may have helped. It is false when ctx ended.
func (c *child) rest(ctx context.Context, pause time.Duration, with mark) bool {
	for end := time.Now().Add(pause); ; {
		left := time.Until(end)
		if left <= 0 || c.mark(c.role) != with {
			return ctx.Err() == nil
		}
		if !c.wait(ctx, min(left, look)) {
			return false
		}
	}
}

// wait pauses, for no longer than until somebody calls Wake; false when ctx
// ended.
func (c *child) wait(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-c.wake:
	case <-t.C:
	}
	return ctx.Err() == nil
}

// wanted waits until the role is wanted and its files are at rest: renewed
// certificates are several files, and a child must not start between two.
func (c *child) wanted(ctx context.Context) (mark, bool) {
	for before := (mark{}); ; {
		m := c.mark(c.role)
		c.set(func(s *Status) { s.Wanted = m != mark{} })
		if m != (mark{}) && m == before {
			return m, true
		}
		pause := look
		if m != before {
			pause = look / 10
		}
		before = m
		if !c.wait(ctx, pause) {
			return mark{}, false
		}
	}
}

// run starts the child and stays with it until it ends. The error says why it
// ended, and is nil when it was told to: because ctx ended, or because its
// files are no longer what m was made of. One that hangs is ended.
func (c *child) run(ctx context.Context, m mark, patience time.Duration, silence int) error {
	healed, err := heal(filepath.Join(c.Dir(c.role), "data"))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "Its data cannot be read: %v.", err)
	}
	for _, dir := range healed {
		c.log.Warn("a database that was never finished is made again", "for", string(c.role), "folder", dir)
	}
	cmd := c.command(ctx)
	if err := cmd.Start(); err != nil {
		return fault.Wrap(err, fault.Unavailable, "It could not be started: %v.", err)
	}
	expendable(cmd.Process.Pid)
	now := time.Now().UTC()
	c.set(func(s *Status) { s.PID, s.Since, s.Again = cmd.Process.Pid, now, time.Time{} })
	c.write()
	c.log.Info(string(c.role)+" started", "pid", cmd.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		c.ear.end()
		c.set(func(s *Status) { s.PID, s.Since = 0, time.Now().UTC() })
		c.write()
	}()
	watched, stop := context.WithCancel(ctx)
	defer stop()
	hangs := c.watch(watched, silence)
	for tick := time.NewTicker(look); ; {
		select {
		case err := <-ended:
			tick.Stop()
			return how(cmd.ProcessState, err)
		case <-ctx.Done():
			tick.Stop()
			c.stop(cmd, ended, patience, "the node stops")
			return nil
		case <-hangs:
			tick.Stop()
			c.stop(cmd, ended, patience, "it does not answer")
			return fault.New(fault.Unavailable, "It did not answer any more, so the node ended it.")
		case <-tick.C:
		case <-c.wake:
		}
		if now := c.mark(c.role); now != m {
			tick.Stop()
			why := "its configuration or its certificates changed"
			if now == (mark{}) {
				why = "the node no longer has this role"
			}
			c.stop(cmd, ended, patience, why)
			return nil
		}
	}
}

// watch tells when a child hangs: it has said how it is, and then leaves so many
// questions in a row unanswered. One that says that it is not well does not hang,
// and one that has not finished starting may take its time.
func (c *child) watch(ctx context.Context, silence int) <-chan struct{} {
	hangs := make(chan struct{})
	go func() {
		tick := time.NewTicker(asks)
		defer tick.Stop()
		for began, silent := false, 0; silent < silence; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			switch {
			case c.answers(ctx, c.role):
				began, silent = true, 0
			case began:
				silent++
			}
		}
		close(hangs)
	}()
	return hangs
}

// stop ends the child: it is asked to, and killed if it does not listen.
func (c *child) stop(cmd *exec.Cmd, ended <-chan error, patience time.Duration, why string) {
	asked := time.Now()
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already, which is what we want
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
		c.log.Warn(string(c.role)+" did not stop when asked and is killed", "after", patience)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its group: with what it started
		<-ended
	}
	c.log.Info(string(c.role)+" stopped", "why", why, "took", time.Since(asked).Round(time.Millisecond))
}

// crashed tells of an end that nobody asked for.
func (c *child) crashed(err error, began time.Time, pause time.Duration) {
	now := time.Now().UTC()
	e := &Exit{At: now, Reason: fault.Message(err), Why: err, Said: c.ear.since(began)}
	var n int
	c.set(func(s *Status) {
		s.Crashes++
		s.Exit, s.Again = e, now.Add(pause)
		n = s.Crashes
	})
	c.write()
	attrs := []any{"why", e.Reason, "crashes", n, "again_in", pause}
	if len(e.Said) > 0 {
		attrs = append(attrs, "said", e.Said[len(e.Said)-1].Text)
	}
	c.log.Error(string(c.role)+" ended by itself", attrs...)
}

// command is how the child is run. Its environment is ours alone: variables
// named CORE_, ORDERER_ or FABRIC_ would overrule its configuration, and a
// proxy would carry what members say to each other. Its working directory is
// the home, which addresses of sockets are relative to.
func (c *child) command(ctx context.Context) *exec.Cmd {
	var args []string
	if c.role == Peer {
		args = []string{"node", "start"}
	}
	cmd := exec.Command(filepath.Join(c.Bin, string(c.role)), args...)
	cmd.Dir = c.Home
	cmd.Stdout, cmd.Stderr = c.ear, c.ear // one and the same: one pipe
	cmd.WaitDelay = unwritten
	cmd.SysProcAttr = apart()
	spec := "warning:orderer.common.broadcast=error" // a warning for every transaction, that its client hung up
	if c.ear.log.Enabled(ctx, slog.LevelDebug) {
		spec = "info"
	}
	cmd.Env = []string{
		"PATH=" + cmp.Or(os.Getenv("PATH"), "/usr/bin:/bin"),
		"HOME=" + c.Home,
		"TMPDIR=" + os.TempDir(),
		"FABRIC_CFG_PATH=" + c.Dir(c.role),
		"FABRIC_LOGGING_FORMAT=json",
		"FABRIC_LOGGING_SPEC=" + spec,
		"GOGC=" + garbage[c.role],
	}
	return cmd
}

// how says in plain words how a process ended that should not have.
func how(p *os.ProcessState, err error) error {
	if p == nil {
		return fault.Wrap(err, fault.Unavailable, "It cannot be said how it ended.")
	}
	ws, ok := p.Sys().(syscall.WaitStatus)
	switch {
	case ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL:
		return fault.New(fault.Unavailable, "It was killed (signal 9): by hand, or by the machine because memory ran out.")
	case ok && ws.Signaled():
		return fault.New(fault.Unavailable, "It was ended by signal %d (%v).", ws.Signal(), ws.Signal())
	case p.ExitCode() == 0:
		return fault.New(fault.Unavailable, "It ended without saying that anything was wrong.")
	}
	return fault.New(fault.Unavailable, "It gave up (exit code %d).", p.ExitCode())
}
