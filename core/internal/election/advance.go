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
	e.base, e.earliest, e.coins, e.plain = base, base+1, true, true
	w := &e.window
	for int(x) >= len(w.info) {
		w.size = len(w.info)
		w.slide(0)
	}
	w.base = 0
	for i, sequence := range others {
		event := base + 1 + i
		w.votes[event] = e.number(sequence)
		w.row(int(x))[i] = gossip.Index(event)
	}
	before := uint32(0)
	if len(parent) > 0 {
		before = e.number(parent)
		e.unsettle(before)
	} else if initial {
		for i := range n {
			e.subjects[i>>6] |= 1 << (i & 63)
		}
	}
	in := &info{view: int16(n - 1), kind: receiving}
	switch {
	case n <= quadVoters:
		e.quads.met = ^uint64(0)
		e.evalQuads(x, int(x), before, in)
	case n <= laneVoters:
		e.lanes.met = ^uint64(0)
		e.evalLanes(x, int(x), before, in)
	default:
		e.evalPlanes(x, int(x), before, in)
	}
	return e.spell(w.votes[x], 0)
}

// number gives a number to meta-votes that are the same about every voter.
func (e *Election) number(sequence []MetaVote) (number uint32) {
	bit := func(b bool) (word uint64) {
		if b {
			word = 1
		}
		return word
	}
	pair := func(t, f bool, all uint64, half int) uint64 { return bit(t)*all | bit(f)*all<<half }
	q, l, p := &e.quads, &e.lanes, &e.planes
	switch {
	case e.n <= quadVoters:
		for len(sequence) > q.stride {
			q.longer(e.window.votes)
		}
		for q.used >= len(q.records) {
			q.more()
		}
		number = uint32(q.used)
		q.used += q.stride
	case e.small:
		for len(sequence) > l.stride {
			l.grow(len(l.top), 2*l.stride)
		}
		number = uint32(l.used)
		l.used++
		l.top[number] = uint8(len(sequence))
	default:
		number = uint32(p.used())
		for len(sequence) > p.active {
			p.open()
		}
		p.versions[number].top = uint8(len(sequence))
		p.versions = append(p.versions, planeVersion{})
		for t := range p.active {
			p.room(&p.steps[t])
		}
	}
	for t, v := range sequence {
		decided := v.Decision != 0
		if decided {
			v.Aux = v.Decision
			v.EstT, v.EstF, v.BinT, v.BinF = v.Aux == 1, v.Aux == 2, v.Aux == 1, v.Aux == 2
		}
		switch {
		case e.n <= quadVoters:
			r := &q.records[int(number)+t]
			r.counted = pair(v.EstT, v.EstF, q.all, 16) | pair(v.Aux == 1, v.Aux == 2, q.all, 16)<<32
			r.state = pair(v.BinT, v.BinF, q.all, 16) | pair(true, decided, q.all, 16)<<32
		case e.small:
			l.records[int(number)*l.stride+t] = laneRecord{
				pair(v.EstT, v.EstF, l.all, 32), pair(v.Aux == 1, v.Aux == 2, l.all, 32),
				pair(v.BinT, v.BinF, l.all, 32), pair(true, decided, l.all, 32),
			}
		default:
			for g, all := range p.all {
				p.steps[t].records[int(number)*p.groups+g] = planeRecord{
					pair(v.EstT, v.EstF, all, 32), pair(v.Aux == 1, v.Aux == 2, all, 32),
					pair(v.BinT, v.BinF, all, 32), pair(true, decided, all, 32),
				}
			}
		}
	}
	return number
}

// unsettle has the next event of a chain computed, whatever it sees.
func (e *Election) unsettle(number uint32) {
	switch {
	case e.n <= quadVoters:
		e.quads.unsettled[int(number)/e.quads.stride] = true
	case e.small:
		e.lanes.unsettled[number] = true
	default:
		e.planes.versions[number].unsettled = true
	}
}
