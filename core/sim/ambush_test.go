package sim

import (
	"flag"
	"testing"
)

var findAmbushes = flag.Int("sim.ambushes", 0, "how many streams TestAmbushes tries, to find more schedules that have a coin tossed")

// Each known schedule has a coin tossed on an engine. The test finds more of them:
//
//	go test ./core/sim -run TestAmbushes -sim.ambushes 20000 -v
func TestAmbushes(t *testing.T) {
	for peers := 4; peers <= 7; peers++ {
		a := &ambush{peers: peers}
		for _, n := range ambushes[peers] {
			if !a.try(n) {
				t.Errorf("stream %d tosses no coin among %d", n, peers)
			}
		}
		if len(ambushes[peers]) < 5 {
			t.Errorf("%d schedules for %d peers", len(ambushes[peers]), peers)
		}
		var found []int
		for n := range *findAmbushes {
			if a.try(uint64(n)) {
				found = append(found, n)
			}
		}
		if *findAmbushes > 0 {
			t.Logf("%d peers: %v", peers, found)
		}
	}
}

// Nodes that are led into an ambush toss the coin too, whichever it is, and come to one result all the same: that the
// run is fine says so.
func TestCoinsFall(t *testing.T) {
	runs, tossed := 0, 0
	for seed := range uint64(12) {
		for _, name := range []string{"split", "split-parity"} {
			r := mustRun(t, Config{Scenario: name, Seed: seed})
			if r.run.plan.ambush == nil {
				continue
			}
			if runs++; r.Tosses > 0 {
				tossed++
			}
		}
	}
	if runs < 10 || tossed < runs*9/10 {
		t.Errorf("coins fell in %d of %d ambushes", tossed, runs)
	}
	t.Logf("coins fell in %d of %d ambushes", tossed, runs)
}

// A recording of a run with tosses has the concrete coin, and replays to the same blocks.
func TestRecordingWithCoins(t *testing.T) {
	for seed := range uint64(30) {
		r := mustRun(t, Config{Scenario: "split", Seed: seed})
		if r.Tosses == 0 {
			continue
		}
		rec, err := r.Recording()
		if err != nil {
			t.Fatal(err)
		}
		if rec.Coin != "concrete" {
			t.Errorf("seed %d: coin %s after %d tosses", seed, rec.Coin, r.Tosses)
		}
		for i, b := range rec.Blocks {
			if id := rec.Observations[b.Observation].ID; id != r.run.ledger.blocks[i].hash {
				t.Errorf("seed %d: block %d is %x", seed, i, id[:4])
			}
		}
		return
	}
	t.Error("no coin fell")
}
