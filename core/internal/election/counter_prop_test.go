package election

import (
	"math/rand/v2"
	"testing"

	"parsec/core/internal/gossip"
)

// naive holds 64 counts as numbers.
type naive [64]int

func (n *naive) add(word uint64) {
	for b := range n {
		n[b] += int(word >> b & 1)
	}
}

// where returns the bits for whose count ok holds.
func (n *naive) where(ok func(count int) bool) (bits uint64) {
	for b, k := range n {
		if ok(k) {
			bits |= 1 << b
		}
	}
	return bits
}

func (c *counter) at(b int) (k int) {
	for p, plane := range c {
		k |= int(plane>>b&1) << p
	}
	return k
}

// randomWords returns words of random densities, and places of up to most of them.
func randomWords(rng *rand.Rand, most int) (words []uint64, at []uint32) {
	words = make([]uint64, 1+rng.IntN(200))
	for i := range words {
		switch words[i] = rng.Uint64(); rng.IntN(4) {
		case 0:
			words[i] &= rng.Uint64()
		case 1:
			words[i] |= rng.Uint64()
		case 2:
			words[i] = ^uint64(0)
		}
	}
	at = make([]uint32, rng.IntN(most+1))
	for i := range at {
		at[i] = uint32(rng.IntN(len(words)))
	}
	return words, at
}

func TestCounter(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 0))
		most := 70
		if seed%40 == 0 {
			most = 1<<counterPlanes - 1
		}
		words, at := randomWords(rng, most)
		var want naive
		for _, i := range at {
			want.add(words[i])
		}
		c := counter{1, 2, 3} // count starts from nothing, whatever is there
		c.count(words, at)
		for b, k := range want {
			if c.at(b) != k {
				t.Fatalf("seed %d: %d words: count %d is %d, want %d", seed, len(at), b, c.at(b), k)
			}
		}
		depth := 0
		for 1<<depth <= len(at) {
			depth++
		}
		for range 8 {
			k, third := rng.IntN(len(at)+1), rng.IntN(len(at)+1)
			limK, limThird := newLimit(k), newLimit(third)
			greater, atLeast := c.compare(depth, &limK)
			if w := want.where(func(n int) bool { return n > k }); greater != w {
				t.Errorf("seed %d: compare with %d: greater is %x, want %x", seed, k, greater, w)
			}
			if w := want.where(func(n int) bool { return n >= k }); atLeast != w {
				t.Errorf("seed %d: compare with %d: at least is %x, want %x", seed, k, atLeast, w)
			}
			greater2, atLeast2, thirdOr := c.compareTwo(depth, &limK, &limThird)
			if greater2 != greater || atLeast2 != atLeast {
				t.Errorf("seed %d: compareTwo with %d is not compare", seed, k)
			}
			if w := want.where(func(n int) bool { return n >= third }); thirdOr != w {
				t.Errorf("seed %d: compareTwo with %d: at least is %x, want %x", seed, third, thirdOr, w)
			}
		}
	}
}

// A counter holds the votes of as many voters as there can be.
func TestCounterHoldsAllPeers(t *testing.T) {
	var c counter
	c.count([]uint64{1}, make([]uint32, gossip.MaxPeers))
	if n := c.at(0); n != gossip.MaxPeers {
		t.Errorf("%d times one is %d", gossip.MaxPeers, n)
	}
}

func TestCounterPairs(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		words, at := randomWords(rng, 100)
		for i, w := range words {
			words[i] = w &^ (w << quarterBits & (quarter << 48)) // nobody has both values
		}
		var c counter
		c.count(words, at)
		depth := 0
		for 1<<depth <= len(at) {
			depth++
		}
		sum := c.pairs(depth)
		for b := range quarterBits {
			if got, want := sum.at(b), c.at(b+32)+c.at(b+48); got != want {
				t.Fatalf("seed %d: sum %d is %d, want %d", seed, b, got, want)
			}
		}
	}
}

// The thresholds are those of SPEC section 1.
func TestThresholds(t *testing.T) {
	for n := 1; n <= 5000; n++ {
		if q := quorum(n); 3*q <= 2*n || 3*(q-1) > 2*n {
			t.Errorf("of %d, %d is not the least supermajority", n, q)
		}
		if k := third(n); 3*k < n || 3*(k-1) >= n {
			t.Errorf("of %d, %d is not the least third", n, k)
		}
	}
}

// gatherLanes takes the lowest bit of each of eight nibbles.
func TestGatherLanes(t *testing.T) {
	for bits := range uint64(256) {
		spread := uint64(0)
		for b := range 8 {
			spread |= bits >> b & 1 << (4 * b)
		}
		for _, junk := range []uint64{0, ^uint64(0)} {
			if got := gatherLanes(spread | junk&^laneOnes); got != bits {
				t.Errorf("%x with %x about it: %x", bits, junk, got)
			}
		}
	}
}
