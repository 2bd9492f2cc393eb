package main

import (
	"os"
	"path/filepath"

	"parsec/cmd/internal/program"
)

// writeFile writes a file, which gets its name when it is whole. Folders are made.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := program.NewPending(name)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Commit()
	}
	if err != nil {
		f.Discard()
	}
	return err
}
