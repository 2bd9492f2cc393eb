package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parsec/cmd/perf/internal/cachegrind"
	"parsec/cmd/perf/internal/checkout"
	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/floor"
	"parsec/cmd/perf/internal/trial"
)

const noiseHelp = `
usage: perf noise [-runs N] [-resume]
       perf noise -slowdown FACTOR [-runs N] [-resume]
       perf noise -instructions PERCENT [-runs N] [-resume]
       perf noise -summary

Measures how noisy this kind of machine is: N times the short profile, of one build of the working tree
against itself. Writes results/noise/MACHINE.ndjson, a line for each run as soon as it is made, with all
samples, and MACHINE.json and .md, what follows from them: by how much medians of one build differ (median,
95th and 99th percentile, by nearest rank), in how many runs perf compare or perf gate gave a false alarm of
wall time, with the 95 % bound above (Clopper and Pearson's, one-sided), in how many a counter differed, and
what slowdown the gate catches in 80 and 95 of 100 runs. The 99th percentile is the noise floor of perf gate,
from 20 runs on; the gate computes it from the .ndjson. For the gate's false alarms each run is judged by the
floor of all the others; what it catches is by the floor of all. A run takes about 20 s.

-slowdown has the second side slowed down by that factor, by benchmarks that waste the time (never by the
engine), and counts how often that is caught. -instructions has it execute so many per cent more
instructions, and counts in how many runs the limit of instructions catches it.

If there are runs of a kind by the same profile already, of this commit or one with the same core, bench and
workloads, -resume adds to them until there are N; without it they are not touched. Runs of other commits stay
as they are. The summary is of the newest commit's runs of each kind; the floor, of the newest that has 20.
After an interrupt what was measured is kept. -summary computes the summary anew and runs nothing.

exit status: 0 done; 2 usage, or it could not be done; 130 interrupted.
`

func noiseCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	n := &noise{say: newProgress("noise", stderr)}
	fs := flag.NewFlagSet("noise", flag.ContinueOnError)
	fs.IntVar(&n.runs, "runs", 100, "`N` runs of this kind in all")
	fs.BoolVar(&n.resume, "resume", false, "add to the runs that there are")
	slowdown := fs.Float64("slowdown", 0, "slow the second side down by this `factor`")
	percent := fs.Float64("instructions", 0, "have the second side execute so many `per cent` more instructions")
	summary := fs.Bool("summary", false, "only compute the summary anew")
	if status, ok := parse(fs, noiseHelp, args, stdout, stderr); !ok {
		return status
	}
	switch {
	case fs.NArg() > 0:
		return wrongUsage("noise", fmt.Sprintf("what is %q?", fs.Arg(0)), stderr)
	case n.runs < 1:
		return wrongUsage("noise", "-runs: want at least one", stderr)
	case *slowdown != 0 && *percent != 0:
		return wrongUsage("noise", "a slowdown or instructions, one at a time", stderr)
	case *slowdown != 0 && !(*slowdown > 1 && *slowdown <= 100):
		return wrongUsage("noise", fmt.Sprintf("-slowdown %v: want more than 1, and at most 100", *slowdown), stderr)
	case *percent != 0 && !(*percent > 0 && *percent <= 1000):
		return wrongUsage("noise", fmt.Sprintf("-instructions %v: want more than 0, and at most 1000", *percent), stderr)
	}
	n.kind = floor.AA
	if *slowdown != 0 {
		n.kind, n.injected = floor.Slowdown, *slowdown
	} else if *percent != 0 {
		n.kind, n.injected = floor.Instructions, *percent
	}
	err := n.do(ctx, *summary)
	n.say.Clear()
	if n.text != "" {
		fmt.Fprint(stdout, n.text)
	}
	return ended(ctx, "noise", err, stderr)
}

// noise is one run of the command.
type noise struct {
	say      *progress
	runs     int
	resume   bool
	kind     string
	injected float64

	repo *checkout.Repo
	text string // the summary, for people
}

func noiseFile(repo *checkout.Repo, machine, suffix string) string {
	return filepath.Join(repo.Root, "results", "noise", machine+suffix)
}

func (n *noise) do(ctx context.Context, onlySummary bool) (err error) {
	if n.repo, err = checkout.Find(ctx, "."); err != nil {
		return err
	}
	machine := floor.Machine()
	name := noiseFile(n.repo, machine, ".ndjson")
	records, err := floor.ReadRecords(name)
	if err != nil {
		return err
	}
	switch {
	case onlySummary && len(records) == 0:
		return errors.New("nothing was measured on this kind of machine")
	case onlySummary:
		return n.summarize(machine, records)
	}
	now, err := n.repo.Resolve(ctx, "")
	if err != nil {
		return err
	}
	g := floor.Group{Kind: n.kind, Injected: n.injected, Profile: trial.Short, Commit: n.sameBuild(ctx, now.Hash, records)}
	have := g.Count(records)
	if have > 0 && !n.resume {
		return fmt.Errorf("%s has %d runs of this kind: -resume adds to them; to begin anew, delete it", name, have)
	}
	err = n.measure(ctx, name, g, have)
	// What was measured before an interrupt counts.
	records, e := floor.ReadRecords(name)
	if e == nil && len(records) > 0 {
		e = n.summarize(machine, records)
	}
	return errors.Join(err, e)
}

// sameBuild returns the commit under which runs of this one are kept: that of the newest run if the engine is
// the same in both, else this one. What was measured is itself in the working tree and changes its hash.
func (n *noise) sameBuild(ctx context.Context, commit string, records []floor.Record) string {
	if len(records) == 0 {
		return commit
	}
	last := records[len(records)-1].Commit
	names, err := n.repo.Git(ctx, append([]string{"diff", "--name-only", last, commit, "--"}, engine...)...)
	if err != nil || names != "" { // an error is that the clone does not have it
		return commit
	}
	return last
}

// measure makes the runs of the group that are missing.
func (n *noise) measure(ctx context.Context, name string, g floor.Group, have int) (err error) {
	p := g.Profile
	tree, side, err := openSide(ctx, n.repo, p, n.say, "build", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	step, start := n.say.step("runs"), time.Now()
	var spins map[string]spin
	if n.kind == floor.Instructions {
		if err := cachegrind.Available(); err != nil {
			return err
		}
		if spins, err = calibrate(ctx, n.say, side.Binaries[0], n.injected); err != nil {
			return err
		}
	}
	for i := have; i < n.runs; i++ {
		step(i-have, n.runs-have, time.Since(start))
		r := floor.Record{Kind: g.Kind, Injected: g.Injected, Profile: p, Commit: g.Commit, Started: time.Now().UTC().Format(time.RFC3339)}
		began := time.Now()
		if n.kind == floor.Instructions {
			r.Counts, err = countSpun(ctx, side.Binaries[0], spins)
		} else {
			r.Times, r.Counters, err = n.times(ctx, p, side)
		}
		if err != nil {
			return err
		}
		r.Seconds = time.Since(began).Seconds()
		if err := floor.Append(name, r); err != nil {
			return err
		}
	}
	return nil
}

// times runs the build against itself, or against itself slowed down.
func (n *noise) times(ctx context.Context, p trial.Profile, side *trial.Side) ([]floor.Times, *floor.Counters, error) {
	one := &trial.Side{Label: "one", Binaries: side.Binaries}
	other := &trial.Side{Label: "other", Binaries: side.Binaries}
	if n.kind == floor.Slowdown {
		other.Env = []string{slowdownEnv(n.injected)}
	}
	arms, err := p.Run(ctx, func(int, int, time.Duration) {}, one, other)
	if err != nil {
		return nil, nil, err
	}
	if n.kind == floor.Slowdown && !bytes.Contains(other.Raw, []byte("\ninjected-slowdown: ")) {
		return nil, nil, errors.New("the benchmarks were not slowed down")
	}
	times, err := floor.TimesOf(arms[0], arms[1])
	return times, floor.CountersOf(arms[0], arms[1]), err
}

// summarize writes the summary.
func (n *noise) summarize(machine string, records []floor.Record) error {
	s, err := floor.Summarize(machine, "perf noise", records, contrast.DefaultAlpha)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(noiseFile(n.repo, machine, ".json"), append(data, '\n')); err != nil {
		return err
	}
	var text strings.Builder
	writeSummary(&text, s)
	n.text = text.String()
	return writeFile(noiseFile(n.repo, machine, ".md"), []byte(n.text))
}

// writeSummary writes a summary for people.
func writeSummary(w io.Writer, s *floor.Summary) {
	fmt.Fprintf(w, "# Noise of %s\n\n", s.Machine)
	g := s.Group()
	if g == nil {
		fmt.Fprintf(w, "By `perf noise`; no build was run against itself.\n\n")
	} else {
		fmt.Fprintf(w, "By `perf noise`, from %d runs of one build against itself (commit %s, profile %s: %d samples a side, %.0f s a run).\n\n",
			s.Runs, short(g.Commit), g.Profile.Name, g.Profile.Samples, s.Seconds)
		fmt.Fprintf(w, "- false alarms of `perf compare -short`, of wall time: %s\n", rateText(s.Compare))
		fmt.Fprintf(w, "- false alarms of `perf gate -short`, of wall time, each run judged by the floor of the other %d: %s\n", s.Runs-1, rateText(s.Gate))
		fmt.Fprintf(w, "- counters are compared exactly, and %s\n\n", countersText(s))
		fmt.Fprintf(w, "Medians of the two sides differ by (shares of the time), and the gate catches slowdowns of:\n\n")
		fmt.Fprintf(w, "| benchmark | median ± MAD, ms | 50 %% | 95 %% | 99 %% (floor) | caught in 80 %% | caught in 95 %% |\n|---|---|---|---|---|---|---|\n")
		for _, name := range s.Names() {
			b := s.Benchmark[name]
			fmt.Fprintf(w, "| %s | %.3g ± %.2g | %.1f %% | %.1f %% | %.1f %% | %s | %s |\n", name, 1e3*b.Median, 1e3*b.MAD,
				100*b.P50, 100*b.P95, 100*b.P99, powerText(b.Power80), powerText(b.Power95))
		}
		fmt.Fprintf(w, "| all | | %.1f %% | %.1f %% | %.1f %% | | |\n\n", 100*s.Overall.P50, 100*s.Overall.P95, 100*s.Overall.P99)
	}
	for _, d := range s.Slowdowns {
		fmt.Fprintf(w, "Slowdown by %v (`perf noise -slowdown %v`): the gate fails %d of %d runs of %s (the true share is above %.1f %% with\n95 %% confidence); compare shows it in %d; every benchmark at once shows it in %d.\n\n",
			d.Injected, d.Injected, d.Caught.Count, d.Caught.Of, commitOf(s, floor.Slowdown, d), 100*d.Lower, d.Compare.Count, d.All.Count)
	}
	for _, d := range s.Counts {
		fmt.Fprintf(w, "%v %% more instructions (`perf noise -instructions %v`): caught in %d of %d runs of %s, by every benchmark in %d\n(the true share is above %.1f %% with 95 %% confidence).\n\n",
			d.Injected, d.Injected, d.Caught.Count, d.Caught.Of, commitOf(s, floor.Instructions, d), d.All.Count, 100*d.Lower)
	}
}

// commitOf returns the commit of the runs of a detection.
func commitOf(s *floor.Summary, kind string, d floor.Detection) string {
	for _, g := range s.Groups {
		if g.Kind == kind && g.Injected == d.Injected {
			return short(g.Commit)
		}
	}
	return "no commit"
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

func countersText(s *floor.Summary) string {
	switch {
	case s.Counters == nil:
		return "none of these runs recorded whether any differed"
	case s.Counters.Of < s.Runs:
		return fmt.Sprintf("were equal in %d of the %d runs that recorded it", s.Counters.Of-s.Counters.Count, s.Counters.Of)
	}
	return fmt.Sprintf("were equal in %d of %d runs", s.Counters.Of-s.Counters.Count, s.Counters.Of)
}

func rateText(r floor.Rate) string {
	return fmt.Sprintf("%d of %d runs; the true share is below %.1f %% with 95 %% confidence", r.Count, r.Of, 100*r.Upper)
}

func powerText(share float64) string {
	if share == 0 {
		return "never"
	}
	return fmt.Sprintf("+%.1f %%", 100*share)
}
