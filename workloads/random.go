package workloads

import (
	"math/bits"
	"math/rand/v2"
)

// random is a stream of random numbers that is the same for ever: of math/rand/v2 it uses only the
// PCG generator, whose output its documentation fixes.
type random struct{ pcg *rand.PCG }

// Streams of one seed, so that a change to one use of randomness leaves the others alone.
const (
	streamGossip uint64 = iota + 1
	streamWild
	streamShuffle
)

func newRandom(seed, stream uint64) random {
	return random{rand.NewPCG(seed, stream*0x9e3779b97f4a7c15)}
}

// below returns a number in [0, n); n must be positive. Its bias is below n/2^64.
func (r random) below(n int) int { return int(r.below64(uint64(n))) }

// below64 is below for durations, which an int of 32 bits cannot hold.
func (r random) below64(n uint64) uint64 {
	hi, _ := bits.Mul64(r.pcg.Uint64(), n)
	return hi
}

// percent reports whether an event of p percent probability happens.
func (r random) percent(p int) bool { return r.below(100) < p }

// shuffle puts s in random order.
func shuffle[T any](r random, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.below(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}
