package process

import "time"

// Usage is what a child takes, as the kernel counts it.
type Usage struct {
	CPU         time.Duration // user and system, since its start; counted in steps of 10 ms
	Resident    uint64        // bytes in memory
	Peak        uint64        // the most that Resident was, in bytes
	Threads     int
	Files       int    // open descriptors
	Read, Wrote uint64 // bytes, by system calls: files and sockets
	DiskRead    uint64 // bytes that came from the disk
	DiskWrote   uint64 // bytes that were sent to it, or are to be
}
