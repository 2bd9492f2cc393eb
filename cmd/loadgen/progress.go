package main

import (
	"fmt"
	"time"

	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/schedule"
)

// progress says how a load is, in one line.
func progress(s load.Progress) string {
	line := fmt.Sprintf("%s %v/%v: %s/s of %s/s decided, %d waiting", s.Phase, s.At.Round(time.Second), s.Length.Round(time.Second),
		schedule.FormatRate(float64(s.Rates.All)), schedule.FormatRate(float64(s.Rates.Due)), s.Due-s.Decided)
	if s.P50 > 0 {
		line += fmt.Sprintf(", p50 %s p99 %s", short(s.P50), short(s.P99))
	}
	if s.Away > 0 {
		line = fmt.Sprintf("%d away, ", s.Away) + line
	}
	if s.Wrong > 0 {
		line = fmt.Sprintf("%d VIOLATIONS, ", s.Wrong) + line
	}
	return line
}

// short writes a latency with three digits or so.
func short(d time.Duration) string {
	if d == latency.Beyond {
		return "never"
	}
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}
