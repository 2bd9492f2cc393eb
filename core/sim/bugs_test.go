//go:build bugs

package sim

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parsec/core/internal/bug"
)

// TestBugs shows that the simulator finds what it is there for: with each deliberate bug, one of so many seeds of a
// scenario fails that is fine without the bug, and by the checker that is to find it. Of all bugs one is missing: without adoption of decisions
// (bug.NoAdoption) nothing was seen to change in 60 runs of split; core/design/levels.md, point 4, tells why adoption
// decides nothing by itself.
func TestBugs(t *testing.T) {
	for _, c := range []struct {
		bug      bug.Bug
		scenario string
		signed   bool
		seeds    uint64
		finds    string // what the failure says; with | between them, one of several
	}{
		{bug.Majority, "join", false, 30, "votes"},
		{bug.AtLeast, "join", false, 30, "votes"},
		{bug.CountStrangers, "shrink", false, 30, "too few, or not by members"},
		{bug.ArrivalOrder, "calm", false, 5, "and opaque"},
		{bug.LoneEstimates, "delay", false, 5, "not all is decided"},
		{bug.IgnoreForks, "twins", false, 5, "refuses a message of|whose fork it had seen"},
		{bug.TakeForkers, "forks", false, 20, "whose fork it had seen|had seen a fork"},
		{bug.NoDedupe, "loss", false, 5, "refuses a message of"},
		{bug.ForgetLast, "crash", false, 5, "recovers to another state"},
		{bug.SendEarly, "crash", false, 10, "refuses a message of"},
		{bug.Redeliver, "crash", false, 10, "delivers block 0"},
		{bug.RefuseRemoved, "leave", false, 10, "refuses a message of"},
		{bug.Unlicensed, "strangers", false, 5, "cannot recover|recovers to another state"},
		{bug.NoPayload, "withhold", false, 10, "refuses a message of"},
		{bug.Unverified, "strangers", true, 10, "refuses a message of"},
		{bug.OwnCoin, "split", false, 10, "and opaque"},
		{bug.OwnUnchecked, "twins", false, 8, "cannot recover from its records"},
		{bug.CapBranches, "forks", false, 20, "refuses a message of"},
		{bug.AnyContent, "hostile", false, 200, "refuses a message of|recovers to another state|and opaque"},
		{bug.KeepRefused, "hostile", false, 60, "which its own do not show"},
		{bug.KeepLesson, "hostile", false, 200, "which its own do not show"},
		{bug.KeepStrangers, "hostile", false, 200, "which its own do not show"},
	} {
		t.Run(string(c.bug), func(t *testing.T) {
			defer func(was bug.Bug) { bug.Active = was }(bug.Active)
			run := func(b bug.Bug, seed uint64) *Result {
				bug.Active = b
				r, err := Run(context.Background(), Config{Scenario: c.scenario, Seed: seed, Signatures: c.signed})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			for seed := range c.seeds {
				r := run(c.bug, seed)
				if r.Failure == nil || run("", seed).Failure != nil {
					continue
				}
				what := r.Failure.What
				if len(what) > 500 {
					what = what[:500]
				}
				found := func(text string) bool { return strings.Contains(what, text) }
				if !slices.ContainsFunc(strings.Split(c.finds, "|"), found) {
					t.Errorf("seed %d: %v %s\nand was to say: %s", seed, r.Failure.Verdict, what, c.finds)
				}
				t.Logf("seed %d: %v %s", seed, r.Failure.Verdict, what)
				return
			}
			t.Errorf("%d seeds of %s find nothing", c.seeds, c.scenario)
		})
	}
}
