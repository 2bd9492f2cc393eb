package report_test

import (
	"fmt"
	"os"
	"time"

	"parsec/cmd/loadgen/internal/report"
)

// A run is filled in, checked and written; WriteFiles does the last two, in all forms.
func Example() {
	h := report.EmptyHistogram()
	for i := range 100 {
		h.RecordValue(int64(time.Duration(i+1) * time.Millisecond))
	}
	all, err := report.NewHistogram(h, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	run := &report.Run{Format: report.Format, Start: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Duration: 1}
	run.Parameters = report.Parameters{Nodes: 4, Mode: "single", Rate: 100, Size: 128}
	run.Totals = report.Totals{Seconds: 1, Intended: 100, Sent: 100, All: 100, IntendedRate: 100, AllRate: 100}
	run.Latency.Intended.All = all
	if err := run.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	curve, err := report.NewCurve("Four nodes", []*report.Run{run})
	if err != nil {
		fmt.Println(err)
		return
	}
	curve.WriteMarkdown(os.Stdout)
	// Output:
	// | network | valid | asked for, /s | decided, /s | p50, ms | p99, ms | p99.9, ms | CPU, us/submission | memory |
	// |---|---|--:|--:|--:|--:|--:|--:|--:|
	// | 4 nodes | yes | 100 | 100 | 50.0 | 99.0 | 100 | 0 | 0 B |
}
