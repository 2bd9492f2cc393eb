package gossip

import "slices"

// Missing appends to dst the events that to descends from, itself included, and neither from nor also does, ascending;
// both may be 0, for none. It is what somebody lacks who has those and what they descend from. Time O(peers + k log k)
// for k events, and under forks O(log branches) for each chain of which to and from do not know the same. It
// allocates nothing but room in dst.
func (g *Graph) Missing(dst []Index, from, also, to Index) []Index {
	if to == 0 {
		return dst
	}
	start := len(dst)
	var has, hasToo []Index
	if from != 0 {
		has = g.Stored(from)
	}
	if also != 0 {
		hasToo = g.Stored(also)
	}
	for p, e := range g.Stored(to) {
		var a, b Index
		if p < len(has) {
			a = has[p]
		}
		if p < len(hasToo) {
			b = hasToo[p]
		}
		dst = g.missingBy(dst, Peer(p), a, b, e)
	}
	slices.Sort(dst[start:])
	return dst
}

// MissingBy is Missing for the events by one peer, in any order.
func (g *Graph) MissingBy(dst []Index, p Peer, from, to Index) []Index {
	has := Index(0)
	if from != 0 {
		has = g.entry(from, p)
	}
	return g.missingBy(dst, p, has, 0, g.entry(to, p))
}

// missingBy appends the events by p that entry e tells of, and neither a nor b.
func (g *Graph) missingBy(dst []Index, p Peer, a, b, e Index) []Index {
	switch {
	case e == 0 || e == a || e == b:
		return dst
	case g.all[p] == nil:
		for before := max(a, b); e > before; e = g.Event(e).Self {
			dst = append(dst, e)
		}
		return dst
	}
	d := difference{g: g, all: g.all[p], has: [2]known{g.known(a), g.known(b)}}
	if e >= set {
		n := uint32(e &^ set)
		return d.walk(dst, n, int(g.sets.height[n]), 0, d.has[0].node, d.has[1].node)
	}
	for e != 0 {
		c := g.Event(e).Chain
		k := &g.chains[c]
		before := max(d.has[0].at(g, k.number), d.has[1].at(g, k.number))
		if e <= before {
			break
		}
		dst = g.down(dst, c, e, before)
		if before != 0 {
			break
		}
		e = k.base
	}
	return dst
}

// down appends the events of chain c from x back to after before, or to the first.
func (g *Graph) down(dst []Index, c Chain, x, before Index) []Index {
	for x > before {
		ev := g.Event(x)
		if ev.Chain != c {
			break
		}
		dst = append(dst, x)
		x = ev.Self
	}
	return dst
}

// known is what an entry tells of a peer that forked: a map, and the last event of one chain on top of it.
type known struct {
	node   uint32
	number uint32
	place  Index
}

func (g *Graph) known(e Index) known {
	switch {
	case e == 0:
		return known{}
	case e >= set:
		return known{node: uint32(e &^ set)}
	}
	c := &g.chains[g.Event(e).Chain]
	return known{c.below, c.number, e}
}

// at returns the last event known of the chain with this number.
func (k *known) at(g *Graph, number uint32) Index {
	at := Index(g.sets.get(k.node, number))
	if k.place != 0 && k.number == number {
		at = k.place
	}
	return at
}

// difference is what is compared in a walk: the peer's chains, and what is known already.
type difference struct {
	g   *Graph
	all []Chain
	has [2]known
}

// walk appends what map n, of height h and of the numbers from so many times its size on, has and two others do not.
// These are the parts of d.has for the same numbers, or are higher: then they begin with them, as they do if lower.
func (d *difference) walk(dst []Index, n uint32, h int, from, a, b uint32) []Index {
	s := &d.g.sets
	if n == 0 || n == a || n == b {
		return dst
	}
	for a != 0 && int(s.height[a]) > h {
		a = s.nodes[a][0]
	}
	for b != 0 && int(s.height[b]) > h {
		b = s.nodes[b][0]
	}
	for i, k := range s.nodes[n] {
		if k == 0 {
			continue
		}
		number := from*fan + uint32(i)
		x, y := d.part(a, h, i), d.part(b, h, i)
		if h > 0 {
			dst = d.walk(dst, k, h-1, number, x, y)
			continue
		}
		before := Index(max(x, y))
		for _, has := range d.has {
			if has.place != 0 && has.number == number {
				before = max(before, has.place)
			}
		}
		dst = d.g.down(dst, d.all[number], Index(k), before)
	}
	return dst
}

// part returns what of a node there is for part i of one of height h.
func (d *difference) part(n uint32, h, i int) uint32 {
	s := &d.g.sets
	switch {
	case n == 0:
		return 0
	case int(s.height[n]) == h:
		return s.nodes[n][i]
	case i == 0:
		return n // it is lower
	}
	return 0
}
