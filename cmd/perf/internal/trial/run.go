package trial

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/samples"
)

// Side is one build to be run.
type Side struct {
	Label    string // for messages and the raw file: "base"
	About    string // what it is, for the raw file: a commit
	Binaries []Binary
	Env      []string // added to the environment

	// What Run leaves here: everything that the processes printed.
	Raw []byte
}

// Binary is the built tests of a package.
type Binary struct {
	Package string // as in "./bench"
	Path    string
	Dir     string // where it runs
}

// Build builds the tests of the profile's packages.
func (p Profile) Build(ctx context.Context, t *checkout.Tree) ([]Binary, error) {
	var all []Binary
	for _, pkg := range p.Packages {
		path, err := t.BuildTests(ctx, pkg)
		if err != nil {
			return nil, err
		}
		all = append(all, Binary{pkg, path, t.PackageDir(pkg)})
	}
	return all, nil
}

// Progress is told before each process how many of how many have ended, and how long those took.
type Progress func(done, of int, took time.Duration)

// Run runs all sides and returns their samples. The first process that fails ends it, with an error that
// has the end of its output in it. The error is ctx's if ctx ends.
func (p Profile) Run(ctx context.Context, progress Progress, sides ...*Side) ([]*samples.Arm, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	for _, s := range sides {
		s.Raw = p.header(s)
	}
	start := time.Now()
	done, of := 0, p.Samples*len(sides)
	for round, turn := range order(len(sides), p.Samples) {
		for _, i := range turn {
			progress(done, of, time.Since(start))
			s := sides[i]
			for _, b := range s.Binaries {
				out, err := p.sample(ctx, b, s.Env)
				switch {
				case ctx.Err() != nil:
					return nil, ctx.Err()
				case err != nil:
					return nil, fmt.Errorf("sample %d of %s: %w", round+1, s.Label, err)
				}
				s.Raw = fmt.Appendf(s.Raw, "\n# sample %d, process %d of %d\n%s: %s\n%s", round+1, done+1, of, samples.PackageKey, b.Package, out)
			}
			done++
		}
	}
	progress(done, of, time.Since(start))
	arms := make([]*samples.Arm, len(sides))
	for i, s := range sides {
		var err error
		if arms[i], err = samples.Parse(s.Raw, s.Label); err != nil {
			return nil, err
		}
	}
	return arms, nil
}

// header returns what a raw file begins with. What tells the sides apart is in comments: benchstat would
// take configuration lines that differ for other experiments and not compare them.
func (p Profile) header(s *Side) []byte {
	return fmt.Appendf(nil, "# %s: %s\n# profile %s: -test.bench '%s' -test.benchtime %s, %d samples, each in a process of its own, sides in turns\n",
		s.Label, s.About, p.Name, p.Bench, p.Time, p.Samples)
}

// longest is how long one process may take: it is there for those that hang.
const longest = 10 * time.Minute

// sample runs the benchmarks once, in a process.
func (p Profile) sample(ctx context.Context, b Binary, env []string) ([]byte, error) {
	return b.Run(ctx, env, nil, "-test.run=^$", "-test.bench="+p.Bench, "-test.benchtime="+p.Time, "-test.count=1",
		"-test.timeout="+longest.String())
}

// Run runs benchmarks of the binary, as Output does. Output without a benchmark in it is samples.ErrEmpty.
func (b Binary) Run(ctx context.Context, env, wrapper []string, args ...string) ([]byte, error) {
	stdout, stderr, err := b.output(ctx, env, wrapper, args...)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Contains(stdout, []byte("\nPASS\n")) && !bytes.HasPrefix(stdout, []byte("PASS\n")):
		return nil, fmt.Errorf("%s: ended without PASS\n%s", b.Package, tail(stdout, stderr))
	case !result.Match(stdout):
		return nil, fmt.Errorf("%s: %w\n%s", b.Package, samples.ErrEmpty, tail(stdout, stderr))
	}
	return stdout, nil
}

var result = regexp.MustCompile(`(?m)^Benchmark\S*[ \t]+[0-9]+[ \t]`)

// Output runs the binary, by the program and arguments in wrapper if there are any, and returns its standard
// output. It gets the process's environment without what would change benchmarks, and env: only the sides
// say what is injected. If it fails the error has the end of its output in it; it is ctx's if ctx ends.
func (b Binary) Output(ctx context.Context, env, wrapper []string, args ...string) ([]byte, error) {
	stdout, _, err := b.output(ctx, env, wrapper, args...)
	return stdout, err
}

func (b Binary) output(ctx context.Context, env, wrapper []string, args ...string) (stdout, stderr []byte, err error) {
	line := slices.Concat(wrapper, []string{b.Path}, args)
	cmd := checkout.Command(ctx, line[0], line[1:]...)
	cmd.Dir = b.Dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PARSEC_BENCH_") })
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = fmt.Errorf("%s: %w\n%s", b.Package, err, tail(out.Bytes(), errs.Bytes()))
	}
	return out.Bytes(), errs.Bytes(), err
}

// tail returns the last lines of what a process said.
func tail(stdout, stderr []byte) string {
	lines := strings.Split(strings.TrimSpace(string(stdout)+string(stderr)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
