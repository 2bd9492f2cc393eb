package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/trial"
	"parsec/profiles/flame"
)

const flameHelp = `
usage: perf flame -bench REGEX [-type TYPE] [-diff BASE] [-pkg PKG] [-time D] [-from REGEX] -o FILE... [REV]
       perf flame -bench REGEX [...] -web ADDR [REV]

Runs the benchmarks that match at REV, or in the working tree as it is, and draws where the cost is as a
flame graph: a page that needs nothing beside it. With -diff it draws what REV costs more (red) or less
(green) than BASE.

  -type cpu             time on the processor, from a hundred samples a second
  -type alloc_space     bytes allocated; every allocation counts
  -type alloc_objects   heap objects allocated; every allocation counts
  -type block           waiting for channels and the like
  -type mutex           holding a lock that another goroutine waits for

Each type has a run of its own: noting every allocation costs time.

Both sides of a difference do the same work: a trial run of REV finds how many iterations -time allows, and
then both run exactly so many, in turns (REV, BASE, BASE, REV). Where both report events/s and an iteration
of one has more events than of the other, the base is scaled to as many. Percentages are of the base's
total. This tells which functions changed; whether the change is more than noise is for perf compare.

The benchmarks of ./bench read recordings and collect garbage between the iterations. What is drawn is what
they measure, the stacks from measure.Feed on, and for allocations also the making of the engine; of other
packages it is the whole process. For block and mutex it is the whole process without the waiting of
package testing and the locks of the runtime. -from REGEX draws the stacks from the outermost function that
matches instead; -from . is the whole process.

exit status: 0 done; 2 usage, no such benchmark, nothing to draw, or something could not be built, run or
written; 130 interrupted; no file is left half-written.
`

// flameOptions are what the command line asks for.
type flameOptions struct {
	bench     string
	kind      flameKind
	diff      bool
	base, rev string // revisions; rev is "" for the working tree
	pkg       string // as in "./bench"
	time      benchtime
	from      *regexp.Regexp // nil for the kind's own
	files     []string
	web       string // address to listen at, "" for none
}

func flameCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, status, ok := flameFlags(args, stdout, stderr)
	if !ok {
		return status
	}
	job := &flameJob{flameOptions: o, stdout: stdout, progress: newProgress("flame", stderr)}
	err := job.do(ctx)
	job.progress.Clear()
	if err == nil {
		return exitDone // an interrupt that came later, or that ended the web view, interrupted nothing
	}
	return ended(ctx, "flame", err, stderr)
}

// flameFlags reads the command line. If ok is false the command ends with that status.
func flameFlags(args []string, stdout, stderr io.Writer) (o flameOptions, status int, ok bool) {
	fs := flag.NewFlagSet("flame", flag.ContinueOnError)
	fs.StringVar(&o.bench, "bench", "", "run the benchmarks that match `REGEX`, as go test -bench has it")
	kind := fs.String("type", "cpu", "what to draw: "+strings.Join(flameKindNames(), ", "))
	fs.StringVar(&o.base, "diff", "", "draw the difference to commit `BASE`")
	pkg := fs.String("pkg", "./bench", "the package that has the benchmarks")
	o.time = benchtime{d: 5 * time.Second}
	fs.Var(&o.time, "time", "how long to run each benchmark, `D` as in 10s, or how often, as in 100x")
	from := fs.String("from", "", "draw only the stacks from functions on that match `REGEX` (default: what is measured)")
	fs.Func("o", "write `FILE`: .html is the page, .pprof the profile itself; may be given twice", func(name string) error {
		if flameFormat(name) == "" {
			return errors.New("want a name that ends in .html or .pprof")
		}
		o.files = append(o.files, name)
		return nil
	})
	fs.StringVar(&o.web, "web", "", "then show pprof's own web view at `ADDR`, such as :8080; only to this machine, unless ADDR has a host")
	if status, ok := parse(fs, flameHelp, args, stdout, stderr); !ok {
		return o, status, false
	}
	bad := func(format string, args ...any) (flameOptions, int, bool) {
		return o, wrongUsage("flame", fmt.Sprintf(format, args...), stderr), false
	}
	var err error
	fs.Visit(func(f *flag.Flag) { o.diff = o.diff || f.Name == "diff" })
	if o.kind, ok = flameKindOf(*kind); !ok {
		return bad("-type %q: want one of %s", *kind, strings.Join(flameKindNames(), ", "))
	}
	if *from != "" {
		if o.from, err = regexp.Compile(*from); err != nil {
			return bad("-from: %v", err)
		}
	}
	switch o.pkg = path.Clean(filepath.ToSlash(*pkg)); {
	case path.IsAbs(o.pkg) || filepath.IsAbs(*pkg) || o.pkg == ".." || strings.HasPrefix(o.pkg, "../"):
		return bad("-pkg %s: want a folder of the module, such as ./bench", *pkg)
	case o.pkg != ".":
		o.pkg = "./" + o.pkg
	}
	switch {
	case o.bench == "":
		return bad("-bench: say which benchmark; go test -list Benchmark %s lists them", o.pkg)
	case o.diff && o.base == "":
		return bad("-diff: say which commit")
	case len(o.files) == 0 && o.web == "":
		return bad("say where the page goes: -o FILE.html")
	case fs.NArg() > 1:
		return bad("one REV at most, not %q; flags come before it", fs.Args())
	}
	// The test binary would say the same, but only after it was built.
	if _, err := regexp.Compile(o.bench); err != nil {
		return bad("-bench: %v", err)
	}
	o.rev = fs.Arg(0)
	return o, 0, true
}

// flameJob is the work of `perf flame`.
type flameJob struct {
	flameOptions
	stdout   io.Writer
	progress *progress
}

// do does everything, in order. Files and the address are tried first: what cannot be used is found out
// before the minutes of work. But the commits come before them, or a file of ours would be in the working
// tree.
func (j *flameJob) do(ctx context.Context) (err error) {
	repo, err := checkout.Find(ctx, ".")
	if err != nil {
		return err
	}
	rev, err := repo.Resolve(ctx, j.rev)
	if err != nil {
		return err
	}
	var against checkout.Commit
	if j.diff {
		if against, err = repo.Resolve(ctx, j.base); err != nil {
			return err
		}
	}
	var files []*program.Pending
	defer func() {
		for _, f := range files {
			f.Discard()
		}
	}()
	for _, name := range j.files {
		f, err := newFlameFile(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	var listener net.Listener
	if j.web != "" {
		if listener, err = listenFor(j.web); err != nil {
			return err
		}
		defer listener.Close()
	}
	head, err := j.build(ctx, repo, rev)
	if err != nil {
		return err
	}
	defer j.closing(head, &err)

	var shown *flameGraph
	if j.diff {
		base, e := j.build(ctx, repo, against)
		if e != nil {
			return e
		}
		shown, e = j.difference(ctx, base, head)
		if e := errors.Join(e, base.tree.Close()); e != nil {
			return e
		}
	} else if shown, err = j.single(ctx, head); err != nil {
		return err
	}
	for _, f := range files {
		if err := shown.write(f); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	j.progress.Clear()
	for _, f := range files {
		if err := f.Commit(); err != nil {
			return err
		}
		fmt.Fprintln(j.stdout, f.Path)
	}
	fmt.Fprintln(j.stdout, shown.view.Title)
	for _, n := range shown.view.Notes {
		fmt.Fprintln(j.stdout, "  "+n)
	}
	if listener != nil {
		j.progress.phase("showing it at http://%s until interrupted", listener.Addr())
		return shown.view.Serve(ctx, listener, shown.profile, head.module(ctx), head.tree.Dir)
	}
	return nil
}

// closing closes a tree and adds what goes wrong to err.
func (j *flameJob) closing(s *flameSide, err *error) {
	*err = errors.Join(*err, s.tree.Close())
}

// build makes a commit's test binary.
func (j *flameJob) build(ctx context.Context, repo *checkout.Repo, commit checkout.Commit) (*flameSide, error) {
	j.progress.phase("building the tests of %s at %v", j.pkg, commit)
	tree, err := repo.Open(ctx, commit)
	if err != nil {
		return nil, err
	}
	binary, err := tree.BuildTests(ctx, j.pkg)
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	return &flameSide{tree, trial.Binary{Package: j.pkg, Path: binary, Dir: tree.PackageDir(j.pkg)}}, nil
}

// listenFor listens at an address of -web: on this machine alone if it names no host.
func listenFor(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-web %s: %w; want an address such as :8080", address, err)
	}
	if host == "" {
		host = "localhost"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("-web %s: %w", address, err)
	}
	return l, nil
}

// single profiles one commit.
func (j *flameJob) single(ctx context.Context, head *flameSide) (*flameGraph, error) {
	j.progress.phase("profiling %s for %v", j.bench, &j.time)
	run, err := head.run(ctx, j.bench, j.time.String(), &j.kind)
	if err != nil {
		return nil, err
	}
	if len(run.results) == 0 {
		return nil, j.unknown(ctx, head)
	}
	p := j.cut(run.profile)
	if err := j.checkSamples(p, head); err != nil {
		return nil, err
	}
	var notes []string
	for _, r := range run.results {
		notes = append(notes, fmt.Sprintf("%s: iterations: %d", r.name, r.iterations))
	}
	return &flameGraph{
		profile: flame.Portable(p),
		view: flame.View{
			Value: j.kind.value,
			Title: fmt.Sprintf("%s of %s at %v", j.kind.name, subject(j.bench, run.results), head.tree.Commit),
			Notes: append(notes, j.notes(p, "")...),
		},
	}, nil
}

// subject is what to call that which was profiled.
func subject(regex string, results []flameResult) string {
	if len(results) == 1 {
		return results[0].name
	}
	return fmt.Sprintf("%d benchmarks that match %s", len(results), regex)
}
