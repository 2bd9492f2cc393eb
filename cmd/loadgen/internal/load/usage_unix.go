//go:build unix

package load

import (
	"syscall"
	"time"
)

// usedCPU returns what this process has used, user and system, or -1.
func usedCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return -1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
