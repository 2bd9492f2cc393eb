package election

import (
	"math/bits"

	"parsec/core/internal/gossip"
)

// counted is a peer that is no voter and whose events still count when one event strongly sees another,
// by the rules of crate 0.7.3.
type counted struct{ peer gossip.Peer }

// laneOnes has the lowest bit of eight nibbles. Sections of up to nibbleVoters voters have sets as a nibble
// a voter, so that sets add up to counts.
const laneOnes = 0x1111_1111

// gatherLanes turns a bit a nibble into adjacent bits.
func gatherLanes(x uint64) uint64 {
	x &= laneOnes
	x = (x | x>>3) & 0x0303_0303
	x = (x | x>>6) & 0x000F_000F
	return (x | x>>12) & 0xFF
}

// observers finds out who observes (SPEC section 3.2). Strongly-sees is wanted of one event and all
// first interesting events at once: let S(a) be the set of voters whose first interesting event a sees;
// then the bits that a supermajority of the S(last ancestor of x by voter p) have are the observees.
type observers struct {
	first  []gossip.Index // by voter: the first interesting event; never for none, and for voters that forked
	lowest gossip.Index   // no interesting event is before it; never for none
	// from: by voter, no event of it before this place is an observer. Undecided interesting events only
	// ever move on along their chains, so what was not an observer once will not become one in a later
	// election of the same voters.
	from []gossip.Index

	filled gossip.Index // S is known of the events from lowest up to before this
	at     []uint32     // scratch: where the sets to count start
	seers  []seer       // scratch
}

// noteFirst notes that voter v, which had no content, has some at x, which is later than all before.
func (e *Election) noteFirst(v int, x gossip.Index) {
	o := &e.observers
	o.first[v] = x
	e.levels.first[e.voters[v]] = x
	if o.lowest == never {
		e.startAt(x)
	}
}

// startAt makes x the event that no interesting event of the running election is before.
func (e *Election) startAt(x gossip.Index) {
	o := &e.observers
	l := &e.levels
	o.lowest, o.filled = x, x
	copy(l.base[0].next, l.chains.tail) // what is listed does not see x
	if !l.on {
		e.window.restart(x)
	}
}

// renew finds the first interesting events of a new election. Those of forkers are found when it is asked for them: an
// observer has those of others too, unless forkers alone are enough.
func (e *Election) renew() {
	o := &e.observers
	o.lowest = never
	o.filled = never
	if e.n < 2 {
		return
	}
	w := &e.window
	byPasses := !e.levels.on
	for i, f := range o.first {
		if f != never && byPasses {
			w.info[f-w.base].own = 0
		}
		o.first[i] = never
	}
	for i, p := range e.voters {
		if e.forks[p] {
			continue
		}
		f := e.pop(i)
		o.lowest = min(o.lowest, f)
		e.levels.first[p] = f
		if f != never {
			o.first[i] = f
			if byPasses {
				w.info[f-w.base].own = int16(i) + 1
			}
		}
	}
	if e.forkersAlone() {
		o.lowest = e.firstUndecided()
	}
	o.filled = o.lowest
}

func (e *Election) voterForked(i int16) bool { return e.forks[e.voters[i]] }

// probe reports whether x, whose chain has no observer yet, is one, and leaves in e.subjects the
// observees' bits.
func (e *Election) probe(x gossip.Index, i int, in *info) bool {
	o := &e.observers
	forked := len(e.forked) > 0 && e.voterForked(in.voter) // it has several chains, which are asked each time
	if !forked {
		o.from[in.voter] = x + 1
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
	if k+len(e.forked) < e.quorum {
		return false
	}
	for _, v := range e.forked {
		if f, _ := e.seenCandidate(x, v); f != 0 {
			e.subjects[v>>6] |= 1 << (v & 63)
			k++
		}
	}
	if k < e.quorum {
		return false
	}
	if !forked {
		o.from[in.voter] = x
	}
	return true
}

// fillSets computes S up to event x: the union of the parents', and the event itself where it is a first
// interesting event.
func (e *Election) fillSets(x gossip.Index) {
	o := &e.observers
	w := &e.window
	before := int32(o.lowest) - 1
	sets := w.sets[int(before-int32(w.base))*w.width:]
	clear(sets[:w.width])
	infos := w.info[o.filled-w.base : x-w.base+1]
	at := int(int32(o.filled) - before)
	if w.width == 1 {
		shift := 0
		if e.small {
			shift = 2 // a nibble a voter
		}
		for i, to := 0, sets[at:]; i < len(infos) && i < len(to); i++ {
			in := &infos[i]
			s := sets[max(int32(in.self)-before, 0)] | sets[max(int32(in.other)-before, 0)]
			if in.own != 0 {
				s |= 1 << (int(in.own-1) << shift)
			}
			to[i] = s
		}
	} else {
		for i := range infos {
			in := &infos[i]
			a := sets[int(max(int32(in.self)-before, 0))*w.width:][:w.width]
			b := sets[int(max(int32(in.other)-before, 0))*w.width:][:w.width]
			to := sets[(at+i)*w.width:][:w.width]
			for k := range to {
				to[k] = a[k] | b[k]
			}
			if v := int(in.own) - 1; v >= 0 {
				to[v>>6] |= 1 << (v & 63)
			}
		}
	}
	o.filled = x + 1
}

// countLanes counts the observees of the event at entry i and sets their bits.
func (e *Election) countLanes(i int) int {
	w := &e.window
	if len(e.forked) == 0 && bits.OnesCount64(w.sets[i]) < e.quorum {
		return 0 // it sees whatever it strongly sees
	}
	before := int32(e.observers.lowest) - 1
	sets := w.sets[before-int32(w.base):]
	sum := uint64(laneOnes * (8 - e.quorum))
	for _, a := range e.row(i) {
		sum += sets[max(int32(a)-before, 0)]
	}
	enough := sum >> 3 & laneOnes
	e.subjects[0] = gatherLanes(enough)
	return bits.OnesCount64(enough)
}

// countPlanes is countLanes for more voters.
func (e *Election) countPlanes(i int) int {
	o := &e.observers
	w := &e.window
	k := 0
	for _, s := range w.sets[i*w.width:][:w.width] {
		k += bits.OnesCount64(s)
	}
	clear(e.subjects)
	if k < e.quorum && len(e.forked) == 0 {
		return 0
	}
	before := o.lowest - 1
	at := o.at[:0]
	for _, a := range e.row(i) {
		if int32(a) > int32(before) {
			at = append(at, uint32(int(a-before)*w.width))
		}
	}
	o.at = at
	if len(at) < e.quorum {
		return 0
	}
	sets := w.sets[int(before-w.base)*w.width:]
	k = 0
	for j := range w.width {
		var c counter
		c.count(sets[j:], at)
		e.subjects[j], _ = c.compare(e.metaVotes.depth+1, &e.metaVotes.almost)
		k += bits.OnesCount64(e.subjects[j])
	}
	return k
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
		if a, _ := e.g.Tip(x, p); a >= y && e.g.Sees(a, y) {
			k++
		}
	}
	for _, c := range e.counted {
		if a, _ := e.g.Tip(x, c.peer); a >= y && e.g.Sees(a, y) {
			k++
		}
	}
	return k >= e.quorum
}

// seer is the last event by a peer that counts, as far as it is seen and sees some event of a forker.
type seer struct {
	sees  gossip.Index // the last event of the forker that it sees
	trust bool         // its creator is a voter that did not fork
}

// seenCandidate returns the first interesting event of voter i, which forked, that x strongly sees, and the view that
// has its content; 0 for none. What sees events of the forker sees one self-parent chain of them, so it sees one first
// interesting event at most, the first on that chain. A supermajority that sees the same has a voter in it that did not
// fork, unless forkers alone are one: the chains that those see are gone through. Of two on one chain, of which x
// strongly sees the later, the earlier is found: x strongly sees it too. Two on different sides of a fork cannot be
// strongly seen: the quorums would share an honest voter that sees both. Time O(peers that count) for each chain that
// one of them sees, of one or two most often.
func (e *Election) seenCandidate(x gossip.Index, i int16) (f gossip.Index, view int) {
	by := e.voters[i]
	seers := e.observers.seers[:0]
	for _, p := range e.voters {
		seers = e.appendSeer(seers, x, p, by, !e.forks[p])
	}
	for _, c := range e.counted {
		seers = e.appendSeer(seers, x, c.peer, by, false)
	}
	e.observers.seers = seers
	if len(seers) < e.quorum {
		return 0, 0
	}
	all := e.forkersAlone() || len(e.counted) > 0
	asked, missed := gossip.Index(0), gossip.Index(0)
	for _, s := range seers {
		if !s.trust && !all || s.sees == asked {
			continue
		}
		asked = s.sees
		first, at := e.firstOn(i, s.sees)
		if first == 0 || first == missed || f != 0 && first >= f {
			continue
		}
		k := 0
		for _, s := range seers {
			if e.g.OnChain(first, s.sees) {
				k++
			}
		}
		if k < e.quorum {
			missed = first
			continue
		}
		f, view = first, at
	}
	return f, view
}

// appendSeer appends what the last event by p that x descends from sees of the forker, if anything.
func (e *Election) appendSeer(seers []seer, x gossip.Index, p, forker gossip.Peer, trust bool) []seer {
	if a, _ := e.g.Tip(x, p); a != 0 {
		if t, _ := e.g.Tip(a, forker); t != 0 {
			seers = append(seers, seer{t, trust})
		}
	}
	return seers
}
