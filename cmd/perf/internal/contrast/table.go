package contrast

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"parsec/cmd/perf/internal/samples"
)

// DefaultAlpha is the chance that a run of equal commits has any false alarm in it, at most.
const DefaultAlpha = 0.005

// confidence is that of the intervals around medians.
const confidence = 0.95

// Table is a comparison.
type Table struct {
	Alpha    float64
	Rows     []*Row
	Only     []Missing // what one arm has and the other has not
	Clocks   int       // how many rows were tested, and corrected for
	Warnings []string
}

// Row compares one unit of one benchmark.
type Row struct {
	Package, Benchmark, Unit string
	Kind                     samples.Kind
	Better                   int // 1 higher, -1 lower, 0 neither
	Base, Head               Center
	Delta                    float64 // head over base, less 1; NaN if base is 0 and head is not
	Differs                  bool    // significant after correction, or a counter beyond its slack

	// For counters.
	Slack  float64 // in the unit
	Varies bool    // within an arm, beyond the slack

	// For times.
	P, Adjusted float64
	Detectable  float64 // smallest slowdown that would have been seen, less 1; +Inf if none up to 100 times; NaN before Detect
}

// Center is the middle of one arm.
type Center struct {
	Median float64
	Lo, Hi float64 // interval around a time's median; the least and greatest value of a counter
	N      int
}

// Missing is a benchmark or a unit of it that only one arm has.
type Missing struct {
	Package, Benchmark string
	Unit               string // "" for the whole benchmark
	In                 string // "base" or "head"
}

// Compare compares two arms. What could have been seen is for Detect to say.
func Compare(base, head *samples.Arm, alpha float64) *Table {
	t := &Table{Alpha: alpha}
	for _, b := range base.Benchmarks {
		h := head.Find(b.Package, b.Name)
		if h == nil {
			t.Only = append(t.Only, Missing{b.Package, b.Name, "", "base"})
			continue
		}
		for _, s := range b.Series {
			other := h.Find(s.Unit)
			if other == nil {
				t.Only = append(t.Only, Missing{b.Package, b.Name, s.Unit, "base"})
				continue
			}
			if kind := kindIn(b, s.Unit); kind != samples.Restated {
				t.Rows = append(t.Rows, row(b, h, s, other, kind))
			}
		}
		for _, s := range h.Series {
			if b.Find(s.Unit) == nil {
				t.Only = append(t.Only, Missing{b.Package, b.Name, s.Unit, "head"})
			}
		}
	}
	for _, h := range head.Benchmarks {
		if base.Find(h.Package, h.Name) == nil {
			t.Only = append(t.Only, Missing{h.Package, h.Name, "", "head"})
		}
	}
	t.correct()
	return t
}

// kindIn is samples.KindOf, but for a benchmark that tells its time in no other unit.
func kindIn(b *samples.Benchmark, unit string) samples.Kind {
	kind := samples.KindOf(unit)
	if kind == samples.Restated && b.Find(samples.Time) == nil {
		return samples.Clock
	}
	return kind
}

func row(b, h *samples.Benchmark, base, head *samples.Series, kind samples.Kind) *Row {
	r := &Row{Package: b.Package, Benchmark: b.Name, Unit: base.Unit, Kind: kind, Better: base.Better}
	if r.Better == 0 {
		r.Better = head.Better // a unit of which only the head knows the direction
	}
	if kind == samples.Clock {
		thresholds := &benchmath.DefaultThresholds
		sb := benchmath.NewSample(slices.Clone(base.Values), thresholds)
		sh := benchmath.NewSample(slices.Clone(head.Values), thresholds)
		r.Base, r.Head = center(sb), center(sh)
		r.Detectable = math.NaN()
		r.P = benchmath.AssumeNothing.Compare(sb, sh).P
	} else {
		r.Base, r.Head = spread(base), spread(head)
		r.Slack = slack(b, base.Unit, r.Base.Median)
		r.Differs = math.Abs(r.Head.Median-r.Base.Median) > r.Slack
		r.Varies = r.Base.Hi-r.Base.Lo > r.Slack || r.Head.Hi-r.Head.Lo > r.Slack
	}
	switch {
	case r.Base.Median != 0:
		r.Delta = r.Head.Median/r.Base.Median - 1
	case r.Head.Median != 0:
		r.Delta = math.NaN()
	}
	return r
}

func center(s *benchmath.Sample) Center {
	sum := benchmath.AssumeNothing.Summary(s, confidence)
	return Center{sum.Center, sum.Lo, sum.Hi, len(s.Values)}
}

func spread(s *samples.Series) Center {
	return Center{s.Median(), slices.Min(s.Values), slices.Max(s.Values), len(s.Values)}
}

// Objects and bytes that the runtime may allocate of its own during an operation.
const (
	strayObjects = 2
	strayBytes   = 512
)

// slack returns by how much two counts of the same may differ, in the unit. Figures are printed with four
// digits, and rounding may go either way.
func slack(b *samples.Benchmark, unit string, median float64) float64 {
	rounding := 0.0
	if median > 0 {
		rounding = math.Pow(10, math.Floor(math.Log10(median))-3)
	}
	stray := 0.0
	switch {
	case samples.IsObjects(unit):
		stray = strayObjects
	case samples.IsBytes(unit):
		stray = strayBytes
	default:
		return 0
	}
	return b.PerEvent(stray, unit) + rounding
}

// correct adjusts the p-values for their number, after Holm: the k-th smallest of m is multiplied by
// m-k+1, and none is less than the one before it.
func (t *Table) correct() {
	var tested []*Row
	for _, r := range t.Rows {
		if r.Kind == samples.Clock {
			tested = append(tested, r)
		}
	}
	t.Clocks = len(tested)
	slices.SortStableFunc(tested, func(a, b *Row) int { return cmp.Compare(a.P, b.P) })
	least := 0.0
	for k, r := range tested {
		least = max(least, min(1, r.P*float64(len(tested)-k)))
		r.Adjusted = least
		r.Differs = r.Adjusted <= t.Alpha
	}
	for _, r := range tested {
		if n := min(r.Base.N, r.Head.N); n < 10 {
			t.Warnings = append(t.Warnings, fmt.Sprintf("%s: %d samples; fewer than 10 can tell little", r.Benchmark, n))
		}
	}
}

// Slower reports whether the row is a difference for the worse, or one without a direction.
func (r *Row) Slower() bool {
	worse := r.Head.Median != r.Base.Median
	switch r.Better {
	case -1:
		worse = r.Head.Median > r.Base.Median
	case 1:
		worse = r.Head.Median < r.Base.Median
	}
	return r.Differs && worse
}
