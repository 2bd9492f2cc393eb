package election

import (
	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Advance returns an event's meta-votes about one subject in a section of n voters (SPEC section 4): at
// an observer, where parent is empty, those that initial starts; else those that follow parent's. Others
// are the other voters' sequences, in voter order, fewer than n. It runs what elections run, on events
// made up for the purpose; n is 2 or more, and sequences have each step once, in order, from (0, 0).
func Advance(n int, initial bool, parent []MetaVote, others [][]MetaVote, c coin.Coin) []MetaVote {
	e := New(false, false, c)
	genesis := make([]gossip.Peer, n)
	for i := range genesis {
		genesis[i], _ = e.AddPeer([32]byte{byte(i >> 8), byte(i)})
	}
	e.Start(genesis)
	// Event 2+i carries what voter i has; x is by the last voter, who has no other.
	const base = 1
	x := gossip.Index(base + 1 + n)
	e.base, e.earliest, e.coins = base, base+1, true
	w := &e.window
	w.reset(n, false)
	for int(x) >= len(w.info) {
		w.size = len(w.info)
		w.slide(0)
	}
	w.base = 0
	// Each voter is a class of its own, so that all places are used.
	for v := 1; v < n; v++ {
		e.metaVotes.classes.of[v] = e.metaVotes.split(0, w.votes)
	}
	for i, sequence := range others {
		event := base + 1 + i
		w.votes[event] = e.number(sequence)
		e.row(int(x))[i] = gossip.Index(event)
	}
	before := uint32(0)
	if len(parent) > 0 {
		before = e.number(parent)
		e.metaVotes.versions[before].unsettled = true
	} else if initial {
		for i := range n {
			e.subjects[i>>6] |= 1 << (i & 63)
		}
	}
	e.evaluate(x, int(x), before, &info{voter: int16(n - 1), kind: receiving})
	return e.spell(w.votes[x], 0)
}

// number gives a number to meta-votes that are the same about every voter.
func (e *Election) number(sequence []MetaVote) (number uint32) {
	l := &e.metaVotes
	l.roomy = max(l.roomy, l.used+l.groups)
	for len(sequence) > l.active {
		l.open()
	}
	for t := range l.active {
		l.room(&l.steps[t])
	}
	number = uint32(l.used)
	l.versions[number].top = uint8(len(sequence))
	l.used += l.groups
	for t, v := range sequence {
		decided := v.Decision != 0
		if decided {
			v.Aux = v.Decision
			v.EstT, v.EstF, v.BinT, v.BinF = v.Aux == 1, v.Aux == 2, v.Aux == 1, v.Aux == 2
		}
		s := &l.steps[t]
		for g, all := range l.classes.all {
			if decided {
				s.met[g] |= all
			}
			k := int(number) + g
			s.counted[k] = all * quarters(v.EstT, v.EstF, v.Aux == 1, v.Aux == 2)
			s.state[k] = all * quarters(v.BinT, v.BinF, true, decided)
		}
	}
	return number
}

// quarters has the lowest bit of each quarter whose value is set, from the lowest on.
func quarters(values ...bool) (word uint64) {
	for q, is := range values {
		if is {
			word |= 1 << (q * quarterBits)
		}
	}
	return word
}
