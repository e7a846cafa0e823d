package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	loadWord = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal    = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	atLeast  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	anyBit   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret      = unix.BPF_RET | unix.BPF_K

	allowed = uint32(unix.SECCOMP_RET_ALLOW)
	refused = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EPERM)
	unknown = uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.ENOSYS)

	// Offsets in struct seccomp_data (little-endian, the low halves).
	offNumber, offArch, offFirst = 0, 4, 16
)

// denyCalls makes the kernel refuse, with EPERM, the calls that reach outside
// the process: sockets, other processes and their signals, new processes,
// mounts, rings. It holds in every thread and in whatever the process becomes.
// Landlock alone guards TCP only.
func denyCalls() error {
	t, ok := calls()
	if !ok {
		return nil // an architecture without a table: the level says so
	}
	prog := t.filter(uint32(unix.Getpid()))
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

// filter is the program for a process; it keeps its number over execve.
func (t table) filter(pid uint32) []unix.SockFilter {
	stmt := func(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
	// when skips what follows unless the number is n.
	when := func(n uint32, then ...unix.SockFilter) []unix.SockFilter {
		return append([]unix.SockFilter{{Code: equal, Jf: uint8(len(then)), K: n}}, then...)
	}
	prog := []unix.SockFilter{
		stmt(loadWord, offArch), {Code: equal, Jt: 1, K: t.arch}, stmt(ret, refused),
		stmt(loadWord, offNumber), {Code: atLeast, Jf: 1, K: 0x40000000}, stmt(ret, refused), // the x32 numbers
	}
	for _, n := range t.never {
		prog = append(prog, when(n, stmt(ret, refused))...)
	}
	// A thread is no process. Its flags lie in memory in clone3, out of a
	// filter's sight: C libraries take clone where clone3 is unknown.
	prog = append(prog, when(unix.SYS_CLONE3, stmt(ret, unknown))...)
	prog = append(prog, when(unix.SYS_CLONE, stmt(loadWord, offFirst),
		unix.SockFilter{Code: anyBit, Jt: 1, K: unix.CLONE_THREAD}, stmt(ret, refused), stmt(ret, allowed))...)
	for _, n := range t.own {
		prog = append(prog, when(n, stmt(loadWord, offFirst),
			unix.SockFilter{Code: equal, Jt: 1, K: pid}, stmt(ret, refused), stmt(ret, allowed))...)
	}
	prog = append(prog, when(unix.SYS_PRLIMIT64, stmt(loadWord, offFirst),
		unix.SockFilter{Code: equal, Jt: 2, K: 0}, unix.SockFilter{Code: equal, Jt: 1, K: pid}, stmt(ret, refused), stmt(ret, allowed))...)
	return append(prog, stmt(ret, allowed))
}

// A table names the calls of an architecture.
type table struct {
	arch  uint32
	never []uint32 // refused
	own   []uint32 // allowed when their first argument is the process itself
}

func calls() (t table, ok bool) {
	switch runtime.GOARCH {
	case "amd64":
		t.arch = 0xc000003e               // AUDIT_ARCH_X86_64
		t.never = append(t.never, 57, 58) // fork, vfork: other architectures have clone alone
	case "arm64":
		t.arch = 0xc00000b7 // AUDIT_ARCH_AARCH64
	default:
		return t, false
	}
	t.never = append(t.never,
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_PTRACE,
		unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_MOUNT, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_PIDFD_GETFD,
		unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_USERFAULTFD,
		unix.SYS_PERF_EVENT_OPEN, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT,
		unix.SYS_TKILL, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO,
	)
	t.own = []uint32{unix.SYS_KILL, unix.SYS_TGKILL}
	return t, true
}
