// Package sandbox runs what reads strangers' files in a helper process that
// can do nothing else.
//
// The helper is this binary, started again with a hidden first argument. It
// restricts itself and then either becomes ffmpeg or runs one Go function by
// name. Restricted means: it reads the files it was given and writes one
// directory (landlock), opens no socket (seccomp and landlock), starts and
// signals no other process (seccomp), gains no privilege, has a clean environment, a low priority and limits on memory,
// processor time and bytes written. It is killed with everything it started
// when the caller's context ends.
//
// Landlock and seccomp are Linux; where one is missing the rest still holds,
// and [Runner.Level] tells what is in force, so that the operator can be told.
package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// Marker is the first argument that makes the binary a helper.
const Marker = "media-helper"

// Limits bound one job. A zero field takes the default beside it.
type Limits struct {
	Memory   uint64        // bytes of address space; 2 GiB
	CPU      time.Duration // processor time, whole seconds; 5 min
	Wall     time.Duration // time by the clock; 10 min
	FileSize uint64        // bytes in any one file written; 2 GiB
	Result   int           // bytes on standard output; 8 MiB
}

func (l Limits) orDefault() Limits {
	if l.Memory == 0 {
		l.Memory = 2 << 30
	}
	if l.CPU == 0 {
		l.CPU = 5 * time.Minute
	}
	if l.Wall == 0 {
		l.Wall = 10 * time.Minute
	}
	if l.FileSize == 0 {
		l.FileSize = 2 << 30
	}
	if l.Result == 0 {
		l.Result = 8 << 20
	}
	return l
}

// Job is one run of the helper. Exactly one of Func and Exec is set.
type Job struct {
	Func   string    // name of a Go function in the table given to [Main]
	Exec   string    // absolute path of a program, such as ffmpeg
	Args   []string  // arguments of either
	In     string    // the one file it may read
	OutDir string    // the one directory it may write, "" for none
	Stdout io.Writer // where its output goes; nil collects it as the result
	Limits Limits
}

// Runner starts helpers. The zero value runs the binary that is running.
type Runner struct {
	// Exe is the binary to start, "" for the one that is running.
	Exe string
	// Cache is a private directory that helpers may read as their TMPDIR, ""
	// for none. What is compiled once (WASM) is put there by [Runner.Warm], by
	// a helper that has seen no stranger's file.
	Cache string
}

// Warm runs a function without input that may write the cache.
func (r Runner) Warm(ctx context.Context, f string) error {
	if r.Cache == "" {
		return nil
	}
	dir := r.Cache
	r.Cache = ""
	_, err := r.Run(ctx, Job{Func: f, OutDir: dir})
	return err
}

// order is what travels to the helper as its second argument.
type order struct {
	Func     string
	Exec     string
	Args     []string
	In       string
	Out      string
	Cache    string
	Memory   uint64
	CPU      uint64 // seconds
	FileSize uint64

	Restricted bool // this is the second start: limits and landlock hold already
}

// Run carries out one job and returns what it wrote to standard output, nil
// when the job has its own Stdout.
//
// Faults: what the function itself reported; TooLarge when the job used up
// its memory, time or space; Unavailable when the helper cannot be started.
// A program's failure is an Internal error that carries its last words: the
// caller knows what the failure means.
func (r Runner) Run(ctx context.Context, j Job) ([]byte, error) {
	l := j.Limits.orDefault()
	o, err := j.order(l)
	if err != nil {
		return nil, err
	}
	exe := r.Exe
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "The helper that reads audio files cannot be started.")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, l.Wall)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, Marker)
	temp := o.Out
	if r.Cache != "" {
		if o.Cache, err = filepath.EvalSymlinks(r.Cache); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "The helper that reads audio files cannot be started.")
		}
		temp = o.Cache
	}
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin", "HOME=/nonexistent", "LC_ALL=C", "TMPDIR=" + temp, "GOMAXPROCS=2"}
	spec, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	cmd.Args = append(cmd.Args, string(spec))
	cmd.Dir = "/"
	cmd.SysProcAttr = group()
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = 2 * time.Second
	out := &capped{left: l.Result}
	cmd.Stdout = out
	if j.Stdout != nil {
		cmd.Stdout = j.Stdout
	}
	words := &tail{}
	cmd.Stderr = words
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The helper that reads audio files cannot be started.")
	}
	err = cmd.Wait()
	_ = killGroup(cmd) // whatever it left behind
	if out.over {
		return nil, fault.New(fault.TooLarge, "This file holds more than this node reads from one file.")
	}
	if err != nil {
		return nil, verdict(ctx, err, words.String())
	}
	if j.Stdout != nil {
		return nil, nil
	}
	return out.b.Bytes(), nil
}

func (j Job) order(l Limits) (order, error) {
	o := order{Func: j.Func, Exec: j.Exec, Args: j.Args, Memory: l.Memory, CPU: uint64((l.CPU + time.Second - 1) / time.Second), FileSize: l.FileSize}
	if (j.Func == "") == (j.Exec == "") {
		return o, errors.New("sandbox: a job runs either a function or a program")
	}
	for _, p := range []struct {
		path string
		to   *string
	}{{j.In, &o.In}, {j.OutDir, &o.Out}} {
		if p.path == "" {
			continue
		}
		real, err := filepath.EvalSymlinks(p.path)
		if err == nil {
			real, err = filepath.Abs(real)
		}
		if err != nil {
			return o, fault.Wrap(err, fault.NotFound, "The uploaded file is not there any more.")
		}
		*p.to = real
	}
	return o, nil
}

// refusal is how a function's fault travels back, on the last line of
// standard error.
type refusal struct {
	Kind    string
	Message string
	Field   string
	Cause   string
}

const refusalPrefix = "9ten-fault "

// verdict says why a helper failed.
func verdict(ctx context.Context, err error, words string) error {
	if i := strings.LastIndex(words, refusalPrefix); i >= 0 {
		var f refusal
		if json.Unmarshal([]byte(strings.TrimSpace(words[i+len(refusalPrefix):])), &f) == nil {
			return fault.Wrap(&said{f.Cause}, kind(f.Kind), "%s", fault.Term(f.Message))
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fault.Wrap(cause, fault.TooLarge, "Reading this file took too long, so it was stopped. Export it again, or split it.")
		}
		return fmt.Errorf("sandbox: %w", cause)
	}
	code, sig := -1, ""
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		code, sig = ee.ExitCode(), signalName(ee)
	}
	cause := fmt.Errorf("helper: %w: %s", err, strings.TrimSpace(words))
	switch {
	case sig == "cpu":
		return fault.Wrap(cause, fault.TooLarge, "Reading this file took too long, so it was stopped. Export it again, or split it.")
	case sig == "filesize":
		return fault.Wrap(cause, fault.TooLarge, "This file grows beyond what this node stores for one track.")
	case outOfMemory(words):
		return fault.Wrap(cause, fault.TooLarge, "Reading this file needs more memory than this node gives one file.")
	case code == exitStart:
		return fault.Wrap(cause, fault.Unavailable, "The helper that reads audio files cannot be started.")
	}
	return cause
}

func outOfMemory(words string) bool {
	for _, s := range []string{"out of memory", "cannot allocate memory", "Cannot allocate memory", "failed to reserve", "cannot create new OS thread", "Resource temporarily unavailable", "unable to allocate"} {
		if strings.Contains(words, s) {
			return true
		}
	}
	return false
}

// said is a cause that came back as text.
type said struct{ text string }

func (s *said) Error() string { return s.text }

func kind(name string) fault.Kind {
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if k.String() == name {
			return k
		}
	}
	return fault.Internal
}

// capped collects at most left bytes and refuses more, which ends the pipe.
type capped struct {
	b    bytes.Buffer
	left int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		c.over = true
		return 0, errors.New("the helper's result is too long")
	}
	c.left -= len(p)
	return c.b.Write(p)
}

// tail keeps the first and the last 8 KiB of what is written to it.
type tail struct{ head, end []byte }

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if room := tailSize - len(t.head); room > 0 {
		k := min(room, len(p))
		t.head, p = append(t.head, p[:k]...), p[k:]
	}
	t.end = append(t.end, p...)
	if len(t.end) > 2*tailSize {
		t.end = append(t.end[:0], t.end[len(t.end)-tailSize:]...)
	}
	return n, nil
}

func (t *tail) String() string { return string(t.head) + string(t.end) }

// Level says which restrictions the helper really runs under.
type Level struct {
	Landlock int  `json:"landlock"` // version of the kernel's landlock, 0 where there is none
	Network  bool `json:"network"`  // sockets are refused
	Others   bool `json:"others"`   // no other process can be started or signalled
	Limits   bool `json:"limits"`   // memory, time and file size are bounded
	Files    bool `json:"files"`    // other files are out of reach
}

// String is one line for the log and for doctor.
func (l Level) String() string {
	var in, out []string
	for _, p := range []struct {
		on   bool
		what string
	}{{l.Files, "files (landlock " + strconv.Itoa(l.Landlock) + ")"}, {l.Network, "network"}, {l.Others, "processes"}, {l.Limits, "memory and time"}} {
		if p.on {
			in = append(in, p.what)
		} else {
			out = append(out, strings.TrimSuffix(p.what, " (landlock 0)"))
		}
	}
	if len(out) == 0 {
		return "confined: " + strings.Join(in, ", ")
	}
	if len(in) == 0 {
		return "not confined"
	}
	return "confined: " + strings.Join(in, ", ") + "; open: " + strings.Join(out, ", ")
}

// Full reports whether nothing is missing.
func (l Level) Full() bool { return l.Files && l.Network && l.Others && l.Limits }

// Level starts a helper that tries what it must not do and reports.
func (r Runner) Level(ctx context.Context) (Level, error) {
	var l Level
	b, err := r.Run(ctx, Job{Func: levelFunc})
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("sandbox: level: %w", err)
	}
	return l, nil
}
