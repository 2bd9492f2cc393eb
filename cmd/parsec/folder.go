package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// resultFiles are what `parsec run` writes, all of it; loadFolder has files of loadgen.
var resultFiles = []string{"bench.txt", "cpu.html", "allocs.html", "cpu.pprof", "allocs.pprof", loadFolder}

// loadFolder is where the report of the load goes.
const loadFolder = "load"

// resultFolder is the folder for them. It is filled under another name and gets its own when it is
// whole.
type resultFolder struct{ temp, final string }

// newResultFolder prepares to replace dir. A folder with anything in it that `parsec run` does not write
// is refused.
func newResultFolder(dir string) (*resultFolder, error) {
	final := filepath.Clean(dir)
	old, err := os.ReadDir(final)
	switch {
	case os.IsNotExist(err):
	case err != nil:
		return nil, err
	}
	for _, f := range old {
		if !slices.Contains(resultFiles, f.Name()) {
			return nil, fmt.Errorf("%s: has %s in it, which is not from here; name another folder", dir, f.Name())
		}
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o777); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(final), "."+filepath.Base(final)+"-*.tmp")
	if err != nil {
		return nil, err
	}
	return &resultFolder{temp, final}, os.Chmod(temp, 0o755)
}

// path is where a file or folder is to be made, until all is committed.
func (r *resultFolder) path(name string) string { return filepath.Join(r.temp, name) }

// write writes one file.
func (r *resultFolder) write(name string, content func(io.Writer) error) error {
	f, err := os.Create(r.path(name))
	if err != nil {
		return err
	}
	err = content(f)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// commit gives the folder its name. The one that had it before is there until then, and again if that
// fails.
func (r *resultFolder) commit() error {
	old := r.temp + ".old"
	err := os.Rename(r.final, old)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	had := err == nil
	if err := os.Rename(r.temp, r.final); err != nil {
		if had {
			os.Rename(old, r.final)
		}
		return err
	}
	return os.RemoveAll(old)
}

// discard removes what has not been committed.
func (r *resultFolder) discard() { os.RemoveAll(r.temp) }
