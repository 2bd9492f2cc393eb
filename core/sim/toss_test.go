package sim

import (
	"context"
	"fmt"
	"testing"
)

func TestTossStats(t *testing.T) {
	for _, name := range []string{"calm", "delay", "partition", "one-way", "slow", "split"} {
		for peers := 2; peers <= 8; peers++ {
			if name == "split" && peers < 4 { continue }
			runs, with, total := 0, 0, uint64(0)
			for seed := uint64(0); seed < 40; seed++ {
				r, err := Run(context.Background(), Config{Scenario: name, Seed: seed, Peers: peers})
				if err != nil { t.Fatal(err) }
				runs++
				if r.Tosses > 0 { with++; total += r.Tosses }
			}
			fmt.Println(name, peers, "runs", runs, "with tosses", with, "tosses", total)
		}
	}
}
