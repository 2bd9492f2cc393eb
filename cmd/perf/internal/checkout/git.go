package checkout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Repo is a git repository with a working tree.
type Repo struct {
	Root string // the top folder of the working tree, absolute
}

// Commit is one state of the tree.
type Commit struct {
	Hash  string // in full
	Short string // what git abbreviates it to
	Name  string // what the user called it, or "working tree"
}

// WorkingTree is the name of the commit that Resolve makes of uncommitted changes.
const WorkingTree = "working tree"

// String returns the name and the short hash, for messages.
func (c Commit) String() string {
	if c.Name == c.Short || c.Name == c.Hash {
		return c.Short
	}
	return fmt.Sprintf("%s (%s)", c.Name, c.Short)
}

// Find returns the repository that dir is in.
func Find(ctx context.Context, dir string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%s is not in a git working tree: %w", dir, err)
	}
	return &Repo{Root: filepath.FromSlash(root)}, nil
}

// Resolve returns the commit that rev names: a hash, a branch, a tag, HEAD~2. With "" it is the working
// tree as it is: tracked files and untracked ones that are not ignored. Unless it equals HEAD, those
// become a commit that no branch knows, always the same one for the same content.
func (r *Repo) Resolve(ctx context.Context, rev string) (Commit, error) {
	if rev == "" {
		return r.snapshot(ctx)
	}
	hash, err := git(ctx, r.Root, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	switch {
	case ctx.Err() != nil:
		return Commit{}, ctx.Err()
	case err != nil:
		hint := ""
		if r.Shallow(ctx) {
			hint = "; this clone is shallow and may lack it: git fetch --unshallow"
		}
		return Commit{}, fmt.Errorf("no commit is called %q%s", rev, hint)
	}
	return r.commit(ctx, hash, rev)
}

func (r *Repo) commit(ctx context.Context, hash, name string) (Commit, error) {
	short, err := git(ctx, r.Root, nil, "rev-parse", "--short", hash)
	return Commit{Hash: hash, Short: short, Name: name}, err
}

// Shallow reports whether the clone lacks history.
func (r *Repo) Shallow(ctx context.Context) bool {
	out, err := git(ctx, r.Root, nil, "rev-parse", "--is-shallow-repository")
	return err == nil && out == "true"
}

// Git runs git in the repository's folder and returns what it prints, without the last line's end.
func (r *Repo) Git(ctx context.Context, args ...string) (string, error) {
	return git(ctx, r.Root, nil, args...)
}

// snapshot makes a commit of the working tree by an index of its own.
func (r *Repo) snapshot(ctx context.Context) (Commit, error) {
	dir, err := os.MkdirTemp("", "parsec-index-")
	if err != nil {
		return Commit{}, err
	}
	defer os.RemoveAll(dir)
	env := []string{
		"GIT_INDEX_FILE=" + filepath.Join(dir, "index"),
		"GIT_AUTHOR_NAME=perf", "GIT_AUTHOR_EMAIL=perf@localhost", "GIT_AUTHOR_DATE=2000-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=perf", "GIT_COMMITTER_EMAIL=perf@localhost", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z",
	}
	head, err := git(ctx, r.Root, nil, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return Commit{}, ctx.Err()
		}
		return Commit{}, errors.New("the repository has no commit yet")
	}
	if _, err := git(ctx, r.Root, env, "read-tree", head); err != nil {
		return Commit{}, err
	}
	if _, err := git(ctx, r.Root, env, "add", "-A"); err != nil {
		return Commit{}, fmt.Errorf("reading the working tree: %w", err)
	}
	tree, err := git(ctx, r.Root, env, "write-tree")
	if err != nil {
		return Commit{}, err
	}
	committed, err := git(ctx, r.Root, nil, "rev-parse", head+"^{tree}")
	if err != nil {
		return Commit{}, err
	}
	if tree == committed {
		return r.commit(ctx, head, "HEAD")
	}
	hash, err := git(ctx, r.Root, env, "commit-tree", "--no-gpg-sign", "-p", head, "-m", WorkingTree, tree)
	if err != nil {
		return Commit{}, err
	}
	return r.commit(ctx, hash, WorkingTree)
}

// git runs git in dir with env added to the environment. The error has what git said in it.
func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	// The tree may belong to another user, as in a container. Its hooks are not run.
	args = append([]string{"-c", "safe.directory=*", "-c", "core.hooksPath=" + os.DevNull}, args...)
	cmd := Command(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(clean(os.Environ()), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if said := strings.TrimSpace(stderr.String()); said != "" {
			err = fmt.Errorf("git %s: %s", args[4], said)
		}
		return "", err
	}
	return strings.TrimRight(string(out), "\r\n"), nil
}

// Command is exec.CommandContext for programs that tidy up when they are interrupted: they are, and
// killed if they have not ended some seconds later.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill() // Windows has no interrupt to send
		}
		return nil
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// clean returns env without what git tells its hooks about the repository they run for: it would send
// git to another one, or to another index.
func clean(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
			"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE":
			return true
		}
		return false
	})
}
