package gossip

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// checkMissing compares what random events have and others lack with sets of ancestors.
func checkMissing(t *testing.T, seed uint64, rng *rand.Rand, g *Graph, want *naive) {
	t.Helper()
	n := int(g.Len()) + 1
	for range 200 {
		from, also, to := Index(rng.IntN(n)), Index(rng.IntN(n)), Index(rng.IntN(n))
		has := func(x Index, y int) bool { return y < len(want.ancestors[x]) && want.ancestors[x][y] }
		lacks := []Index{7} // what is in dst stays
		for y := range want.ancestors[to] {
			if y > 0 && want.ancestors[to][y] && !has(from, y) && !has(also, y) {
				lacks = append(lacks, Index(y))
			}
		}
		if got := g.Missing([]Index{7}, from, also, to); !slices.Equal(got, lacks) {
			t.Fatalf("seed %d: %d and %d lack of %d %v, want %v", seed, from, also, to, got, lacks)
		}
	}
}

// With room in dst, nothing is allocated, though rows are of different widths.
func TestMissingAllocations(t *testing.T) {
	g := new(Graph)
	for range 3 {
		if _, err := g.AddPeer(); err != nil {
			t.Fatal(err)
		}
	}
	insert := func(by Peer, cause Cause, self, other Index) Index {
		x, err := g.Insert(by, cause, self, []Index{other}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	a, b := insert(0, Initial, 0, 0), insert(1, Initial, 0, 0)
	old := b
	for range 2 * chunkSize {
		a = insert(0, Request, a, b)
		b = insert(1, Request, b, a)
	}
	for range 9 {
		if _, err := g.AddPeer(); err != nil {
			t.Fatal(err)
		}
	}
	for range chunkSize {
		a = insert(0, Request, a, b)
	}
	dst := make([]Index, 0, g.Len())
	if n := testing.AllocsPerRun(10, func() { dst = g.Missing(dst[:0], old, 0, a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if want := int(g.Len()) - 1; len(dst) != want { // all but old
		t.Errorf("%d events, want %d", len(dst), want)
	}
	if got := new(Graph).Missing(nil, 0, 0, 0); got != nil {
		t.Errorf("in an empty graph: %v", got)
	}
}
