package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func group() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

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
	case syscall.SIGKILL: // the hard limit of processor time, one second after the soft one
		if d := ee.SystemTime() + ee.UserTime(); d >= time.Second {
			return "cpu"
		}
	}
	return ""
}

// restrict lowers this process for good and then becomes what the order asks
// for; it returns only when that fails. A Go function is run by the same
// binary, started once more: landlock binds the calling thread, and what it
// executes has no other.
func restrict(o order) error {
	runtime.LockOSThread()
	for _, l := range []struct {
		which int
		v     uint64
	}{
		{unix.RLIMIT_CPU, o.CPU},
		{unix.RLIMIT_AS, o.Memory},
		{unix.RLIMIT_FSIZE, o.FileSize},
		{unix.RLIMIT_NOFILE, 64},
		{unix.RLIMIT_CORE, 0},
	} {
		if l.which == unix.RLIMIT_AS && !boundMemory && o.Exec == "" {
			continue
		}
		hard := l.v
		if l.which == unix.RLIMIT_CPU {
			hard++ // the soft limit signals, so that the reason is known
		}
		if err := unix.Setrlimit(l.which, &unix.Rlimit{Cur: l.v, Max: hard}); err != nil {
			return fmt.Errorf("limit %d: %w", l.which, err)
		}
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 15)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	exe, args := o.Exec, o.Args
	if exe == "" {
		var err error
		if exe, args, err = o.again(); err != nil {
			return err
		}
	}
	if err := confineFiles(o, exe); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := denyCalls(); err != nil {
		return err
	}
	return syscall.Exec(exe, append([]string{exe}, args...), os.Environ())
}

func socketRefused() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == unix.EPERM
}

func limited() bool {
	var l unix.Rlimit
	return unix.Getrlimit(unix.RLIMIT_AS, &l) == nil && l.Cur != unix.RLIM_INFINITY
}

func killRefused() bool { return unix.Kill(os.Getppid(), 0) == unix.EPERM }

func forkRefused() bool { return errors.Is(exec.Command("/proc/self/exe").Start(), unix.EPERM) }
