package core_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"

	"parsec/core/recording"
)

var (
	soakSeeds = flag.Int("soak.seeds", 0, "how many random graphs TestSoak tries")
	soakSeed  = flag.Uint64("soak.seed", 1, "the first seed of TestSoak")
)

// TestRandomGraphs compares the engine with the plain oracle on some random graphs. TestSoak does so on
// as many as one wants.
func TestRandomGraphs(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 40
	}
	tryAll(t, 0, seeds)
}

func TestSoak(t *testing.T) {
	if *soakSeeds == 0 {
		t.Skip("to run it: go test ./core -run TestSoak -soak.seeds 1000 -timeout 0")
	}
	tryAll(t, *soakSeed, *soakSeeds)
}

// tryAll tries seeds. Failures show the seed and how to repeat it; the first also shows a smaller graph
// that fails. It stops at the tenth.
func tryAll(t *testing.T, first uint64, seeds int) {
	t.Helper()
	failures := 0
	for seed := first; seed < first+uint64(seeds) && failures < 10; seed++ {
		tr, err := newTrial(seed)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err = tr.check(seed); err == nil {
			continue
		}
		t.Errorf("seed %d: %s: %v\nto repeat it: go test ./core -run TestSoak -soak.seed %d -soak.seeds 1", seed, tr.what, err, seed)
		if failures++; failures == 1 {
			tr.rec = shrink(tr.rec, 20*time.Second, func(rec *recording.Recording) bool {
				less := tr
				less.rec = rec
				return less.check(seed) != nil
			})
			t.Errorf("a smaller graph: %v\n%s", tr.check(seed), show(tr.rec))
		}
	}
	t.Logf("%d graphs, from seed %d on: %d failures", seeds, first, failures)
}

// check compares engines and oracle on the graph, and the engine with itself on the graph in other orders.
func (t *trial) check(seed uint64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 1))
	if err := compare(t.rec, t.coin, t.variants(seed)...); err != nil {
		return fmt.Errorf("engine and oracle differ: %w", err)
	}
	if err := checkOrder(t.rec, rng, 2, 2, decideBy(placeless(t.coin))); err != nil && err != errIntolerable {
		return fmt.Errorf("the order matters: %w", err)
	}
	return nil
}
