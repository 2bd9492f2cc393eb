package election

import (
	"math/bits"

	"parsec/core/internal/gossip"
)

// counted is a peer that is no voter and whose events still count when one event strongly sees another,
// by the rules of crate 0.7.3.
type counted struct{ peer gossip.Peer }

// observers finds out who observes (SPEC section 3.2). Strongly-sees is wanted of one event and all
// first interesting events at once: let S(a) be the set of voters whose first interesting event a sees;
// then the bits that a supermajority of the S(last ancestor of x by voter p) have are the observees.
type observers struct {
	first  []gossip.Index // by voter: the first interesting event; never for none, and for voters that forked
	lowest gossip.Index   // no interesting event is before it; never for none
	// from: by chain, no event of it before this place is an observer. Undecided interesting events only
	// ever move on along their chains, so what was not an observer once will not become one in a later
	// election of the same voters.
	from []gossip.Index

	// S by place less origin, valid where it was computed in the present election.
	origin   gossip.Index
	election uint32
	packed   []uint64 // lanes: election<<32 | a nibble a voter
	stamp    []uint32 // planes: election
	sets     []uint64 // planes: width words each
	width    int
	at       []uint32 // scratch: where the sets to count start
}

// noteFirst notes that chain v, which had no content, has some at x, which is later than all before.
func (e *Election) noteFirst(v int, x gossip.Index) {
	o := &e.observers
	if i := e.content.voter[v]; !e.voterForked(i) {
		o.first[i] = x
	}
	if o.lowest == never {
		o.lowest = x
		o.origin = x - 1
		e.window.restart(x, e.n)
	}
}

// renew finds the first interesting events of a new election.
func (e *Election) renew() {
	o := &e.observers
	o.election++
	o.lowest = never
	for i := range o.first {
		o.first[i] = never
	}
	for v := range e.content.views {
		f := e.pop(v)
		o.lowest = min(o.lowest, f)
		if i := e.content.voter[v]; !e.voterForked(i) {
			o.first[i] = f
		}
	}
	o.origin = o.lowest - 1
}

func (e *Election) voterForked(i int16) bool { return e.g.Of(e.voters[i]) != nil }

// probe reports whether x, whose chain has no observer yet, is one, and leaves in e.subjects the
// observees' bits.
func (e *Election) probe(x gossip.Index, i int, in *info) bool {
	o := &e.observers
	o.from[in.view] = x + 1
	if o.lowest >= x {
		return false
	}
	e.Stats.Probes++
	var k int
	switch {
	case len(e.counted) > 0:
		k = e.countEach(x)
	case e.small:
		k = e.countLanes(i)
	default:
		k = e.countPlanes(i)
	}
	for _, v := range e.forked {
		if e.seenCandidate(x, v) != 0 {
			e.subjects[v>>6] |= 1 << (v & 63)
			k++
		}
	}
	if k < e.quorum {
		return false
	}
	o.from[in.view] = x
	return true
}

// countLanes counts the observees of the event at entry i and sets their bits.
func (e *Election) countLanes(i int) int {
	o := &e.observers
	sum := uint64(0)
	for _, a := range e.window.row(i) {
		if a < o.lowest {
			continue
		}
		j := int(a - o.origin)
		if j < len(o.packed) && o.packed[j]>>32 == uint64(o.election) {
			sum += o.packed[j]
		} else {
			sum += e.packSet(a, j)
		}
	}
	enough := (sum + laneOnes*uint64(8-e.quorum)) >> 3 & laneOnes
	e.subjects[0] = gatherLanes(enough)
	return bits.OnesCount64(enough)
}

// packSet computes S(a) and keeps it at place j.
func (e *Election) packSet(a gossip.Index, j int) uint64 {
	o := &e.observers
	if j >= len(o.packed) {
		o.packed = append(o.packed, make([]uint64, max(256, 2*len(o.packed), j+1)-len(o.packed))...)
	}
	row := e.window.row(int(a - e.window.base))
	first := o.first[:len(row)]
	s := uint64(0)
	for i := len(row) - 1; i >= 0; i-- {
		_, below := bits.Sub32(uint32(row[i]), uint32(first[i]), 0)
		s = s<<4 | uint64(1-below)
	}
	s |= uint64(o.election) << 32
	o.packed[j] = s
	return s
}

// countPlanes is countLanes for more voters.
func (e *Election) countPlanes(i int) int {
	o := &e.observers
	at := o.at[:0]
	for _, a := range e.window.row(i) {
		if a < o.lowest {
			continue
		}
		j := int(a - o.origin)
		if j >= len(o.stamp) || o.stamp[j] != o.election {
			e.fillSet(a, j)
		}
		at = append(at, uint32(j*o.width))
	}
	o.at = at
	if len(at) < e.quorum {
		clear(e.subjects)
		return 0
	}
	k := 0
	c := e.planes.sum
	for w := range o.width {
		c.count(o.sets[w:], at)
		gt, eq := c.compare(e.quorum)
		e.subjects[w] = gt | eq
		k += bits.OnesCount64(gt | eq)
	}
	return k
}

// fillSet computes S(a) and keeps it at place j.
func (e *Election) fillSet(a gossip.Index, j int) {
	o := &e.observers
	if j >= len(o.stamp) {
		size := max(256, 2*len(o.stamp), j+1)
		o.stamp = append(o.stamp, make([]uint32, size-len(o.stamp))...)
		o.sets = append(o.sets, make([]uint64, size*o.width-len(o.sets))...)
	}
	row := e.window.row(int(a - e.window.base))
	first := o.first[:len(row)]
	for w := range o.width {
		s := uint64(0)
		for i := min(64*w+64, len(row)) - 1; i >= 64*w; i-- {
			_, below := bits.Sub32(uint32(row[i]), uint32(first[i]), 0)
			s = s<<1 | uint64(1-below)
		}
		o.sets[j*o.width+w] = s
	}
	o.stamp[j] = o.election
}

// countEach is countLanes and countPlanes, one subject at a time.
func (e *Election) countEach(x gossip.Index) int {
	k := 0
	clear(e.subjects)
	for v, f := range e.observers.first {
		if f != never && e.stronglySees(x, f) {
			e.subjects[v>>6] |= 1 << (v & 63)
			k++
		}
	}
	return k
}

// stronglySees is SPEC section 2, for one event. Time O(peers that count).
func (e *Election) stronglySees(x, y gossip.Index) bool {
	k := 0
	for _, p := range e.voters {
		if a := e.g.Tip(x, p); a >= y && e.g.Sees(a, y) {
			k++
		}
	}
	for _, c := range e.counted {
		if a := e.g.Tip(x, c.peer); a >= y && e.g.Sees(a, y) {
			k++
		}
	}
	return k >= e.quorum
}

// candidates calls yield for the first interesting event of each branch of voter i, which forked: those
// with no earlier one on their self-parent chain.
func (e *Election) candidates(i int16, yield func(f gossip.Index) bool) {
	for _, b := range e.g.Of(e.voters[i]) {
		f := e.pop(int(e.column[b].view))
		if f == never {
			continue
		}
		first := true
		for base, a := e.g.Base(b); base != 0 && first; base, a = e.g.Base(a) {
			first = e.pop(int(e.column[a].view)) > base
		}
		if first && !yield(f) {
			return
		}
	}
}

// seenCandidate returns the first interesting event of voter i, which forked, that x strongly sees; 0
// for none. Two cannot be: the quorums would share an honest voter that sees both branches.
func (e *Election) seenCandidate(x gossip.Index, i int16) (seen gossip.Index) {
	e.candidates(i, func(f gossip.Index) bool {
		if f < x && e.stronglySees(x, f) {
			seen = f
		}
		return seen == 0
	})
	return seen
}
