package bench

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// cell is one place of the matrix: mode x peers x faults. Payloads have their place in the name between
// peers and faults; the core orders hashes and never sees a payload, so that axis does not exist yet.
type cell struct {
	mode   core.Mode
	peers  int
	faults string
}

// String returns the name of the cell's benchmark, as benchstat can take it apart.
func (c cell) String() string {
	return fmt.Sprintf("mode=%v/peers=%d/faults=%s", c.mode, c.peers, c.faults)
}

// faults are what goes wrong, each with the workload that has it happen in one mode and the other. Those
// of a row differ in mode alone.
var faults = []struct{ name, single, supermajority string }{
	{"none", "single", "supermajority"},
	{"loss", "lossy-single", "lossy"},
	{"slow", "slow-links", "slow-links-supermajority"},
	{"partition", "partition-single", "partition"},
	{"churn", "churn-single", "churn"},
	{"forks", "forks-single", "forks"},
}

// few are the faults that are measured at 64 peers too. Forks by a third of 64 members take seconds.
var few = map[string]bool{"none": true, "churn": true}

// cells lists the matrix, in the order in which it is measured.
func cells() (all []cell) {
	for _, mode := range modes {
		for _, peers := range []int{4, 8, 16, 32, 64} {
			for _, f := range faults {
				if peers <= 32 || few[f.name] {
					all = append(all, cell{mode, peers, f.name})
				}
			}
		}
	}
	return all
}

// workload returns the name of the cell's workload.
func (c cell) workload() string {
	for _, f := range faults {
		switch {
		case f.name != c.faults:
		case c.mode == core.Single:
			return f.single
		default:
			return f.supermajority
		}
	}
	return ""
}

var matrix = struct {
	sync.Mutex
	of map[cell]*recording.Recording
}{of: map[cell]*recording.Recording{}}

// graph returns the cell's graph, of seed 1: 500 events a peer, which is what a workload's schedule asks
// for, and 4,000 at least. It stays until the process ends; all of them together take some 20 MB.
func (c cell) graph(tb testing.TB) *recording.Recording {
	tb.Helper()
	matrix.Lock()
	defer matrix.Unlock()
	rec, ok := matrix.of[c]
	if !ok {
		w, found := workloads.Lookup(c.workload())
		if !found {
			tb.Fatalf("%v: no workload %q", c, c.workload())
		}
		var err error
		if rec, err = w.Generate(workloads.Size{Peers: c.peers, Events: max(4000, 500*c.peers), Seed: 1}); err != nil {
			tb.Fatal(err)
		}
		matrix.of[c] = rec
	}
	return rec
}

// BenchmarkMatrix is of the named workloads: every mode, at every number of peers, with every fault.
func BenchmarkMatrix(b *testing.B) {
	for _, c := range cells() {
		b.Run(c.String(), func(b *testing.B) { benchmark(b, c.graph(b)) })
	}
}

// Each cell is of its mode, decides enough that a percentile of its blocks means something, and counts the
// same when everything is made anew, graph included.
func TestMatrix(t *testing.T) {
	for _, c := range cells() {
		t.Run(c.String(), func(t *testing.T) {
			if testing.Short() && c.peers > 8 {
				t.Skip("takes seconds")
			}
			rec := c.graph(t)
			if rec.Mode != c.mode || len(rec.Genesis) != c.peers {
				t.Errorf("the graph has %v mode and %d members", rec.Mode, len(rec.Genesis))
			}
			o := outcome(t, rec)
			if o.Blocks < 20 {
				t.Errorf("%d blocks", o.Blocks)
			}
			if 5*o.Finality.Apart > o.Blocks {
				t.Errorf("%d blocks of %d have no rounds", o.Finality.Apart, o.Blocks)
			}
			f := o.Finality
			if f.Events.P50 <= 0 || f.Events.P99 < f.Events.P50 || f.Rounds.P50 <= 0 || f.Rounds.P99 < f.Rounds.P50 {
				t.Errorf("finality is %+v", f)
			}
			w, _ := workloads.Lookup(c.workload())
			anew, err := w.Generate(workloads.Size{Peers: c.peers, Events: len(rec.Events), Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			twice, err := measure.Decide(anew)
			if err != nil || twice != o {
				t.Errorf("once %+v and then %+v, %v", o, twice, err)
			}
		})
	}
}

// What a run allocates is not the engine's alone, but it repeats to half a percent or 16 bytes an event.
func TestMemoryRepeats(t *testing.T) {
	rec := cell{core.Single, 8, "none"}.graph(t)
	var runs [3]measure.Memory
	for i := range runs {
		probe := measure.Begin()
		e, err := rec.Engine()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := measure.Feed(e, rec); err != nil {
			t.Fatal(err)
		}
		runs[i] = probe.End(e)
	}
	events := float64(len(rec.Events))
	same := func(a, b uint64, slack float64) bool {
		d := math.Abs(float64(a) - float64(b))
		return d <= 0.005*float64(a) || d <= slack*events
	}
	for _, m := range runs[1:] {
		if !same(runs[0].Allocs, m.Allocs, 0.005) || !same(runs[0].Bytes, m.Bytes, 16) || !same(runs[0].Retained, m.Retained, 16) {
			t.Errorf("once %+v and then %+v", runs[0], m)
		}
	}
}

// The axes of a row are all that its workloads differ in: no fault stands in for another.
func TestFaultsAreDistinct(t *testing.T) {
	used := map[string]bool{}
	for _, f := range faults {
		for mode, name := range map[core.Mode]string{core.Single: f.single, core.Supermajority: f.supermajority} {
			if used[name] {
				t.Errorf("%s is in the matrix twice", name)
			}
			used[name] = true
			if got := (cell{mode, 8, f.name}).workload(); got != name {
				t.Errorf("%v %s: workload %q, want %q", mode, f.name, got, name)
			}
		}
	}
}
