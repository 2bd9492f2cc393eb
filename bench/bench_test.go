package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"parsec/bench/measure"
	"parsec/core/recording"
)

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if injection, err = readInjection(os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if flag.Lookup("test.bench").Value.String() != "" {
		fmt.Print(measure.Units, injection.lines())
	}
	os.Exit(m.Run())
}

// outcomes are what came of the graphs that were benchmarked. They are the same in every run and take
// as long as one, so each is computed once in a process.
var outcomes = map[*recording.Recording]measure.Outcome{}

func outcome(tb testing.TB, rec *recording.Recording) measure.Outcome {
	tb.Helper()
	o, ok := outcomes[rec]
	if !ok {
		var err error
		if o, err = measure.Decide(rec); err != nil {
			tb.Fatal(err)
		}
		outcomes[rec] = o
	}
	return o
}

// benchmark measures how an engine takes the events of rec.
func benchmark(b *testing.B, rec *recording.Recording) {
	if injection.bare {
		benchmarkBare(b, rec)
		return
	}
	want := outcome(b, rec)
	var memory measure.Memory
	for b.Loop() {
		b.StopTimer()
		probe := measure.Begin()
		e, err := rec.Engine()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		start := time.Now()
		blocks, err := measure.Feed(e, rec)
		injection.burn(start)
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		memory = probe.End(e)
		if blocks != want.Blocks || e.Stats() != want.Stats {
			b.Fatalf("two runs of one graph differ: %d blocks and %+v, then %d and %+v", want.Blocks, want.Stats, blocks, e.Stats())
		}
		b.StartTimer()
	}
	events := float64(len(rec.Events))
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(events/seconds, "events/s")
	b.ReportMetric(1e6*seconds/events, "us/event")
	b.ReportMetric(float64(memory.Bytes)/events, "B/event")
	b.ReportMetric(float64(memory.Allocs)/events, "allocs/event")
	b.ReportMetric(float64(memory.Retained)/events, "retained-B/event")
	for unit, value := range counters(rec, want) {
		b.ReportMetric(value, unit)
	}
}

// counters are the exact figures of a graph, by unit.
func counters(rec *recording.Recording, o measure.Outcome) map[string]float64 {
	return map[string]float64{
		"blocks/event":       float64(o.Blocks) / float64(len(rec.Events)),
		"retouched/decision": float64(o.Stats.Retouched) / float64(max(1, o.Stats.Decisions)),
		"looks/event":        float64(o.Stats.Looks) / float64(len(rec.Events)),
		"p50-events/block":   o.Finality.Events.P50,
		"p99-events/block":   o.Finality.Events.P99,
		"p50-rounds/block":   o.Finality.Rounds.P50,
		"p99-rounds/block":   o.Finality.Rounds.P99,
	}
}

// benchmarkBare is benchmark with nothing around the engine's work but making the engine.
func benchmarkBare(b *testing.B, rec *recording.Recording) {
	for b.Loop() {
		e, err := rec.Engine()
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if _, err := measure.Feed(e, rec); err != nil {
			b.Fatal(err)
		}
		injection.burn(start)
	}
}
