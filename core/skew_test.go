package core_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

var skewSeeds = flag.Uint64("skew.seeds", 150, "how many graphs TestSkew tries")

// TestSkew compares engine and oracle on graphs in which many subjects are seen by some observers only.
func TestSkew(t *testing.T) {
	seeds := *skewSeeds
	if testing.Short() {
		seeds = min(seeds, 50)
	}
	failures := 0
	for seed := uint64(0); seed < seeds && failures < 5; seed++ {
		rng := rand.New(rand.NewPCG(seed, 78))
		rec := skew(rng)
		var coin tossing
		switch rng.IntN(3) {
		case 0:
			coin = newOddCoin(seed)
		case 1:
			coin = concreteCoin(seed)
		}
		if err := compare(rec, coin, usual()...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			failures++
		}
	}
}

// skew returns a graph without forks in which peers speak and are heard with weights that change by phases; some
// hardly ever, so that observers come late and see subjects differently. No vote is an other-parent.
func skew(rng *rand.Rand) *recording.Recording {
	n := []int{2, 3, 4, 4, 5, 5, 6, 7, 7, 8, 8, 9, 9, 10, 13}[rng.IntN(15)]
	m := mode(rng)
	s := newScript(m, n, n+rng.IntN(3))
	peers := len(s.rec.Peers)
	var speak, heard []float64
	phase := func() {
		speak, heard = make([]float64, peers), make([]float64, peers)
		for p := range peers {
			w := []float64{0.01, 0.1, 1, 1, 1}
			speak[p], heard[p] = w[rng.IntN(5)], w[rng.IntN(5)]
		}
	}
	pick := func(w []float64) int {
		sum := 0.0
		for _, x := range w {
			sum += x
		}
		at := rng.Float64() * sum
		for p, x := range w {
			if at -= x; at < 0 {
				return p
			}
		}
		return len(w) - 1
	}
	phase()
	rate := 1 + rng.IntN(12)
	long := 20 + rng.IntN(200)
	churn := rng.IntN(12) == 0
	for len(s.rec.Events) < n*(40+rng.IntN(120)) {
		if rng.IntN(long) == 0 {
			phase()
		}
		if rng.IntN(100) < rate {
			kind, about := core.Opaque, 0
			if rng.IntN(6) == 0 {
				kind = core.DKGMessage
			}
			if churn && rng.IntN(4) == 0 {
				kind, about = []core.Kind{core.Add, core.Remove, core.Accusation}[rng.IntN(3)], rng.IntN(peers)
			}
			o := s.observe(kind, about)
			if kind == core.DKGMessage || kind == core.Opaque && m == core.Single {
				s.vote(o, pick(speak))
			} else {
				for p := range peers {
					if rng.IntN(5) > 0 {
						s.vote(o, p)
					}
				}
			}
			continue
		}
		p, q := pick(speak), pick(heard)
		if s.rec.Events[s.last[q]].Cause == core.Observing {
			s.add(blank(core.PeerIndex(q), core.Requesting))
		}
		s.hear(p, q)
		if rng.IntN(3) == 0 {
			s.hear(q, p)
		}
	}
	return s.rec
}
