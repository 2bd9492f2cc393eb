package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"parsec/core"
	"parsec/core/sim"
)

const simHelp = `
usage: parsec sim [-seed S | -seeds A..B] [-scenario NAME] [-peers N] [-twins K] [-steps N]
                  [-hostile K] [-beyond] [-signatures] [-mode M] [-json] [-out DIR]
       parsec sim -list

Simulates whole sections on one seed each: nodes with disks and applications, a network with faults, and
members that do not keep to the protocol. After a while all faults end, and everything has to be decided.
Checkers watch all the time: one order of blocks for all, enough votes and a proof for each, nothing
decided twice or invented or lost, nobody cut off, and the same blocks for any order of one graph.

Prints a line for each seed: scenario, seed, mode, founders; events of the largest graph, messages,
blocks, simulated time, coin tosses, a hash of all that happened, and the verdict. Without -scenario the
seed chooses it; with it, runs of one seed differ only by what the flags say. The same command gives the
same line on every machine of one architecture. Several seeds run at once, on all processors.

-peers and -mode overrule the seed's choice. -twins makes more of the members two processes with one key,
-hostile makes more of them send what scenario hostile sends: fewer than a third are so in all, unless -beyond
says that it may fail: most such runs get stuck. Where a scenario has as many already, some are both. Removals of
honest members that would make the hostile ones a third are left out. -steps says about how many actions there are
before the faults end. For -peers and -steps, 0 is the seed's choice. Without -signatures events are not signed,
which is faster and leaves out forged signatures.

Of a failure it prints what was found, who the members are by number, role and identity, the command that
repeats it, and where it wrote the recording of a member's graph, in DIR, which parsec replay reads: that shows
the graph, and that any engine decides it alike, not the failure itself. Interrupted, it tells what was done.

verdict   exit status
fine      0
STUCK     1    all faults have ended, and something was not decided in time
          2    usage, or a file that cannot be written
CUT OFF   3    an honest member refuses, for good, what another honest one builds on
SAFETY    4    two members decided differently, or one contradicts itself or breaks a promise; or the
               simulation could not go on, "broken"
          130  interrupted
The greatest counts.
`

// Exit statuses of parsec sim alone.
const (
	exitStuck  = 1
	exitCutOff = 3
	exitSafety = 4 // and what broke the simulation
)

type simFlags struct {
	cfg         sim.Config
	first, last uint64
	json, list  bool
	out, bug    string
}

func simCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f simFlags
	var seeds, mode string
	fs := flag.NewFlagSet("sim", flag.ContinueOnError)
	fs.Uint64Var(&f.first, "seed", 0, "simulate seed `S`")
	fs.StringVar(&seeds, "seeds", "", "simulate seeds `A..B`, both included")
	fs.StringVar(&f.cfg.Scenario, "scenario", "", "simulate scenario `NAME`; -list tells them")
	fs.IntVar(&f.cfg.Peers, "peers", 0, "begin with `N` members")
	fs.IntVar(&f.cfg.Twins, "twins", 0, "make `K` more members two processes with one key")
	fs.IntVar(&f.cfg.Hostile, "hostile", 0, "make `K` more members send messages of all kinds, as in scenario hostile")
	fs.IntVar(&f.cfg.Steps, "steps", 0, "end all faults after about `N` actions")
	fs.BoolVar(&f.cfg.Beyond, "beyond", false, "let hostile ones be a third of the members or more, which no protocol survives")
	fs.BoolVar(&f.cfg.Signatures, "signatures", false, "sign events and check signatures")
	fs.StringVar(&mode, "mode", "", "`M`: single or supermajority")
	fs.BoolVar(&f.json, "json", false, "print JSON, an object a line")
	fs.BoolVar(&f.list, "list", false, "list the scenarios")
	if bugs := sim.Bugs(); len(bugs) > 0 {
		fs.StringVar(&f.bug, "bug", "", "with a deliberate bug, `NAME`: "+strings.Join(bugs, ", "))
	}
	fs.StringVar(&f.out, "out", ".", "write recordings of failures into folder `DIR`, made if need be")
	if status, ok := parse(fs, simHelp, args, stdout, stderr); !ok {
		return status
	}
	if fs.NArg() > 0 {
		return wrongUsage("sim", fmt.Sprintf("what is %q?", fs.Arg(0)), stderr)
	}
	if f.list {
		return listScenarios(stdout, stderr)
	}
	if err := sim.SetBug(f.bug); err != nil {
		return wrongUsage("sim", err.Error(), stderr)
	}
	f.last = f.first
	if seeds != "" {
		a, b, ok := strings.Cut(seeds, "..")
		first, err := strconv.ParseUint(a, 10, 64)
		last, err2 := strconv.ParseUint(b, 10, 64)
		switch {
		case !ok || err != nil || err2 != nil || last < first:
			return wrongUsage("sim", fmt.Sprintf("-seeds %q: want A..B, such as 1..100", seeds), stderr)
		case given(fs, "seed"):
			return wrongUsage("sim", "-seed and -seeds cannot go together", stderr)
		}
		f.first, f.last = first, last
	}
	if mode != "" {
		m, err := core.ParseMode(mode)
		if err != nil {
			return wrongUsage("sim", "-"+err.Error(), stderr)
		}
		f.cfg.Mode = &m
	}
	for seed := f.first; ; seed++ { // each seed chooses its scenario: one of them may not go with the other flags
		cfg := f.cfg
		cfg.Seed = seed
		if err := cfg.Check(); err != nil {
			return wrongUsage("sim", err.Error(), stderr)
		}
		if seed == f.last || f.cfg.Scenario != "" || seed-f.first > uint64(len(sim.Scenarios())) {
			break
		}
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return wrongUsage("sim", fmt.Sprintf("-out: %v", err), stderr)
	}
	out := newOutput("parsec sim", stdout, stderr)
	f.simulate(ctx, out)
	return out.status(ctx)
}

func given(fs *flag.FlagSet, name string) (is bool) {
	fs.Visit(func(f *flag.Flag) { is = is || f.Name == name })
	return is
}

func listScenarios(stdout, stderr io.Writer) int {
	out := newOutput("parsec sim", stdout, stderr)
	out.print(func(w io.Writer) {
		for _, s := range sim.Scenarios() {
			peers := fmt.Sprintf("%d..%d", s.MinPeers, s.MaxPeers)
			fmt.Fprintf(w, "%-14s %-8s %s\n", s.Name, peers, s.Does)
		}
	})
	return out.status(context.Background())
}

// simulate runs all seeds, some at once, and prints what came of them in order.
func (f *simFlags) simulate(ctx context.Context, out *output) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		r   *sim.Result
		err error
	}
	type job struct {
		seed uint64
		done chan outcome
	}
	n := runtime.GOMAXPROCS(0)
	jobs, order := make(chan job), make(chan job, 4*n)
	for range n {
		go func() {
			for j := range jobs {
				cfg := f.cfg
				cfg.Seed = j.seed
				r, err := sim.Run(ctx, cfg)
				j.done <- outcome{r, err}
			}
		}()
	}
	go func() {
		defer close(order)
		defer close(jobs)
		for seed := f.first; ; seed++ {
			j := job{seed, make(chan outcome, 1)}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
			order <- j
			if seed == f.last {
				return
			}
		}
	}()
	t := tally{first: true}
	for j := range order {
		out.step("seed %d, of %d..%d", j.seed, f.first, f.last)
		o := <-j.done
		if o.err != nil {
			if ctx.Err() == nil {
				out.fail(o.err)
			}
			continue
		}
		f.report(out, o.r, &t)
	}
	if !f.json && f.first != f.last {
		out.print(func(w io.Writer) {
			fmt.Fprintf(w, "%d fine, %d stuck, %d cut off, %d safety; %d coin tosses", t.fine, t.stuck, t.cutOff, t.safety, t.tosses)
			if done := t.fine + t.stuck + t.cutOff + t.safety; ctx.Err() != nil {
				fmt.Fprintf(w, "; interrupted after %d of %d seeds", done, f.last-f.first+1)
			}
			fmt.Fprintln(w)
		})
	}
}

type tally struct {
	first                       bool
	fine, stuck, cutOff, safety int
	tosses                      uint64
}

const simColumns = "scenario           seed mode           peers  events messages blocks      time tosses trace            verdict\n"

// report prints one result and, of a failure, all that helps.
func (f *simFlags) report(out *output, r *sim.Result, t *tally) {
	t.tosses += r.Tosses
	switch r.Verdict() {
	case sim.Fine:
		t.fine++
	case sim.Stuck:
		t.stuck++
		out.raise(exitStuck)
	case sim.CutOff:
		t.cutOff++
		out.raise(exitCutOff)
	default:
		t.safety++
		out.raise(exitSafety)
	}
	var file, trouble string
	if r.Failure != nil {
		file, trouble = f.record(r)
		if trouble != "" {
			out.warn(fmt.Errorf("no recording of seed %d: %s", r.Seed, trouble))
		}
	}
	out.print(func(w io.Writer) {
		if f.json {
			f.writeJSON(w, r, file)
			return
		}
		if t.first {
			fmt.Fprint(w, simColumns)
		}
		fmt.Fprintf(w, "%-14s %8d %-14v %5d %7d %8d %6d %8.2fs %6d %.16s %v\n", r.Scenario, r.Seed, r.Mode, r.Peers, r.Events,
			r.Messages, r.Blocks, r.Time.Seconds(), r.Tosses, r.Hash(), r.Verdict())
		if r.Failure != nil {
			fmt.Fprintf(w, "  at %v: %s\n  to repeat it: parsec %s\n", r.Failure.At, strings.ReplaceAll(r.Failure.What, "\n", "\n  "), r.Command())
			fmt.Fprintf(w, "  the members:\n")
			for _, m := range r.Failure.Members {
				fmt.Fprintf(w, "    %3d %-7v %x\n", m.Number, m.Role, m.Identity)
			}
			if file != "" {
				fmt.Fprintf(w, "  a member's graph: parsec replay %s\n", file)
			}
		}
	})
	t.first = false
}

func (f *simFlags) writeJSON(w io.Writer, r *sim.Result, file string) {
	line := map[string]any{
		"scenario": r.Scenario, "seed": r.Seed, "mode": r.Mode.String(), "peers": r.Peers, "events": r.Events, "messages": r.Messages,
		"blocks": r.Blocks, "seconds": r.Time.Seconds(), "tosses": r.Tosses, "trace": r.Hash(), "verdict": r.Verdict().String(),
	}
	if r.Failure != nil {
		line["failure"], line["command"], line["recording"] = r.Failure.What, "parsec "+r.Command(), file
	}
	writeJSON(w, line)
}

// record writes a recording of a failure and returns its name, or why there is none.
func (f *simFlags) record(r *sim.Result) (file, trouble string) {
	rec, err := r.Recording()
	if err != nil {
		return "", err.Error()
	}
	file = filepath.Join(f.out, fmt.Sprintf("sim-%s-%d.json.zst", r.Scenario, r.Seed))
	if err := rec.WriteFile(file); err != nil {
		return "", err.Error()
	}
	return file, ""
}
