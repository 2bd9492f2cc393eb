package election

import (
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/coin"
)

// TestSplit checks that two voters are in one class if and only if all observers saw them alike, and that
// splitting changes nobody's meta-votes.
func TestSplit(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		n := 2 + rng.IntN(70)
		e := New(false, false, coin.PredictableRoundParity{})
		l := &e.metaVotes
		l.reset(n)
		l.begin()
		votes := []uint32{0} // the numbers in use
		seen := make([]string, n)
		for range 12 {
			if rng.IntN(3) == 0 {
				votes = append(votes, e.number(randomSequence(rng)))
				continue
			}
			var before [][]MetaVote
			for _, number := range votes {
				for v := range n {
					before = append(before, e.spell(number, v))
				}
			}
			subjects := make([]uint64, (n+63)/64)
			for v := range n {
				bit := rng.IntN(2)
				if rng.IntN(3) > 0 {
					bit = 0 // mostly few are split off
				}
				subjects[v>>6] |= uint64(bit) << (v & 63)
				seen[v] += string(rune('0' + bit))
			}
			l.splitAt(subjects, votes)
			for v := range n {
				for w := range v {
					if alike := l.classes.of[v] == l.classes.of[w]; alike != (seen[v] == seen[w]) {
						t.Fatalf("seed %d: voters %d and %d were seen as %s and %s; in one class: %t", seed, v, w, seen[v], seen[w], alike)
					}
				}
			}
			for i, number := range votes {
				for v := range n {
					if got := e.spell(number, v); !slices.Equal(got, before[i*n+v]) {
						t.Fatalf("seed %d: meta-votes about %d were %v, are %v", seed, v, before[i*n+v], got)
					}
				}
			}
		}
	}
}

func randomSequence(rng *rand.Rand) (votes []MetaVote) {
	bit := func() bool { return rng.IntN(2) == 0 }
	for t := range 1 + rng.IntN(5) {
		votes = append(votes, MetaVote{
			Round: uint32(t / 3), Step: uint8(t % 3),
			EstT: bit(), EstF: bit(), BinT: bit(), BinF: bit(), Aux: int8(rng.IntN(3)),
		})
	}
	return votes
}
