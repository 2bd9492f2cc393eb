package report

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Units says of each unit of WriteBenchmark which direction is better, in lines of the Go benchmark format.
const Units = `Unit p50-ms better=lower
Unit p90-ms better=lower
Unit p99-ms better=lower
Unit p99.9-ms better=lower
Unit max-ms better=lower
Unit ack-p50-ms better=lower
Unit ack-p99-ms better=lower
Unit submissions/s better=higher
Unit cpu-us/submission better=lower
Unit loadgen-cpu-us/submission better=lower
Unit B/submission better=lower
Unit log-B/submission better=lower
Unit syncs/submission better=lower
Unit events/submission better=lower
Unit duplicate-share better=lower
Unit max-resident-B better=lower
`

// WriteBenchmark writes the run in the Go benchmark format, as one sample of BenchmarkLoad. Latencies are those from
// the intended time to decided at all nodes, but for ack-p50-ms and ack-p99-ms, to acknowledged; costs are of all nodes
// together per submission decided at all. A quantile among submissions that never came to their end is left out. A run whose figures mean nothing, because its load was not what was asked
// for, it was cut short or safety was violated, has the reason in its configuration and no sample, so that whoever
// compares misses it.
func (r *Run) WriteBenchmark(w io.Writer) error { return WriteBenchmarks(w, []*Run{r}) }

// WriteBenchmarks writes several runs as [Run.WriteBenchmark] writes one.
func WriteBenchmarks(w io.Writer, runs []*Run) error {
	var b bytes.Buffer
	b.WriteString(Units)
	var before map[string]bool // keys that are in force: they stay until they are said to be nothing
	for _, r := range runs {
		var err error
		if before, err = r.writeSample(&b, before); err != nil {
			return err
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func (r *Run) writeSample(b *bytes.Buffer, before map[string]bool) (keys map[string]bool, err error) {
	// The package is named after this one's path, which `make rehome` may have changed.
	pkg := strings.TrimSuffix(reflect.TypeFor[Run]().PkgPath(), "/internal/report")
	why := r.unusable()
	keys = map[string]bool{}
	for _, c := range [][2]string{
		{"goos", r.Machine.OS}, {"goarch", r.Machine.Arch}, {"pkg", pkg}, {"cpu", r.Machine.CPU}, {"go", r.Build.Go},
		{"commit", r.Build.Commit}, {"seed", fmt.Sprint(r.Parameters.Seed)}, {"command", r.commandLine()}, {"without-sample", why},
	} {
		switch {
		case c[1] != "":
			fmt.Fprintf(b, "%s: %s\n", c[0], oneLine(c[1]))
			keys[c[0]] = true
		case before[c[0]]:
			fmt.Fprintf(b, "%s:\n", c[0])
		}
	}
	if why != "" {
		return keys, nil
	}
	q, err := r.Latency.Intended.All.quantiles()
	if err != nil {
		return nil, err
	}
	a, err := r.Latency.Intended.Acknowledged.quantiles()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(b, "Benchmark%s %d", r.benchmarkName(), r.Totals.All)
	value := func(v float64, unit string) { fmt.Fprintf(b, " %s %s", exactly(v)[0], unit) }
	latency := func(n uint64, ns int64, unit string) {
		if n > 0 && ns != never {
			value(float64(ns)/1e6, unit)
		}
	}
	latency(q.Count, q.P50, "p50-ms")
	latency(q.Count, q.P90, "p90-ms")
	latency(q.Count, q.P99, "p99-ms")
	latency(q.Count, q.P999, "p99.9-ms")
	latency(q.Count, q.Max, "max-ms")
	latency(a.Count, a.P50, "ack-p50-ms")
	latency(a.Count, a.P99, "ack-p99-ms")
	value(r.Totals.AllRate, "submissions/s")
	u := r.nodesUse()
	value(r.perSubmission(u.cpu)*1e6, "cpu-us/submission")
	value(r.perSubmission(r.Totals.CPU)*1e6, "loadgen-cpu-us/submission")
	value(r.perSubmission(u.out), "B/submission")
	value(r.perSubmission(u.logged), "log-B/submission")
	value(r.perSubmission(u.syncs), "syncs/submission")
	value(r.perSubmission(u.events), "events/submission")
	value(u.duplicates/max(1, u.received), "duplicate-share")
	value(float64(r.maxResident()), "max-resident-B")
	b.WriteByte('\n')
	return keys, nil
}

// unusable returns why the run's figures mean nothing, or nothing.
func (r *Run) unusable() string {
	switch {
	case len(r.Violations) > 0:
		return "safety violated"
	case len(r.Invalid) > 0:
		return "invalid load: " + strings.Join(r.Invalid, "; ")
	case r.Failed != "":
		return "failed: " + r.Failed
	case r.Interrupted:
		return "interrupted"
	case r.Totals.All == 0:
		return "nothing was decided"
	}
	return ""
}

// benchmarkName returns the name after "Benchmark". All its keys are there in every run, so that benchstat can pivot
// by each; the number of CPUs ends it as package testing would.
func (r *Run) benchmarkName() string {
	p := &r.Parameters
	name := fmt.Sprintf("Load/nodes=%d/down=%d/mode=%s/links=%s/loop=%s/arrivals=%s/rate=%s/size=%d", p.Nodes, p.Down, word(p.Mode), word(p.Profile),
		word(p.Loop), word(p.Arrivals), exactly(p.Rate)[0], p.Size)
	if r.Machine.CPUs > 1 {
		name += fmt.Sprintf("-%d", r.Machine.CPUs)
	}
	return name
}

// word returns a text as part of a benchmark's name: spaces would end the name, slashes and dashes part of it.
func word(s string) string {
	if s == "" {
		return "none"
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune(plainInShells, r) && !strings.ContainsRune("/=-%@", r) {
			return r
		}
		return '_'
	}, s)
}
