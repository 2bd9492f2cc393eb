package schedule

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"parsec/workloads"
)

// Size is a distribution of sizes of submissions, in bytes. The zero Size is no bytes at all.
type Size struct {
	shape workloads.Shape
	mean  int
	max   int
}

// ParseSize reads "128", or a shape of package workloads with its mean: "jittered:128", "uniform:128",
// "exponential:512", "heavy-tailed:512". No size is above limit: what would be is cut to it. The error wraps [ErrSyntax].
func ParseSize(s string, limit int) (Size, error) {
	name, number, ok := strings.Cut(s, ":")
	if !ok {
		name, number = workloads.Fixed.String(), s
	}
	mean, err := strconv.Atoi(number)
	if err != nil || mean < 0 || mean > limit {
		return Size{}, fmt.Errorf("%w: %q is not a size from 0 to %d bytes", ErrSyntax, number, limit)
	}
	for shape := workloads.Fixed; shape <= workloads.HeavyTailed; shape++ {
		if shape.String() == name {
			return Size{shape, mean, limit}, nil
		}
	}
	return Size{}, fmt.Errorf("%w: no such distribution of sizes: %q; there are fixed, jittered, uniform, exponential, heavy-tailed", ErrSyntax, name)
}

// String returns the size as [ParseSize] reads it.
func (s Size) String() string {
	if s.shape == workloads.Fixed {
		return strconv.Itoa(s.mean)
	}
	return fmt.Sprintf("%v:%d", s.shape, s.mean)
}

// Of returns the size of submission i, which the seed and i alone decide: so it does not matter who asks, or in which
// order.
func (s Size) Of(seed, i uint64) int {
	if s.shape == workloads.Fixed {
		return s.mean
	}
	pcg := *rand.NewPCG(seed, i)
	// A byte is a nanosecond here: Draw wants a length of time, and any unit will do.
	return min(int(workloads.Delay{Shape: s.shape, Mean: time.Duration(s.mean)}.Draw(&pcg)), s.max)
}
