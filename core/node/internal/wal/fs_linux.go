package wal

import (
	"errors"
	"os"
	"syscall"
)

// syncData leaves out times, and with them a write of the inode: a segment's size does not change.
func syncData(f *os.File) error {
	return os.NewSyscallError("fdatasync", again(func() error { return syscall.Fdatasync(int(f.Fd())) }))
}

func allocate(f *os.File, size int64) error {
	err := again(func() error { return syscall.Fallocate(int(f.Fd()), 0, 0, size) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return errors.ErrUnsupported
	}
	return os.NewSyscallError("fallocate", err)
}

// again calls until no signal interrupts.
func again(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}
