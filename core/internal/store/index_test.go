package store

import (
	"math/rand/v2"
	"testing"

	"parsec/core/internal/wire"
)

// The index finds what a map finds, whatever is added and taken out, in a table so full that runs are long.
func TestIndex(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		hashes := make([]wire.Hash, 1, 500)
		at := func(n uint32) *wire.Hash { return &hashes[n] }
		x := Index{seed: r.Uint64() | 1}
		there := map[uint32]bool{}
		var last []uint32
		for range 2000 {
			if len(last) > 0 && r.IntN(100) < 45 {
				i := r.IntN(len(last))
				n := last[i]
				x.Remove(n, &hashes[n])
				delete(there, n)
				last[i] = last[len(last)-1]
				last = last[:len(last)-1]
			} else {
				var h wire.Hash
				h[0], h[8], h[9] = byte(r.Uint32()), byte(r.Uint32()), byte(len(hashes))
				h[10] = byte(len(hashes) >> 8)
				n := uint32(len(hashes))
				hashes = append(hashes, h)
				x.Add(n, &h)
				there[n] = true
				last = append(last, n)
			}
			if x.used != len(there) {
				t.Fatalf("seed %d: %d entries, not %d", seed, x.used, len(there))
			}
		}
		for n := range hashes[1:] {
			n := uint32(n + 1)
			if got := x.Find(&hashes[n], at); (got == n) != there[n] {
				t.Fatalf("seed %d: number %d found as %d; there: %t", seed, n, got, there[n])
			}
		}
	}
}
