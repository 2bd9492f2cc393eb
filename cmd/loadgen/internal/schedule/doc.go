// Package schedule says when each submission of a run is due, before the run begins: offsets from its start, which
// nothing that happens later moves. That is what makes a load open: a section that is slow, or away, gets its
// submissions late, and the lateness counts, but never fewer of them.
//
// A [Profile] is rates over time, of stages with a constant rate or one that rises or falls in a straight line. It can
// be walked evenly ([Even]) or as a Poisson process ([Poisson]), as many users make it who do not know of each
// other. A [Trace] is what was recorded somewhere. All three are [Arrivals]: offsets in order, never falling.
//
// Equal parameters and seeds give equal offsets on every machine: randomness is PCG, exponential intervals are drawn
// by package workloads in integers, and of floating point only what IEEE 754 rounds exactly is used, with nothing
// fused.
//
// A [Size] says how large the submissions are.
package schedule

import "time"

// Arrival is one submission to come.
type Arrival struct {
	At   time.Duration // offset from the start of the run
	Size int           // bytes of data; Unsized where the schedule does not say
}

// Unsized is the Size of an arrival whose schedule says nothing of sizes.
const Unsized = -1

// Arrivals yields submissions in the order of their offsets, which never fall. It is used by one goroutine at a time.
// A call of Next costs 10 to 150 ns and allocates nothing.
type Arrivals interface {
	Next() (a Arrival, ok bool) // false after the last
}
