package contrast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"parsec/cmd/perf/internal/samples"
)

// armOf returns an arm of benchmarks B0, B1 and so on, whose times are given in nanoseconds.
func armOf(t *testing.T, times ...[]float64) *samples.Arm {
	t.Helper()
	var text strings.Builder
	text.WriteString("Unit B/event better=lower\nUnit allocs/event better=lower\n")
	for i, values := range times {
		for _, v := range values {
			fmt.Fprintf(&text, "BenchmarkB%d 1 %.3f ns/op %.6f us/event 100 B/event 0.02 allocs/event 7 blocks/event\n", i, v, v/1e3/1000)
		}
	}
	arm, err := samples.Parse([]byte(text.String()), "arm")
	if err != nil {
		t.Fatal(err)
	}
	return arm
}

func noisy(r *rand.Rand, n int, median, spread float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = median * math.Exp(spread*r.NormFloat64())
	}
	return v
}

func find(t *testing.T, table *Table, benchmark, unit string) *Row {
	t.Helper()
	for _, r := range table.Rows {
		if r.Benchmark == benchmark && r.Unit == unit {
			return r
		}
	}
	t.Fatalf("no row for %s %s", benchmark, unit)
	return nil
}

func TestCompareTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	base := armOf(t, noisy(r, 10, 1e6, 0.01), noisy(r, 10, 1e6, 0.01))
	head := armOf(t, noisy(r, 10, 1e6, 0.01), noisy(r, 10, 1.1e6, 0.01))
	table := Compare(base, head, 0.005)
	if !math.IsNaN(find(t, table, "B0", samples.Time).Detectable) {
		t.Error("says what it would have seen without having found out")
	}
	table.Detect(base, head)
	if table.Clocks != 2 || len(table.Rows) != 8 || len(table.Only) != 0 {
		t.Fatalf("%d times of %d rows, %v missing", table.Clocks, len(table.Rows), table.Only)
	}
	same, slower := find(t, table, "B0", samples.Time), find(t, table, "B1", samples.Time)
	if same.Differs || same.Slower() {
		t.Errorf("equal arms differ: %+v", same)
	}
	if !slower.Differs || !slower.Slower() || math.Abs(slower.Delta-0.1) > 0.02 {
		t.Errorf("a slowdown by a tenth is %+v", slower)
	}
	// One per cent of noise and ten samples an arm: some per cent are seen.
	if same.Detectable < 0.01 || same.Detectable > 0.06 {
		t.Errorf("would have seen %.3f", same.Detectable)
	}
}

// What a table says it would have seen is seen in about as many cases as it says, over many tables: one of
// them knows the noise by twenty figures only.
func TestDetectable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const tables, runs = 30, 100
	critical := CriticalU(10, 10, 0.005)
	seen := 0
	for range tables {
		base, head := armOf(t, noisy(r, 10, 1e6, 0.05)), armOf(t, noisy(r, 10, 1e6, 0.05))
		table := Compare(base, head, 0.005)
		table.Detect(base, head)
		factor := 1 + find(t, table, "B0", samples.Time).Detectable
		for range runs {
			if Seen(noisy(r, 10, 1, 0.05), noisy(r, 10, 1, 0.05), factor, critical) {
				seen++
			}
		}
	}
	if share := float64(seen) / (tables * runs); share < 0.7 || share > 0.9 {
		t.Errorf("power %.2f where %.2f is promised", share, Power)
	}
}

func TestCompareCounters(t *testing.T) {
	times := []float64{1e6, 1.01e6, 1.02e6, 1.03e6}
	base := armOf(t, times)
	for _, c := range []struct {
		unit    string
		change  func(v float64) float64
		differs bool
		slower  bool
	}{
		{"blocks/event", func(v float64) float64 { return v }, false, false},
		{"blocks/event", func(v float64) float64 { return v * 1.001 }, true, true},
		{"blocks/event", func(v float64) float64 { return v * 0.999 }, true, true},
		{"B/event", func(v float64) float64 { return v + 0.4 }, false, false}, // 400 bytes of a thousand events
		{"B/event", func(v float64) float64 { return v + 1 }, true, true},
		{"B/event", func(v float64) float64 { return v - 1 }, true, false},
		{"allocs/event", func(v float64) float64 { return v + 0.002 }, false, false}, // two objects
		{"allocs/event", func(v float64) float64 { return v + 0.004 }, true, true},
	} {
		head := base.Clone()
		s := head.Benchmarks[0].Find(c.unit)
		for i := range s.Values {
			s.Values[i] = c.change(s.Values[i])
		}
		row := find(t, Compare(base, head, 0.005), "B0", c.unit)
		if row.Differs != c.differs || row.Slower() != c.slower || row.Varies {
			t.Errorf("%s: %+v, slower %v", c.unit, row, row.Slower())
		}
	}
	head := base.Clone()
	head.Benchmarks[0].Find("blocks/event").Values[1]++
	if row := find(t, Compare(base, head, 0.005), "B0", "blocks/event"); !row.Varies {
		t.Errorf("a counter that varies: %+v", row)
	}
}

// What the runtime allocates of its own is divided by events only where the unit is of events.
func TestSlackOfOperations(t *testing.T) {
	base, err := samples.Parse([]byte("BenchmarkX 1 1000000 ns/op 1 us/event 5000 B/op 50 allocs/op 0.05 allocs/event\n"), "base")
	if err != nil {
		t.Fatal(err)
	}
	for unit, want := range map[string]float64{"B/op": 512 + 1, "allocs/op": 2 + 0.01, "allocs/event": 0.002 + 0.00001} {
		if row := find(t, Compare(base, base, 0.005), "X", unit); math.Abs(row.Slack-want) > 1e-9 {
			t.Errorf("%s: slack %v, want %v", unit, row.Slack, want)
		}
	}
}

func TestMissing(t *testing.T) {
	full := armOf(t, []float64{1}, []float64{1})
	part := armOf(t, []float64{1})
	part.Benchmarks[0].Series = part.Benchmarks[0].Series[:2]
	for _, c := range []struct {
		base, head *samples.Arm
		in         string
	}{{full, part, "base"}, {part, full, "head"}} {
		only := Compare(c.base, c.head, 0.005).Only
		benchmarks, units := 0, 0
		for _, m := range only {
			if m.In != c.in {
				t.Errorf("%+v, want it in %s", m, c.in)
			}
			if m.Unit == "" {
				benchmarks++
			} else {
				units++
			}
		}
		if benchmarks != 1 || units != 3 {
			t.Errorf("%+v", only)
		}
	}
}

func TestCorrect(t *testing.T) {
	table := &Table{Alpha: 0.05}
	for _, p := range []float64{0.03, 0.01, 0.04, 0.02} {
		table.Rows = append(table.Rows, &Row{Kind: samples.Clock, P: p})
	}
	table.Rows = append(table.Rows, &Row{Kind: samples.Counter, P: 0})
	table.correct()
	for i, want := range []float64{0.06, 0.04, 0.06, 0.06} { // 4*0.01, then 3*0.02, and never less after
		if r := table.Rows[i]; math.Abs(r.Adjusted-want) > 1e-12 || r.Differs != (want <= 0.05) {
			t.Errorf("p=%v: adjusted %v, want %v; differs %v", r.P, r.Adjusted, want, r.Differs)
		}
	}
	if table.Clocks != 4 {
		t.Errorf("%d comparisons", table.Clocks)
	}
}

// Of runs in which nothing has changed, no more than alpha have a false alarm.
func TestFalseAlarms(t *testing.T) {
	const runs, alpha = 400, 0.05
	r := rand.New(rand.NewPCG(3, 4))
	alarms := 0
	for range runs {
		table := &Table{Alpha: alpha}
		for range 4 {
			b := armOf(t, noisy(r, 10, 1e6, 0.1)).Benchmarks[0]
			h := armOf(t, noisy(r, 10, 1e6, 0.1)).Benchmarks[0]
			table.Rows = append(table.Rows, row(b, h, b.Find(samples.Time), h.Find(samples.Time), samples.Clock))
		}
		table.correct()
		for _, row := range table.Rows {
			if row.Differs {
				alarms++
				break
			}
		}
	}
	if alarms > 34 { // 20 are expected; more than 34 have a chance below 0.1 %
		t.Errorf("%d of %d runs of equal arms have an alarm, at alpha %v", alarms, runs, alpha)
	}
}

func TestCriticalU(t *testing.T) {
	for _, c := range []struct {
		n1, n2 int
		level  float64
		want   float64
	}{
		{10, 10, 0.05, 23}, // the printed tables of the U test, two-sided
		{10, 10, 0.01, 16},
		{8, 12, 0.05, 22},
		{20, 20, 0.05, 127},
		{3, 3, 0.05, -1},
	} {
		if got := CriticalU(c.n1, c.n2, c.level); got != c.want {
			t.Errorf("%d and %d samples at %v: %v, want %v", c.n1, c.n2, c.level, got, c.want)
		}
	}
}

func TestLeastFactor(t *testing.T) {
	step := func(at float64) func(float64) float64 {
		return func(f float64) float64 {
			if f >= at {
				return 1
			}
			return 0
		}
	}
	for _, at := range []float64{1.01, 1.5, 7, 80, 99} {
		if got := LeastFactor(step(at), 0.8); math.Abs(got-at) > 0.001*at {
			t.Errorf("got %v, want %v", got, at)
		}
	}
	if got := LeastFactor(step(1000), 0.8); !math.IsInf(got, 1) {
		t.Errorf("out of reach: %v", got)
	}
}
