package gossip

import (
	"slices"

	"parsec/core/internal/bug"
)

// path returns the map of event t and the chains that it goes back to.
func (g *Graph) path(t Index) uint32 {
	c := &g.chains[g.Event(t).Chain]
	return g.sets.with(c.below, c.number, uint32(t))
}

// join returns the entry for peer p of what descends from what two entries for p tell. Time O(1) if one is none or
// they are equal, O(log branches) if both are on one chain, else that of sets.union.
func (g *Graph) join(p Peer, a, b Index) Index {
	if a > b {
		a, b = b, a // a set is greater than a place
	}
	switch {
	case a == b || a == 0:
		return b
	case b < set: // two places
		if g.OnChain(a, b) {
			return b
		}
		return set | Index(g.sets.union(g.path(a), g.path(b)))
	case a < set:
		if c := &g.chains[g.Event(a).Chain]; Index(g.sets.get(uint32(b&^set), c.number)) >= a {
			return b
		}
		return set | Index(g.sets.union(uint32(b&^set), g.path(a)))
	}
	return set | Index(g.sets.union(uint32(b&^set), uint32(a&^set)))
}

// entry returns what x's row has for p.
func (g *Graph) entry(x Index, p Peer) Index {
	row := g.Stored(x)
	if int(p) >= len(row) {
		return 0
	}
	return row[p]
}

// IsFork reports whether an entry of a row says that the event descends from a fork.
func IsFork(entry Index) bool { return entry >= set }

// Tip returns the last event by p that x descends from, 0 for none. Fork says that x descends from a fork by p; tip is
// 0 then. Time O(1).
func (g *Graph) Tip(x Index, p Peer) (tip Index, fork bool) {
	e := g.entry(x, p)
	if e < set {
		return e, false
	}
	if bug.On(bug.IgnoreForks) {
		return slices.Max(g.Tips(x, p)), false
	}
	return 0, true
}

// tipOf is the last event of a chain that an event descends from.
type tipOf struct {
	number uint32
	place  Index
}

// Tips returns the events by p that x descends from and of which none is on the self-parent chain of another:
// none, one, or several if x descends from a fork by p. They ascend, and are valid until the next call or Insert. Time
// O(tips log tips), and for each chain that they go back to.
func (g *Graph) Tips(x Index, p Peer) []Index {
	g.list = g.list[:0]
	e := g.entry(x, p)
	if e == 0 {
		return nil
	}
	if e < set {
		g.list = append(g.list, e)
		return g.list
	}
	n := uint32(e &^ set)
	g.tips = g.collect(g.tips[:0], n, g.sets.height[n], 0)
	for _, t := range g.tips { // by number: what a chain branched off comes before it
		if c := &g.chains[g.all[p][t.number]]; c.parent != NoChain {
			number := g.chains[c.parent].number
			i, _ := slices.BinarySearchFunc(g.tips, number, func(t tipOf, number uint32) int { return int(t.number) - int(number) })
			if g.tips[i].place == c.base {
				g.tips[i].place = 0
			}
		}
	}
	for _, t := range g.tips {
		if t.place != 0 {
			g.list = append(g.list, t.place)
		}
	}
	slices.Sort(g.list)
	return g.list
}

// collect appends what map n has, by number; n is of height h, and of numbers from so many times its size on.
func (g *Graph) collect(to []tipOf, n uint32, h uint8, from uint32) []tipOf {
	for i, k := range g.sets.nodes[n] {
		number := from*fan + uint32(i)
		switch {
		case k == 0:
		case h == 0:
			to = append(to, tipOf{number, Index(k)})
		default:
			to = g.collect(to, k, h-1, number)
		}
	}
	return to
}

// Descends reports whether x descends from y. Time O(1), but O(log branches) if y's creator forked.
func (g *Graph) Descends(x, y Index) bool {
	by := g.Event(y).By
	e := g.entry(x, by)
	if e <= y || g.all[by] == nil {
		return e >= y
	}
	if e < set {
		return g.OnChain(y, e)
	}
	return Index(g.sets.get(uint32(e&^set), g.chains[g.Event(y).Chain].number)) >= y
}

// Sees reports whether x sees y: it descends from y and from no fork by y's creator.
func (g *Graph) Sees(x, y Index) bool {
	tip, fork := g.Tip(x, g.Event(y).By)
	return !fork && tip != 0 && g.OnChain(y, tip)
}
