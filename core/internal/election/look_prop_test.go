package election

import (
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/gossip"
)

// some returns n places near to each other, so that comparisons go either way, with a few that are none or never.
func some(rng *rand.Rand, n int) []gossip.Index {
	places := make([]gossip.Index, n)
	for i := range places {
		switch rng.IntN(12) {
		case 0:
			places[i] = 0
		case 1:
			places[i] = never
		default:
			places[i] = gossip.Index(1000 + rng.IntN(4))
		}
	}
	return places
}

// The kernels find what the portable code finds, at every width.
func TestVectorKernels(t *testing.T) {
	if !vector {
		t.Skip("no vector code on this system")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	for width := 4; width <= 264; width += 4 {
		for range 60 {
			level := some(rng, width)
			n := rng.IntN(6)
			rows := some(rng, n*width)
			need := width/4 + rng.IntN(width/2+1)
			got, want := look(rows, n, level, need), lookPlain(rows, n, level, need)
			if got != want {
				t.Fatalf("width %d, need %d: look finds row %d of %d, want %d", width, need, got, n, want)
			}
			if want > 0 && want < n {
				found++
			}
			row := some(rng, width)
			words := (width + 63) / 64
			gotSet, wantSet := make([]uint64, words), make([]uint64, words)
			setOf(gotSet, row, level)
			setPlain(wantSet, row, level)
			if !slices.Equal(gotSet, wantSet) {
				t.Fatalf("width %d: setOf is %x, want %x", width, gotSet, wantSet)
			}
			if width > strongColumns || n == 0 {
				continue
			}
			var starts []*gossip.Index
			for i := range n {
				starts = append(starts, &rows[i*width])
			}
			need = 1 + rng.IntN(n)
			strong(gotSet, starts, level, need)
			clear(wantSet)
			for c := range width {
				reached := 0
				for i := range n {
					if rows[i*width+c] >= level[c] {
						reached++
					}
				}
				if reached >= need {
					wantSet[0] |= 1 << c
				}
			}
			if !slices.Equal(gotSet, wantSet) {
				t.Fatalf("width %d, %d of %d rows: strong is %x, want %x", width, need, n, gotSet, wantSet)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d of the searches end in the middle", found)
	}
}
