package workloads_test

import (
	"fmt"
	"time"

	"parsec/core"
	"parsec/workloads"
)

func ExampleLookup() {
	w, ok := workloads.Lookup("lossy")
	if !ok {
		panic("no such workload")
	}
	rec, err := w.Generate(workloads.Size{Peers: 16, Events: 8000, Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(rec.Name, rec.Mode, len(rec.Events))
	// Output: lossy-n016-events8000-seed1 supermajority 8000
}

func ExampleLarge() {
	rec, err := workloads.Large(core.Single, 32, 16000, 1)
	if err != nil {
		panic(err)
	}
	got, want := workloads.Mix(rec), workloads.Target(core.Single, 32)
	fmt.Printf("votes %.3f (%.3f) requests %.3f (%.3f)\n", got.Observing, want.Observing, got.Request, want.Request)
	// Output: votes 0.068 (0.068) requests 0.310 (0.311)
}

// A section of ten that loses a member while a link in ten is slow.
func ExampleGenerate() {
	const ms = time.Millisecond
	rec, err := workloads.Generate(workloads.Params{
		Name:         "a removal",
		Peers:        10,
		Events:       5000,
		VoterPercent: 100,
		Every:        workloads.Delay{Shape: workloads.Jittered, Mean: 4000 * ms},
		Spread:       workloads.Delay{Shape: workloads.Uniform, Mean: 300 * ms},
		Gossip:       workloads.Delay{Shape: workloads.Exponential, Mean: 500 * ms},
		Delay:        workloads.Delay{Shape: workloads.Jittered, Mean: 60 * ms},
		SlowPercent:  10,
		SlowDelay:    workloads.Delay{Shape: workloads.HeavyTailed, Mean: 800 * ms},
		Changes:      []workloads.Change{{Kind: core.Remove, At: 30_000 * ms, Lag: 20_000 * ms}},
	})
	if err != nil {
		panic(err)
	}
	for _, o := range rec.Observations {
		if o.Kind != core.Opaque {
			fmt.Println(o.Kind)
		}
	}
	// Output:
	// genesis
	// remove
}

func ExampleWild() {
	rec, err := workloads.Wild(workloads.WildParams{
		Peers: 4, Events: 200, Observations: 3, VotePercent: 5, FreshPercent: 50, Forkers: 1,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(rec.Events), rec.Validate())
	// Output: 200 <nil>
}

func ExampleShuffle() {
	rec, err := workloads.Large(core.Supermajority, 8, 4000, 1)
	if err != nil {
		panic(err)
	}
	again := workloads.Shuffle(rec, 2)
	fmt.Println(len(again.Events) == len(rec.Events), again.Validate())
	// Output: true <nil>
}
