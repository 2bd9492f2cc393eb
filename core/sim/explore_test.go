//go:build bugs

package sim

import (
	"context"
	"fmt"
	"testing"

	"parsec/core/internal/bug"
)

func TestExplore(t *testing.T) {
	for _, b := range []bug.Bug{bug.Majority, bug.AtLeast, bug.CountStrangers, bug.IgnoreForks, bug.OwnCoin, bug.NoAdoption} {
		bug.Active = b
		fails := map[string]int{}
		first := map[string]string{}
		for seed := uint64(0); seed < 21*15; seed++ {
			r, _ := Run(context.Background(), Config{Seed: seed})
			if r.Failure != nil {
				fails[r.Scenario]++
				if first[r.Scenario] == "" {
					w := r.Failure.What
					if len(w) > 160 {
						w = w[:160]
					}
					first[r.Scenario] = w
				}
			}
		}
		fmt.Println(b, fails)
		for s, w := range first {
			fmt.Println("   ", s, w)
		}
	}
	bug.Active = ""
}
