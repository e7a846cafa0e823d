//go:build !linux

package child

import "syscall"

// apart keeps a terminal's ^C from the child, which must end when its turn
// comes. Nothing here ends it should the node die without having been able to.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// unhurried can be asked of Linux only.
func unhurried() (restore func()) { return func() {} }

// expendable can be asked of Linux only.
func expendable(int) {}
