package checkout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// throwaway returns a repository of two commits: its program prints "one", then "two".
func throwaway(t *testing.T) *Repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	run(t, dir, "init", "--quiet")
	run(t, dir, "config", "user.name", "tester")
	run(t, dir, "config", "user.email", "tester@localhost")
	write(t, dir, "go.mod", "module throwaway\n\ngo 1.26\n")
	write(t, dir, ".gitignore", "ignored\n")
	for _, word := range []string{"one", "two"} {
		write(t, dir, "main.go", "package main\n\nfunc main() { print(\""+word+"\") }\n")
		write(t, dir, "main_test.go", "package main\n\nimport \"testing\"\n\nfunc TestMain(*testing.M) { print(\"tests of "+word+"\") }\n")
		run(t, dir, "add", "-A")
		run(t, dir, "commit", "--quiet", "-m", word)
	}
	r, err := Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := git(t.Context(), dir, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, r *Repo, rev string) *Tree {
	t.Helper()
	c, err := r.Resolve(t.Context(), rev)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree
}

func says(t *testing.T, binary string) string {
	t.Helper()
	out, err := exec.Command(binary).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestBuild(t *testing.T) {
	r := throwaway(t)
	base, head := open(t, r, "HEAD~1"), open(t, r, "HEAD")
	var length []int
	for _, c := range []struct {
		tree *Tree
		want string
	}{{base, "one"}, {head, "two"}} {
		tests, err := c.tree.BuildTests(t.Context(), ".")
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, tests); got != "tests of "+c.want {
			t.Errorf("the tests say %q, want %q", got, c.want)
		}
		length = append(length, len(tests))
	}
	if length[0] != length[1] {
		t.Errorf("paths of %d and %d characters", length[0], length[1])
	}
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(base.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
	if list := run(t, r.Root, "worktree", "list"); strings.Contains(list, filepath.Base(base.home)) {
		t.Errorf("after Close git still knows of it:\n%s", list)
	}
	if err := base.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestWorkingTree(t *testing.T) {
	r := throwaway(t)
	head, err := r.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	same, err := r.Resolve(t.Context(), "")
	if err != nil || same.Hash != head.Hash {
		t.Errorf("an unchanged tree is %v, %v; want HEAD", same, err)
	}
	write(t, r.Root, "main.go", "package main\n\nfunc main() { say() }\n")
	write(t, r.Root, "main_test.go", "package main\n\nimport \"testing\"\n\nfunc TestMain(*testing.M) { main() }\n")
	write(t, r.Root, "new.go", "package main\n\nfunc say() { print(\"three\") }\n")
	write(t, r.Root, "ignored", "no part of it")
	run(t, r.Root, "add", "main.go")
	status := run(t, r.Root, "status", "--porcelain")
	refs := run(t, r.Root, "for-each-ref")

	changed, err := r.Resolve(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if changed.Hash == head.Hash || changed.Name != WorkingTree {
		t.Errorf("a changed tree is %v", changed)
	}
	if again, err := r.Resolve(t.Context(), ""); err != nil || again != changed {
		t.Errorf("the same content is %v, then %v, %v", changed, again, err)
	}
	tree := open(t, r, "")
	tests, err := tree.BuildTests(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	if got := says(t, tests); got != "three" {
		t.Errorf("the tests say %q, want what is not committed", got)
	}
	if _, err := os.Stat(filepath.Join(tree.Dir, "ignored")); err == nil {
		t.Error("an ignored file is in the tree")
	}
	if got := run(t, r.Root, "status", "--porcelain"); got != status {
		t.Errorf("the user's index was:\n%s\nand is:\n%s", status, got)
	}
	if got := run(t, r.Root, "for-each-ref"); got != refs {
		t.Errorf("refs were:\n%s\nand are:\n%s", refs, got)
	}
}

func TestErrors(t *testing.T) {
	r := throwaway(t)
	if _, err := Find(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "git working tree") {
		t.Errorf("outside of a repository: %v", err)
	}
	for _, rev := range []string{"nowhere", "--all", "HEAD:main.go"} {
		if _, err := r.Resolve(t.Context(), rev); err == nil || !strings.Contains(err.Error(), "no commit is called") {
			t.Errorf("%q: %v", rev, err)
		}
	}
	tree := open(t, r, "HEAD")
	if _, err := tree.BuildTests(t.Context(), "./nowhere"); !errors.Is(err, ErrNoTests) {
		t.Errorf("tests of no package: %v", err)
	}
	write(t, tree.Dir, "bare/bare.go", "package bare\n")
	if _, err := tree.BuildTests(t.Context(), "./bare"); !errors.Is(err, ErrNoTests) {
		t.Errorf("a package without tests: %v", err)
	}
	write(t, tree.Dir, "main.go", "package main\n\nfunc main() { nothing() }\n")
	if _, err := tree.BuildTests(t.Context(), "."); err == nil || !strings.Contains(err.Error(), "undefined: nothing") {
		t.Errorf("what does not compile: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tree.BuildTests(ctx, "."); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := r.Open(ctx, tree.Commit); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestShallow(t *testing.T) {
	r := throwaway(t)
	dir := filepath.Join(t.TempDir(), "clone")
	source := "file://" + filepath.ToSlash(r.Root)
	if runtime.GOOS == "windows" {
		source = "file:///" + filepath.ToSlash(r.Root)
	}
	run(t, r.Root, "clone", "--quiet", "--depth", "1", source, dir)
	shallow, err := Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shallow.Resolve(t.Context(), "HEAD~1"); err == nil || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("a commit that a shallow clone lacks: %v", err)
	}
}

// A hook runs git commands with variables that lead to its own repository and index.
func TestHookEnvironment(t *testing.T) {
	r := throwaway(t)
	t.Setenv("GIT_DIR", filepath.Join(t.TempDir(), "elsewhere"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(t.TempDir(), "index"))
	if _, err := r.Resolve(t.Context(), ""); err != nil {
		t.Error(err)
	}
}
