package node

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// process returns what this process has used and has: CPU time in seconds, resident memory in bytes, open files.
func process() (cpu float64, resident uint64, files int) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		cpu = float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(b)); len(f) > 1 {
			pages, _ := strconv.ParseUint(f[1], 10, 64)
			resident = pages * uint64(os.Getpagesize())
		}
	}
	files = -1
	if d, err := os.Open("/proc/self/fd"); err == nil {
		names, err := d.Readdirnames(-1)
		d.Close()
		if err == nil {
			files = len(names) - 1 // without the one that was opened to count
		}
	}
	return cpu, resident, files
}
