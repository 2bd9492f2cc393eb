package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"parsec/bench/measure"
	"parsec/core/recording"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" {
		fmt.Print(measure.Units)
	}
	os.Exit(m.Run())
}

// benchmark measures how an engine takes the events of rec.
func benchmark(b *testing.B, rec *recording.Recording) {
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
		blocks, err = measure.Feed(e, rec)
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
