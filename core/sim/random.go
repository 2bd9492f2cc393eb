package sim

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"parsec/workloads"
)

// What the seed is used for. Each concern has a stream of its own, so that drawing more for one of them leaves
// the others as they were.
const (
	forPlan uint64 = iota + 1
	forNetwork
	forGossip
	forDisks
	forLoad
	forHostile
	forScheduler
	forChecks
)

// stream is a stream of random numbers that is the same for ever: of math/rand/v2 it uses only the PCG generator,
// whose output its documentation fixes.
type stream struct{ pcg *rand.PCG }

func newStream(seed, concern uint64) stream {
	return stream{rand.NewPCG(seed, concern*0x9e3779b97f4a7c15)}
}

// below returns a number in [0, n); n must be positive. Its bias is below n/2^64.
func (r stream) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// within returns a number in [from, to].
func (r stream) within(from, to int) int { return from + r.below(to-from+1) }

// percent reports whether an event of p percent probability happens.
func (r stream) percent(p int) bool { return r.below(100) < p }

// draw returns a duration of a distribution.
func (r stream) draw(d workloads.Delay) time.Duration { return d.Draw(r.pcg) }

// moment returns a time in [from, to).
func (r stream) moment(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(to-from))
	return from + time.Duration(hi)
}

// fill fills b with random bytes.
func (r stream) fill(b []byte) {
	for i := range b {
		b[i] = byte(r.pcg.Uint64())
	}
}

func pick[T any](r stream, s []T) T { return s[r.below(len(s))] }

// shuffle puts s in random order.
func shuffle[T any](r stream, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.below(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

// some returns k of the numbers below n, in random order.
func some(r stream, k, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	shuffle(r, all)
	return all[:min(k, n)]
}
