package workloads

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// Shape is the form of a distribution of durations.
type Shape uint8

// The shapes, each stated for a mean of m.
const (
	Fixed       Shape = iota // always m
	Jittered                 // uniform from m/2 to 3m/2
	Uniform                  // uniform from 0 to 2m
	Exponential              // memoryless; 1 in 20 exceeds 3m
	HeavyTailed              // Pareto with exponent 2, from m/2; 1 in 100 exceeds 5m; cut off at 100m
)

var shapeNames = [...]string{"fixed", "jittered", "uniform", "exponential", "heavy-tailed"}

// String returns the shape's name, such as "heavy-tailed".
func (s Shape) String() string {
	if int(s) < len(shapeNames) {
		return shapeNames[s]
	}
	return fmt.Sprintf("shape(%d)", uint8(s))
}

// Delay is a distribution of durations of simulated time. The zero Delay is no time at all.
type Delay struct {
	Shape Shape
	Mean  time.Duration
}

// maxMean bounds means so that no product below overflows and sums stay in range: 2^42 ns, 73 minutes.
const maxMean = time.Duration(1) << 42

func (d Delay) check(what string) error {
	if int(d.Shape) >= len(shapeNames) {
		return fmt.Errorf("%w: %s: no such shape: %d", ErrParams, what, d.Shape)
	}
	if d.Mean < 0 || d.Mean > maxMean {
		return fmt.Errorf("%w: %s: mean %v is not in [0, %v]", ErrParams, what, d.Mean, maxMean)
	}
	return nil
}

// Draw returns a duration of the distribution, which the generator's next output alone decides, on every
// architecture alike. Means are at most about 73 minutes.
func (d Delay) Draw(pcg *rand.PCG) time.Duration { return d.sample(random{pcg}) }

// sample draws a duration.
func (d Delay) sample(r random) time.Duration {
	m := uint64(d.Mean)
	if m == 0 {
		return 0
	}
	switch d.Shape {
	case Jittered:
		return time.Duration(m/2 + r.below64(m+1))
	case Uniform:
		return time.Duration(r.below64(2*m + 1))
	case Exponential:
		hi, lo := bits.Mul64(m, minusLn(r.pcg.Uint64()))
		return time.Duration(hi<<32 | lo>>32)
	case HeavyTailed:
		// m/2 / sqrt(u) for u = k/2^32: both sides of the fraction are scaled by 2^24.
		k := r.pcg.Uint64()>>32 + 1
		root := uint64(math.Sqrt(float64(k << 16))) // exact: k<<16 < 2^53, and Sqrt rounds correctly
		hi, lo := bits.Mul64(m/2, 1<<24)
		q, _ := bits.Div64(hi, lo, root)
		return time.Duration(min(q, 100*m))
	}
	return d.Mean
}

// minusLn returns -ln((u+1)/2^64) in 32.32 fixed point, good to 2^-23. math.Log would not do: its last
// bits differ between architectures, and one bit is enough to swap two events.
func minusLn(u uint64) uint64 {
	if u++; u == 0 {
		return 0
	}
	zeros := bits.LeadingZeros64(u)
	// u/2^64 is x * 2^-(zeros+1) with x in [1, 2), held in m as x * 2^63. Squaring x yields the binary
	// digits of log2(x), one a time.
	m, digits := u<<zeros, uint64(0)
	for bit := uint64(1) << 31; bit >= 1<<8; bit >>= 1 {
		hi, lo := bits.Mul64(m, m) // x*x * 2^126
		if hi >= 1<<63 {           // x*x >= 2
			digits |= bit
			m = hi
		} else {
			m = hi<<1 | lo>>63
		}
	}
	log2 := uint64(zeros+1)<<32 - digits
	const ln2 = 2977044472 // ln(2) * 2^32, rounded
	hi, lo := bits.Mul64(log2, ln2)
	return hi<<32 | lo>>32
}
