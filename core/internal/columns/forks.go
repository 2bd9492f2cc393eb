package columns

import "parsec/core/internal/bug"

// branch opens a column for a new branch of p's events, off event self of column parent; off none if self is 0.
func (g *Graph) branch(p Peer, parent Column, self Index) (Column, error) {
	if self == 0 {
		parent = NoColumn
	}
	if len(g.columns)-len(g.main) == MaxBranches {
		return 0, ErrForks
	}
	c := g.addColumn(column{by: p, parent: parent, base: self})
	if g.all[p] == nil {
		g.forked = append(g.forked, p)
		g.all[p] = []Column{g.main[p]}
	}
	g.all[p] = append(g.all[p], c)
	return c, nil
}

// Last returns the last event of column c, 0 for none.
func (g *Graph) Last(c Column) Index { return g.columns[c].tip }

// Base returns the event that column c branched off at, 0 for none, and that event's column.
func (g *Graph) Base(c Column) (Index, Column) {
	k := &g.columns[c]
	return k.base, k.parent
}

// Tip returns the last event by p that x descends from, if x sees no fork by p; else 0. For a peer that
// did not fork it is the row's entry. Time O(branches of p) with forks.
func (g *Graph) Tip(x Index, p Peer) Index {
	if g.all[p] == nil {
		return g.At(x, g.main[p])
	}
	row := g.Stored(x)
	known := 0 // columns with an event that x descends from
	tip, c := Index(0), NoColumn
	for _, b := range g.all[p] {
		if int(b) >= len(row) {
			break // columns ascend: x is older than the branch
		}
		if t := row[b]; t != 0 {
			known++
			if t > tip {
				tip, c = t, b
			}
		}
	}
	// If they are on one chain, it is the last one's: x descends from no more of each column than that does.
	for known > 1 && !bug.On(bug.IgnoreForks) {
		base, parent := g.Base(c)
		if base == 0 || row[parent] != base {
			return 0
		}
		c = parent
		known--
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
