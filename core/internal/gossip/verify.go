package gossip

import "fmt"

// verify panics if event x breaks an invariant of Graph.
func (g *Graph) verify(x Index) {
	e := g.Event(x)
	fail := func(invariant int, format string, args ...any) {
		panic(fmt.Sprintf("gossip: event %d breaks invariant %d: %s", x, invariant, fmt.Sprintf(format, args...)))
	}
	var few [4]Index // of events with few parents, so that nothing is allocated for them
	parents := append(few[:0], g.Others(x)...)
	if e.Self != 0 {
		parents = append(parents, e.Self)
	}
	for _, y := range parents {
		if y >= x {
			fail(2, "parent %d", y)
		}
	}
	c := &g.chains[e.Chain]
	if e.Self != 0 {
		p := g.Event(e.Self)
		if p.By != e.By || p.Nth >= e.Nth {
			fail(3, "self-parent is %d by %d", p.Nth, p.By)
		}
		if p.Chain != e.Chain && (c.base != e.Self || c.parent != p.Chain) {
			fail(3, "chain %d is off %d of %d, not %d of %d", e.Chain, c.base, c.parent, e.Self, p.Chain)
		}
	}
	if g.Branches() > 1000 && x%1024 != 0 {
		return // it takes time with the branches
	}
	for i := range g.Peers() {
		p := Peer(i)
		if !g.HasForked(p) {
			want := Index(0)
			for _, y := range parents {
				want = max(want, g.entry(y, p))
			}
			if p == e.By {
				want = x
			}
			if got := g.entry(x, p); got != want {
				fail(1, "of peer %d it has %d, not %d", p, got, want)
			}
			continue
		}
		want := map[Chain]Index{}
		for _, y := range parents {
			for chain, t := range g.spread(y, p) {
				want[chain] = max(want[chain], t)
			}
		}
		if p == e.By {
			want[e.Chain] = x
		}
		got := g.spread(x, p)
		for chain, t := range want {
			if got[chain] != t || g.Event(t).Chain != chain || g.Event(t).By != p {
				fail(1, "of peer %d, chain %d, it has %d, not %d", p, chain, got[chain], t)
			}
		}
		if len(got) != len(want) {
			fail(1, "of peer %d it has %d chains, not %d", p, len(got), len(want))
		}
		if fork := g.entry(x, p) >= set; len(g.Tips(x, p)) > 1 != fork {
			fail(1, "of peer %d it has a fork: %t", p, fork)
		}
	}
}

// spread returns the last event of each of p's chains that x descends from.
func (g *Graph) spread(x Index, p Peer) map[Chain]Index {
	out := map[Chain]Index{}
	if e := g.entry(x, p); e >= set {
		n := uint32(e &^ set)
		for _, t := range g.collect(nil, n, g.sets.height[n], 0) {
			out[g.all[p][t.number]] = t.place
		}
	} else {
		for e != 0 {
			k := g.Event(e).Chain
			out[k] = e
			e = g.chains[k].base
		}
	}
	return out
}
