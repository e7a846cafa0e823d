package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"

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

// denyCalls makes the kernel refuse, with EPERM, the calls that reach outside
// the process: sockets, other processes, mounts, rings. It holds in every
// thread and in whatever the process becomes. Landlock alone guards TCP only.
func denyCalls() error {
	nums, arch, ok := deniedCalls()
	if !ok {
		return nil // an architecture without a table: the level says so
	}
	const (
		loadWord = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal    = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atLeast  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		ret      = unix.BPF_RET | unix.BPF_K
		eperm    = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EPERM)
	)
	prog := []unix.SockFilter{
		{Code: loadWord, K: 4}, // seccomp_data.arch
		{Code: equal, Jt: 1, K: arch},
		{Code: ret, K: eperm},
		{Code: loadWord, K: 0},                // seccomp_data.nr
		{Code: atLeast, Jf: 1, K: 0x40000000}, // the x32 numbers
		{Code: ret, K: eperm},
	}
	for _, n := range nums {
		prog = append(prog, unix.SockFilter{Code: equal, Jf: 1, K: n}, unix.SockFilter{Code: ret, K: eperm})
	}
	prog = append(prog, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	fp := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fp)))
	runtime.KeepAlive(prog)
	if errno == unix.ENOSYS || errno == unix.EINVAL {
		return nil // a kernel without seccomp: the level says so
	}
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}

func deniedCalls() (nums []uint32, arch uint32, ok bool) {
	switch runtime.GOARCH {
	case "amd64":
		arch = 0xc000003e // AUDIT_ARCH_X86_64
	case "arm64":
		arch = 0xc00000b7 // AUDIT_ARCH_AARCH64
	default:
		return nil, 0, false
	}
	return []uint32{
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_PTRACE,
		unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_MOUNT, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_PIDFD_GETFD,
		unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_USERFAULTFD,
		unix.SYS_PERF_EVENT_OPEN, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT,
	}, arch, true
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
