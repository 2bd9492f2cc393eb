package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/floor"
	"parsec/cmd/perf/internal/ledger"
	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
)

const trackHelp = `
usage: perf track
       perf track -check
       perf track -last

Benchmarks HEAD and records it below results, to be committed: raw/COMMIT-MACHINE with the raw output
(bench.txt.zst), the environment and a manifest of BLAKE3 hashes (as of b3sum), and a line of
history.ndjson. Takes about a minute. A tree with uncommitted changes is refused.

What is recorded is for plots: no comparison uses it. The last tracked commit is what continuous
integration builds again and compares with.

-check says whether the engine (core, bench, workloads, go.mod, go.sum) has changed since the last tracked
commit, and verifies all manifests. -last prints that commit's hash, or nothing.

exit status: 0 done, and with -check: nothing has changed; 1 -check: the engine has changed since anything
was tracked; 2 usage, a damaged record, or it could not be done; 130 interrupted.
`

// engine is what makes the figures what they are.
var engine = []string{"core", "bench", "workloads", "go.mod", "go.sum"}

func trackCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("track", flag.ContinueOnError)
	check := fs.Bool("check", false, "say whether the engine has changed since the last tracked commit")
	last := fs.Bool("last", false, "print the last tracked commit")
	if status, ok := parse(fs, trackHelp, args, stdout, stderr); !ok {
		return status
	}
	if fs.NArg() > 0 || *check && *last {
		return wrongUsage("track", "one of -check and -last at most, and no arguments", stderr)
	}
	say := newProgress("track", stderr)
	changed := false
	err := func() error {
		repo, err := checkout.Find(ctx, ".")
		if err != nil {
			return err
		}
		l := ledger.Ledger{Dir: filepath.Join(repo.Root, "results")}
		switch {
		case *check:
			changed, err = checkTracked(ctx, repo, l, stdout)
			return err
		case *last:
			e, err := lastTracked(l)
			if err == nil && e != nil {
				fmt.Fprintln(stdout, e.Commit)
			}
			return err
		}
		return track(ctx, repo, l, say, stdout)
	}()
	say.Clear()
	if status := ended(ctx, "track", err, stderr); status != exitDone {
		return status
	}
	if changed {
		return exitFail
	}
	return exitDone
}

// lastTracked returns the last entry; nil if there is none.
func lastTracked(l ledger.Ledger) (*ledger.Entry, error) {
	all, err := l.Entries()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[len(all)-1], nil
}

// checkTracked reports whether the engine has changed since the last tracked commit.
func checkTracked(ctx context.Context, repo *checkout.Repo, l ledger.Ledger, stdout io.Writer) (changed bool, err error) {
	all, err := l.Entries()
	if err != nil {
		return false, err
	}
	for _, e := range all {
		if err := l.Verify(e); err != nil {
			return false, err
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(stdout, "nothing is tracked yet: make track records HEAD")
		return true, nil
	}
	e := all[len(all)-1]
	c, err := repo.Resolve(ctx, e.Commit)
	if err != nil {
		return false, fmt.Errorf("the last tracked commit: %w", err)
	}
	names, err := repo.Git(ctx, append([]string{"diff", "--name-only", c.Hash, "HEAD", "--"}, engine...)...)
	if err != nil {
		return false, err
	}
	if names != "" {
		fmt.Fprintf(stdout, "the engine has changed since %s was tracked, in %d files: make track records HEAD\n",
			c.Short, len(strings.Split(names, "\n")))
		return true, nil
	}
	fmt.Fprintf(stdout, "the engine is as it was when %s was tracked; %d records verified\n", c.Short, len(all))
	return false, nil
}

// track records HEAD.
func track(ctx context.Context, repo *checkout.Repo, l ledger.Ledger, say *progress, stdout io.Writer) (err error) {
	dirty, err := repo.Git(ctx, "status", "--porcelain")
	if err != nil {
		return err
	}
	if dirty != "" {
		return fmt.Errorf("there are uncommitted changes, and what is recorded would not be HEAD:\n%s", dirty)
	}
	p := trial.Full
	tree, side, err := openSide(ctx, repo, p, say, "commit", "HEAD")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	say.phase("%d processes", p.Samples)
	arms, err := p.Run(ctx, say.step("processes"), side)
	if err != nil {
		return err
	}
	machine := floor.Machine()
	e := ledger.Entry{
		Commit: tree.Commit.Hash, Recorded: time.Now().UTC().Format(time.RFC3339), Machine: machine,
		Folder: path.Join("raw", tree.Commit.Short+"-"+machine), Medians: medians(arms[0]),
	}
	env := map[string]string{
		"commit": e.Commit, "machine": machine, "go": runtime.Version(), "goos": runtime.GOOS, "goarch": runtime.GOARCH,
		"cores": strconv.Itoa(runtime.NumCPU()), "recorded": e.Recorded, "profile": describe(p),
	}
	if err := l.Add(e, side.Raw, env); err != nil {
		return err
	}
	say.Clear()
	_, err = fmt.Fprintf(stdout, "recorded %v in results/%s and results/history.ndjson: commit both\n", tree.Commit, e.Folder)
	return err
}

// medians returns microseconds an event of each benchmark, or seconds an operation where there are no
// events.
func medians(a *samples.Arm) map[string]float64 {
	all := map[string]float64{}
	for _, b := range a.Benchmarks {
		if s := b.Find("us/event"); s != nil {
			all[b.Name] = s.Median()
		} else if s := b.Find(samples.Time); s != nil {
			all[b.Name] = s.Median()
		}
	}
	return all
}
