package schedule

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"parsec/workloads"
)

// Even walks a profile in even steps: where the rate is constant, so is the interval, and where it changes, the
// cumulative rate grows by equal steps. Each stage has exactly [Stage.Count] submissions, the first one at its start.
// The profile is one that [Profile.Check] accepts.
func Even(p Profile) Arrivals { return &even{left: p} }

type even struct {
	left  Profile
	start time.Duration // of the first stage of left
	k     uint64        // of its submissions, those that were yielded
}

func (e *even) Next() (Arrival, bool) {
	for len(e.left) > 0 {
		s := e.left[0]
		n := s.Count()
		if e.k < n {
			at := e.start
			if s.From == s.To {
				// In integers, so that the offsets of a constant rate have no error that adds up.
				hi, lo := bits.Mul64(e.k, uint64(s.Length))
				q, _ := bits.Div64(hi, lo, n) // k < n, so the quotient is below Length
				at += time.Duration(q)
			} else {
				at += s.offset(float64(e.k) * (s.mass() / float64(n)))
			}
			e.k++
			return Arrival{at, Unsized}, true
		}
		e.start, e.k, e.left = e.start+s.Length, 0, e.left[1:]
	}
	return Arrival{}, false
}

// Poisson walks a profile as a Poisson process of that rate: intervals are exponential, independent of each other, and
// numbers of submissions in separate times are independent. How many there are in all is chance, with the mean and the
// variance [Profile.Count], and follows from the seed. The profile is one that [Profile.Check] accepts.
func Poisson(p Profile, seed uint64) Arrivals {
	a := &poisson{left: p, pcg: rand.NewPCG(seed, 0x9e3779b97f4a7c15)}
	return a
}

type poisson struct {
	left  Profile
	start time.Duration
	pcg   *rand.PCG
	whole uint64  // submissions since the start of the stage, by cumulative rate: whole ones
	part  float64 // and the rest, so that a long stage loses no precision
}

// unit is an exponential distribution with mean 1, in 32.32 fixed point.
var unit = workloads.Delay{Shape: workloads.Exponential, Mean: 1 << 32}

func (p *poisson) Next() (Arrival, bool) {
	for len(p.left) > 0 {
		s := p.left[0]
		x := uint64(unit.Draw(p.pcg))
		p.whole += x >> 32
		if p.part += float64(x&(1<<32-1)) / (1 << 32); p.part >= 1 {
			p.whole, p.part = p.whole+1, p.part-1
		}
		if at := float64(p.whole) + p.part; at < s.mass() {
			return Arrival{p.start + s.offset(at), Unsized}, true
		}
		// What is left of the interval is drawn anew at the next stage's rate: exponential intervals have no memory.
		p.start, p.whole, p.part, p.left = p.start+s.Length, 0, 0, p.left[1:]
	}
	return Arrival{}, false
}
