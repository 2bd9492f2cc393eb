package gossip

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Rows merge by vectors as they do in portable code, at every width.
func TestMergeRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for width := 4; width <= 264; width += 4 {
		row, want := make([]Index, width), make([]Index, width)
		a, b := make([]Index, width), make([]Index, width)
		for i := range a {
			a[i], b[i] = Index(rng.Uint32N(MaxEvents)), Index(rng.Uint32N(MaxEvents))
		}
		mergeRows(row, a, b)
		for i := range want {
			want[i] = max(a[i], b[i])
		}
		if !slices.Equal(row, want) {
			t.Fatalf("width %d: %v and %v merge to %v", width, a, b, row)
		}
		mergeRowsPlain(row, a, b)
		if !slices.Equal(row, want) {
			t.Fatalf("width %d: in portable code, %v and %v merge to %v", width, a, b, row)
		}
	}
}
