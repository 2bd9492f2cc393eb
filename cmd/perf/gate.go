package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"parsec/cmd/perf/internal/cachegrind"
	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/floor"
	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
	"parsec/cmd/perf/internal/verdict"
)

const gateHelp = `
usage: perf gate [-short] [-accept DIR] [-json] BASE [HEAD]

Compares two commits as perf compare does and says whether the second may land. It fails where head

  counts more than 0.5 % more of anything than base (allocations: or two objects an operation; bytes an
  event: or 16, whichever is more), or the load itself is another (blocks/event), up or down;
  executes more than 0.5 % more instructions an operation, where valgrind is installed;
  takes longer, significantly after correction and beyond the noise floor of this kind of machine: what perf
  noise measured (results/noise/*.ndjson), else 25 %. What was used is printed.

A regression that is meant is accepted by a file in DIR (default results/accept), .json, or .md with a block
of json: {"base": HASH, "benchmark": ..., "unit": ..., "allowed": PER CENT, "reason": ...}. "head" may stand
in place of "base"; in place of "allowed", "vanished": true accepts that the unit (without "unit", the whole
benchmark) is no more, "zero": true that a counter is 0. Entries about other commits have no effect, but must
name commits that exist; those about what this run does not measure (another profile, no valgrind) are noted.
An entry that cannot be read, has no reason, or is about a benchmark that was compared but nothing in it stops
the gate.

It could not judge, which is no pass, where anything is missing that base had, any process failed, any
figure makes no sense, a noise floor is 50 % or more, or it finds itself blind: on each run it judges two arms
of one build, which must pass, and one that was slowed down on purpose, and figures that were tampered with,
which must not.

exit status: 0 pass; 1 fail; 2 could not judge, or usage; 130 interrupted.
`

func gateCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f profileFlags
	fs := flag.NewFlagSet("gate", flag.ContinueOnError)
	f.register(fs)
	accept := fs.String("accept", "", "read what is accepted from folder `DIR` (default results/accept)")
	if status, ok := parse(fs, gateHelp, args, stdout, stderr); !ok {
		return status
	}
	p, err := f.profile()
	switch {
	case err != nil:
		return wrongUsage("gate", err.Error(), stderr)
	case fs.NArg() < 1 || fs.NArg() > 2:
		return wrongUsage("gate", "name a commit to compare with, and no more than another one", stderr)
	}
	g := &gate{profile: p, say: newProgress("gate", stderr), accept: *accept, dir: f.dir}
	err = g.run(ctx, fs.Arg(0), fs.Arg(1))
	g.say.Clear()
	if err != nil {
		return ended(ctx, "gate", fmt.Errorf("could not judge: %w", err), stderr)
	}
	if f.json {
		err = g.writeJSON(stdout)
	} else {
		err = g.write(stdout)
	}
	if err != nil {
		return ended(ctx, "gate", err, stderr)
	}
	switch g.verdict.Outcome {
	case verdict.Pass:
		return exitDone
	case verdict.Fail:
		return exitFail
	}
	return exitUsage
}

// gate is one run of the gate.
type gate struct {
	profile     trial.Profile
	say         *progress
	accept, dir string

	base, head   checkout.Commit
	notes        []string // limits that were not applied, and why
	instructions []verdict.Instructions
	noise        *floor.Summary
	verdict      *verdict.Verdict
}

func (g *gate) run(ctx context.Context, base, head string) (err error) {
	q, err := openPair(ctx, g.profile, g.say, base, head)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.close()) }()
	g.base, g.head = q.base.Commit, q.head.Commit
	accepted, err := g.accepted(ctx, q.repo)
	if err != nil {
		return err
	}
	if err := g.measured(q.repo); err != nil {
		return err
	}
	g.dir = q.folder(g.dir)
	one, other, err := q.measure(ctx, g.profile, g.say, g.dir)
	if err != nil {
		return err
	}
	if err := g.count(ctx, q, accepted); err != nil {
		return err
	}
	switch err := verdict.TestCounters(ctx, one, g.profile.Samples, contrast.DefaultAlpha); {
	case errors.Is(err, verdict.ErrNoCounters):
		g.notes = append(g.notes, "these benchmarks report no counters: only times are compared")
	case err != nil:
		return fmt.Errorf("the gate is blind to counters: %w", err)
	}
	if err := g.testTimes(ctx, q.head); err != nil {
		return err
	}
	g.verdict = verdict.Judge(verdict.Case{
		Base: one, Head: other, Samples: g.profile.Samples, Alpha: contrast.DefaultAlpha, Floor: g.noise.Floor,
		Instructions: g.instructions, Accepted: accepted,
	})
	if g.verdict.Table != nil {
		g.verdict.Table.Detect(one, other)
	}
	return nil
}

// accepted reads what is accepted and returns what is about these commits.
func (g *gate) accepted(ctx context.Context, repo *checkout.Repo) ([]verdict.Acceptance, error) {
	dir := g.accept
	if dir == "" {
		dir = filepath.Join(repo.Root, "results", "accept")
	}
	all, err := verdict.ReadAccepted(dir)
	if err != nil {
		return nil, err
	}
	var about []verdict.Acceptance
	for _, a := range all {
		if _, err := repo.Resolve(ctx, a.Base+a.Head); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Source, err)
		}
		if a.About(g.base.Hash, g.head.Hash) {
			about = append(about, a)
		}
	}
	return about, nil
}

// measured computes the noise floor of this kind of machine from the runs that were made.
func (g *gate) measured(repo *checkout.Repo) error {
	machine := floor.Machine()
	records, err := floor.ReadRecords(noiseFile(repo, machine, ".ndjson"))
	if err != nil {
		return err
	}
	if g.noise, err = floor.Measured(machine, records, contrast.DefaultAlpha); err != nil {
		return err
	}
	if g.noise.Runs < floor.MinRuns {
		g.notes = append(g.notes, fmt.Sprintf("the noise of this kind of machine was not measured in %d runs (perf noise): its floor is taken to be %.0f %%",
			floor.MinRuns, 100*floor.DefaultFloor))
	}
	return nil
}

// floors returns the noise floor by which the time of each benchmark was judged.
func (g *gate) floors() map[string]float64 {
	all := map[string]float64{}
	if g.verdict.Table != nil {
		for _, r := range g.verdict.Table.Rows {
			if r.Kind == samples.Clock {
				all[r.Benchmark] = g.noise.Floor(r.Benchmark)
			}
		}
	}
	return all
}

// floorText says by which noise floors times were judged, and where they are from.
func (g *gate) floorText() string {
	all := slices.Collect(maps.Values(g.floors()))
	if len(all) == 0 {
		return "none was used"
	}
	text := fmt.Sprintf("%.1f %%", 100*slices.Min(all))
	if slices.Min(all) != slices.Max(all) {
		text += fmt.Sprintf(" to %.1f %%, by benchmark", 100*slices.Max(all))
	}
	if group := g.noise.Group(); group != nil && g.noise.Runs >= floor.MinRuns {
		return fmt.Sprintf("%s (%d runs of %s on %s)", text, g.noise.Runs, short(group.Commit), g.noise.Machine)
	}
	return text + " (a guess)"
}

// count counts instructions, if it can.
func (g *gate) count(ctx context.Context, q *pair, accepted []verdict.Acceptance) error {
	if err := cachegrind.Available(); err != nil {
		g.notes = append(g.notes, err.Error()+": the limit of instructions was not applied")
		return nil
	}
	bench := g.profile.Bench
	switch g.profile.Name {
	case trial.Short.Name:
		bench = instrShort
	case trial.Full.Name:
		bench = "Replay"
	}
	for i, b := range q.baseSide.Binaries {
		gone := func(name string) bool {
			return slices.ContainsFunc(accepted, func(a verdict.Acceptance) bool { return a.Vanished && a.Benchmark == name && a.Unit == "" })
		}
		counts, err := countPair(ctx, g.say, bench, b, q.headSide.Binaries[i], gone)
		switch {
		case errors.Is(err, samples.ErrEmpty) && !hasBenchmarks(ctx, b, bench):
			g.notes = append(g.notes, fmt.Sprintf("%s has no benchmark of %s: its instructions were not counted", b.Package, bench))
			continue
		case errors.Is(err, cachegrind.ErrNotBare) && !bareTree(ctx, q.baseSide.Binaries[i], bench):
			g.notes = append(g.notes, fmt.Sprintf("%s of base is too old to count instructions: the limit was not applied", b.Package))
			continue
		case err != nil:
			return err
		}
		g.instructions = append(g.instructions, counts...)
	}
	return nil
}

// hasBenchmarks reports whether a build has benchmarks that match.
func hasBenchmarks(ctx context.Context, b trial.Binary, bench string) bool {
	_, _, err := cachegrind.Benchmarks(ctx, b, bench)
	return !errors.Is(err, samples.ErrEmpty)
}

// bareTree reports whether a build's benchmarks can run bare.
func bareTree(ctx context.Context, b trial.Binary, bench string) bool {
	_, _, err := cachegrind.Benchmarks(ctx, b, bench)
	return !errors.Is(err, cachegrind.ErrNotBare)
}

// The self-test is of one small benchmark, slowed down to twice its time.
var selfTest = trial.Profile{Name: "self-test", Packages: []string{"./bench"}, Bench: "Replay/mode=single/peers=4$", Time: "3x", Samples: trial.MinSamples}

const selfTestSlowdown = 2

// testTimes runs the self-test of times with head's build.
func (g *gate) testTimes(ctx context.Context, head *checkout.Tree) error {
	g.say.phase("testing the gate itself")
	binaries, err := selfTest.Build(ctx, head)
	if err != nil {
		return err
	}
	sides := []*trial.Side{{Label: "one", Binaries: binaries}, {Label: "other", Binaries: binaries},
		{Label: "slowed down", Binaries: binaries, Env: []string{slowdownEnv(selfTestSlowdown)}}}
	arms, err := selfTest.Run(ctx, g.say.step("self-test"), sides...)
	if err != nil {
		return err
	}
	if !bytes.Contains(sides[2].Raw, []byte("\ninjected-slowdown: ")) {
		return errors.New("head's benchmarks cannot be slowed down on purpose: the gate cannot test itself")
	}
	if err := verdict.TestTimes(arms[0], arms[1], arms[2], selfTest.Samples, contrast.DefaultAlpha, g.noise.Floor); err != nil {
		return fmt.Errorf("the gate is blind to time: %w", err)
	}
	return nil
}

func slowdownEnv(factor float64) string { return fmt.Sprintf("PARSEC_BENCH_SLOWDOWN=%v", factor) }

func (g *gate) write(w io.Writer) error {
	fmt.Fprintf(w, "base %v\nhead %v\n%s\n\n", g.base, g.head, describe(g.profile))
	if g.verdict.Table != nil {
		if err := writeTable(w, g.verdict.Table); err != nil {
			return err
		}
	}
	if len(g.instructions) > 0 {
		fmt.Fprintln(w)
		if err := printCounts(w, g.instructions); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\nraw output: %s\nnoise floor: %s\ninstructions counted of: %s\nself-test: equal builds pass, a slowdown and worse counters do not\n",
		g.dir, g.floorText(), cmp.Or(strings.Join(g.counted(), ", "), "no benchmark"))
	for _, n := range g.notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	for _, f := range g.verdict.Findings {
		fmt.Fprintf(w, "%v: %s %s: %s\n", f.Outcome, f.Benchmark, f.Unit, f.Text)
	}
	_, err := fmt.Fprintf(w, "verdict: %v\n", g.verdict.Outcome)
	return err
}

// counted returns the benchmarks whose instructions were counted.
func (g *gate) counted() []string {
	var names []string
	for _, i := range g.instructions {
		names = append(names, i.Benchmark)
	}
	return names
}

// writeJSON prints the comparison's rows, the findings, and the verdict.
func (g *gate) writeJSON(w io.Writer) error {
	if g.verdict.Table != nil {
		if err := writeRows(w, g.verdict.Table); err != nil {
			return err
		}
	}
	if err := writeCounts(w, g.instructions); err != nil {
		return err
	}
	out := json.NewEncoder(w)
	for _, f := range g.verdict.Findings {
		if err := out.Encode(map[string]string{"finding": f.Outcome.String(), "benchmark": f.Benchmark, "unit": f.Unit, "text": f.Text}); err != nil {
			return err
		}
	}
	return out.Encode(map[string]any{"verdict": g.verdict.Outcome.String(), "base": g.base.Hash, "head": g.head.Hash, "notes": g.notes,
		"floors": g.floors(), "instructions_of": g.counted()})
}
