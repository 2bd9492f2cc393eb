//go:build !linux

package wal

import (
	"errors"
	"os"
)

// syncData is all that other systems have in common. On macOS it is F_FULLFSYNC, which empties the drive's cache too.
func syncData(f *os.File) error { return f.Sync() }

func allocate(*os.File, int64) error { return errors.ErrUnsupported }
