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

Measures how noisy this machine is: N times the short profile, of one build of the working tree against
itself. Writes results/noise/MACHINE.ndjson, a line for each run as soon as it is made, with all samples,
and MACHINE.json and .md, what follows from them: by how much medians of one build differ (median, 95th and
99th percentile, by nearest rank), in how many runs perf compare or perf gate gave a false alarm, with the
95 % bound above (Clopper and Pearson's, one-sided), and what slowdown the gate catches in 80 and 95 of 100
runs. The 99th percentile is the noise floor of perf gate, from 20 runs on. A run takes about 20 s.

-slowdown has the second side slowed down by that factor, by benchmarks that waste the time (never by the
engine), and counts how often that is caught. -instructions has it execute so many per cent more
instructions, and counts in how many runs the limit of instructions catches it.

If there are runs of a kind already, -resume adds to them until there are N; without it they are not touched.
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
	n.say.end()
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
	have := 0
	for _, r := range records {
		if r.Kind == n.kind && r.Injected == n.injected {
			have++
		}
	}
	switch {
	case onlySummary && len(records) == 0:
		return errors.New("nothing was measured on this machine")
	case onlySummary:
		return n.summarize(machine, records)
	case have > 0 && !n.resume:
		return fmt.Errorf("%s has %d runs of this kind: -resume adds to them; to begin anew, delete it", name, have)
	}
	err = n.measure(ctx, name, have)
	// What was measured before an interrupt counts.
	records, e := floor.ReadRecords(name)
	if e == nil && len(records) > 0 {
		e = n.summarize(machine, records)
	}
	return errors.Join(err, e)
}

// measure makes the runs that are missing.
func (n *noise) measure(ctx context.Context, name string, have int) (err error) {
	p := trial.Short
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
		r := floor.Record{Kind: n.kind, Injected: n.injected, Profile: p, Commit: tree.Commit.Hash, Started: time.Now().UTC().Format(time.RFC3339)}
		began := time.Now()
		if n.kind == floor.Instructions {
			r.Counts, err = countSpun(ctx, side.Binaries[0], spins)
		} else {
			r.Times, err = n.times(ctx, p, side)
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
func (n *noise) times(ctx context.Context, p trial.Profile, side *trial.Side) ([]floor.Times, error) {
	one := &trial.Side{Label: "one", Binaries: side.Binaries}
	other := &trial.Side{Label: "other", Binaries: side.Binaries}
	if n.kind == floor.Slowdown {
		other.Env = []string{slowdownEnv(n.injected)}
	}
	arms, err := p.Run(ctx, func(int, int, time.Duration) {}, one, other)
	if err != nil {
		return nil, err
	}
	if n.kind == floor.Slowdown && !bytes.Contains(other.Raw, []byte("\ninjected-slowdown: ")) {
		return nil, errors.New("the benchmarks were not slowed down")
	}
	return floor.TimesOf(arms[0], arms[1])
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
	fmt.Fprintf(w, "By `perf noise`, from %d runs of one build against itself (%d samples a side, %.0f s a run).\n\n", s.Runs, trial.Short.Samples, s.Seconds)
	if s.Runs > 0 {
		fmt.Fprintf(w, "- false alarms of `perf compare -short`: %s\n", rateText(s.Compare))
		fmt.Fprintf(w, "- false alarms of `perf gate -short` by wall time: %s\n\n", rateText(s.Gate))
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
		fmt.Fprintf(w, "Slowdown by %v (`perf noise -slowdown %v`): the gate fails %d of %d runs (the true share is above %.1f %% with\n95 %% confidence); compare shows it in %d; every benchmark at once shows it in %d.\n\n",
			d.Injected, d.Injected, d.Caught.Count, d.Caught.Of, 100*d.Lower, d.Compare.Count, d.All.Count)
	}
	for _, d := range s.Counts {
		fmt.Fprintf(w, "%v %% more instructions (`perf noise -instructions %v`): caught in %d of %d runs, by every benchmark in %d\n(the true share is above %.1f %% with 95 %% confidence).\n\n",
			d.Injected, d.Injected, d.Caught.Count, d.Caught.Of, d.All.Count, 100*d.Lower)
	}
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
