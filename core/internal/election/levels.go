package election

import (
	"parsec/core/internal/gossip"
)

// An election without forks and coins is computed by levels (core/design/levels.md). What a chain holds
// about a subject only ever grows along it, and each piece comes with the first event that descends from
// enough events that hold the piece before. So all there is to know is, for each piece and chain, at which
// event it comes: a level. It is found by holding rows against the level before, from where it was in
// the election before on. Between levels, nothing is computed.

// baseLevels is how many levels are kept about subjects that all observers see alike. On each chain, level
// 0 is the observer, and level j the first event that descends from level j-1 of a supermajority of
// voters. If all see the subject, it has the bin value and the auxiliary value true from level 1 on and is
// decided at level 2. If none does, they are false from level 1 on, forced false begins at level 2 and
// decides at level 4. For other subjects the same levels are the least that they can have.
const baseLevels = 5

// level is a level of all chains. Peers that are no voters have none.
type level struct {
	at    []gossip.Index // by peer; never if it is not reached
	next  []uint32       // by peer: its place; or else of the first event that was not looked at
	count int            // chains that reached it
}

// levels is an election by levels.
//
// Invariants, after each event, numbered as verify reports them:
//
//  6. Levels ascend: base[j].at >= base[j-1].at on each chain.
//  7. Base.next is the level's place, or where it is not reached the first place that was not looked at: the
//     end of the chain if the level below is reached. No event before it is at the level, in this election
//     or a later one of the same voters.
//  8. Count is the number of chains that reached the level.
type levels struct {
	on      bool // the running election is computed so; else by passes
	fresh   bool // nothing is raised yet
	arrived gossip.Peer
	spoiled gossip.Index   // the last observation event that is an other-parent
	first   []gossip.Index // by peer: the voter's first interesting event, never for none
	chains  chains
	base    [baseLevels]level
	depth   int // base levels in use
	sight   sight
	subjects
}

// resetLevels makes levels for the present voters.
func (e *Election) resetLevels() {
	l := &e.levels
	width := (e.g.Peers() + 3) &^ 3
	places := make([]gossip.Index, (baseLevels+1)*width)
	for i := range places {
		places[i] = never
	}
	next := make([]uint32, baseLevels*width)
	*l = levels{spoiled: l.spoiled, arrived: NoPeer, first: places[:width:width]}
	for j := range l.base {
		places = places[width:]
		l.base[j] = level{at: places[:width:width], next: next[j*width:][:width:width]}
	}
	l.on = e.byLevels()
	l.chains.reset(e.g, width, e.n)
	l.sight.reset(width)
	l.subjects.reset(width, e.voters)
}

func (e *Election) byLevels() bool { return len(e.forked) == 0 && !e.passesOnly }

// beginLevels starts an election. Its levels are looked for from where those of the last were.
func (e *Election) beginLevels() {
	l := &e.levels
	l.on = e.byLevels()
	l.fresh = true
	for j := range l.base {
		b := &l.base[j]
		if b.count > 0 {
			b.count = 0
			for i := range b.at {
				b.at[i] = never
			}
		}
	}
	l.depth = 2
	copy(l.chains.head, l.base[0].next)
	l.sight.begin()
	l.subjects.begin()
}

// settle brings the levels up to event x, and reports whether the election has ended. It may find that
// the election has to be computed by passes.
func (e *Election) raise(x gossip.Index) bool {
	l := &e.levels
	if !l.fresh {
		return l.arrived != NoPeer && e.raiseOn(x, l.arrived)
	}
	l.fresh = false
	l.clock++
	l.sight.room(x, e.observers.lowest)
	further := uint32(0)
	for _, c := range e.voters {
		further = e.findObserver(c, further)
	}
	ended, byPasses := false, l.base[0].count > 0 && l.spoiled > e.earliest
	if !byPasses {
		for j := 1; j <= l.depth; j++ {
			for _, c := range e.voters {
				e.findLevel(j, c)
			}
		}
		if l.base[2].count > 0 {
			ended, byPasses = e.ends()
		}
	}
	if byPasses {
		e.byPasses(x)
	}
	return ended
}

// raiseOn is raise where everything was raised up to the newest event, x, which is of chain c.
func (e *Election) raiseOn(x gossip.Index, c gossip.Peer) bool {
	l := &e.levels
	l.clock++
	if l.base[0].at[c] == never {
		l.sight.room(x, e.observers.lowest)
		e.findObserver(c, 0)
		if l.base[0].at[c] == never {
			return false
		}
	}
	if l.spoiled > e.earliest {
		e.byPasses(x)
		return false
	}
	i := l.chains.tail[c] - 1
	row := l.chains.row(c, i)
	for j := 1; j <= l.depth; j++ {
		b, below := &l.base[j], &l.base[j-1]
		if b.at[c] != never {
			continue
		}
		if below.count < e.quorum || !e.has(row, below.at, e.quorum) {
			b.next[c] = i + 1
			break
		}
		b.at[c], b.next[c] = x, i
		b.count++
	}
	if l.base[2].at[c] == never {
		return false
	}
	if !l.built {
		e.tellApart()
	}
	if l.base[l.last].at[c] == never {
		return false
	}
	if l.blocker < len(l.classes) {
		if k := &l.classes[l.blocker]; k.clock+1 == l.clock && k.heard == k.clock {
			if known, _ := e.raiseClassOn(k, c); known && k.done[c] == never {
				return false
			}
		}
	}
	l.one[0] = c
	ended, coin := e.endsOn(l.one[:], l.one[:])
	if coin {
		e.byPasses(x)
	}
	return ended
}

// has reports whether at least need entries of a row have got to level.
func (e *Election) has(row, level []gossip.Index, need int) bool {
	e.Stats.Looks++
	if len(level) <= 8 {
		return lessPlain(row, level) <= uint32(len(level)-need)
	}
	return look(row, 1, level, need) == 0
}

// rise looks for level j on a chain.
func (e *Election) findLevel(j int, c gossip.Peer) {
	l := &e.levels
	b, below := &l.base[j], &l.base[j-1]
	if b.at[c] != never {
		return
	}
	k, tail := max(b.next[c], below.next[c]), l.chains.tail[c]
	if below.count < e.quorum {
		k = tail
	}
	if k = e.look(c, k, tail, below.at, e.quorum); k < tail {
		b.at[c] = l.chains.at(c, k)
		b.count++
	}
	b.next[c] = k
}

// deepen takes the base levels up to depth into use.
func (e *Election) deepen(depth int) {
	l := &e.levels
	for l.depth < depth {
		l.depth++
		for _, c := range e.voters {
			e.findLevel(l.depth, c)
		}
	}
}

// look is look along a chain, for k up to end or past it, and counts.
func (e *Election) look(c gossip.Peer, k, end uint32, level []gossip.Index, need int) uint32 {
	if k >= end {
		return k
	}
	at := e.levels.chains.look(c, k, end, level, need)
	e.Stats.Looks += uint64(min(at+1, end) - k)
	return at
}
