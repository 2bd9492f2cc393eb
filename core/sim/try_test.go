package sim

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"
)

var tryFrom = flag.Int("try.from", 0, "")
var tryTo = flag.Int("try.to", 100, "")
var tryName = flag.String("try.name", "", "")
var trySigned = flag.Bool("try.signed", false, "")

func TestTry(t *testing.T) {
	bad := map[string]int{}
	type agg struct {
		n, ev, msg, blocks int
		tosses uint64
		d time.Duration
		sim time.Duration
	}
	sum := map[string]*agg{}
	for seed := *tryFrom; seed < *tryTo; seed++ {
		start := time.Now()
		r, err := Run(context.Background(), Config{Seed: uint64(seed), Scenario: *tryName, Signatures: *trySigned})
		if err != nil {
			t.Fatal(err)
		}
		a := sum[r.Scenario]
		if a == nil {
			a = &agg{}
			sum[r.Scenario] = a
		}
		a.n++
		a.ev += r.Events
		a.msg += r.Messages
		a.blocks += r.Blocks
		a.tosses += r.Tosses
		a.d += time.Since(start)
		a.sim += r.Time
		if r.Failure != nil {
			bad[r.Scenario]++
			if bad[r.Scenario] <= 3 {
				w := r.Failure.What
				if len(w) > 1500 { w = w[:1500] }
				fmt.Println(r.Scenario, seed, r.Mode, "peers", r.Peers, r.Failure.Verdict, r.Failure.At, w)
			}
		}
	}
	for _, s := range scenarios {
		if a := sum[s.Name]; a != nil {
			fmt.Printf("%-14s n %3d bad %3d events %5d msg %5d blocks %3d tosses %4d sim %v wall %v\n", s.Name, a.n, bad[s.Name], a.ev/a.n, a.msg/a.n, a.blocks/a.n, a.tosses, a.sim/time.Duration(a.n), a.d/time.Duration(a.n))
		}
	}
}
