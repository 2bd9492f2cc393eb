package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFail        = 1 // gate: the verdict; track -check: the engine has changed
	exitUsage       = 2 // also for all that could not be done, or judged
	exitInterrupted = 130
)

// command is a subcommand. It returns the exit status.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

// commands is what there is, one line each, in the order of the help text.
var commands = []command{
	{"compare", "compare two commits: which benchmarks differ, by how much, how sure", compareCommand},
	{"gate", "say whether a commit may land: pass, fail, or could not judge", gateCommand},
	{"instr", "count instructions, of a commit or of two", instrCommand},
	{"noise", "measure the noise of this machine, and what is seen through it", noiseCommand},
	{"track", "record the figures of HEAD, to be committed", trackCommand},
	{"flame", "draw where a benchmark's cost is, or what a commit changed of it", flameCommand},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(rest) == 0 {
			usage(stdout)
			return exitDone
		}
		name, rest = rest[0], []string{"-h"}
	}
	for _, c := range commands {
		if c.name == name {
			return c.run(ctx, rest, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "perf: no such command: %q; perf help lists them\n", name)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Perf measures commits against each other, here and now, and says how sure it is.

usage: perf COMMAND [ARGUMENT...]

`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.does)
	}
	fmt.Fprint(w, `  help     show this, or more about a command: perf help compare

Begin with:   perf compare -short HEAD       what is not committed yet, against what is

exit status:  0 done, or pass   1 the gate's fail   2 usage, or something could not be done or judged
              130 interrupted
`)
}

// parse parses a command's flags. If ok is false the command ends with that status.
func parse(fs *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (status int, ok bool) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, strings.TrimSpace(help))
		fmt.Fprintln(stdout)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return exitDone, false
	case err != nil:
		return wrongUsage(fs.Name(), err.Error(), stderr), false
	}
	return 0, true
}

func wrongUsage(command, what string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "perf %s: %s\nperf %s -h tells more\n", command, what, command)
	return exitUsage
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
