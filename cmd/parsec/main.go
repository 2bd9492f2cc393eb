package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// Exit statuses. Of several that apply the greatest is taken.
const (
	exitEqual       = 0
	exitDiffers     = 1
	exitUsage       = 2 // also for files that cannot be used
	exitInterrupted = 130
)

// command is a subcommand. It returns the exit status.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

var commands = []command{
	{"run", "check everything that is bundled, benchmark it, draw flame graphs", runCommand},
	{"replay", "replay recordings and compare the blocks that come out", replayCommand},
}

func main() {
	runtime.MemProfileRate = 0 // profileAllocations sets it where it is wanted
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
			return exitEqual
		}
		name, rest = rest[0], []string{"-h"}
	}
	for _, c := range commands {
		if c.name == name {
			return c.run(ctx, rest, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "parsec: no such command: %q; parsec help lists them\n", name)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Parsec orders observations by reading votes out of a gossip graph. This program checks, measures and
shows what its consensus core does.

usage: parsec COMMAND [ARGUMENT...]

`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.does)
	}
	fmt.Fprint(w, `  help     show this, or more about a command: parsec help replay

Begin with:   parsec run                     in the module's tree; takes less than a minute
              parsec replay x.json.zst       a recording of your own

exit status:  0 all as recorded   1 something differs   2 usage, or a file that cannot be used
              130 interrupted; no file is left half-written
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
		return exitEqual, false
	case err != nil:
		return wrongUsage(fs.Name(), err.Error(), stderr), false
	}
	return 0, true
}

func wrongUsage(command, what string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "parsec %s: %s\nparsec %s -h tells more\n", command, what, command)
	return exitUsage
}

// await returns what f does, or ctx's error as soon as ctx ends. f is then left to itself, so it must
// touch nothing but memory, and nothing that anyone else will look at.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		v   T
		err error
	}
	if err := ctx.Err(); err != nil {
		var zero T
		return zero, err
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := f()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.v, o.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
