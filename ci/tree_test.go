package ci

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the module's folder, as a test of this package sees it.
const root = ".."

// walk calls visit for every regular file of the tree below dir that belongs to the project: nothing
// in hidden folders, nor what benchmark runs leave behind. Names are relative to dir, with slashes.
//
// The tests read the tree's files by themselves, not only through the go command, for a second
// reason: go test caches a pass, and knows only by what a test opened that it must run again.
func walk(t *testing.T, dir string, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		switch {
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || name == "results/latest"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// goCommand runs the go command in dir, with env added to the environment, and returns what it printed
// on its standard output.
func goCommand(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = slices.Concat(os.Environ(), []string{"GOWORK=off"}, env)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// modulePath returns the path of the module, which the project's owner may have changed.
func modulePath(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(goCommand(t, root, nil, "list", "-m"))
}
