package verdict

import (
	"context"
	"errors"
	"fmt"

	"parsec/cmd/perf/internal/samples"
)

// ErrNoCounters is that the benchmarks count nothing that could be tampered with.
var ErrNoCounters = errors.New("there are no counters")

// TestCounters tries the judge on the base arm: against itself it must pass, and with any one counter of
// any one benchmark worse by twice the limit it must not; nor with more instructions. The error says to
// what it is blind; it is ErrNoCounters if all else is well.
func TestCounters(ctx context.Context, base *samples.Arm, want int, alpha float64) error {
	c := Case{Base: base, Head: base.Clone(), Samples: want, Alpha: alpha, Floor: func(string) float64 { return 0 }}
	if v := Judge(c); v.Outcome != Pass {
		return fmt.Errorf("the base does not pass against itself: %v", v.Findings)
	}
	tried := 0
	for i, b := range base.Benchmarks {
		for j, s := range b.Series {
			if samples.KindOf(s.Unit) != samples.Counter || s.Median() == 0 {
				continue
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			tampered := base.Clone()
			worse := tampered.Benchmarks[i].Series[j]
			for k := range worse.Values {
				step := 2*CounterLimit*worse.Values[k] + 1e-9
				switch {
				case samples.IsBytes(s.Unit):
					step = max(step, 2*ByteLimit)
				case samples.IsObjects(s.Unit):
					step += b.PerEvent(4*strayObjects, s.Unit)
				}
				if s.Better > 0 {
					step = -step
				}
				worse.Values[k] += step
			}
			c.Head = tampered
			if v := Judge(c); v.Outcome != Fail {
				return fmt.Errorf("it does not see that %s of %s is worse", s.Unit, b.Name)
			}
			tried++
		}
	}
	c.Head = base.Clone()
	c.Instructions = []Instructions{{"tampered", 1e6, 1e6 * (1 + 2*InstructionLimit)}}
	if v := Judge(c); v.Outcome != Fail {
		return errors.New("it does not see more instructions")
	}
	if tried == 0 {
		return ErrNoCounters
	}
	return nil
}

// TestTimes tries the judge on three arms of one build, run in turns: two as they are, which must pass, and
// one that was slowed down on purpose, which must not, by its time alone.
func TestTimes(one, other, slowed *samples.Arm, want int, alpha float64, floor func(string) float64) error {
	c := Case{Base: one, Head: other, Samples: want, Alpha: alpha, Floor: floor}
	if v := Judge(c); v.Outcome != Pass {
		return fmt.Errorf("two runs of one build do not pass: %v", v.Findings)
	}
	c.Head = slowed
	v := Judge(c)
	if v.Outcome != Fail {
		return fmt.Errorf("a deliberate slowdown is judged %v", v.Outcome)
	}
	for _, f := range v.Findings {
		if f.Outcome != Pass && f.Unit != samples.Time {
			return fmt.Errorf("a deliberate slowdown changed %s of %s", f.Unit, f.Benchmark)
		}
	}
	return nil
}
