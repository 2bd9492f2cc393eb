package floor

import (
	"maps"
	"math"
	"slices"

	"github.com/montanaflynn/stats"

	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/verdict"
)

// DefaultFloor is the noise floor of a machine on which none was measured: a guess on the safe side.
const DefaultFloor = 0.25

// MinRuns is the fewest A/A runs out of which a floor is made.
const MinRuns = 20

// Summary is what the runs of a kind of machine say: of each kind of runs, the newest group.
type Summary struct {
	Machine   string             `json:"machine"`
	Command   string             `json:"command"`
	Alpha     float64            `json:"alpha"`
	Groups    []Group            `json:"groups"` // the runs that it is of
	Runs      int                `json:"runs"`   // A/A runs
	Seconds   float64            `json:"seconds_per_run"`
	Compare   Rate               `json:"compare_false_alarms"`      // runs in which perf compare shows a difference of wall time
	Gate      Rate               `json:"gate_false_alarms"`         // runs that perf gate does not pass for wall time, each at the floor of all the others
	Counters  *Rate              `json:"counters_differ,omitempty"` // runs in which a counter differs, of those that tell
	Overall   Spread             `json:"overall"`                   // over all benchmarks
	Benchmark map[string]*Spread `json:"benchmarks"`
	Slowdowns []Detection        `json:"slowdowns,omitempty"`
	Counts    []Detection        `json:"instructions,omitempty"`
}

// Rate is how many of how many runs, with the bound that the true share stays below with 95 % confidence
// (one-sided, after Clopper and Pearson).
type Rate struct {
	Of    int     `json:"of"`
	Count int     `json:"count"`
	Upper float64 `json:"upper_95"`
}

// Spread is by how much medians of one build differ, as shares, and what slowdown is seen.
type Spread struct {
	Median  float64 `json:"median_seconds,omitempty"` // of the A arms' medians
	MAD     float64 `json:"mad_seconds,omitempty"`    // their median absolute deviation
	P50     float64 `json:"difference_p50"`
	P95     float64 `json:"difference_p95"`
	P99     float64 `json:"difference_p99"` // the floor
	Power80 float64 `json:"power_80,omitempty"`
	Power95 float64 `json:"power_95,omitempty"` // least slowdown, as a share, that the gate catches so often
}

// Detection is how often something injected is caught.
type Detection struct {
	Injected float64 `json:"injected"`
	Caught   Rate    `json:"caught"`                    // by any benchmark
	Compare  *Rate   `json:"compare_caught,omitempty"`  // significant alone
	All      *Rate   `json:"every_benchmark,omitempty"` // by every benchmark at once
	Lower    float64 `json:"lower_95"`                  // bound that the true share stays above, of Caught
}

// Floor returns the share by which wall time of a benchmark differs by noise alone, in 99 of 100 runs. A
// benchmark that was not measured has the worst of those that were.
func (s *Summary) Floor(benchmark string) float64 {
	if s == nil || s.Runs < MinRuns {
		return DefaultFloor
	}
	if b := s.Benchmark[benchmark]; b != nil {
		return b.P99
	}
	worst := 0.0
	for _, b := range s.Benchmark {
		worst = max(worst, b.P99)
	}
	return worst
}

// Group returns the A/A runs that the floor is from; nil if there are none.
func (s *Summary) Group() *Group {
	for i := range s.Groups {
		if s.Groups[i].Kind == AA {
			return &s.Groups[i]
		}
	}
	return nil
}

// Names returns the names of the benchmarks in order.
func (s *Summary) Names() []string { return slices.Sorted(maps.Keys(s.Benchmark)) }

// Measured computes the floor alone, which is quick.
func Measured(machine string, records []Record, alpha float64) (*Summary, error) {
	s := &Summary{Machine: machine, Alpha: alpha, Groups: newest(records), Benchmark: map[string]*Spread{}}
	aa := s.runs(records)
	s.Runs = len(aa)
	if s.Runs > 0 {
		if err := s.spreads(aa); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// runs returns the A/A runs that the summary is of.
func (s *Summary) runs(records []Record) []Record {
	if g := s.Group(); g != nil {
		return g.of(records)
	}
	return nil
}

// Summarize computes what the runs say. Most of its time, some milliseconds a run, goes into power.
//
// How often the gate gives a false alarm is counted with each run judged by the floor of all the others: a floor
// that the run itself had a part in would pass it too easily. What slowdowns it catches is computed by the floor
// of all, which is no lower and so catches no more. What was injected is judged by it too.
func Summarize(machine, command string, records []Record, alpha float64) (*Summary, error) {
	s, err := Measured(machine, records, alpha)
	if err != nil {
		return nil, err
	}
	s.Command = command
	aa := s.runs(records)
	floors := s.without(aa)
	alarms, failed := 0, 0
	counters := Rate{}
	for i, r := range aa {
		s.Seconds += r.Seconds / float64(len(aa))
		v := r.caught(alpha, func(benchmark string) float64 { return floors[benchmark][i] })
		if v.Table != nil && differs(v.Table) {
			alarms++
		}
		if v.Outcome != verdict.Pass {
			failed++
		}
		if r.Counters != nil {
			counters.Of++
			if len(r.Counters.Differ) > 0 {
				counters.Count++
			}
		}
	}
	s.Compare, s.Gate = rate(alarms, s.Runs), rate(failed, s.Runs)
	if counters.Of > 0 {
		counters = rate(counters.Count, counters.Of)
		s.Counters = &counters
	}
	for name, b := range s.Benchmark {
		b.Power80 = s.power(aa, name, 0.8)
		b.Power95 = s.power(aa, name, 0.95)
	}
	s.detections(records)
	return s, nil
}

// without returns for each benchmark, and each of the A/A runs, the floor that the others alone give: the
// greatest of their differences but for as many as are above the floor of all. It is never above that floor.
func (s *Summary) without(aa []Record) map[string][]float64 {
	floors := map[string][]float64{}
	for name := range s.Benchmark {
		of := make([]float64, len(aa))
		above := 0
		for i, r := range aa {
			of[i] = s.Floor(name)
			if t := r.find(name); t != nil && t.difference() > of[i] {
				above++
			}
		}
		floors[name] = of
		if s.Runs < MinRuns {
			continue // the default, in which no run had a part
		}
		for i := range aa {
			var others []float64
			for j, r := range aa {
				if t := r.find(name); t != nil && j != i {
					others = append(others, t.difference())
				}
			}
			slices.Sort(others)
			if at := len(others) - 1 - above; at >= 0 {
				of[i] = others[at]
			}
		}
	}
	return floors
}

// find returns the times of a benchmark; nil if the run has none.
func (r Record) find(benchmark string) *Times {
	for i := range r.Times {
		if r.Times[i].Benchmark == benchmark {
			return &r.Times[i]
		}
	}
	return nil
}

// difference returns by how much the two medians differ, as a share.
func (t Times) difference() float64 { return math.Abs(median(t.Other)/median(t.One) - 1) }

func median(values []float64) float64 {
	m, _ := stats.Median(values) // none is empty: ReadRecords checks
	return m
}

func differs(t *contrast.Table) bool {
	for _, r := range t.Rows {
		if r.Differs {
			return true
		}
	}
	return false
}

// spreads computes by how much medians differ.
func (s *Summary) spreads(aa []Record) error {
	var all []float64
	medians, differences := map[string][]float64{}, map[string][]float64{}
	for _, r := range aa {
		for _, t := range r.Times {
			d := t.difference()
			medians[t.Benchmark] = append(medians[t.Benchmark], median(t.One))
			differences[t.Benchmark] = append(differences[t.Benchmark], d)
			all = append(all, d)
		}
	}
	for name, d := range differences {
		b := &Spread{}
		if err := b.percentiles(d); err != nil {
			return err
		}
		var err error
		if b.Median, err = stats.Median(medians[name]); err != nil {
			return err
		}
		if b.MAD, err = stats.MedianAbsoluteDeviation(medians[name]); err != nil {
			return err
		}
		s.Benchmark[name] = b
	}
	return s.Overall.percentiles(all)
}

func (b *Spread) percentiles(d []float64) error {
	for percent, into := range map[float64]*float64{50: &b.P50, 95: &b.P95, 99: &b.P99} {
		var err error
		if *into, err = stats.PercentileNearestRank(d, percent); err != nil {
			return err
		}
	}
	return nil
}

// power returns the least slowdown of one benchmark, as a share, that the gate catches with the given
// probability: with every A/A pair's second arm multiplied by it. That is a real pair but for the
// multiplication. It is 0 where the machine is too noisy to see even a hundredfold one.
func (s *Summary) power(aa []Record, name string, want float64) float64 {
	var pairs []Times
	for _, r := range aa {
		if t := r.find(name); t != nil {
			pairs = append(pairs, *t)
		}
	}
	floor := s.Floor(name)
	level := s.Alpha / float64(max(1, len(s.Benchmark)))
	u := map[[2]int]float64{}
	for _, t := range pairs {
		n := [2]int{len(t.One), len(t.Other)}
		if _, ok := u[n]; !ok {
			u[n] = contrast.CriticalU(n[0], n[1], level)
		}
	}
	factor := contrast.LeastFactor(func(f float64) float64 {
		seen := 0
		for _, t := range pairs {
			if floor < verdict.BlindFloor && f*median(t.Other)/median(t.One)-1 > floor && contrast.Seen(t.One, t.Other, f, u[[2]int{len(t.One), len(t.Other)}]) {
				seen++
			}
		}
		return float64(seen) / float64(len(pairs))
	}, want)
	if math.IsInf(factor, 1) {
		return 0
	}
	return factor - 1
}

// detections counts what was caught of what was injected.
func (s *Summary) detections(records []Record) {
	for _, k := range s.Groups {
		if k.Kind == AA {
			continue
		}
		runs := k.of(records)
		caught, compared, every := 0, 0, 0
		for _, r := range runs {
			if k.Kind == Instructions {
				if over(r.Counts) > 0 {
					caught++
				}
				if over(r.Counts) == len(r.Counts) && len(r.Counts) > 0 {
					every++
				}
				continue
			}
			v := r.caught(s.Alpha, s.Floor)
			if v.Outcome == verdict.Fail {
				caught++
			}
			if v.Table == nil { // ReadRecords refuses what has none
				continue
			}
			seen := 0
			for _, row := range v.Table.Rows {
				if row.Slower() {
					seen++
				}
			}
			if seen > 0 {
				compared++
			}
			if seen == len(v.Table.Rows) {
				every++
			}
		}
		all, n := rate(every, len(runs)), len(runs)
		d := Detection{Injected: k.Injected, Caught: rate(caught, n), All: &all, Lower: 1 - Upper(n-caught, n)}
		if k.Kind == Instructions {
			s.Counts = append(s.Counts, d)
		} else {
			c := rate(compared, n)
			d.Compare = &c
			s.Slowdowns = append(s.Slowdowns, d)
		}
	}
}

// over returns of how many benchmarks the gate would say that they take more instructions.
func over(counts []Count) int {
	n := 0
	for _, c := range counts {
		if c.Other/c.One-1 > verdict.InstructionLimit {
			n++
		}
	}
	return n
}

func rate(count, of int) Rate { return Rate{Of: of, Count: count, Upper: Upper(count, of)} }
