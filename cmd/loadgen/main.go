package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"parsec/cmd/internal/nodecmd"
	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/report"
)

// Exit statuses. Those of a run that was done are by report.Run.ExitStatus.
const (
	exitDone        = program.Done
	exitError       = 1
	exitUsage       = program.Usage
	exitInvalid     = 3
	exitUnsafe      = 4
	exitGoal        = 99
	exitInterrupted = program.Interrupted
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends the process, at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		// What a local section is made of: this program started again.
		for _, c := range nodecmd.Commands("loadgen") {
			if c.Name == args[0] {
				return c.Run(ctx, args[1:], stdout, stderr)
			}
		}
		if args[0] == "attack" {
			return network.AttackMain(ctx, args[1:], stdout, stderr)
		}
	}
	a := app{stdout: stdout, stderr: stderr, open: open, sleep: load.PreciseSleep}
	return a.run(ctx, args)
}

// app is the program with what tests replace.
type app struct {
	stdout, stderr io.Writer
	open           func(context.Context, *options) (*section, error)
	sleep          func(time.Duration)
	say            *program.Line
}

func (a *app) run(ctx context.Context, args []string) int {
	o, status, ok := parse(args, a.stdout, a.stderr)
	if !ok {
		return status
	}
	a.say = program.NewLine("loadgen", a.stderr)
	defer a.say.Clear()
	var err error
	if o.plan == "" {
		err = report.Writable(o.out)
	}
	if up := o.nodes - o.down; o.targets == nil && o.plan == "" && 3*up <= 2*o.nodes {
		a.say.Say(fmt.Sprintf("%d of %d nodes are not more than two thirds: they decide nothing", up, o.nodes))
	}
	switch {
	case err != nil:
		err = fmt.Errorf("the report: %w", err)
	case o.plan != "":
		err = o.writePlan()
	case o.lines != nil:
		status, err = a.curve(ctx, o)
	case o.search && o.siege != nil:
		status, err = a.searchAndBesiege(ctx, o)
	case o.search:
		_, status, err = a.search(ctx, o)
	case o.siege != nil:
		status, err = a.besiege(ctx, o)
	default:
		status, err = a.once(ctx, o)
	}
	a.say.Clear()
	switch {
	case err == nil:
		return status
	case ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "loadgen: interrupted before there was a load")
		return exitInterrupted
	}
	fmt.Fprintf(a.stderr, "loadgen: %v\n", err)
	return exitError
}

// once runs one load, and prints and writes its report.
func (a *app) once(ctx context.Context, o *options) (int, error) {
	done, err := a.trial(ctx, o, false)
	if err != nil {
		return 0, err
	}
	if err := done.report.WriteText(a.stdout); err != nil {
		return 0, err
	}
	for _, r := range done.attacks {
		fmt.Fprintf(a.stdout, "\nattack: %s used %.3g s of CPU: %s\n", r.What, r.CPU.Seconds(), r.Counts)
	}
	files, err := done.report.WriteFiles(o.out)
	if err != nil {
		return 0, fmt.Errorf("the report: %w", err)
	}
	fmt.Fprintf(a.stdout, "\nwritten: %d files in %s\n", len(files), o.out)
	return done.report.ExitStatus(), nil
}

// trial runs one load on a section of its own, if it is a local one: events of earlier ones would be a burden to it. The
// section is killed at the end if hurry, or if it has more to do than it will get done.
func (a *app) trial(ctx context.Context, o *options, hurry bool) (*measured, error) {
	s, err := a.open(ctx, o)
	if err != nil {
		return nil, err
	}
	m, err := a.measure(ctx, o, s)
	keep := false
	if err != nil {
		hurry = true
	} else {
		r := m.result
		hurry = hurry || r.Interrupted || r.Failed != nil || r.Verdict.Unfinished > 0
		keep = !r.Verdict.Safe() || r.Failed != nil
	}
	what := s.close(hurry, keep)
	a.say.Clear()
	if what != "" {
		fmt.Fprintf(a.stderr, "loadgen: %s\n", what)
	}
	return m, err
}
