package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"parsec/cmd/perf/internal/cachegrind"
	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
	"parsec/cmd/perf/internal/verdict"
)

const instrHelp = `
usage: perf instr [-bench REGEX] [-json] [BASE [HEAD]]

Counts the instructions that an operation of a benchmark takes, with valgrind's cachegrind: of the working
tree, or of BASE and HEAD (without HEAD the working tree) side by side. An operation is a whole graph.

GOMAXPROCS=1, GOGC=off and GODEBUG=asyncpreemptoff=1; each benchmark runs twice, for different numbers of
operations, and the slope is taken, so that start-up cancels. Benchmarks run without the counting of memory.

-json prints an object for each benchmark: benchmark, base and head (instructions an operation; head is 0
if there is only one commit).

exit status: 0 done; 2 usage, no valgrind, or it could not be done; 130 interrupted.
`

// instrShort are the benchmarks whose instructions are counted where it is to be quick.
const instrShort = "Replay/mode/peers=8$"

func instrCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("instr", flag.ContinueOnError)
	bench := fs.String("bench", instrShort, "benchmarks that match `REGEX`")
	asJSON := fs.Bool("json", false, "print JSON, an object a line")
	if status, ok := parse(fs, instrHelp, args, stdout, stderr); !ok {
		return status
	}
	if fs.NArg() > 2 {
		return wrongUsage("instr", "name two commits at most", stderr)
	}
	if err := cachegrind.Available(); err != nil {
		return ended(ctx, "instr", err, stderr)
	}
	say := newProgress("instr", stderr)
	err := countCommits(ctx, say, *bench, fs.Args(), func(counts []verdict.Instructions) error {
		say.Clear()
		if *asJSON {
			return writeCounts(stdout, counts)
		}
		return printCounts(stdout, counts)
	})
	say.Clear()
	return ended(ctx, "instr", err, stderr)
}

// countCommits counts at one commit or two and has show print what came out.
func countCommits(ctx context.Context, say *progress, bench string, revs []string, show func([]verdict.Instructions) error) (err error) {
	repo, err := checkout.Find(ctx, ".")
	if err != nil {
		return err
	}
	p := trial.Short
	revs = slices.Clone(revs)
	if len(revs) < 2 {
		revs = append(revs, "") // the working tree
	}
	var binaries []trial.Binary
	for _, rev := range revs {
		tree, side, err := openSide(ctx, repo, p, say, "commit", rev)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tree.Close()) }()
		binaries = append(binaries, side.Binaries[0])
	}
	if len(binaries) == 1 {
		binaries = append(binaries, trial.Binary{})
	}
	counts, err := countPair(ctx, say, bench, binaries[0], binaries[1], func(string) bool { return false })
	if err != nil {
		return err
	}
	return show(counts)
}

// countPair counts the instructions of the benchmarks of one build, and of the same of another if that has
// a path. The two run at once: a count does not mind. gone says which benchmarks the other may lack.
func countPair(ctx context.Context, say *progress, bench string, one, other trial.Binary, gone func(name string) bool) ([]verdict.Instructions, error) {
	names, operations, err := cachegrind.Benchmarks(ctx, one, bench)
	if err != nil {
		return nil, err
	}
	if other.Path != "" {
		has, _, err := cachegrind.Benchmarks(ctx, other, bench)
		if err != nil && !errors.Is(err, samples.ErrEmpty) {
			return nil, fmt.Errorf("head: %w", err)
		}
		var both []string
		for _, name := range names {
			switch {
			case slices.Contains(has, name):
				both = append(both, name)
			case !gone(name):
				return nil, fmt.Errorf("%s has vanished from head", name)
			}
		}
		names = both
	}
	say.phase("counting instructions of %d benchmarks", len(names))
	step, start := say.step("instructions of benchmarks"), time.Now()
	var all []verdict.Instructions
	for i, name := range names {
		step(i, len(names), time.Since(start))
		v := verdict.Instructions{Benchmark: name}
		type count struct {
			n   float64
			err error
		}
		head := make(chan count, 1)
		go func() {
			var c count
			if other.Path != "" {
				c.n, c.err = cachegrind.Count(ctx, other, name, operations[name])
			}
			head <- c
		}()
		var err error
		v.Base, err = cachegrind.Count(ctx, one, name, operations[name])
		c := <-head
		if err = errors.Join(err, c.err); err != nil {
			return nil, err
		}
		v.Head = c.n
		all = append(all, v)
	}
	return all, nil
}

func printCounts(w io.Writer, counts []verdict.Instructions) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range counts {
		if c.Head == 0 {
			fmt.Fprintf(tw, "%s\t%.0f instructions/op\n", c.Benchmark, c.Base)
		} else {
			fmt.Fprintf(tw, "%s\t%.0f\t%.0f instructions/op\t%+.3f %%\n", c.Benchmark, c.Base, c.Head, 100*(c.Head/c.Base-1))
		}
	}
	return tw.Flush()
}

func writeCounts(w io.Writer, counts []verdict.Instructions) error {
	out := json.NewEncoder(w)
	for _, c := range counts {
		if err := out.Encode(map[string]any{"benchmark": c.Benchmark, "base": c.Base, "head": c.Head}); err != nil {
			return err
		}
	}
	return nil
}
