//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// awaitEnd returns when the child has ended. Its number is free by then: a signal sent in the moment before that is
// noticed could hit another that got it. Numbers are not given out again so soon.
func awaitEnd(c *exec.Cmd) { c.Wait() }

func idleThreads(int) {}

// nice returns how nice a process is, this one if pid is 0.
func nice(pid int) int {
	n, _ := syscall.Getpriority(syscall.PRIO_PROCESS, pid)
	return n
}
