package gossip

import (
	"errors"
	"math/rand/v2"
	"slices"
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

func (n *naive) insert(by Peer, self Index, others []Index) {
	x := len(n.by)
	set := make([]bool, x+1)
	set[x] = true
	for _, p := range append([]Index{self}, others...) {
		for y, is := range n.ancestors[p] {
			set[y] = set[y] || is
		}
	}
	n.ancestors = append(n.ancestors, set)
	n.by = append(n.by, by)
	n.self = append(n.self, self)
	n.nth = append(n.nth, n.nth[self]+1)
}

func (n *naive) truncate(x Index) {
	n.ancestors, n.by, n.self, n.nth = n.ancestors[:x+1], n.by[:x+1], n.self[:x+1], n.nth[:x+1]
}

// onChain reports whether y is x or on its self-parent chain.
func (n *naive) onChain(y, x Index) bool {
	for x > y {
		x = n.self[x]
	}
	return x == y
}

// tips returns the events by p that x descends from, but for those on the self-parent chain of another.
func (n *naive) tips(x Index, p Peer) (tips []Index) {
	followed := map[Index]bool{}
	for y, is := range n.ancestors[x] {
		if is && n.by[y] == p {
			followed[n.self[y]] = true
			tips = append(tips, Index(y))
		}
	}
	return slices.DeleteFunc(tips, func(y Index) bool { return followed[y] })
}

// random makes random graphs in which anybody may fork, and peers become known at any time.
type random struct {
	rng     *rand.Rand
	g       *Graph
	own     [][]Index // by peer
	forking int       // of 20*rare
	rare    int
	merging bool // events may have several other-parents
}

func (r *random) know(t *testing.T) {
	if p, err := r.g.AddPeer(); err != nil || int(p) != len(r.own) {
		t.Fatalf("peer %d has number %d, %v", len(r.own), p, err)
	}
	r.own = append(r.own, nil)
}

// next returns a further event.
func (r *random) next() (by Peer, cause Cause, self Index, others []Index) {
	by, cause = Peer(r.rng.IntN(len(r.own))), Requesting
	switch k := len(r.own[by]); {
	case k == 0 || r.forking > 0 && r.rng.IntN(60*r.rare) == 0:
		cause = Initial
	case r.rng.IntN(20*r.rare) < r.forking:
		self = r.own[by][r.rng.IntN(k)]
	default:
		self = r.own[by][k-1]
	}
	if n := r.g.Len(); cause != Initial && r.rng.IntN(4) > 0 && n > 0 {
		cause = Request
		others = append(others, 1+Index(r.rng.IntN(int(n))))
		for r.merging && r.rng.IntN(2) == 0 {
			others = append(others, 1+Index(r.rng.IntN(int(n))))
		}
	}
	return by, cause, self, others
}

// truncate forgets what is after event n.
func (r *random) truncate(n Index) {
	for p, own := range r.own {
		i, _ := slices.BinarySearch(own, n+1)
		r.own[p] = own[:i]
	}
	r.g.Truncate(n)
}

// TestGraph compares rows with sets of ancestors, on random graphs. Two of them are of several chunks.
func TestGraph(t *testing.T) {
	deepest := 0
	for seed := range uint64(60) {
		events, rare := Index(100), 1
		if seed%20 == 0 {
			events, rare = 2*chunkSize+100, 20
			if testing.Short() {
				continue
			}
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		r := &random{rng: rng, g: new(Graph), rare: rare, forking: rng.IntN(4), merging: seed%3 == 0}
		if seed%5 == 0 {
			r.forking = 18 * rare // branches off branches
		}
		g, want := r.g, newNaive()
		for range 1 + rng.IntN(6) {
			r.know(t)
		}
		for x := Index(1); x <= events; x++ {
			if rng.IntN(50*rare) == 0 {
				r.know(t)
			}
			by, cause, self, others := r.next()
			branches := g.Branches()
			got, err := g.Insert(by, cause, self, others, 1)
			if err != nil || got != x || g.Len() != x {
				t.Fatalf("seed %d: event %d has place %d, %v", seed, x, got, err)
			}
			fork := false
			for _, y := range r.own[by] {
				fork = fork || want.self[y] == self
			}
			if branched := g.Branches() > branches; branched != fork {
				t.Fatalf("seed %d: event %d begins a branch: %t", seed, x, branched)
			}
			if !slices.Equal(g.Others(x), others) {
				t.Fatalf("seed %d: event %d has other-parents %d, want %d", seed, x, g.Others(x), others)
			}
			want.insert(by, self, others)
			r.own[by] = append(r.own[by], x)
			checkEvent(t, seed, g, want, x)
		}
		checkMissing(t, seed, rng, g, want)
		// What was so stays so, though rows have become wider since.
		for x := Index(1); x <= g.Len(); x++ {
			checkEvent(t, seed, g, want, x)
		}
		deepest = max(deepest, g.Branches())
	}
	if deepest < 40 {
		t.Errorf("at most %d branches", deepest)
	}
}

func checkEvent(t *testing.T, seed uint64, g *Graph, want *naive, x Index) {
	t.Helper()
	tips := make([][]Index, g.Peers())
	for p := range tips {
		tips[p] = want.tips(x, Peer(p))
		if got := g.Tips(x, Peer(p)); !slices.Equal(got, tips[p]) {
			t.Fatalf("seed %d: the last events by %d that %d descends from are %d, want %d", seed, p, x, got, tips[p])
		}
		last := Index(0)
		if len(tips[p]) == 1 {
			last = tips[p][0]
		}
		if got, fork := g.Tip(x, Peer(p)); got != last || fork != (len(tips[p]) > 1) {
			t.Fatalf("seed %d: the last event by %d that %d descends from is %d, a fork: %t, want %d", seed, p, x, got, fork, tips[p])
		}
	}
	for y := Index(1); y <= x; y++ {
		descends := want.ancestors[x][y]
		if got := g.Descends(x, y); got != descends {
			t.Fatalf("seed %d: event %d descends from %d: %t", seed, x, y, got)
		}
		if got := g.Sees(x, y); got != (descends && len(tips[want.by[y]]) == 1) {
			t.Fatalf("seed %d: event %d sees %d: %t", seed, x, y, got)
		}
		if got := g.OnChain(y, x); got != want.onChain(y, x) {
			t.Fatalf("seed %d: event %d is on the chain of %d: %t", seed, y, x, got)
		}
	}
}

// A graph that events were put into and dropped from again and again is as one that has only those that stayed.
func TestTruncate(t *testing.T) {
	dropped := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := &random{rng: rng, g: new(Graph), rare: 1, forking: 1 + rng.IntN(10), merging: seed%2 == 0}
		want := newNaive()
		for range 2 + rng.IntN(4) {
			r.know(t)
		}
		type event struct {
			by     Peer
			cause  Cause
			self   Index
			others []Index
			n      uint32
		}
		var kept []event
		events := Index(150)
		if seed == 0 {
			events = chunkSize + 50
		}
		late := seed%4 == 3 // peers become known while events are in that are dropped later
		for r.g.Len() < events {
			if late && rng.IntN(40) == 0 {
				r.know(t)
			}
			var e event
			e.by, e.cause, e.self, e.others = r.next()
			e.n = 1 + rng.Uint32N(3)
			x, err := r.g.Insert(e.by, e.cause, e.self, e.others, e.n)
			if err != nil {
				t.Fatal(err)
			}
			want.insert(e.by, e.self, e.others)
			r.own[e.by] = append(r.own[e.by], x)
			kept = append(kept, e)
			if rng.IntN(8) == 0 {
				n := x - min(x, Index(rng.IntN(12)))
				dropped += int(x - n)
				r.truncate(n)
				want.truncate(n)
				kept = kept[:n]
			}
		}
		fresh := new(Graph)
		for range r.g.Peers() {
			if _, err := fresh.AddPeer(); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range kept {
			if _, err := fresh.Insert(e.by, e.cause, e.self, e.others, e.n); err != nil {
				t.Fatal(err)
			}
		}
		for x := Index(1); x <= r.g.Len(); x++ {
			a, b := *r.g.Event(x), *fresh.Event(x)
			if late {
				a.Chain, b.Chain = 0, 0 // numbers depend on when peers became known
			}
			a.other, b.other = [1]Index{}, [1]Index{}
			if a != b || !slices.Equal(r.g.Others(x), fresh.Others(x)) {
				t.Fatalf("seed %d: event %d is %+v, want %+v", seed, x, a, b)
			}
			checkEvent(t, seed, r.g, want, x)
		}
		checkMissing(t, seed, rng, r.g, want)
		if !slices.Equal(r.g.Forked(), fresh.Forked()) || r.g.Branches() != fresh.Branches() {
			t.Fatalf("seed %d: %d forked, %d branches; want %d and %d", seed, r.g.Forked(), r.g.Branches(), fresh.Forked(), fresh.Branches())
		}
		if got, most := len(r.g.sets.nodes), len(fresh.sets.nodes); got != most {
			t.Fatalf("seed %d: %d nodes of sets, want %d", seed, got, most)
		}
		if late {
			continue
		}
		for c := range Chain(r.g.Chains()) {
			if r.g.chains[c] != fresh.chains[c] {
				t.Fatalf("seed %d: chain %d is %+v, want %+v", seed, c, r.g.chains[c], fresh.chains[c])
			}
		}
	}
	if dropped < 1000 {
		t.Errorf("only %d events dropped", dropped)
	}
}

// What is refused leaves the graph as it was.
func TestRefused(t *testing.T) {
	g := new(Graph)
	for range 2 {
		if _, err := g.AddPeer(); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := g.Insert(0, Initial, 0, nil, 1)
	b, _ := g.Insert(1, Initial, 0, nil, 1<<32-5)
	for _, c := range []struct {
		by      Peer
		cause   Cause
		self    Index
		others  []Index
		indices uint32
		want    error
	}{
		{2, Initial, 0, nil, 1, ErrCreator},
		{0, Response + 1, a, nil, 1, ErrCause},
		{0, Requesting, 0, nil, 1, ErrSelfParent},
		{0, Requesting, 3, nil, 1, ErrSelfParent},
		{0, Requesting, b, nil, 1, ErrNotOwn},
		{0, Request, a, nil, 1, ErrOtherParent},
		{0, Request, a, []Index{0}, 1, ErrOtherParent},
		{0, Request, a, []Index{b, 3}, 1, ErrOtherParent},
		{1, Requesting, b, nil, 6, ErrFull},
	} {
		if _, err := g.Insert(c.by, c.cause, c.self, c.others, c.indices); !errors.Is(err, c.want) || g.Len() != 2 || g.Branches() != 0 {
			t.Errorf("%+v: %v, %d events", c, err, g.Len())
		}
	}
	if _, err := g.Insert(1, Requesting, b, nil, 4); err != nil {
		t.Error(err)
	}
}
