// Command rehome moves the module to another path: it rewrites go.mod, the imports of every Go file,
// and the import and install lines in comments and Markdown.
//
//	go run ./ci/rehome [-C folder] host/owner/parsec
//
// It looks at files and not at git, so it works in an unpacked archive. A second run changes nothing.
// All files are rewritten in memory before the first is written, and the root's go.mod is written
// last: a run that was cut short can be repeated.
//
// What it cannot know it leaves alone and, where it can see it, names: string literals that hold the
// old path, anything under a testdata folder, profiles (they hold the old function names).
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	root := flag.String("C", ".", "the `folder` that go.mod is in")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: rehome [-C folder] host/owner/parsec")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := rehome(os.Stdout, *root, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "rehome:", err)
		os.Exit(1)
	}
}

// rehome moves the module in root to the path to and says on out what it did.
func rehome(out io.Writer, root, to string) error {
	if err := checkPath(to); err != nil {
		return err
	}
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	from, err := modulePath(gomod)
	if err != nil {
		return err
	}
	if from == to {
		fmt.Fprintf(out, "rehome: the module is %s already\n", to)
		return nil
	}
	changed, notes, err := rewriteTree(root, from, to)
	if err != nil {
		return err
	}
	for _, f := range changed {
		if err := os.WriteFile(filepath.Join(root, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	for _, n := range notes {
		fmt.Fprintln(out, "rehome: left alone:", n)
	}
	fmt.Fprintf(out, "rehome: %s is now %s: %d files changed\n", from, to, len(changed))
	return nil
}

// file is a file's path below the root and its new contents.
type file struct {
	name string
	data []byte
}

// rewriteTree returns the files that change, the root's go.mod last, and notes on places that hold
// the old path and do not change. It writes nothing.
func rewriteTree(root, from, to string) (changed []file, notes []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := path != root && strings.HasPrefix(d.Name(), ".")
			if hidden || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		var rewrite func(name string, src []byte, from, to string) ([]byte, []string, error)
		switch {
		case d.Name() == "go.mod":
			rewrite = rewriteMod
		case strings.HasSuffix(path, ".go"):
			rewrite = rewriteGo
		case strings.HasSuffix(path, ".md"):
			rewrite = rewriteMarkdown
		default:
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data, n, err := rewrite(name, src, from, to)
		if err != nil {
			return err
		}
		notes = append(notes, n...)
		if !bytes.Equal(src, data) {
			changed = append(changed, file{name, data})
		}
		return nil
	})
	for i, f := range changed {
		if f.name == "go.mod" {
			changed = append(append(changed[:i:i], changed[i+1:]...), f)
			break
		}
	}
	return changed, notes, err
}

var moduleLine = regexp.MustCompile(`(?m)^\s*module\s+"?([^\s"]+)"?`)

// modulePath returns the path in a go.mod's module line.
func modulePath(gomod []byte) (string, error) {
	m := moduleLine.FindSubmatch(gomod)
	if m == nil {
		return "", fmt.Errorf("go.mod has no module line")
	}
	return string(m[1]), nil
}

var (
	hostName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$`)
	element  = regexp.MustCompile(`^[A-Za-z0-9_~-]([A-Za-z0-9._~-]*[A-Za-z0-9_~-])?$`)
	version  = regexp.MustCompile(`^v[0-9]+$`)
	major    = regexp.MustCompile(`^v([2-9]|[1-9][0-9]+)$`)
)

// checkPath reports, as an error, why others could not import a module of this path. It is stricter
// than the go command in one thing: the path must start with a host, or nobody can fetch it.
func checkPath(path string) error {
	bad := func(why string) error {
		return fmt.Errorf("bad module path %q: %s (want host/owner/parsec, such as example.com/owner/parsec)", path, why)
	}
	if path == "" {
		return bad("it is empty")
	}
	if strings.Contains(path, "://") {
		return bad("it is an address; leave the scheme out")
	}
	if strings.Contains(path, "@") {
		return bad("it names a version or a user; leave that out")
	}
	parts := strings.Split(path, "/")
	for _, p := range parts {
		if p == "" {
			return bad("it has an empty element")
		}
	}
	if !hostName.MatchString(parts[0]) {
		return bad(fmt.Sprintf("%q is not a host name in lower case", parts[0]))
	}
	if len(parts) < 2 {
		return bad("it has a host only")
	}
	for _, p := range parts[1:] {
		if !element.MatchString(p) {
			return bad(fmt.Sprintf("%q is not a path element", p))
		}
	}
	if last := parts[len(parts)-1]; version.MatchString(last) && !major.MatchString(last) {
		return bad(fmt.Sprintf("%q is not a major version from v2 up", last))
	}
	return nil
}
