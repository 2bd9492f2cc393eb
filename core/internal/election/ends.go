package election

import (
	"slices"

	"parsec/core/internal/gossip"
)

// ends reports whether some event ends the election: all subjects are decided there. Coin tells that it cannot
// say so because a coin is called for.
func (e *Election) ends() (ended, coin bool) {
	l := &e.levels
	if !l.built {
		e.tellApart()
	}
	end := &l.base[l.last]
	if end.count == 0 {
		return false, false
	}
	// Which event ends it does not matter, and the latest is the most likely to.
	latest := NoPeer
	for _, c := range e.voters {
		if end.at[c] != never && (latest == NoPeer || l.chains.last(c) > l.chains.last(latest)) {
			latest = c
		}
	}
	l.one[0] = latest
	if ended, coin = e.endsOn(l.one[:], e.voters); ended || coin || end.count == 1 {
		return ended, coin
	}
	left := l.left[:0]
	for _, c := range e.voters {
		if end.at[c] != never && c != latest {
			left = append(left, c)
		}
	}
	return e.endsOn(left, e.voters)
}

// endsOn reports whether an event of the chains left, which are among cols, ends the election.
func (e *Election) endsOn(left, cols []gossip.Peer) (ended, coin bool) {
	l := &e.levels
	if n := len(l.classes); l.blocker < n {
		// The class that was in the way the last time comes first.
		if left, coin = e.decidedOn(&l.classes[l.blocker], left, cols); len(left) == 0 || coin {
			return false, coin
		}
	}
	grouped := [2]bool{}
	for v := range l.groups {
		if len(left) == 1 && len(l.groups[v].members) > 1 {
			grouped[v] = e.groupDecided(v == 1, left, cols)
		}
	}
	for i := range l.classes {
		g := &l.stages[l.classes[i].stage[0]]
		if i == l.blocker || g.nt < e.third && grouped[0] || g.nt >= e.third && g.nf < e.third && grouped[1] {
			continue
		}
		if left, coin = e.decidedOn(&l.classes[i], left, cols); len(left) == 0 || coin {
			l.blocker = i
			return false, coin
		}
	}
	return true, false
}

// decidedOn brings a class up to date and returns the chains of left where it is decided.
func (e *Election) decidedOn(k *class, left, cols []gossip.Peer) (rest []gossip.Peer, coin bool) {
	if !e.raiseClass(k, left, cols) {
		return left, true
	}
	if len(left) == 1 {
		if k.done[left[0]] == never {
			return left[:0], false
		}
		return left, false
	}
	return slices.DeleteFunc(left, func(c gossip.Peer) bool { return k.done[c] == never }), false
}

// groupDecided reports whether the group that can only be decided to be value is decided on left, one chain.
func (e *Election) groupDecided(value bool, left, cols []gossip.Peer) bool {
	l := &e.levels
	v := 0
	if value {
		v = 1
	}
	group := &l.groups[v]
	k := &group.class
	if !group.used {
		group.used = true
		l.empty(k)
		k.clock = l.clock - 2
		k.stage[0], k.stages = l.newStage(0), 1
	}
	if k.clock+1 != l.clock {
		cols = e.voters
	}
	g := &l.stages[k.stage[0]]
	estimate, n := g.ef, &g.nf
	if value {
		estimate, n = g.et, &g.nt
	}
	for _, i := range group.members {
		e.hear(&l.classes[i], cols)
	}
	for _, c := range cols {
		x := l.base[0].at[c]
		if x == never || estimate[c] != never {
			continue
		}
		if g.start[c] == never {
			g.start[c], g.look[c] = x, l.base[0].next[c]
		}
		for _, i := range group.members {
			m := &l.stages[l.classes[i].stage[0]]
			if value {
				x = max(x, m.et[c])
			} else {
				x = max(x, m.ef[c])
			}
		}
		if x != never {
			estimate[c] = x
			*n++
		}
	}
	e.raiseClass(k, left, cols)
	return k.done[left[0]] != never
}

// trueVoters sets the bits of the voters that the election, which has ended, decided true.
func (e *Election) trueVoters(voters []uint64) {
	l := &e.levels
	clear(voters)
	for i, c := range e.voters {
		yes := l.saw(l.like, c)
		if k := l.of[c]; k >= 0 {
			switch g := &l.stages[l.classes[k].stage[0]]; {
			case g.nt < e.third:
				yes = false
			case g.nf < e.third:
				yes = true
			default:
				yes = l.classes[k].value
			}
		}
		if yes {
			voters[i>>6] |= 1 << (i & 63)
		}
	}
}
