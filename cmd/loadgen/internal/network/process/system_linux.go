package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitEnd returns when the child has ended. What it started itself is killed. Its number stays taken until it is
// waited for, so that a signal in the meantime cannot hit another.
func awaitEnd(c *exec.Cmd) {
	for {
		err := unix.Waitid(unix.P_PID, c.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	killGroup(c.Process)
}

// idleThreads puts a process's threads, and those that they start, under SCHED_IDLE: they run while nothing else wants
// to. Threads that start meanwhile are found in a second look. What fails is left at the lowest priority.
func idleThreads(pid int) {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE, Nice: 19}
	for range 2 {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return
		}
		for _, t := range threads {
			if id, err := strconv.Atoi(t.Name()); err == nil {
				_ = unix.SchedSetAttr(id, &attr, 0)
			}
		}
	}
}

// nice returns how nice a process is, this one if pid is 0. The system call of Linux counts down from 20.
func nice(pid int) int {
	n, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid)
	if err != nil {
		return 0
	}
	return 20 - n
}
