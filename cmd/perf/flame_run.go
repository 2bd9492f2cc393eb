package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
	"golang.org/x/perf/benchfmt"

	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/trial"
	"parsec/profiles/flame"
)

// flameSide is a commit's test binary.
type flameSide struct {
	tree   *checkout.Tree
	binary trial.Binary
}

// flameRun is what one process did.
type flameRun struct {
	results []flameResult
	profile *profile.Profile // nil if none was asked for
}

// flameResult is a line of a benchmark's output.
type flameResult struct {
	name       string  // without "Benchmark" and the number of processors
	iterations int     // all that the process did, if the benchmark uses b.Loop
	seconds    float64 // per iteration, of what is timed
	events     float64 // per iteration; 0 if it is not reported
}

// run runs the benchmarks that match in a process of their own. kind says what to profile, nil nothing.
func (s *flameSide) run(ctx context.Context, bench, benchtime string, kind *flameKind) (*flameRun, error) {
	args := []string{"-test.run=^$", "-test.bench=" + bench, "-test.benchtime=" + benchtime, "-test.timeout=0"}
	file := s.binary.Path + ".pprof" // goes with the tree
	if kind != nil {
		args = append(args, kind.file+"="+file)
		args = append(args, kind.args...)
	}
	out, err := s.start(ctx, args...)
	if err != nil {
		return nil, err
	}
	run := &flameRun{}
	if run.results, err = readResults(out); err != nil {
		return nil, fmt.Errorf("reading what the benchmarks at %v print: %w", s.tree.Commit, err)
	}
	if kind != nil {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("the tests at %v wrote no profile: %w", s.tree.Commit, err)
		}
		defer os.Remove(file)
		defer f.Close()
		if run.profile, err = profile.Parse(f); err != nil {
			return nil, fmt.Errorf("the profile of the tests at %v: %w", s.tree.Commit, err)
		}
	}
	return run, nil
}

// start runs the binary and returns what it prints.
func (s *flameSide) start(ctx context.Context, args ...string) ([]byte, error) {
	out, err := s.binary.Output(ctx, nil, nil, args...)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the tests at %v failed: %w", s.tree.Commit, err)
	}
	return out, err
}

// module returns the path of the commit's module, or "".
func (s *flameSide) module(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "go", "list", "-m")
	cmd.Dir, cmd.Env = s.tree.Dir, append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func readResults(out []byte) ([]flameResult, error) {
	var results []flameResult
	r := benchfmt.NewReader(bytes.NewReader(out), "output")
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			base, parts := rec.Name.Parts()
			name := string(base)
			for _, p := range parts {
				if p[0] == '/' {
					name += string(p)
				}
			}
			res := flameResult{name: name, iterations: rec.Iters}
			res.seconds, _ = rec.Value("sec/op")
			if rate, ok := rec.Value("events/s"); ok {
				res.events = rate * res.seconds
			}
			results = append(results, res)
		}
	}
	return results, r.Err()
}

// unknown is the error that no benchmark matches.
func (j *flameJob) unknown(ctx context.Context, s *flameSide) error {
	out, err := s.start(ctx, "-test.list=^Benchmark")
	if err != nil {
		return err
	}
	there := "it has none"
	if names := strings.Fields(string(out)); len(names) > 0 {
		there = "it has " + strings.Join(names, ", ")
	}
	return fmt.Errorf("no benchmark of %s at %v matches %q: %s", j.pkg, s.tree.Commit, j.bench, there)
}

// cut returns p without what is not to be drawn. p is changed.
func (j *flameJob) cut(p *profile.Profile) *profile.Profile {
	if j.kind.others != nil {
		p.FilterSamplesByName(nil, j.kind.others, nil, nil)
	}
	if from := j.cutFrom(); from != nil {
		p.ShowFrom(from)
	}
	return p
}

// cutFrom returns the functions from which on stacks are drawn, nil for all of them.
func (j *flameJob) cutFrom() *regexp.Regexp {
	switch {
	case j.from != nil:
		return j.from
	case j.pkg == "./bench":
		return j.kind.measured
	}
	return nil
}

// checkSamples returns an error if there is nothing to draw of a side, which says what to do.
func (j *flameJob) checkSamples(p *profile.Profile, s *flameSide) error {
	k := valueIndex(p, j.kind.value)
	if k < 0 {
		return fmt.Errorf("%w: %q", flame.ErrValue, j.kind.value)
	}
	if slices.ContainsFunc(p.Sample, func(s *profile.Sample) bool { return s.Value[k] != 0 }) {
		return nil
	}
	where := ""
	if from := j.cutFrom(); from != nil {
		where = fmt.Sprintf(", or no function matches %s (-from names others)", from)
	}
	return fmt.Errorf("%s of %s at %v: %w: %s%s; a longer -time than %v may find some",
		j.kind.name, j.bench, s.tree.Commit, flame.ErrNoSamples, j.kind.what, where, &j.time)
}

// only returns the -bench that matches one benchmark and no other.
func only(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
