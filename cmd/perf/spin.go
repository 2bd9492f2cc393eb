package main

import (
	"context"
	"errors"
	"fmt"

	"parsec/cmd/perf/internal/cachegrind"
	"parsec/cmd/perf/internal/floor"
	"parsec/cmd/perf/internal/trial"
)

// spin is what to add to a benchmark so that it executes a known share more instructions.
type spin struct{ operations, turns int }

// calibrate finds out, for each benchmark, how many turns of the empty loop are that many per cent of its
// instructions: by counting without them, and with some.
func calibrate(ctx context.Context, say *progress, b trial.Binary, percent float64) (map[string]spin, error) {
	names, operations, err := cachegrind.Benchmarks(ctx, b, instrShort)
	if err != nil {
		return nil, err
	}
	say.phase("finding out how many turns of a loop are %v %% of the instructions", percent)
	spins := map[string]spin{}
	for _, name := range names {
		plain, err := cachegrind.Count(ctx, b, name, operations[name])
		if err != nil {
			return nil, err
		}
		const some = 10_000_000
		more, err := cachegrind.Count(ctx, b, name, operations[name], spinEnv(some))
		if err != nil {
			return nil, err
		}
		turn := (more - plain) / some
		if turn < 0.5 {
			return nil, fmt.Errorf("%s: a turn of the loop takes %.2f instructions: nothing is injected", name, turn)
		}
		spins[name] = spin{operations[name], int(plain * percent / 100 / turn)}
	}
	return spins, nil
}

func spinEnv(turns int) string { return fmt.Sprintf("PARSEC_BENCH_SPIN=%d", turns) }

// countSpun counts each benchmark as it is and with the added instructions.
func countSpun(ctx context.Context, b trial.Binary, spins map[string]spin) ([]floor.Count, error) {
	var all []floor.Count
	for name, s := range spins {
		type count struct {
			n   float64
			err error
		}
		spun := make(chan count, 1)
		go func() {
			n, err := cachegrind.Count(ctx, b, name, s.operations, spinEnv(s.turns))
			spun <- count{n, err}
		}()
		plain, err := cachegrind.Count(ctx, b, name, s.operations)
		c := <-spun
		if err != nil || c.err != nil {
			return nil, fmt.Errorf("%s: %w", name, errors.Join(err, c.err))
		}
		all = append(all, floor.Count{Benchmark: name, One: plain, Other: c.n})
	}
	return all, nil
}
