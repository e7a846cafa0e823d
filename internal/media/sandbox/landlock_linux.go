package sandbox

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock is spoken to directly (kernel documentation, "Landlock: unprivileged
// access control"). The usual library binds all threads of a running Go
// program, which the runtime refuses when a module loads C libraries at run
// time, as ours for WebP may; one thread that executes needs three calls.

// readFile, readDir and execute are the rights to look; write is every other
// right that the kernel's version knows.
const (
	execute  = unix.LANDLOCK_ACCESS_FS_EXECUTE
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readDir  = unix.LANDLOCK_ACCESS_FS_READ_DIR
	onFile   = execute | readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// handled are the rights that version v of landlock can take away.
func handled(v int) (fs, net uint64) {
	fs = 1<<13 - 1 // version 1: execute to make_sym
	if v >= 2 {
		fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if v >= 3 {
		fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if v >= 4 {
		net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if v >= 5 {
		fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return fs, net
}

type beneath struct {
	path   string
	rights uint64
	needed bool // an error when it cannot be allowed
}

// confineFiles leaves this thread the order's input, its directory, and what
// starting exe takes: the system's libraries.
func confineFiles(o order, exe string) error {
	v := landlockVersion()
	if v == 0 {
		return nil // the level says so
	}
	fs, net := handled(v)
	attr := unix.LandlockRulesetAttr{Access_fs: fs, Access_net: net}
	size := unsafe.Sizeof(attr)
	if v < 4 {
		size = unsafe.Offsetof(attr.Access_net)
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(set))
	look := uint64(execute | readFile | readDir)
	rules := []beneath{
		{"/dev/null", readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE, false},
		{"/dev/urandom", readFile, false},
		{"/etc/ld.so.cache", readFile, false},
		{"/sys/kernel/mm/transparent_hugepage", readFile, false},
		{"/lib", look, false},
		{"/lib64", look, false},
		{"/usr/lib", look, false},
		{exe, execute | readFile, true},
		{o.In, readFile, true},
		{o.Out, fs, true},
		{o.Cache, readFile | readDir, true},
	}
	if o.Exec != "" {
		for _, p := range []string{"/usr", "/opt", "/etc/alternatives", "/home/linuxbrew", "/nix/store"} {
			rules = append(rules, beneath{p, look, false})
		}
	}
	for _, r := range rules {
		if r.path == "" {
			continue
		}
		if err := allow(int(set), r, fs); err != nil && r.needed {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func allow(set int, r beneath, known uint64) error {
	fd, err := unix.Open(r.path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: r.path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &os.PathError{Op: "stat", Path: r.path, Err: err}
	}
	rights := r.rights & known
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= onFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return &os.PathError{Op: "allow", Path: r.path, Err: errno}
	}
	return nil
}

func landlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}
