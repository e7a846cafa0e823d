package child

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart keeps a terminal's ^C from the child, which must end when its turn
// comes, and ends it should the node die without having been able to.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// slack is by how much a child's timers may be late, in nanoseconds.
const slack = 1_000_000

// unhurried has the kernel wake what this thread starts a little later than it
// asks, and for several reasons at once. While a Go program does anything at all
// its runtime looks more than 10,000 times a second whether it is stuck; a peer and an
// orderer that wait for each other's messages spend a tenth of their processor
// time on that. The returned function gives this thread its own pace again.
func unhurried() (restore func()) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, slack, 0, 0, 0) // a kernel that knows it not wakes them as ever
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }
}

// expendable has the kernel end this child first where memory runs out: what
// strangers send an orderer it holds before it knows who they are, and the node,
// which has the books, starts it again. A kernel that refuses chooses by size.
func expendable(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("500"), 0)
}
