package gossip

// branch opens a column for a new branch of p's events, off event self of column parent; off none if self is 0.
func (g *Graph) branch(p Peer, parent Column, self Index) (Column, error) {
	if self == 0 {
		parent = NoColumn
	}
	if len(g.columns)-len(g.main) == MaxBranches {
		return 0, ErrForks
	}
	c := g.addColumn(column{by: p, parent: parent})
	if g.all[p] == nil {
		g.forked = append(g.forked, p)
		g.all[p] = []Column{g.main[p]}
	}
	g.all[p] = append(g.all[p], c)
	return c, nil
}

// Base returns the event that column c branched off at, 0 for none, and that event's column.
func (g *Graph) Base(c Column) (Index, Column) {
	k := &g.columns[c]
	if k.parent == NoColumn {
		return 0, NoColumn
	}
	return g.Event(k.first).Self, k.parent
}

// onChain reports whether y is x or on x's self-parent chain. Both are by one creator. Time O(branches).
func (g *Graph) onChain(x, y Index) bool {
	c, want := g.Event(x).Col, g.Event(y).Col
	for c != want {
		if x, c = g.Base(c); x == 0 {
			return false
		}
	}
	return y <= x
}

// Tip returns the last event by p that x descends from, if x sees no fork by p; else 0. For a peer that
// did not fork it is the row's entry. Time O(branches of p) with forks.
func (g *Graph) Tip(x Index, p Peer) Index {
	if g.all[p] == nil {
		return g.At(x, g.main[p])
	}
	tip := Index(0)
	for _, c := range g.all[p] {
		t := g.At(x, c)
		switch {
		case t == 0 || tip != 0 && g.onChain(tip, t):
		case tip == 0 || g.onChain(t, tip):
			tip = t
		default:
			return 0 // neither is on the other's chain: x descends from a fork
		}
	}
	return tip
}

// Sees reports whether x sees y: it descends from y and from no fork by y's creator.
func (g *Graph) Sees(x, y Index) bool {
	e := g.Event(y)
	if g.At(x, e.Col) < y {
		return false
	}
	return g.all[e.By] == nil || g.Tip(x, e.By) != 0
}
