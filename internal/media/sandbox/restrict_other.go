//go:build !linux

package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func group() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) error {
	if cmd.Process == nil {
		return nil
	}
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err == syscall.ESRCH {
		return os.ErrProcessDone
	}
	return err
}

func signalName(ee *exec.ExitError) string {
	ws, ok := ee.Sys().(syscall.WaitStatus)
	if !ok || !ws.Signaled() {
		return ""
	}
	switch ws.Signal() {
	case syscall.SIGXCPU:
		return "cpu"
	case syscall.SIGXFSZ:
		return "filesize"
	case syscall.SIGKILL:
		if d := ee.SystemTime() + ee.UserTime(); d >= time.Second {
			return "cpu"
		}
	}
	return ""
}

// restrict bounds time and file size and then becomes what the order asks for;
// it returns only when that fails. There is no landlock here, and the
// address space cannot be bounded: the level says so.
func restrict(o order) error {
	for _, l := range []struct {
		which int
		v     uint64
	}{{syscall.RLIMIT_CPU, o.CPU}, {syscall.RLIMIT_FSIZE, o.FileSize}, {syscall.RLIMIT_CORE, 0}} {
		if err := syscall.Setrlimit(l.which, &syscall.Rlimit{Cur: l.v, Max: l.v + 1}); err != nil {
			return fmt.Errorf("limit %d: %w", l.which, err)
		}
	}
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 15)
	exe, args := o.Exec, o.Args
	if exe == "" {
		var err error
		if exe, args, err = o.again(); err != nil {
			return err
		}
	}
	return syscall.Exec(exe, append([]string{exe}, args...), os.Environ())
}

func landlockVersion() int { return 0 }
func socketRefused() bool  { return false }
func killRefused() bool    { return false }
func forkRefused() bool    { return false }
func limited() bool        { return false }
