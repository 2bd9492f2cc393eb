package election

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/coin"
	"parsec/core/internal/plain"
)

// kindCoin is a coin that shows the same for every round but those it does not know.
type kindCoin struct {
	heads bool
	from  uint32 // the first round it knows
}

func (c kindCoin) Toss(q coin.Query, _ coin.Reader) (heads, known bool) {
	return c.heads, q.Round >= c.from
}

func (c kindCoin) plain(round uint32) plain.Tri {
	switch {
	case round < c.from:
		return plain.None
	case c.heads:
		return plain.True
	}
	return plain.False
}

// TestAdvance runs binary agreements in which voters hear of each other at random, old news too, and
// compares each step with the oracle's. Estimates start split, so that genuine flips come up.
func TestAdvance(t *testing.T) {
	sections := []int{2, 3, 4, 5, 7, 8, 9, 10, 13, 16, 17, 33, 64, 65}
	if testing.Short() {
		sections = []int{2, 4, 5, 8, 9, 17}
	}
	flips := 0
	for _, n := range sections {
		for seed := range uint64(2 + 80/n) {
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			if err := agree(rng, n, 300/n+4, &flips); err != nil {
				t.Errorf("%d voters, seed %d: %v", n, seed, err)
			}
		}
	}
	if t.Logf("%d sequences with a genuine flip", flips); flips < 300 {
		t.Errorf("only %d sequences with a genuine flip", flips)
	}
}

// agree lets each of n voters take some steps.
func agree(rng *rand.Rand, n, steps int, flips *int) error {
	var toss coin.Coin = coin.PredictableRoundParity{}
	tossPlain := plain.Coin(plain.RoundParity)
	if rng.IntN(2) == 0 {
		k := kindCoin{rng.IntN(2) == 0, uint32(rng.IntN(3))}
		toss, tossPlain = k, k.plain
	}
	past := make([][][]plain.MetaVote, n) // by voter: its sequences so far
	heard := make([][]int, n)             // by voter, then other: how many of the other's it has heard of
	for v := range heard {
		heard[v] = make([]int, n)
	}
	bias := rng.IntN(5)
	for range n * steps {
		v := rng.IntN(n)
		if k := len(past[v]); k > 0 && decided(past[v][k-1]) {
			continue
		}
		var others [][]plain.MetaVote
		for o := range n {
			if o == v {
				continue
			}
			if rng.IntN(3) == 0 {
				heard[v][o] += rng.IntN(len(past[o]) - heard[v][o] + 1)
			}
			if k := heard[v][o]; k > 0 && rng.IntN(30) > 0 { // at times the last is an event without
				others = append(others, past[o][k-1])
			}
		}
		initial := rng.IntN(4) < bias
		var parent, want []plain.MetaVote
		if k := len(past[v]); k > 0 {
			parent = past[v][k-1]
			want = plain.Follow(parent, others, tossPlain, n)
		} else {
			want = plain.Observe(initial, others, n)
		}
		var theirs [][]MetaVote
		for _, o := range others {
			theirs = append(theirs, fromPlain(o))
		}
		if got := Advance(n, initial, fromPlain(parent), theirs, toss); !slices.Equal(got, fromPlain(want)) {
			return fmt.Errorf("initial %t, parent %+v, others %+v:\n%+v\nwant\n%+v", initial, parent, others, got, fromPlain(want))
		}
		past[v] = append(past[v], want)
		if len(want) > 2 {
			*flips++
		}
	}
	return nil
}

func decided(votes []plain.MetaVote) bool { return votes[len(votes)-1].Decision != plain.None }

// fromPlain returns the oracle's meta-votes in the engine's terms; a decided one has its value in all places.
func fromPlain(votes []plain.MetaVote) (out []MetaVote) {
	for _, v := range votes {
		m := MetaVote{
			Round: v.Round, Step: v.Step,
			EstT: v.Estimates.T, EstF: v.Estimates.F, BinT: v.Bins.T, BinF: v.Bins.F,
			Aux: int8(v.Aux), Decision: int8(v.Decision),
		}
		if d := v.Decision; d != plain.None {
			yes := d == plain.True
			m.EstT, m.EstF, m.BinT, m.BinF, m.Aux = yes, !yes, yes, !yes, int8(d)
		}
		out = append(out, m)
	}
	return out
}
