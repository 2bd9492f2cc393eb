package process

import (
	"time"

	"github.com/prometheus/procfs"
)

// Usage reads /proc, six files of it: about 100 us. It reports false if the child has ended.
func (p *Process) Usage() (Usage, bool) {
	p.mu.Lock()
	gone := p.gone
	p.mu.Unlock()
	if gone {
		return Usage{}, false
	}
	proc, err := procfs.NewProc(p.Pid())
	if err != nil {
		return Usage{}, false
	}
	stat, err := proc.Stat()
	if err != nil {
		return Usage{}, false
	}
	u := Usage{
		CPU:      time.Duration(stat.CPUTime() * float64(time.Second)),
		Resident: uint64(stat.ResidentMemory()),
		Threads:  stat.NumThreads,
	}
	// What follows may be denied, or gone with a child that ends now: then it stays 0.
	if status, err := proc.NewStatus(); err == nil {
		u.Peak = status.VmHWM
	}
	if n, err := proc.FileDescriptorsLen(); err == nil {
		u.Files = n
	}
	if io, err := proc.IO(); err == nil {
		u.Read, u.Wrote, u.DiskRead, u.DiskWrote = io.RChar, io.WChar, io.ReadBytes, io.WriteBytes
	}
	return u, true
}
