package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/pprof/profile"

	"parsec/core/recording"
	"parsec/profiles/flame"
)

const runHelp = `
usage: parsec run [-out DIR] [-time D]

Does the whole round, inside the module's tree: replays every bundled recording and checks the blocks,
checks the meta-votes, benchmarks the large recordings, profiles them, and loads four nodes on this machine
for ten seconds. Ends with a table, and writes into DIR:

  bench.txt      ten samples of each benchmark, in the Go benchmark format: for go tool benchstat
  cpu.html       flame graph of the time; a page that needs nothing beside it
  allocs.html    flame graph of the bytes allocated
  cpu.pprof, allocs.pprof    the profiles, for go tool pprof
  load/report.html           the load: latencies and rates, and what nodes took; beside it the same in
                             other forms, as loadgen writes them (go run ./cmd/loadgen -h)

A load that the machine was too busy for is told, and fails nothing.

DIR is replaced as a whole when all is done, if it is empty or from an earlier run; what else is there
is not touched.

exit status: 0 all as recorded; 1 something differs; 2 usage, something that cannot be done, or a file that
cannot be used; 4 the loaded nodes did what must never happen; 130 interrupted, with nothing written.
`

func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	dir := fs.String("out", "", "write into folder `DIR` (default results/latest in the module's tree)")
	budget := fs.Duration("time", 30*time.Second, "how long to benchmark, about; profiles take a fifth more")
	if status, ok := parse(fs, runHelp, args, stdout, stderr); !ok {
		return status
	}
	switch {
	case fs.NArg() > 0:
		return wrongUsage("run", fmt.Sprintf("what is %q?", fs.Arg(0)), stderr)
	case *budget <= 0:
		return wrongUsage("run", fmt.Sprintf("-time %v: want more", *budget), stderr)
	}
	t, err := findTree()
	if err != nil {
		return wrongUsage("run", err.Error(), stderr)
	}
	if *dir == "" {
		*dir = filepath.Join(string(t), "results", "latest")
	}
	out := newOutput("parsec run", stdout, stderr)
	j := &job{output: out, tree: t, budget: *budget}
	if err := j.do(ctx, *dir); err != nil && ctx.Err() == nil {
		out.fail(err)
	}
	return out.status(ctx)
}

// job is the work of `parsec run`.
type job struct {
	*output
	tree   tree
	budget time.Duration

	results    []result // in the order of the table
	unusable   int
	metaVotes  *metaVotesResult // nil if the file cannot be read
	large      []*recording.Recording
	benchmarks []*benchmark // one for each of large
	load       *loadResult  // nil if there was none
}

// do does everything, in order. What it writes is to be found in dir when all is done, or not at all.
func (j *job) do(ctx context.Context, dir string) error {
	to, err := newResultFolder(dir)
	if err != nil {
		return err
	}
	defer to.discard()

	if err := j.check(ctx); err != nil {
		return err
	}
	j.phase("checking the meta-votes")
	if j.metaVotes, err = j.checkFile(ctx, j.tree.metaVotes()); ctx.Err() != nil {
		return err
	}
	j.phase("benchmarking %d large recordings for %v", len(j.large), j.budget)
	if err := j.measure(ctx); err != nil {
		return err
	}
	j.phase("profiling the CPU for %v", j.profileTime())
	cpu, err := j.profileCPU(ctx)
	if err != nil {
		return err
	}
	j.phase("profiling allocations")
	allocs, err := j.profileAllocations(ctx)
	if err != nil {
		return err
	}
	j.phase("loading four nodes for %v", loadTime)
	if j.load, err = j.runLoad(ctx, to.path(loadFolder)); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		j.fail(err) // the rest is of use without it
		os.RemoveAll(to.path(loadFolder))
	}
	j.phase("writing %s", dir)
	if err := to.write("bench.txt", j.writeBenchmarks); err != nil {
		return err
	}
	if err := j.writeProfile(ctx, to, "cpu", cpu, "cpu"); err != nil {
		return err
	}
	if err := j.writeProfile(ctx, to, "allocs", allocs, "alloc_space"); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := to.commit(); err != nil {
		return err
	}
	j.print(j.writeTable)
	j.print(func(w io.Writer) { j.writeEnd(w, dir) })
	return nil
}

// check replays every recording. One that cannot be read is reported and left out.
func (j *job) check(ctx context.Context) error {
	small, err := j.tree.small()
	if err != nil {
		return err
	}
	large, err := j.tree.large()
	if err != nil {
		return err
	}
	files := append(small, large...)
	j.phase("replaying %d recordings", len(files))
	for i, file := range files {
		rec, err := j.read(ctx, i, len(files), file)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			j.unusable++
			continue
		}
		j.step("%d of %d: replaying %s", i+1, len(files), rec.Name)
		r, err := j.replay(ctx, rec, repeat, false)
		if err != nil {
			return err
		}
		if !r.OK {
			j.raise(exitDiffers)
		}
		j.results = append(j.results, r)
		if i >= len(small) && r.OK { // there is no point in measuring a wrong result
			j.large = append(j.large, rec)
			j.benchmarks = append(j.benchmarks, newBenchmark(rec, r))
		}
	}
	if len(j.large) == 0 {
		return errors.New("no large recording comes out right: nothing to benchmark")
	}
	return nil
}

// repeat is how often each recording is replayed for the table; the fastest counts.
const repeat = 3

// profileTime is how long to profile the CPU: at a hundred samples a second, less than a second could
// give none.
func (j *job) profileTime() time.Duration { return max(j.budget/5, time.Second) }

// profileCPU profiles replays of the large recordings, all in turn as often as the time allows.
func (j *job) profileCPU(ctx context.Context) (*profile.Profile, error) {
	c, err := startCPUProfile()
	if err != nil {
		return nil, err
	}
	for start := time.Now(); time.Since(start) < j.profileTime() && err == nil; {
		err = j.replayLarge(ctx)
	}
	p, stopErr := c.stop()
	return p, errors.Join(err, stopErr)
}

// profileAllocations profiles a replay of each large recording.
func (j *job) profileAllocations(ctx context.Context) (*profile.Profile, error) {
	defer profileAllocations()()
	if err := j.replayLarge(ctx); err != nil {
		return nil, err
	}
	return allocations()
}

// replayLarge replays each large recording, with the collector running as it likes: collecting before
// each would take most of the time.
func (j *job) replayLarge(ctx context.Context) error {
	for i, rec := range j.large {
		j.step("replaying %d of %d for a profile: %s", i+1, len(j.large), rec.Name)
		_, err := await(ctx, func() (*recording.Difference, error) {
			e, err := rec.Engine()
			if err != nil {
				return nil, err
			}
			_, diff, err := rec.Replay(e)
			return diff, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeProfile writes the profile and its flame graph.
func (j *job) writeProfile(ctx context.Context, to *resultFolder, name string, p *profile.Profile, value string) error {
	page, err := await(ctx, func() ([]byte, error) { return flame.Page(p, value) })
	if err != nil {
		return fmt.Errorf("flame graph %s: %w", name, err)
	}
	if err := to.write(name+".pprof", p.Write); err != nil {
		return err
	}
	return to.write(name+".html", func(w io.Writer) error {
		_, err := w.Write(page)
		return err
	})
}
