package election

import (
	"parsec/core/internal/gossip"
)

// raiseClass brings the levels of a class up to date; if they were so before the last event, that is on
// the given chains. Whether it is decided it finds out on those left. It reports false if a coin is called
// for.
func (e *Election) raiseClass(k *class, left, cols []gossip.Peer) bool {
	l := &e.levels
	switch {
	case k.clock == l.clock:
		cols = cols[:0]
	case k.clock+1 != l.clock:
		cols = e.voters
	case len(cols) == 1 && k.heard == k.clock && k != &l.groups[0].class && k != &l.groups[1].class:
		if known, coin := e.raiseClassOn(k, cols[0]); known || coin {
			return !coin
		}
	}
	k.clock = l.clock
	if k != &l.groups[0].class && k != &l.groups[1].class {
		e.hear(k, cols)
	}
	for t := 0; t < k.stages; t++ {
		g := &l.stages[k.stage[t]]
		if t > 0 {
			e.findEstimates(k, g, cols)
		}
		for _, c := range cols {
			if g.aux[c] == never && g.start[c] != never {
				e.findAux(k, g, t, c)
			}
		}
		to := cols
		if g.alike() {
			g.partly = true
			to = left
		} else if g.partly {
			g.partly = false
			cols = e.voters
			to = cols
		}
		for _, c := range to {
			if g.aux[c] == never {
				continue
			}
			if !e.conclude(k, t, c) {
				return false
			}
			g = &l.stages[k.stage[t]]
		}
	}
	return true
}

// raiseClassOn is raiseClass for the newest event, of chain c, where the class was up to date before. Known
// tells that it was enough.
func (e *Election) raiseClassOn(k *class, c gossip.Peer) (known, coin bool) {
	l := &e.levels
	i := l.chains.tail[c] - 1
	row := l.chains.row(c, i)
	x := row[c]
	for t := 0; t < k.stages && k.done[c] == never; t++ {
		g := &l.stages[k.stage[t]]
		if g.start[c] == never {
			break
		}
		if g.partly && !g.alike() {
			return false, false
		}
		if g.et[c] == never && g.nt >= e.third && e.has(row, g.et, e.third) {
			g.et[c] = x
			g.nt++
		}
		if g.ef[c] == never && g.nf >= e.third && e.has(row, g.ef, e.third) {
			g.ef[c] = x
			g.nf++
		}
		g.hear[c], g.look[c] = i+1, i+1
		if g.aux[c] == never {
			switch {
			case g.nt >= e.quorum && e.has(row, g.et, e.quorum):
				g.setAux(c, x, true)
			case g.nf >= e.quorum && e.has(row, g.ef, e.quorum):
				g.setAux(c, x, false)
			default:
				continue
			}
			if g.partly && !g.alike() {
				g.look[c] = i
				return false, false
			}
		}
		g.partly = g.partly || g.alike()
		value, n := g.deciding()
		begun := t+1 < k.stages && l.stages[k.stage[t+1]].start[c] != never
		if !begun && (g.naux < e.quorum || !e.has(row, g.aux, e.quorum)) {
			continue
		}
		if n >= e.quorum && (!begun && n == g.naux || e.has(row, value, e.quorum)) {
			k.decide(c, x, i, t)
			g.look[c] = i
			break
		}
		if !begun && !e.beginNext(k, t, c, i) {
			return false, true
		}
	}
	k.clock, k.heard = l.clock, l.clock
	return true, false
}

// alike reports whether there is no auxiliary value but what the step may decide, so that the next step
// never begins.
func (g *stage) alike() bool {
	return g.kind == forcedTrue && g.naf == 0 || g.kind == forcedFalse && g.nat == 0
}

// deciding returns the level of the auxiliary value that the step may decide, and on how many chains it is.
func (g *stage) deciding() (value []gossip.Index, n int) {
	switch g.kind {
	case forcedTrue:
		return g.at, g.nat
	case forcedFalse:
		return g.af, g.naf
	}
	return nil, 0
}

// decide notes that the class is decided on a chain at step t, by the event x at place i.
func (k *class) decide(c gossip.Peer, x gossip.Index, i uint32, t int) {
	k.done[c], k.end[c], k.step[c], k.value = x, i, uint8(t), t%3 == 0
}

// hear brings the first estimates of a class up to date.
func (e *Election) hear(k *class, cols []gossip.Peer) {
	l := &e.levels
	if k.heard == l.clock {
		return
	}
	if k.heard+1 != l.clock {
		cols = e.voters
	}
	k.heard = l.clock
	e.findEstimates(k, &l.stages[k.stage[0]], cols)
}

// findEstimates looks for estimates that chains only hear of.
func (e *Election) findEstimates(k *class, g *stage, cols []gossip.Peer) {
	if g.nt >= e.third {
		e.findEstimate(k, g, g.et, &g.nt, cols)
	}
	if g.nf >= e.third {
		e.findEstimate(k, g, g.ef, &g.nf, cols)
	}
	for _, c := range cols {
		g.hear[c] = e.levels.chains.tail[c]
	}
}

// findEstimate looks for the events at which chains that have the other estimate hear of this one from a
// third of the voters. What one chain finds may let others find it earlier, so it is repeated until nothing
// changes; places found are never too early on the way there, because they count others that are never
// too early.
func (e *Election) findEstimate(k *class, g *stage, estimate []gossip.Index, n *int, cols []gossip.Peer) {
	l := &e.levels
	waiting := 0
	for _, c := range cols {
		l.tried[c] = 1
		if g.start[c] != never && estimate[c] == never {
			l.tried[c] = l.chains.tail[c] + 1
			waiting++
		}
	}
	for again := waiting > 0; again; {
		again = false
		for _, c := range cols {
			end := min(l.tried[c]-1, k.end[c])
			if i := e.look(c, g.hear[c], end, estimate, e.third); i < end {
				if estimate[c] == never {
					*n++
				}
				estimate[c] = l.chains.at(c, i)
				l.tried[c] = i + 1
				again = waiting > 1
			}
		}
	}
}

// findAux looks for the event at which a chain gets its auxiliary value: that of the first bin value.
func (e *Election) findAux(k *class, g *stage, t int, c gossip.Peer) {
	l := &e.levels
	i, end := l.from(g, 2*t+1, c), min(l.chains.tail[c], k.end[c])
	yes, no := end, end
	if g.nt >= e.quorum {
		yes = e.look(c, i, end, g.et, e.quorum)
	}
	if g.nf >= e.quorum {
		no = e.look(c, i, yes, g.ef, e.quorum)
	}
	switch {
	case no < yes:
		g.setAux(c, l.chains.at(c, no), false)
	case yes < end:
		g.setAux(c, l.chains.at(c, yes), true)
	}
	g.look[c] = min(yes, no)
}

// from returns the place from which on to look for what cannot be before base level j.
func (l *levels) from(g *stage, j int, c gossip.Peer) uint32 {
	if j < baseLevels {
		return max(g.look[c], l.base[j].next[c])
	}
	return g.look[c]
}

// conclude looks for the event at which a chain ends step t: it decides, or begins the next step, after
// which it may still decide. It reports false if a coin is called for.
func (e *Election) conclude(k *class, t int, c gossip.Peer) bool {
	l := &e.levels
	g := &l.stages[k.stage[t]]
	begun := t+1 < k.stages && l.stages[k.stage[t+1]].start[c] != never
	value, n := g.deciding()
	decides := n >= e.quorum
	i, end := l.from(g, 2*t+2, c), min(l.chains.tail[c], k.end[c])
	if !begun {
		if g.naux < e.quorum {
			g.look[c] = end
			return true
		}
		if i = e.look(c, i, end, g.aux, e.quorum); i >= end {
			g.look[c] = i
			return true
		}
		if decides && n == g.naux {
			end = i + 1 // value is aux
		} else if !decides || e.look(c, i, i+1, value, e.quorum) > i {
			if !e.beginNext(k, t, c, i) {
				return false
			}
			i++
		}
	}
	if decides {
		if i = e.look(c, i, end, value, e.quorum); i < end {
			k.decide(c, l.chains.at(c, i), i, t)
		}
	} else {
		i = end
	}
	l.stages[k.stage[t]].look[c] = i
	return true
}

// beginNext begins the step after t on a chain, at place i. It reports false if that takes a
// coin, or more steps than there is room for.
func (e *Election) beginNext(k *class, t int, c gossip.Peer, i uint32) bool {
	l := &e.levels
	g := &l.stages[k.stage[t]]
	enough := func(n int, value []gossip.Index) bool {
		return n >= e.quorum && e.look(c, i, i+1, value, e.quorum) == i
	}
	var estimate bool
	switch g.kind {
	case forcedTrue:
		estimate = !enough(g.naf, g.af)
	case forcedFalse:
		estimate = enough(g.nat, g.at)
	default:
		estimate = enough(g.nat, g.at)
		if !estimate && !enough(g.naf, g.af) {
			return false
		}
	}
	if t+1 == k.stages {
		if k.stages == maxStages {
			return false
		}
		k.stage[t+1] = l.newStage(t + 1)
		k.stages++
	}
	l.stages[k.stage[t+1]].begin(c, l.chains.at(c, i), i, estimate)
	return true
}
