package checkout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Tree is a commit's files in a folder of their own.
type Tree struct {
	Commit Commit
	Dir    string // where the files are, absolute

	repo *Repo
	home string // holds Dir and what is built
}

// Open checks c out. The caller closes the tree.
func (r *Repo) Open(ctx context.Context, c Commit) (_ *Tree, err error) {
	if _, err := r.Git(ctx, "worktree", "prune"); err != nil {
		return nil, err
	}
	// os.MkdirTemp makes names of different lengths.
	var random [8]byte
	rand.Read(random[:]) // never fails
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return nil, err
	}
	t := &Tree{Commit: c, repo: r, home: filepath.Join(temp, "parsec-"+hex.EncodeToString(random[:]))}
	if err := os.Mkdir(t.home, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if err := os.Mkdir(filepath.Join(t.home, "bin"), 0o700); err != nil {
		return nil, err
	}
	t.Dir = filepath.Join(t.home, "tree")
	if _, err := r.Git(ctx, "worktree", "add", "--detach", "--quiet", t.Dir, c.Hash); err != nil {
		return nil, fmt.Errorf("checking out %v: %w", c, err)
	}
	return t, nil
}

// Close removes the tree and what was built in it. It works after its Open's context has ended, and a
// second time does nothing.
func (t *Tree) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := os.RemoveAll(t.home)
	_, e := t.repo.Git(ctx, "worktree", "prune")
	return errors.Join(err, e)
}

// ErrNoTests is that a package has no tests to build, or is not there at all.
var ErrNoTests = errors.New("no tests")

// BuildTests builds the tests of a package, named as in "./bench", and returns the binary's path. It
// takes seconds, less when the go command's cache has most of it. The error is, by errors.Is, ErrNoTests
// where there is nothing to build.
func (t *Tree) BuildTests(ctx context.Context, pkg string) (binary string, err error) {
	binary = t.binary(pkg)
	if _, err := os.Stat(t.PackageDir(pkg)); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%v has no %s: %w", t.Commit, pkg, ErrNoTests)
	}
	if err := t.goCommand(ctx, "test", "-c", "-trimpath", "-o", binary, pkg); err != nil {
		return "", fmt.Errorf("building the tests of %s at %v: %w", pkg, t.Commit, err)
	}
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s at %v: %w", pkg, t.Commit, ErrNoTests)
	}
	return binary, nil
}

// PackageDir returns the folder of a package: a test runs there.
func (t *Tree) PackageDir(pkg string) string { return filepath.Join(t.Dir, filepath.FromSlash(pkg)) }

// binary returns a name for what is built of pkg. Its length depends on pkg alone.
func (t *Tree) binary(pkg string) string {
	name := strings.ReplaceAll(path.Clean(pkg), "/", "_")
	if name == "." {
		name = "root"
	}
	name += ".test"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(t.home, "bin", name)
}

func (t *Tree) goCommand(ctx context.Context, args ...string) error {
	cmd := Command(ctx, "go", args...)
	cmd.Dir = t.Dir
	// A go.work of the user's is about the tree in which the user works.
	cmd.Env = append(clean(os.Environ()), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
