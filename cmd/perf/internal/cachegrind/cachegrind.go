// Package cachegrind counts the instructions that an operation of a benchmark takes, by valgrind's
// cachegrind: what noise of the machine does not touch, and the clock of a busy one hides.
//
// One processor, no garbage collection of the runtime's own accord and no preemption make the count repeat.
// The benchmark runs twice, for different numbers of operations; the difference, over that of the numbers,
// is what an operation takes: start-up cancels. Benchmarks run bare (PARSEC_BENCH_BARE): without the
// collections that counting memory needs.
package cachegrind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
)

// ErrMissing is that valgrind is not installed.
var ErrMissing = errors.New("valgrind is not installed")

// ErrNotBare is that a build's benchmarks are too old to run bare.
var ErrNotBare = errors.New("its benchmarks cannot run bare")

// Available returns nil or ErrMissing.
func Available() error {
	if _, err := exec.LookPath("valgrind"); err != nil {
		return ErrMissing
	}
	return nil
}

// Benchmarks returns the names of the benchmarks that match, with how many more operations the longer run
// of each is to have: about a fifth of a second's worth, so that the count's own noise, up to three million
// instructions in starting up, is small beside it.
func Benchmarks(ctx context.Context, b trial.Binary, bench string) (names []string, operations map[string]int, err error) {
	out, err := b.Run(ctx, []string{"PARSEC_BENCH_BARE=1"}, nil, "-test.run=^$", "-test.bench="+bench, "-test.benchtime=2x")
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Contains(out, []byte("\nbare: true\n")) {
		return nil, nil, ErrNotBare
	}
	arm, err := samples.Parse(out, b.Package)
	if err != nil {
		return nil, nil, err
	}
	operations = map[string]int{}
	for _, m := range arm.Benchmarks {
		names = append(names, m.Name)
		operations[m.Name] = min(200, max(4, int(0.2/m.Find(samples.Time).Median())))
	}
	return names, operations, nil
}

// pattern returns a -bench pattern that matches that benchmark alone.
func pattern(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// Count returns the instructions of an operation of the named benchmark. It takes some seconds. env is
// added to the environment.
func Count(ctx context.Context, b trial.Binary, name string, operations int, env ...string) (float64, error) {
	const few = 2
	base, err := run(ctx, b, name, few, env)
	if err != nil {
		return 0, err
	}
	more, err := run(ctx, b, name, few+operations, env)
	if err != nil {
		return 0, err
	}
	if more <= base {
		return 0, fmt.Errorf("%s: %d operations more take no instruction more", name, operations)
	}
	return float64(more-base) / float64(operations), nil
}

var total = regexp.MustCompile(`I +refs: +([0-9,]+)`)

// run returns all instructions of a process.
func run(ctx context.Context, b trial.Binary, name string, operations int, env []string) (uint64, error) {
	dir, err := os.MkdirTemp("", "parsec-instr-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	log := filepath.Join(dir, "log")
	wrapper := []string{"valgrind", "--tool=cachegrind", "--cache-sim=no", "--log-file=" + log, "--cachegrind-out-file=" + filepath.Join(dir, "out")}
	env = append([]string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1", "PARSEC_BENCH_BARE=1"}, env...)
	out, err := b.Run(ctx, env, wrapper, "-test.run=^$", "-test.bench="+pattern(name), fmt.Sprintf("-test.benchtime=%dx", operations))
	if err != nil {
		return 0, fmt.Errorf("counting instructions: %w", err)
	}
	if arm, err := samples.Parse(out, name); err != nil || len(arm.Benchmarks) != 1 {
		return 0, fmt.Errorf("counting instructions of %s: one benchmark was to run: %v", name, err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	return parse(text)
}

// parse reads the total out of cachegrind's summary.
func parse(log []byte) (uint64, error) {
	m := total.FindSubmatch(log)
	if m == nil {
		return 0, fmt.Errorf("cachegrind gives no count:\n%s", log)
	}
	return strconv.ParseUint(strings.ReplaceAll(string(m[1]), ",", ""), 10, 64)
}
