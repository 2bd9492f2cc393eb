//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package wal

import (
	"errors"
	"os"
)

// lock refuses: a log that two processes write is lost, and these systems have no lock that ends with its process
// which we could test.
func lock(*os.File) error { return errors.ErrUnsupported }

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func isFull(error) bool { return false }
