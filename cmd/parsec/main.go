package main

import (
	"context"
	"flag"
	"io"
	"runtime"

	"parsec/cmd/internal/nodecmd"
	"parsec/cmd/internal/program"
)

// Exit statuses. Of several that apply the greatest is taken.
const (
	exitEqual       = program.Done
	exitDiffers     = 1
	exitUsage       = program.Usage // also for files that cannot be used
	exitInterrupted = program.Interrupted
)

func main() {
	runtime.MemProfileRate = 0 // profileAllocations sets it where it is wanted
	parsec().Main()
}

func parsec() *program.Program {
	return &program.Program{
		Name: "parsec",
		Before: `
Parsec orders observations by reading votes out of a gossip graph. This program checks, measures and
shows what its consensus core does, simulates sections that use it, and runs nodes of a section.`,
		After: `
Begin with:   parsec run                     in the module's tree; takes about a minute
              parsec replay x.json.zst       a recording of your own
              parsec init -dir net -nodes 3  and parsec node -dir net/node0: a section of three nodes

exit status:  0 all as recorded   1 something differs, or was not decided in time
              2 usage, or a file that cannot be used   3 a member of a simulated section was cut off
              4 a simulated or loaded section broke a promise
              130 interrupted; no file is left half-written`,
		Example: "replay",
		Commands: append([]program.Command{
			{Name: "run", Does: "check everything that is bundled, benchmark it, draw flame graphs", Run: runCommand},
			{Name: "replay", Does: "replay recordings and compare the blocks that come out", Run: replayCommand},
			{Name: "sim", Does: "simulate whole sections under faults and hostile members, and check them", Run: simCommand},
		}, nodecmd.Commands("parsec")...),
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return parsec().Run(ctx, args, stdout, stderr)
}

func parse(fs *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (status int, ok bool) {
	return program.Parse("parsec", fs, help, args, stdout, stderr)
}

func wrongUsage(command, what string, stderr io.Writer) int {
	return program.WrongUsage("parsec", command, what, stderr)
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
