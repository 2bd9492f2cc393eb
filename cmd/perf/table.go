package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"golang.org/x/perf/benchunit"

	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/samples"
)

// writeTable prints a comparison: all times, and the counters that differ.
func writeTable(w io.Writer, t *contrast.Table) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "benchmark\tunit\tbase\thead\tdifference\tsure")
	same, counters := 0, 0
	for _, r := range t.Rows {
		if r.Kind == samples.Counter {
			counters++
			if !r.Differs && !r.Varies {
				same++
				continue
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Benchmark, r.Unit, centerText(r, r.Base), centerText(r, r.Head), difference(r), sureness(r))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, m := range t.Only {
		fmt.Fprintf(w, "only %s has %s %s\n", m.In, m.Benchmark, m.Unit)
	}
	for _, warning := range t.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	_, err := fmt.Fprintf(w, "\n%d of %d counters are equal. %d times compared; if nothing changed, any of them shows a difference in\n"+
		"at most %.2g %% of such runs. \"none above\": a slowdown by that much would have been seen with %.0f %% probability.\n",
		same, counters, t.Clocks, 100*t.Alpha, 100*contrast.Power)
	return err
}

func centerText(r *contrast.Row, c contrast.Center) string {
	text := benchunit.Scale(c.Median, benchunit.ClassOf(r.Unit))
	if r.Kind == samples.Counter {
		return text
	}
	around := math.Max(c.Hi/c.Median-1, 1-c.Lo/c.Median)
	return fmt.Sprintf("%s ± %.0f%%", text, math.Ceil(100*around))
}

func difference(r *contrast.Row) string {
	switch {
	case !r.Differs:
		return "none seen"
	case math.IsNaN(r.Delta):
		return "from none"
	}
	return fmt.Sprintf("%+.2f%%", 100*r.Delta)
}

func sureness(r *contrast.Row) string {
	switch {
	case r.Varies:
		return "varies from sample to sample"
	case r.Kind == samples.Counter:
		return "counted"
	case r.Differs:
		return fmt.Sprintf("p=%.2g after correction, n=%d+%d", r.Adjusted, r.Base.N, r.Head.N)
	case math.IsInf(r.Detectable, 1):
		return "would have seen nothing: too few samples, or too noisy"
	}
	return fmt.Sprintf("none above +%.1f%%; p=%.2g", 100*r.Detectable, r.Adjusted)
}

type centerJSON struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	N      int     `json:"n"`
}

type rowJSON struct {
	Package    string      `json:"package"`
	Benchmark  string      `json:"benchmark"`
	Unit       string      `json:"unit,omitempty"`
	Kind       string      `json:"kind,omitempty"`
	Base       *centerJSON `json:"base,omitempty"`
	Head       *centerJSON `json:"head,omitempty"`
	Delta      *float64    `json:"delta"`
	Differs    bool        `json:"differs"`
	P          *float64    `json:"p,omitempty"`
	Adjusted   *float64    `json:"adjusted,omitempty"`
	Detectable *float64    `json:"detectable"`
	MissingIn  string      `json:"missing_in,omitempty"`
}

// writeRows prints an object for each comparison.
func writeRows(w io.Writer, t *contrast.Table) error {
	out := json.NewEncoder(w)
	for _, r := range t.Rows {
		j := rowJSON{Package: r.Package, Benchmark: r.Benchmark, Unit: r.Unit, Kind: "counter", Differs: r.Differs,
			Base: centerOf(r.Base), Head: centerOf(r.Head), Delta: finite(r.Delta)}
		if r.Kind == samples.Clock {
			j.Kind, j.P, j.Adjusted, j.Detectable = "time", &r.P, &r.Adjusted, finite(r.Detectable)
		}
		if err := out.Encode(j); err != nil {
			return err
		}
	}
	for _, m := range t.Only {
		in := "head"
		if m.In == "head" {
			in = "base"
		}
		if err := out.Encode(rowJSON{Package: m.Package, Benchmark: m.Benchmark, Unit: m.Unit, Differs: true, MissingIn: in}); err != nil {
			return err
		}
	}
	return nil
}

func centerOf(c contrast.Center) *centerJSON {
	// Few samples have no interval; JSON has no infinity.
	return &centerJSON{c.Median, max(c.Lo, -math.MaxFloat64), min(c.Hi, math.MaxFloat64), c.N}
}

// finite returns nil for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
