package child

import "syscall"

// apart keeps a terminal's ^C from the child, which must end when its turn
// comes, and ends it should the node die without having been able to.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
