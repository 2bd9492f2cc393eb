package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// PreciseSleep sleeps like time.Sleep, late by some tens of microseconds where that is late by up to a millisecond: a Go
// process that has nothing else to do waits in epoll, by whole milliseconds. It takes a thread for as long.
func PreciseSleep(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	for unix.Nanosleep(&left, &left) == unix.EINTR { // by the runtime's own signals
	}
}
