// Package samples reads the output of benchmarks strictly: what benchstat passes over in silence, a line
// that does not parse, a figure that is not a number, is an error here.
package samples

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// PackageKey is the configuration line that names the package of the results after it, as it was asked
// for: "./bench". Import paths would not do, as the module can be moved between two commits.
const PackageKey = "package"

// Arm is all samples of one side of a comparison.
type Arm struct {
	Benchmarks []*Benchmark // in order of first appearance
}

// Benchmark is the samples of one benchmark.
type Benchmark struct {
	Package string // by PackageKey; "" if there is none
	Name    string // without Benchmark in front and the number of processors behind
	Series  []*Series
}

// Series is the values of one unit, in the order in which they were measured.
type Series struct {
	Unit   string // tidied: sec/op for ns/op
	Better int    // 1 if higher is better, -1 if lower is, 0 if neither
	Values []float64
}

// ErrEmpty is that there are no results.
var ErrEmpty = errors.New("no benchmark results")

// Read reads results in the Go benchmark format. name is for errors.
func Read(r io.Reader, name string) (*Arm, error) {
	arm := &Arm{}
	in := benchfmt.NewReader(r, name)
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			if err := arm.add(rec); err != nil {
				return nil, err
			}
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(arm.Benchmarks) == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	names := make([]string, len(arm.Benchmarks))
	for i, b := range arm.Benchmarks {
		names[i] = b.Name
	}
	for i, name := range WithoutProcessors(names) {
		arm.Benchmarks[i].Name = name
	}
	units := in.Units()
	for _, b := range arm.Benchmarks {
		for _, s := range b.Series {
			s.Better = units.GetBetter(s.Unit)
		}
	}
	return arm, nil
}

// Parse is Read of text.
func Parse(text []byte, name string) (*Arm, error) { return Read(bytes.NewReader(text), name) }

func (a *Arm) add(r *benchfmt.Result) error {
	file, line := r.Pos()
	name := string(r.Name.Full())
	for i := range r.Values {
		v := &r.Values[i]
		_, v.Unit = benchunit.Tidy(1, v.Unit) // benchfmt leaves the unit of a zero as it was
		if math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
			return fmt.Errorf("%s:%d: %s: %v %s is no measurement", file, line, name, v.Value, v.Unit)
		}
		if v.Value < 0 {
			return fmt.Errorf("%s:%d: %s: %v %s is negative", file, line, name, v.Value, v.Unit)
		}
		if v.Value == 0 && v.Unit == Time {
			return fmt.Errorf("%s:%d: %s: took no time", file, line, name)
		}
	}
	b := a.Find(r.GetConfig(PackageKey), name)
	if b == nil {
		b = &Benchmark{Package: r.GetConfig(PackageKey), Name: name}
		a.Benchmarks = append(a.Benchmarks, b)
	}
	for _, v := range r.Values {
		s := b.Find(v.Unit)
		if s == nil {
			s = &Series{Unit: v.Unit}
			b.Series = append(b.Series, s)
		}
		s.Values = append(s.Values, v.Value)
	}
	return nil
}

// Find returns the benchmark of that package and name, or nil.
func (a *Arm) Find(pkg, name string) *Benchmark {
	for _, b := range a.Benchmarks {
		if b.Package == pkg && b.Name == name {
			return b
		}
	}
	return nil
}

// Find returns the series of that unit, or nil.
func (b *Benchmark) Find(unit string) *Series {
	for _, s := range b.Series {
		if s.Unit == unit {
			return s
		}
	}
	return nil
}

// Clone returns a copy that shares nothing.
func (a *Arm) Clone() *Arm {
	c := &Arm{}
	for _, b := range a.Benchmarks {
		copied := &Benchmark{Package: b.Package, Name: b.Name}
		for _, s := range b.Series {
			copied.Series = append(copied.Series, &Series{s.Unit, s.Better, slices.Clone(s.Values)})
		}
		c.Benchmarks = append(c.Benchmarks, copied)
	}
	return c
}

// Median returns the median. There is at least one value.
func (s *Series) Median() float64 {
	v := slices.Sorted(slices.Values(s.Values))
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}
