package sim

import (
	"context"
	"flag"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

var (
	soakSeeds   = flag.Int("sim.seeds", 0, "how many seeds TestSoak runs")
	soakHostile = flag.Int("sim.hostile", 0, "how many seeds TestSoakHostile runs")
	soakSeed    = flag.Uint64("sim.seed", 1_000_000, "the first of them")
)

// TestSeeds runs every usual scenario on as many seeds, one in ten of them with signatures: over a thousand in all.
func TestSeeds(t *testing.T) {
	each := 50
	if testing.Short() {
		each = 2
	}
	runSeeds(t, each*len(usual()), usualRun(0))
}

// TestHostile runs as many seeds of hostile members that send messages of all kinds.
func TestHostile(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 60
	}
	runSeeds(t, n, hostileRun(0))
}

// TestAmong runs every usual scenario with twins and with members that send messages of all kinds, and then with both,
// as many as can be: two of seven. Not backup: a hostile member need not tell what it alone was told before the crash.
func TestAmong(t *testing.T) {
	var all []Config
	for _, s := range usual() {
		if s.Name == "backup" {
			continue
		}
		for seed := range uint64(6) {
			if testing.Short() && seed > 0 {
				continue
			}
			cfg := Config{Scenario: s.Name, Seed: 771_006 + seed, Peers: 7, Steps: 1500}
			switch seed % 3 {
			case 0:
				cfg.Twins = 2
			case 1:
				cfg.Hostile = 2
			case 2:
				cfg.Twins, cfg.Hostile = 1, 1
			}
			all = append(all, cfg)
		}
	}
	// A member had another that had forked in mind as a recipient; one heard its own other branch, and could not read
	// the log that it wrote.
	all = append(all, Config{Scenario: "split-parity", Seed: 771_006, Peers: 7, Twins: 2}, Config{Scenario: "churn", Seed: 771_009, Peers: 7, Twins: 2})
	runSeeds(t, len(all), func(i int) Config { return all[i] })
}

// TestSoak runs as many as one wants.
func TestSoak(t *testing.T) {
	if *soakSeeds == 0 {
		t.Skip("to run it: go test ./core/sim -run 'TestSoak$' -sim.seeds 10000 -timeout 0")
	}
	runSeeds(t, *soakSeeds, usualRun(*soakSeed))
}

// TestSoakHostile likewise.
func TestSoakHostile(t *testing.T) {
	if *soakHostile == 0 {
		t.Skip("to run it: go test ./core/sim -run TestSoakHostile -sim.hostile 100000 -timeout 0")
	}
	runSeeds(t, *soakHostile, hostileRun(*soakSeed))
}

// usualRun has the seeds from the first one choose the scenario.
func usualRun(first uint64) func(i int) Config {
	return func(i int) Config {
		seed := first + uint64(i)
		n := uint64(len(usual()))
		return Config{Seed: seed, Signatures: (seed/n+seed%n)%10 == 0}
	}
}

func hostileRun(first uint64) func(i int) Config {
	return func(i int) Config {
		seed := first + uint64(i)
		return Config{Scenario: "hostile", Seed: seed, Signatures: seed%10 == 0}
	}
}

// total is what came of the runs of a scenario.
type total struct{ runs, events, messages, blocks, signed, tossed int }

func (k *total) add(r *Result) {
	k.runs++
	k.events += r.Events
	k.messages += r.Messages
	k.blocks += r.Blocks
	if r.run.cfg.Signatures {
		k.signed++
	}
	if r.Tosses > 0 {
		k.tossed++
	}
}

// toldFailures is how many failures are told before runSeeds gives up.
const toldFailures = 8

// sayEvery is how often it says how far it is.
const sayEvery = 30 * time.Second

// runSeeds makes so many runs, some at once, and reports what is not fine, with the command that repeats it. An
// interrupt ends it, with what was done.
func runSeeds(t *testing.T, n int, config func(i int) Config) {
	t.Helper()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var mu sync.Mutex
	var wait sync.WaitGroup
	totals := make(map[string]*total)
	done, failures, said := 0, 0, time.Now()
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				r, err := Run(ctx, config(i))
				mu.Lock()
				switch {
				case ctx.Err() != nil:
				case err != nil:
					t.Error(err)
					failures++
				case r.Failure != nil:
					t.Errorf("%v\nto repeat it: go run ./cmd/parsec %s", r.Failure, r.Command())
					failures++
				default:
					if totals[r.Scenario] == nil {
						totals[r.Scenario] = new(total)
					}
					totals[r.Scenario].add(r)
				}
				if done++; time.Since(said) > sayEvery {
					t.Logf("%d of %d runs, %d failures", done, n, failures)
					said = time.Now()
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		mu.Lock()
		enough := failures >= toldFailures || ctx.Err() != nil
		mu.Unlock()
		if enough {
			break
		}
		next <- i
	}
	close(next)
	wait.Wait()
	if ctx.Err() != nil || failures >= toldFailures {
		t.Errorf("ended after %d of %d runs", done, n)
	}
	for _, name := range slices.Sorted(maps.Keys(totals)) {
		k := totals[name]
		t.Logf("%-14s %5d runs, %2d with signatures, %2d with coins; a run: %5d events, %5d messages, %3d blocks", name, k.runs,
			k.signed, k.tossed, k.events/k.runs, k.messages/k.runs, k.blocks/k.runs)
	}
}
