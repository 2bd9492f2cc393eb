package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errNoTree is returned where the bundled recordings are asked for outside of the module's tree.
var errNoTree = errors.New("not inside the module's tree, which has the bundled recordings")

// tree is the module's folder, seen from the current one.
type tree string

// findTree returns the tree that the current folder is in.
func findTree() (tree, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if t := tree(dir); isFile(filepath.Join(dir, "go.mod")) && isFile(t.metaVotes()) {
			rel, err := filepath.Rel(here, dir)
			return tree(rel), err
		}
		if dir == filepath.Dir(dir) {
			return "", errNoTree
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (t tree) testdata(name string) string {
	return filepath.Join(string(t), "core", "recording", "testdata", name)
}

// metaVotes is the file of single steps of the binary agreement.
func (t tree) metaVotes() string { return t.testdata("meta-votes.jsonl.zst") }

// small and large are the recordings, in order of name.
func (t tree) small() ([]string, error) { return recordingsIn(t.testdata("recordings")) }
func (t tree) large() ([]string, error) { return recordingsIn(t.testdata("large")) }

func recordingsIn(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json*"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no recordings there", dir)
	}
	return files, err
}
