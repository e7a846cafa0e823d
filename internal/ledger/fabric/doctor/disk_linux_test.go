package doctor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

const envDisk = "DOCTOR_TEST_DISK"

// A disk that is really full is named, by itself and as what the peer crashes
// of, and the peer is back once there is room. It is mounted in a process of
// its own that may do that.
func TestFullDisk(t *testing.T) {
	if os.Getenv(envDisk) != "" {
		fullDisk(t)
		return
	}
	alone := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	alone.Env = append(os.Environ(), envDisk+"=1")
	alone.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := alone.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk") {
		t.Errorf("%v\n%s", err, out)
	}
}

func fullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	p := patient(t, dir)
	if err := p.Remove(child.Orderer); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(dir, "filler"))
	if f := examine(t, p, "disk")[0]; f.OK || !strings.Contains(f.Detail, "The disk is full") {
		t.Errorf("%+v", f)
	}
	s := run(t, p)
	until(t, "the peer crashed", func() bool { return s.Status()[0].Exit != nil })
	p.Status = s.Status()
	if f := examine(t, p, "peer")[0]; f.OK || !strings.Contains(f.Detail, "the disk is full") || !strings.Contains(f.Remedy, "Make room") {
		t.Errorf("%+v", f)
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	s.Wake()
	until(t, "the peer serves", func() bool { return serves(p.Ports().Peer) })
}

// fill leaves no room on the disk of a file.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
