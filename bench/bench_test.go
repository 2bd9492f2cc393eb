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
	if flag.Lookup("test.bench").Value.String() != "" {
		var err error
		if injection, err = readInjection(os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		fmt.Print(measure.Units, injection.lines())
	}
	os.Exit(m.Run())
}

// benchmark measures how an engine takes the events of rec.
func benchmark(b *testing.B, rec *recording.Recording) {
	if injection.bare {
		benchmarkBare(b, rec)
		return
	}
	var memory measure.Memory
	var blocks int
	var retouched, decisions uint64
	for b.Loop() {
		b.StopTimer()
		probe := measure.Begin()
		e, err := rec.Engine()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		start := time.Now()
		blocks, err = measure.Feed(e, rec)
		injection.burn(start)
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		memory = probe.End(e)
		retouched, decisions = e.Stats().Retouched, e.Stats().Decisions
		b.StartTimer()
	}
	events := float64(len(rec.Events))
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(events/seconds, "events/s")
	b.ReportMetric(1e6*seconds/events, "us/event")
	b.ReportMetric(float64(memory.Bytes)/events, "B/event")
	b.ReportMetric(float64(memory.Allocs)/events, "allocs/event")
	b.ReportMetric(float64(memory.Retained)/events, "retained-B/event")
	b.ReportMetric(float64(blocks)/events, "blocks/event")
	b.ReportMetric(float64(retouched)/float64(max(1, decisions)), "retouched/decision")
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
