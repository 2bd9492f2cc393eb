// Package floor knows how noisy a machine is: by how much two runs of the same build differ there, how often
// that is called a difference, and what slowdowns are seen through it.
//
// For each kind of machine there are two files in results/noise: the runs as they were made, one a line
// (MACHINE.ndjson), and what follows from them (MACHINE.json), computed by Summarize. The latter is to be read
// by others: the gate computes its floor from the runs.
package floor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
	"parsec/cmd/perf/internal/verdict"
)

// Kinds of runs.
const (
	AA           = "a/a"          // one build against itself
	Slowdown     = "slowdown"     // against itself, slowed down by a factor
	Instructions = "instructions" // counted twice, the second time with a share more
)

// Record is one run.
type Record struct {
	Kind     string        `json:"kind"`
	Injected float64       `json:"injected,omitempty"` // factor of the slowdown, or per cent of instructions
	Profile  trial.Profile `json:"profile"`
	Commit   string        `json:"commit"`
	Started  string        `json:"started"` // RFC 3339
	Seconds  float64       `json:"seconds"`
	Times    []Times       `json:"times,omitempty"`
	Counts   []Count       `json:"counts,omitempty"`
	Counters *Counters     `json:"counters,omitempty"` // nil in records older than it, and where none are compared
}

// Counters says which counters (allocations, bytes, ...) two runs of one build told differently.
type Counters struct {
	Compared int      `json:"compared"`
	Differ   []string `json:"differ,omitempty"` // benchmark and unit
}

// Times are the samples of one benchmark, in seconds an operation.
type Times struct {
	Benchmark string    `json:"benchmark"`
	One       []float64 `json:"one"`
	Other     []float64 `json:"other"`
}

// Count is the instructions of an operation of one benchmark.
type Count struct {
	Benchmark string  `json:"benchmark"`
	One       float64 `json:"one"`
	Other     float64 `json:"other"`
}

// TimesOf takes the times out of two arms.
func TimesOf(one, other *samples.Arm) ([]Times, error) {
	var all []Times
	for _, b := range one.Benchmarks {
		o := other.Find(b.Package, b.Name)
		if o == nil || b.Find(samples.Time) == nil || o.Find(samples.Time) == nil {
			return nil, fmt.Errorf("%s is missing in one of two runs of one build", b.Name)
		}
		all = append(all, Times{b.Name, b.Find(samples.Time).Values, o.Find(samples.Time).Values})
	}
	return all, nil
}

// CountersOf compares the counters of two arms as perf compare does.
func CountersOf(one, other *samples.Arm) *Counters {
	c := &Counters{}
	for _, r := range contrast.Compare(one, other, contrast.DefaultAlpha).Rows {
		if r.Kind == samples.Counter {
			c.Compared++
			if r.Differs {
				c.Differ = append(c.Differ, r.Benchmark+" "+r.Unit)
			}
		}
	}
	return c
}

// arms are the two sides as samples.
func (r Record) arms() (one, other *samples.Arm) {
	one, other = &samples.Arm{}, &samples.Arm{}
	for _, t := range r.Times {
		one.Benchmarks = append(one.Benchmarks, benchmark(t.Benchmark, t.One))
		other.Benchmarks = append(other.Benchmarks, benchmark(t.Benchmark, t.Other))
	}
	return one, other
}

func benchmark(name string, values []float64) *samples.Benchmark {
	return &samples.Benchmark{Name: name, Series: []*samples.Series{{Unit: samples.Time, Better: -1, Values: values}}}
}

// caught returns what the gate says of the run, at that noise floor.
func (r Record) caught(alpha float64, floor func(string) float64) *verdict.Verdict {
	one, other := r.arms()
	return verdict.Judge(verdict.Case{Base: one, Head: other, Samples: r.Profile.Samples, Alpha: alpha, Floor: floor})
}

// ReadRecords reads the runs of a file; none if there is no file. A last line that was cut off by a killed
// process is left out.
func ReadRecords(name string) ([]Record, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	var all []Record
	in := bufio.NewScanner(bytes.NewReader(whole))
	in.Buffer(nil, 1<<24)
	for line := 1; in.Scan(); line++ {
		var r Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		r.name()
		all = append(all, r)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// name takes the number of processors off the benchmarks' names, which older records have.
func (r Record) name() {
	names := make([]string, len(r.Times))
	for i, t := range r.Times {
		names[i] = t.Benchmark
	}
	for i, name := range samples.WithoutProcessors(names) {
		r.Times[i].Benchmark = name
	}
	names = make([]string, len(r.Counts))
	for i, c := range r.Counts {
		names[i] = c.Benchmark
	}
	for i, name := range samples.WithoutProcessors(names) {
		r.Counts[i].Benchmark = name
	}
}

func (r Record) check() error {
	switch r.Kind {
	case AA, Slowdown:
		if len(r.Times) == 0 || len(r.Counts) > 0 {
			return fmt.Errorf("a run of kind %q has %d times and %d counts", r.Kind, len(r.Times), len(r.Counts))
		}
	case Instructions:
		if len(r.Counts) == 0 || len(r.Times) > 0 {
			return fmt.Errorf("a run of kind %q has %d times and %d counts", r.Kind, len(r.Times), len(r.Counts))
		}
	default:
		return fmt.Errorf("no kind of run is called %q", r.Kind)
	}
	least := map[string]float64{AA: 0, Slowdown: 1, Instructions: 0}[r.Kind]
	switch {
	case r.Kind == AA && r.Injected != 0, r.Kind != AA && !(r.Injected > least) || math.IsInf(r.Injected, 0):
		return fmt.Errorf("a run of kind %q with %v injected", r.Kind, r.Injected)
	case r.Commit == "":
		return errors.New("names no commit")
	case !(r.Seconds >= 0) || math.IsInf(r.Seconds, 0):
		return fmt.Errorf("took %v s", r.Seconds)
	}
	if err := r.Profile.Check(); err != nil {
		return fmt.Errorf("its profile: %w", err)
	}
	seen := map[string]bool{}
	once := func(benchmark string) error {
		if benchmark == "" || seen[benchmark] {
			return fmt.Errorf("benchmark %q is there twice, or has no name", benchmark)
		}
		seen[benchmark] = true
		return nil
	}
	for _, c := range r.Counts {
		if err := once(c.Benchmark); err != nil {
			return err
		}
		for _, v := range []float64{c.One, c.Other} {
			if !(v > 0) || math.IsInf(v, 0) {
				return fmt.Errorf("%s took %v instructions", c.Benchmark, v)
			}
		}
	}
	for _, t := range r.Times {
		if err := once(t.Benchmark); err != nil {
			return err
		}
		if n := min(len(t.One), len(t.Other)); n < r.Profile.Samples {
			return fmt.Errorf("%s has %d samples of the %d asked for", t.Benchmark, n, r.Profile.Samples)
		}
		for _, values := range [][]float64{t.One, t.Other} {
			for _, v := range values {
				if !(v > 0) || math.IsInf(v, 0) {
					return fmt.Errorf("%s took %v s", t.Benchmark, v)
				}
			}
		}
	}
	return nil
}

// Append adds a run to a file. A line that was cut off before is removed first.
func Append(name string, r Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	end := int64(bytes.LastIndexByte(old, '\n') + 1)
	if err := f.Truncate(end); err != nil {
		return err
	}
	if _, err := f.WriteAt(append(line, '\n'), end); err != nil {
		return err
	}
	return f.Close()
}
