//go:build bugs

package sim

import (
	"context"
	"strings"
	"testing"

	"parsec/core/internal/bug"
)

// TestBugs shows that the simulator finds what it is there for: with each deliberate bug, one of so many seeds of a
// scenario fails, and by the checker that is to find it.
func TestBugs(t *testing.T) {
	for _, c := range []struct {
		bug      bug.Bug
		scenario string
		signed   bool
		seeds    uint64
		finds    string // what the failure says, or one of several
	}{
		{bug.Majority, "partition", false, 200, ""},
		{bug.AtLeast, "partition", false, 200, ""},
		{bug.IgnoreForks, "twins", false, 200, ""},
		{bug.TakeForkers, "twins", false, 200, ""},
		{bug.NoDedupe, "loss", false, 200, ""},
		{bug.ForgetLast, "crash", false, 200, ""},
		{bug.SendEarly, "crash", false, 200, ""},
		{bug.LoneEstimates, "delay", false, 200, ""},
		{bug.NoAdoption, "split", false, 200, ""},
		{bug.OwnCoin, "split", false, 200, ""},
		{bug.ArrivalOrder, "calm", false, 200, ""},
		{bug.CountStrangers, "churn", false, 200, ""},
		{bug.RefuseRemoved, "leave", false, 200, ""},
		{bug.Unlicensed, "strangers", false, 200, ""},
		{bug.NoPayload, "withhold", false, 200, ""},
		{bug.Redeliver, "crash", false, 200, ""},
		{bug.Unverified, "strangers", true, 200, ""},
	} {
		t.Run(string(c.bug), func(t *testing.T) {
			defer func(was bug.Bug) { bug.Active = was }(bug.Active)
			bug.Active = c.bug
			for seed := range c.seeds {
				r, err := Run(context.Background(), Config{Scenario: c.scenario, Seed: seed, Signatures: c.signed})
				if err != nil {
					t.Fatal(err)
				}
				if r.Failure == nil {
					continue
				}
				what := r.Failure.What
				if len(what) > 500 {
					what = what[:500]
				}
				if !strings.Contains(what, c.finds) {
					t.Errorf("seed %d: %v %s\nand was to say: %s", seed, r.Failure.Verdict, what, c.finds)
				}
				t.Logf("seed %d: %v %s", seed, r.Failure.Verdict, what)
				return
			}
			t.Errorf("%d seeds of %s find nothing", c.seeds, c.scenario)
		})
	}
}
