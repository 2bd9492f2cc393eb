// Package verdict turns a comparison into pass, fail or "could not judge". It runs nothing: the same
// figures give the same verdict. Whatever is missing or makes no sense is never a pass.
package verdict

import (
	"fmt"
	"math"
	"slices"

	"parsec/cmd/perf/internal/contrast"
	"parsec/cmd/perf/internal/samples"
)

// Limits of what a commit may cost more than its base.
const (
	CounterLimit     = 0.005 // share, for every counter
	ByteLimit        = 16    // bytes an event, if that is more
	InstructionLimit = 0.005 // share
	strayObjects     = 2     // objects an operation that the runtime may allocate of its own

	// BlindFloor is the noise floor from which on the gate could hardly see the time double: it does not
	// judge by such a one.
	BlindFloor = 0.5
)

// Outcome is a verdict; the greater is the graver.
type Outcome int

const (
	Pass Outcome = iota
	Fail
	Blind // could not judge
)

func (o Outcome) String() string { return [...]string{"PASS", "FAIL", "COULD NOT JUDGE"}[o] }

// Case is what is judged.
type Case struct {
	Base, Head   *samples.Arm // nil if it is missing
	Samples      int          // that were asked for, of each
	Alpha        float64
	Floor        func(benchmark string) float64 // share by which wall time differs by noise alone
	Instructions []Instructions                 // empty if they were not counted
	Accepted     []Acceptance                   // those that are about this base and head
}

// Instructions are those of one operation.
type Instructions struct {
	Benchmark  string
	Base, Head float64
}

// Finding is one thing of note. Of outcome Pass it is one for the record.
type Finding struct {
	Outcome   Outcome
	Benchmark string // "" if it is about all
	Unit      string
	Text      string
}

// Verdict is the outcome, which is that of its gravest finding.
type Verdict struct {
	Outcome  Outcome
	Findings []Finding
	Table    *contrast.Table // nil if there was nothing to compare
}

func (v *Verdict) find(o Outcome, benchmark, unit, format string, args ...any) {
	v.Outcome = max(v.Outcome, o)
	v.Findings = append(v.Findings, Finding{o, benchmark, unit, fmt.Sprintf(format, args...)})
}

// Judge judges.
func Judge(c Case) *Verdict {
	v := &Verdict{}
	if !v.complete("base", c.Base, c.Samples) || !v.complete("head", c.Head, c.Samples) {
		return v
	}
	used := make([]bool, len(c.Accepted))
	v.Table = contrast.Compare(c.Base, c.Head, c.Alpha)
	for _, m := range v.Table.Only {
		by := (*Acceptance)(nil)
		if m.In == "base" {
			by = vanishing(c.Accepted, used, m.Benchmark, m.Unit)
		}
		switch {
		case m.In == "head":
			v.find(Pass, m.Benchmark, m.Unit, "is new: there is nothing to compare it with")
		case by != nil:
			v.find(Pass, m.Benchmark, m.Unit, "has vanished from head, accepted by %s: %s", by.Source, by.Reason)
		case m.Unit == "":
			v.find(Blind, m.Benchmark, "", "has vanished from head")
		default:
			v.find(Blind, m.Benchmark, m.Unit, "the benchmark no longer reports this unit")
		}
	}
	if v.Table.Clocks == 0 {
		v.find(Blind, "", "", "no time is compared")
	}
	for _, r := range v.Table.Rows {
		v.row(c, r, used)
	}
	for _, i := range c.Instructions {
		v.instructions(c, i, used)
	}
	for i, a := range c.Accepted {
		switch {
		case used[i]:
		case c.covers(a):
			v.find(Blind, a.Benchmark, a.Unit, "%s accepts a change of this, which is not among what was compared", a.Source)
		default:
			v.find(Pass, a.Benchmark, a.Unit, "%s accepts a change of this, which this run does not measure", a.Source)
		}
	}
	return v
}

// covers reports whether this run would have measured what the acceptance is about, if it were there: not
// where the benchmark is of another profile or the instructions were not counted.
func (c Case) covers(a Acceptance) bool {
	if a.Unit == InstructionUnit {
		return slices.ContainsFunc(c.Instructions, func(i Instructions) bool { return i.Benchmark == a.Benchmark })
	}
	named := func(b *samples.Benchmark) bool { return b.Name == a.Benchmark }
	return slices.ContainsFunc(c.Base.Benchmarks, named) || slices.ContainsFunc(c.Head.Benchmarks, named)
}

// complete reports whether an arm can be judged by.
func (v *Verdict) complete(side string, a *samples.Arm, want int) bool {
	if a == nil || len(a.Benchmarks) == 0 {
		v.find(Blind, "", "", "%s has no samples at all", side)
		return false
	}
	ok := true
	for _, b := range a.Benchmarks {
		if b.Find(samples.Time) == nil {
			v.find(Blind, b.Name, samples.Time, "%s does not tell the time", side)
			ok = false
		}
		for _, s := range b.Series {
			if len(s.Values) < want {
				v.find(Blind, b.Name, s.Unit, "%s has %d samples of the %d asked for", side, len(s.Values), want)
				ok = false
			}
			for _, x := range s.Values {
				if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 || x == 0 && samples.KindOf(s.Unit) != samples.Counter {
					v.find(Blind, b.Name, s.Unit, "%s measured %v, which cannot be", side, x)
					ok = false
					break
				}
			}
		}
	}
	return ok
}

func (v *Verdict) row(c Case, r *contrast.Row, used []bool) {
	allowed, by := allowance(c.Accepted, used, r.Benchmark, r.Unit)
	over, limit := false, ""
	if r.Kind == samples.Clock {
		floor := c.Floor(r.Benchmark)
		if !(floor >= 0 && floor < BlindFloor) {
			v.find(Blind, r.Benchmark, r.Unit, "the noise floor is %.1f %%, and nothing is judged by one of %.0f %% or more", 100*floor, 100*BlindFloor)
			return
		}
		over = r.Slower() && math.Abs(r.Delta) > floor
		limit = fmt.Sprintf("significant (p=%.2g after correction) and beyond the noise floor of %.1f %%", r.Adjusted, 100*floor)
		if r.Slower() && !over {
			v.find(Pass, r.Benchmark, r.Unit, "%+.2f %%, significant but within the noise floor of %.1f %%", 100*r.Delta, 100*floor)
		}
	} else {
		tolerance := CounterLimit * r.Base.Median
		limit = fmt.Sprintf("the limit is %.1f %%", 100*CounterLimit)
		switch {
		case samples.IsBytes(r.Unit):
			tolerance = max(tolerance, ByteLimit)
			limit += fmt.Sprintf(" or %d bytes", ByteLimit)
		case samples.IsObjects(r.Unit):
			tolerance = max(tolerance, r.Slack)
			limit += fmt.Sprintf(" or %d objects an operation", strayObjects)
		}
		over = math.Abs(r.Head.Median-r.Base.Median) > tolerance && worse(r)
		accepted := zero(c.Accepted, used, r.Benchmark, r.Unit)
		switch {
		case r.Base.Median > 0 && r.Head.Median == 0 && accepted != nil:
			v.find(Pass, r.Benchmark, r.Unit, "was %.4g and is 0, accepted by %s: %s", r.Base.Median, accepted.Source, accepted.Reason)
			return
		case r.Base.Median > 0 && r.Head.Median == 0:
			v.find(Blind, r.Benchmark, r.Unit, "was %.4g and is 0: a benchmark that measures nothing looks like this", r.Base.Median)
			return
		case accepted != nil:
			v.find(Blind, r.Benchmark, r.Unit, "%s accepts that it is 0, and it is %.4g", accepted.Source, r.Head.Median)
		case r.Varies && !over:
			v.find(Pass, r.Benchmark, r.Unit, "varies from sample to sample; its medians are compared")
		}
	}
	switch {
	case !over:
	case by == nil:
		v.find(Fail, r.Benchmark, r.Unit, "%.4g to %.4g, %s; %s", r.Base.Median, r.Head.Median, percent(r.Delta), limit)
	case math.Abs(r.Delta) > allowed || math.IsNaN(r.Delta):
		v.find(Fail, r.Benchmark, r.Unit, "%s, more than the %.2f %% that %s accepts", percent(r.Delta), 100*allowed, by.Source)
	default:
		v.find(Pass, r.Benchmark, r.Unit, "%s, accepted by %s: %s", percent(r.Delta), by.Source, by.Reason)
	}
}

func worse(r *contrast.Row) bool {
	switch r.Better {
	case -1:
		return r.Head.Median > r.Base.Median
	case 1:
		return r.Head.Median < r.Base.Median
	}
	return true // it has no direction: it says what the load is like, and that is to stay
}

func percent(delta float64) string {
	if math.IsNaN(delta) {
		return "from none"
	}
	return fmt.Sprintf("%+.2f %%", 100*delta)
}

// InstructionUnit is what acceptances call instructions.
const InstructionUnit = "instructions/op"

func (v *Verdict) instructions(c Case, i Instructions, used []bool) {
	allowed, by := allowance(c.Accepted, used, i.Benchmark, InstructionUnit)
	if !(i.Base > 0) || !(i.Head > 0) || math.IsInf(i.Base, 0) || math.IsInf(i.Head, 0) {
		v.find(Blind, i.Benchmark, InstructionUnit, "counted %v and %v, which cannot be", i.Base, i.Head)
		return
	}
	delta := i.Head/i.Base - 1
	switch {
	case delta <= InstructionLimit:
	case by == nil:
		v.find(Fail, i.Benchmark, InstructionUnit, "%.4g to %.4g, %s; the limit is %.1f %%", i.Base, i.Head, percent(delta), 100*InstructionLimit)
	case delta > allowed:
		v.find(Fail, i.Benchmark, InstructionUnit, "%s, more than the %.2f %% that %s accepts", percent(delta), 100*allowed, by.Source)
	default:
		v.find(Pass, i.Benchmark, InstructionUnit, "%s, accepted by %s: %s", percent(delta), by.Source, by.Reason)
	}
}
