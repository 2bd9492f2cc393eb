package gossip

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// naive is SPEC section 2, with the set of all ancestors of each event. Places count from 1.
type naive struct {
	ancestors [][]bool
	by        []Peer
	self      []Index
	nth       []int
}

func newNaive() *naive {
	return &naive{ancestors: [][]bool{{}}, by: []Peer{0}, self: []Index{0}, nth: []int{-1}}
}

func (n *naive) insert(by Peer, self, other Index) {
	x := len(n.by)
	set := make([]bool, x+1)
	set[x] = true
	for _, p := range []Index{self, other} {
		for y, is := range n.ancestors[p] {
			set[y] = set[y] || is
		}
	}
	n.ancestors = append(n.ancestors, set)
	n.by = append(n.by, by)
	n.self = append(n.self, self)
	n.nth = append(n.nth, n.nth[self]+1)
}

// tip returns the last event by p that x descends from, 0 for none or if x sees a fork by p.
func (n *naive) tip(x Index, p Peer) (tip Index) {
	taken := map[int]bool{}
	for y, is := range n.ancestors[x] {
		if !is || n.by[y] != p {
			continue
		}
		if taken[n.nth[y]] {
			return 0
		}
		taken[n.nth[y]] = true
		if tip == 0 || n.nth[y] > n.nth[tip] {
			tip = Index(y)
		}
	}
	return tip
}

// TestGraph compares rows with sets of ancestors, on random graphs in which anybody may fork and peers
// become known at any time. Two of them are of several chunks.
func TestGraph(t *testing.T) {
	for seed := range uint64(40) {
		events, rare := Index(100), 1
		if seed%20 == 0 {
			events, rare = 2*chunkSize+100, 20
			if testing.Short() {
				continue
			}
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		g, want := new(Graph), newNaive()
		peers, forking := 1+rng.IntN(6), rng.IntN(4)
		own := make([][]Index, 0, 16)
		know := func() {
			if p, err := g.AddPeer(); err != nil || int(p) != len(own) {
				t.Fatalf("peer %d has number %d, %v", len(own), p, err)
			}
			own = append(own, nil)
		}
		for range peers {
			know()
		}
		for x := Index(1); x <= events; x++ {
			if rng.IntN(50*rare) == 0 {
				know()
			}
			by, cause := Peer(rng.IntN(len(own))), Requesting
			var self, other Index
			switch k := len(own[by]); {
			case k == 0 || forking > 0 && rng.IntN(60*rare) == 0:
				cause = Initial
			case rng.IntN(20*rare) < forking:
				self = own[by][rng.IntN(k)]
			default:
				self = own[by][k-1]
			}
			if cause != Initial && rng.IntN(4) > 0 && x > 1 {
				cause, other = Request, 1+Index(rng.IntN(int(x-1)))
			}
			got, _, row, branched, err := g.Insert(by, cause, self, other, 0)
			if err != nil || got != x || g.Len() != x {
				t.Fatalf("seed %d: event %d has place %d, %v", seed, x, got, err)
			}
			fork := false
			for _, y := range own[by] {
				fork = fork || want.self[y] == self
			}
			if branched != fork {
				t.Fatalf("seed %d: event %d begins a branch: %t", seed, x, branched)
			}
			if at := row[g.Event(x).Col]; at != x {
				t.Fatalf("seed %d: event %d is %d in its own row", seed, x, at)
			}
			want.insert(by, self, other)
			own[by] = append(own[by], x)
			checkEvent(t, seed, g, want, x)
		}
		checkMissing(t, seed, rng, g, want)
		// What was so stays so, though rows have become wider since.
		for x := Index(1); x <= g.Len(); x++ {
			checkEvent(t, seed, g, want, x)
		}
	}
}

func checkEvent(t *testing.T, seed uint64, g *Graph, want *naive, x Index) {
	t.Helper()
	tips := make([]Index, g.Peers())
	for p := range tips {
		tips[p] = want.tip(x, Peer(p))
		if got := g.Tip(x, Peer(p)); got != tips[p] {
			t.Fatalf("seed %d: the last event by %d that %d descends from is %d, want %d", seed, p, x, got, tips[p])
		}
	}
	for y := Index(1); y <= x; y++ {
		descends := want.ancestors[x][y]
		if got := g.Descends(x, y); got != descends {
			t.Fatalf("seed %d: event %d descends from %d: %t", seed, x, y, got)
		}
		if got := g.Sees(x, y); got != (descends && tips[want.by[y]] != 0) {
			t.Fatalf("seed %d: event %d sees %d: %t", seed, x, y, got)
		}
	}
}

// A graph takes so many branches and no more, and goes on without.
func TestBranchLimit(t *testing.T) {
	g := new(Graph)
	for range 2 {
		if _, err := g.AddPeer(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range MaxBranches + 1 {
		if _, _, _, branched, err := g.Insert(0, Initial, 0, 0, 0); err != nil || branched != (i > 0) {
			t.Fatalf("event %d is a branch: %t, %v", i, branched, err)
		}
	}
	n := g.Len()
	if _, _, _, _, err := g.Insert(0, Initial, 0, 0, 0); !errors.Is(err, ErrForks) || g.Len() != n {
		t.Errorf("one more: %v", err)
	}
	if _, _, _, _, err := g.Insert(1, Initial, 0, 0, 0); err != nil {
		t.Error(err)
	}
	if _, _, _, _, err := g.Insert(0, Request, n, n+1, 0); err != nil {
		t.Error(err)
	}
}
