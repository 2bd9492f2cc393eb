package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
)

// profileFlags are the flags by which compare and gate say what is run.
type profileFlags struct {
	short      bool
	bench, pkg string
	benchtime  string
	samples    int
	dir        string
	json       bool
}

func (f *profileFlags) register(fs *flag.FlagSet) {
	fs.BoolVar(&f.short, "short", false, "the short profile: "+describe(trial.Short))
	fs.StringVar(&f.bench, "bench", "", "benchmarks that match `REGEX`, as for go test -bench")
	fs.StringVar(&f.pkg, "pkg", "", "benchmarks of these `packages`, separated by commas (default ./bench)")
	fs.StringVar(&f.benchtime, "benchtime", "", "go test's -benchtime in each process, as 5x or 50ms")
	fs.IntVar(&f.samples, "samples", 0, "`N` samples of each side, 10 to 50; no more are taken, whatever comes out")
	fs.StringVar(&f.dir, "o", "", "write base.txt and head.txt into folder `DIR` (default results/compare/BASE-HEAD)")
	fs.BoolVar(&f.json, "json", false, "print JSON, an object a line")
}

// profile returns the profile that the flags ask for.
func (f *profileFlags) profile() (trial.Profile, error) {
	p := trial.Full
	if f.short {
		p = trial.Short
	}
	custom := false
	if f.bench != "" {
		p.Bench, custom = f.bench, true
	}
	if f.pkg != "" {
		p.Packages, custom = strings.Split(f.pkg, ","), true
	}
	if f.benchtime != "" {
		p.Time, custom = f.benchtime, true
	}
	if f.samples != 0 {
		p.Samples, custom = f.samples, true
	}
	if custom {
		p.Name = "custom"
	}
	return p, p.Check()
}

func describe(p trial.Profile) string {
	return fmt.Sprintf("-bench '%s' -benchtime %s -samples %d", p.Bench, p.Time, p.Samples)
}

// pair is two commits, built.
type pair struct {
	repo       *checkout.Repo
	base, head *checkout.Tree
	baseSide   *trial.Side
	headSide   *trial.Side
}

// openPair checks out and builds base and head; head "" is the working tree. The caller closes it.
func openPair(ctx context.Context, p trial.Profile, say *progress, base, head string) (_ *pair, err error) {
	repo, err := checkout.Find(ctx, ".")
	if err != nil {
		return nil, err
	}
	q := &pair{repo: repo}
	defer func() {
		if err != nil {
			err = errors.Join(err, q.close())
		}
	}()
	if q.base, q.baseSide, err = openSide(ctx, repo, p, say, "base", base); err != nil {
		return nil, err
	}
	q.head, q.headSide, err = openSide(ctx, repo, p, say, "head", head)
	return q, err
}

// openSide checks out and builds one commit.
func openSide(ctx context.Context, repo *checkout.Repo, p trial.Profile, say *progress, label, rev string) (*checkout.Tree, *trial.Side, error) {
	c, err := repo.Resolve(ctx, rev)
	if err != nil {
		return nil, nil, err
	}
	say.phase("building %s: %v", label, c)
	tree, err := repo.Open(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	binaries, err := p.Build(ctx, tree)
	if err != nil {
		return nil, nil, errors.Join(err, tree.Close())
	}
	return tree, &trial.Side{Label: label, About: c.Hash + " " + c.Name, Binaries: binaries}, nil
}

func (q *pair) close() error {
	var errs []error
	for _, t := range []*checkout.Tree{q.base, q.head} {
		if t != nil {
			errs = append(errs, t.Close())
		}
	}
	return errors.Join(errs...)
}

// measure runs both and keeps the raw output in dir.
func (q *pair) measure(ctx context.Context, p trial.Profile, say *progress, dir string) (base, head *samples.Arm, err error) {
	say.phase("%d processes of each side, in turns", p.Samples)
	arms, err := p.Run(ctx, say.step("processes"), q.baseSide, q.headSide)
	if err != nil {
		return nil, nil, err
	}
	for name, side := range map[string]*trial.Side{"base.txt": q.baseSide, "head.txt": q.headSide} {
		if err := writeFile(filepath.Join(dir, name), side.Raw); err != nil {
			return nil, nil, err
		}
	}
	return arms[0], arms[1], nil
}

// folder returns where the raw output goes.
func (q *pair) folder(dir string) string {
	if dir != "" {
		return dir
	}
	return filepath.Join(q.repo.Root, "results", "compare", q.base.Commit.Short+"-"+q.head.Commit.Short)
}
