package measure_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/workloads"
)

var sink []byte

func TestMemory(t *testing.T) {
	const kept, dropped = 1 << 20, 1 << 22
	p := measure.Begin()
	keep := make([]byte, kept)
	for range 4 {
		sink = make([]byte, dropped/4)
	}
	sink = nil
	m := p.End(keep)
	// The runtime may allocate a little of its own at any time.
	const slack = 1 << 16
	if m.Allocs < 5 || m.Allocs > 50 {
		t.Errorf("%d allocations, want 5 and a few", m.Allocs)
	}
	if m.Bytes < kept+dropped || m.Bytes > kept+dropped+slack {
		t.Errorf("%d bytes allocated, want %d and a few", m.Bytes, kept+dropped)
	}
	if m.Retained < kept-slack || m.Retained > kept+slack {
		t.Errorf("%d bytes retained, want about %d", m.Retained, kept)
	}
}

func TestMemoryOfLess(t *testing.T) {
	sink = make([]byte, 1<<20)
	p := measure.Begin()
	sink = nil
	if m := p.End(nil); m.Retained != 0 {
		t.Errorf("%d bytes retained where less is in use than before", m.Retained)
	}
}

func TestCollectorGoesOn(t *testing.T) {
	const percent = 73
	defer debug.SetGCPercent(debug.SetGCPercent(percent))
	p := measure.Begin()
	if got := debug.SetGCPercent(-1); got != -1 {
		t.Errorf("while measuring: GC percentage %d, want it off", got)
	}
	p.End(nil)
	if got := debug.SetGCPercent(percent); got != percent {
		t.Errorf("afterwards: GC percentage %d, want %d", got, percent)
	}
}

func TestFeed(t *testing.T) {
	rec, err := workloads.Large(core.Supermajority, 4, 2000, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rec.Engine()
	if err != nil {
		t.Fatal(err)
	}
	if blocks, err := measure.Feed(e, rec); blocks < 40 || err != nil {
		t.Errorf("%d blocks, %v", blocks, err)
	}
	rec.Events[7].SelfParent = 1 << 20
	e, err = rec.Engine()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := measure.Feed(e, rec); err == nil || !strings.Contains(err.Error(), "event 7") {
		t.Errorf("with a bad event 7: %v", err)
	}
}

func TestUnits(t *testing.T) {
	r := benchfmt.NewReader(strings.NewReader(measure.Units), "Units")
	for r.Scan() {
		if _, ok := r.Result().(*benchfmt.UnitMetadata); !ok {
			t.Errorf("%v", r.Result())
		}
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	for unit, want := range map[string]int{
		"us/event": -1, "events/s": 1, "B/event": -1, "last/second-tenth": -1, "blocks/event": 0,
		"p50-events/block": -1, "p99-events/block": -1, "p50-rounds/block": -1, "p99-rounds/block": -1,
	} {
		if got := r.Units().GetBetter(unit); got != want {
			t.Errorf("%s: direction %d, want %d", unit, got, want)
		}
	}
	for unit, want := range map[string]benchmath.Assumption{
		"us/event": benchmath.AssumeNothing, "allocs/event": benchmath.AssumeNothing,
		"retouched/decision": benchmath.AssumeExact, "p99-events/block": benchmath.AssumeExact,
	} {
		if got := r.Units().GetAssumption(unit); got != want {
			t.Errorf("%s: assumption %v, want %v", unit, got, want)
		}
	}
}

func ExampleBegin() {
	rec, err := workloads.Large(core.Single, 4, 5000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := measure.Begin()
	e, err := rec.Engine()
	if err != nil {
		fmt.Println(err)
		return
	}
	blocks, err := measure.Feed(e, rec)
	m := p.End(e)
	fmt.Println("blocks came out:", blocks > 0, err)
	fmt.Println("no more is kept than was allocated:", m.Retained <= m.Bytes)
	// Output:
	// blocks came out: true <nil>
	// no more is kept than was allocated: true
}
