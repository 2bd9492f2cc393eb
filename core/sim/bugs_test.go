//go:build bugs

package sim

import (
	"context"
	"strings"
	"testing"

	"parsec/core/internal/bug"
)

// TestBugs shows that the simulator finds what it is there for: with each deliberate bug, one of so many seeds of a
// scenario fails, and by the checker that is to find it. Of all bugs one is missing: without adoption of decisions
// (bug.NoAdoption) nothing was seen to change in 60 runs of split; core/design/levels.md, point 4, tells why adoption
// decides nothing by itself.
func TestBugs(t *testing.T) {
	for _, c := range []struct {
		bug      bug.Bug
		scenario string
		signed   bool
		seeds    uint64
		finds    string // what the failure says, or one of several
	}{
		{bug.Majority, "join", false, 30, "votes"},
		{bug.AtLeast, "join", false, 30, "votes"},
		{bug.CountStrangers, "shrink", false, 30, "too few, or not by members"},
		{bug.ArrivalOrder, "calm", false, 5, "at process"},
		{bug.LoneEstimates, "delay", false, 5, "not all is decided"},
		{bug.IgnoreForks, "twins", false, 5, "refuses a message of"},
		{bug.TakeForkers, "forks", false, 20, "takes in more of a peer whose fork it had seen"},
		{bug.NoDedupe, "loss", false, 5, "refuses a message of"},
		{bug.ForgetLast, "crash", false, 5, "recovers to another state"},
		{bug.SendEarly, "crash", false, 10, "refuses a message of"},
		{bug.Redeliver, "crash", false, 10, "delivers block 0"},
		{bug.RefuseRemoved, "leave", false, 10, "refuses a message of"},
		{bug.Unlicensed, "strangers", false, 5, "cannot recover"},
		{bug.NoPayload, "withhold", false, 10, "refuses a message of"},
		{bug.Unverified, "strangers", true, 10, "refuses a message of"},
		{bug.OwnCoin, "split", false, 10, "and opaque"},
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
