package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"parsec/cmd/perf/internal/contrast"
)

const compareHelp = `
usage: perf compare [-bench REGEX] [-short] [-json] [-samples N] [-o DIR] BASE [HEAD]

Builds two commits in worktrees of their own and runs their benchmarks against each other: each sample in a
fresh process, the commits in turns (B H H B, H B B H). Without HEAD it is the working tree as it is,
uncommitted changes included. Takes about two minutes, or half a one with -short.

The number of samples is fixed before the first one is taken, and never raised by what comes out. Times are
compared by medians and the Mann-Whitney U test, the p-values corrected for the number of comparisons after
Holm and Bonferroni: if nothing has changed, at most one run in 200 shows any difference (-alpha).

Beside every time that does not differ stands what would have been seen: a slowdown by that much is called
one in 80 of 100 runs, by the spread that these samples have (resampled, at alpha divided by the number of
comparisons). Counters (allocations, bytes, events processed again) are compared as they are: any
difference is shown, but for two objects and 512 bytes an operation, which the runtime may allocate.

DIR gets base.txt and head.txt, in the Go benchmark format: go tool benchstat base.txt head.txt. (benchstat
does not correct for the number of comparisons, and so shows more differences.)

-json prints an object for each comparison: package, benchmark, unit, kind (time or counter), base and head
(median, low, high, n), delta (head over base, less 1; null where base is 0), differs; for times p, adjusted
(after correction) and detectable (null: not even 100 times); for what one side lacks, missing_in.

exit status: 0 done, whatever the difference; 2 usage, or it could not be done; 130 interrupted.
`

func compareCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f profileFlags
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.register(fs)
	alpha := fs.Float64("alpha", contrast.DefaultAlpha, "chance of any false alarm in the whole run")
	if status, ok := parse(fs, compareHelp, args, stdout, stderr); !ok {
		return status
	}
	p, err := f.profile()
	switch {
	case err != nil:
		return wrongUsage("compare", err.Error(), stderr)
	case fs.NArg() < 1 || fs.NArg() > 2:
		return wrongUsage("compare", "name a commit to compare with, and no more than another one", stderr)
	case !(*alpha > 0 && *alpha < 1):
		return wrongUsage("compare", fmt.Sprintf("-alpha %v: want a number between 0 and 1", *alpha), stderr)
	}
	say := newProgress("compare", stderr)
	err = func() (err error) {
		q, err := openPair(ctx, p, say, fs.Arg(0), fs.Arg(1))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, q.close()) }()
		dir := q.folder(f.dir)
		base, head, err := q.measure(ctx, p, say, dir)
		if err != nil {
			return err
		}
		table := contrast.Compare(base, head, *alpha)
		table.Detect(base, head)
		say.Clear()
		if f.json {
			return writeRows(stdout, table)
		}
		fmt.Fprintf(stdout, "base %v\nhead %v\n%s\n\n", q.base.Commit, q.head.Commit, describe(p))
		if err := writeTable(stdout, table); err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "\nraw output: %s; go tool benchstat base.txt head.txt reads it\n", dir)
		return err
	}()
	say.Clear()
	return ended(ctx, "compare", err, stderr)
}
