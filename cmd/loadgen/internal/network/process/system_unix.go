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

// niceness is by how much processes give way to the one that started them. On machines with few processors, a load
// generator that waits for its turn behind what it loads would measure that.
const niceness = 10

// yieldTo lets a process, in its group with all its threads, give way to this one, which may be nice itself.
func yieldTo(pid int) {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, pid, min(nice(0)+niceness, 19))
}

// idle lets a process give way to everything.
func idle(pid int) {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, pid, 19)
	idleThreads(pid)
}
