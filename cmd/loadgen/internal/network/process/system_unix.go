//go:build unix

package process

import (
	"os"
	"syscall"
)

// All signals go to the child's group, which has the child's number: the program may be a script around another.

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

func ask(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGTERM) }

func halt(p *os.Process, on bool) error {
	if on {
		return syscall.Kill(-p.Pid, syscall.SIGSTOP)
	}
	return syscall.Kill(-p.Pid, syscall.SIGCONT)
}
