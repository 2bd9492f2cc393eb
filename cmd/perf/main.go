package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"parsec/cmd/internal/program"
)

// Exit statuses.
const (
	exitDone        = program.Done
	exitFail        = 1             // gate: the verdict; track -check: the engine has changed
	exitUsage       = program.Usage // also for all that could not be done, or judged
	exitInterrupted = program.Interrupted
)

func main() { perfProgram().Main() }

// perfProgram is the program, with what there is, one line each, in the order of the help text.
func perfProgram() *program.Program {
	return &program.Program{
		Name:   "perf",
		Before: "Perf measures commits against each other, here and now, and says how sure it is.",
		After: `
Begin with:   perf compare -short HEAD       what is not committed yet, against what is

exit status:  0 done, or pass   1 the gate's fail   2 usage, or something could not be done or judged
              130 interrupted`,
		Example: "compare",
		Commands: []program.Command{
			{Name: "compare", Does: "compare two commits: which benchmarks differ, by how much, how sure", Run: compareCommand},
			{Name: "gate", Does: "say whether a commit may land: pass, fail, or could not judge", Run: gateCommand},
			{Name: "instr", Does: "count instructions, of a commit or of two", Run: instrCommand},
			{Name: "noise", Does: "measure the noise of this machine, and what is seen through it", Run: noiseCommand},
			{Name: "track", Does: "record the figures of HEAD, to be committed", Run: trackCommand},
			{Name: "flame", Does: "draw where a benchmark's cost is, or what a commit changed of it", Run: flameCommand},
		},
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return perfProgram().Run(ctx, args, stdout, stderr)
}

func parse(fs *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (status int, ok bool) {
	return program.Parse("perf", fs, help, args, stdout, stderr)
}

func wrongUsage(command, what string, stderr io.Writer) int {
	return program.WrongUsage("perf", command, what, stderr)
}

// ended returns the status of a command that ended with err, and says so.
func ended(ctx context.Context, command string, err error, stderr io.Writer) int {
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "perf %s: interrupted\n", command)
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(stderr, "perf %s: %v\n", command, err)
		return exitUsage
	}
	return exitDone
}
