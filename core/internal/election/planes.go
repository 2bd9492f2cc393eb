package election

import (
	"math/bits"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Sections of more than laneVoters voters: subjects stand in groups of 32, a bit a subject in each half
// of a word, the low half for "true" and the high half for "false". Tallies are vertical counters that
// each chain keeps: an event counts what changed since its chain's last one, and looks only at subjects
// about whom something did.

// planeStep holds the meta-votes of one (round, step).
type planeStep struct {
	records []planeRecord // number*groups+group
	tallies []planeTally  // chain*groups+group
}

// planeRecord is an event's meta-votes about one group, as laneRecord.
type planeRecord struct{ estimates, aux, bins, state uint64 }

// planeTally is what the last evaluation of a chain counted of the others about one group.
type planeTally struct {
	estimates counter
	aux       counter
	fresh     uint64 // subjects about whom something changed since they were last looked at
	met       uint64 // subjects an other has decided
	stale     bool   // met may hold too many
	some      bool   // aux is not all 0
}

// planeVersion is what is known of a number beside its meta-votes.
type planeVersion struct {
	top       uint8 // how many steps have meta-votes; the rest are zero
	unsettled bool  // a coin was awaited or applied
}

// planes are the meta-votes of the running election. Number 0 is no meta-votes. Events whose meta-votes
// are the same as their self-parent's share the number.
type planes struct {
	steps    []planeStep    // three a round
	versions []planeVersion // by number; the last is the next to be used
	active   int            // steps in use
	n        int
	groups   int
	all      []uint64
	depth    int      // bits of a count
	third    limit    // what tallies of others are compared with: a third
	almost   limit    // one less than a supermajority
	cur      []uint32 // chain*n+voter: the number of the other's that is in the tallies
	carry    []carried
}

// carried is what an evaluation carries from step to step about a group.
type carried struct {
	begun     uint64 // subjects whose sequence goes on at this step
	estimates uint64 // theirs
	gone      uint64 // subjects decided at an earlier step
}

func (l *planes) reset(n, views int) {
	*l = planes{}
	if n <= laneVoters {
		return
	}
	l.n = n
	l.groups = (n + 31) / 32
	l.depth = bits.Len(uint(n))
	l.third, l.almost = newLimit(third(n)), newLimit(quorum(n)-1)
	for g := range l.groups {
		l.all = append(l.all, 1<<min(32, n-32*g)-1)
	}
	l.carry = make([]carried, l.groups)
	l.cur = make([]uint32, views*n)
}

func (l *planes) begin() {
	l.active = 0
	l.versions = append(l.versions[:0], planeVersion{}, planeVersion{})
}

// used is the next number.
func (l *planes) used() int { return len(l.versions) - 1 }

// open takes step l.active into use; no number has meta-votes there yet.
func (l *planes) open() {
	if l.active == len(l.steps) {
		l.steps = append(l.steps, planeStep{tallies: make([]planeTally, len(l.cur)/l.n*l.groups)})
	}
	s := &l.steps[l.active]
	l.active++
	l.room(s)
	clear(s.records[:len(l.versions)*l.groups])
	clear(s.tallies)
}

// room makes room for all numbers, the next one included.
func (l *planes) room(s *planeStep) {
	if need := len(l.versions) * l.groups; need > len(s.records) {
		s.records = append(s.records, make([]planeRecord, max(need, 2*len(s.records), 128*l.groups)-len(s.records))...)
	}
}

// trueSubjects sets the bits of the subjects decided true under a number.
func (l *planes) trueSubjects(number uint32, subjects []uint64) {
	clear(subjects)
	for t := range l.active {
		s := &l.steps[t]
		for g := range l.groups {
			r := &s.records[int(number)*l.groups+g]
			subjects[g>>1] |= (r.state >> 32 & r.aux) << (32 * (g & 1))
		}
	}
}

// recount brings the tallies of a chain up to the others' numbers.
func (l *planes) recount(view int, row []gossip.Index, base gossip.Index, votes []uint32) {
	cur := l.cur[view*l.n:][:len(row)]
	for j, a := range row {
		number := votes[max(int32(a)-int32(base), 0)]
		if was := cur[j]; number != was {
			cur[j] = number
			l.change(view*l.groups, was, number)
		}
	}
}

// change moves an other from one number to another in the tallies of the chain that start at first.
func (l *planes) change(first int, from, to uint32) {
	top := int(max(l.versions[from].top, l.versions[to].top))
	a, b := int(from)*l.groups, int(to)*l.groups
	for t := range l.steps[:top] {
		s := &l.steps[t]
		for g := range l.groups {
			was, is := &s.records[a+g], &s.records[b+g]
			estimates, aux := was.estimates^is.estimates, was.aux^is.aux
			decided := (was.state ^ is.state) >> 32
			changed := estimates | aux | decided
			if changed == 0 {
				continue
			}
			c := &s.tallies[first+g]
			c.fresh |= changed | changed>>32
			if estimates != 0 {
				c.estimates.move(estimates&is.estimates, estimates&was.estimates)
			}
			if aux != 0 {
				c.aux.move(aux&is.aux, aux&was.aux)
				c.some = true
			}
			if decided != 0 {
				c.met |= is.state >> 32
				c.stale = c.stale || (was.state&^is.state)>>32 != 0
			}
		}
	}
}

// evalPlanes is evalLanes for more voters.
func (e *Election) evalPlanes(x gossip.Index, i int, before uint32, in *info) bool {
	l := &e.planes
	w := &e.window
	settled := before != 0 && !l.versions[before].unsettled
	if in.kind == requesting && settled {
		w.votes[i] = before
		return false
	}
	view := int(in.view)
	if before == 0 || e.plain || len(e.forked) > 0 {
		// What a chain that branches holds is no start for the next event.
		clear(l.cur[view*l.n:][:l.n])
		for t := range l.active {
			clear(l.steps[t].tallies[view*l.groups:][:l.groups])
		}
		settled = false
	}
	l.recount(view, w.row(i), e.base, w.votes[e.base-w.base:])
	if settled && !l.concerns(view, before) {
		w.votes[i] = before
		return false
	}
	e.Stats.Evals++
	for t := range l.active {
		l.room(&l.steps[t])
	}
	w.votes[i] = before
	if e.fillPlanes(x, before, view, settled) {
		w.votes[i] = uint32(l.used())
		l.versions = append(l.versions, planeVersion{})
	}
	for g := range l.carry {
		if l.carry[g].gone != l.all[g] {
			return false
		}
	}
	return true
}

// concerns reports whether anything changed about a subject that the number has undecided meta-votes
// about.
func (l *planes) concerns(view int, number uint32) bool {
	for t := range l.steps[:l.versions[number].top] {
		s := &l.steps[t]
		for g := range l.groups {
			state := s.records[int(number)*l.groups+g].state
			if s.tallies[view*l.groups+g].fresh&state&^(state>>32) != 0 {
				return true
			}
		}
	}
	return false
}

// fillPlanes computes the meta-votes of x under the next number. It reports whether they are not those
// numbered before. Where settled is set, those are up to date but for what is fresh.
func (e *Election) fillPlanes(x gossip.Index, before uint32, view int, settled bool) bool {
	l := &e.planes
	begun := uint64(0)
	for g := range l.carry {
		l.carry[g] = carried{}
		if before == 0 {
			yes := e.subjects[g>>1] >> (32 * (g & 1)) & l.all[g]
			l.carry[g] = carried{begun: l.all[g], estimates: yes | (l.all[g]&^yes)<<32}
			begun = 1
		}
	}
	used := l.used()
	top := int(l.versions[before].top)
	changed, coinWait := before == 0, false
	t := 0
	for ; t < top || begun != 0 && t < maxSteps; t++ {
		if t == l.active {
			l.open()
		}
		s := &l.steps[t]
		begun = 0
		for g := range l.carry {
			r := &l.carry[g]
			old := &s.records[int(before)*l.groups+g]
			now := &s.records[used*l.groups+g]
			tally := &s.tallies[view*l.groups+g]
			exists := old.state&laneMask&^r.gone | r.begun
			if settled && r.begun == 0 && tally.fresh&exists&^(old.state>>32) == 0 && exists == old.state&laneMask {
				*now = *old
				r.gone |= old.state >> 32
				continue
			}
			later := uint64(0)
			if t+1 < top {
				later = l.steps[t+1].records[int(before)*l.groups+g].state
			}
			if tally.stale {
				tally.met, tally.stale = 0, false
				for _, number := range l.cur[view*l.n:][:l.n] {
					tally.met |= s.records[int(number)*l.groups+g].state >> 32
				}
			}
			tally.fresh = 0
			if e.step(x, before, t, g, exists, later, old, now, tally, l.cur[view*l.n:][:l.n]) {
				coinWait = true
			}
			changed = changed || *now != *old
			begun |= r.begun
		}
	}
	if !changed && !coinWait && !l.versions[before].unsettled {
		return false
	}
	for u := t; u < l.active; u++ {
		clear(l.steps[u].records[used*l.groups:][:l.groups])
	}
	l.versions[used] = planeVersion{uint8(t), coinWait}
	e.coins = e.coins || coinWait
	return true
}

// step computes the meta-votes of one (round, step) about one group (SPEC section 4), and what begins at
// the next; later has what there is already. It reports whether a coin is awaited or was applied.
func (e *Election) step(x gossip.Index, before uint32, t, g int, exists, later uint64, old, now *planeRecord, tally *planeTally, others []uint32) (coinWait bool) {
	l := &e.planes
	c := &l.carry[g]
	keep := exists | exists<<32
	estimates := old.estimates&keep | c.estimates
	aux := old.aux & keep
	bins := old.bins & keep
	decided := old.state >> 32 & exists
	c.gone |= decided
	c.begun, c.estimates = 0, 0
	if live := exists &^ decided; live != 0 {
		both := live | live<<32
		none := live &^ (estimates | estimates>>32) // these wait for a coin
		// gt: the others alone are a supermajority; eq: they are with one's own.
		gt, eq, atLeast := tally.estimates.compareTwo(l.depth, &l.almost, &l.third)
		estimates |= atLeast & both &^ (none | none<<32)
		bins |= (gt | eq&estimates) & both
		fresh := live &^ (aux | aux>>32)
		yes := bins & fresh
		aux |= yes | (bins>>32&fresh&^yes)<<32
		enough := uint64(0)
		if tally.some {
			gt, eq = tally.aux.compare(l.depth, &l.almost)
			enough = gt | eq&aux
		}
		var d, value uint64
		switch t % 3 {
		case 0:
			d = bins & enough & live
			value = d
		case 1:
			d = (bins & enough) >> 32 & live
			value = d << 32
		}
		for met := tally.met & live &^ d; met != 0; met &= met - 1 {
			subject := met & -met
			for _, number := range others {
				o := &l.steps[t].records[int(number)*l.groups+g]
				if v := o.aux & (subject | subject<<32); v != 0 && o.state>>32&subject != 0 {
					d |= subject
					value |= v
					break
				}
			}
		}
		if d != 0 {
			rest := ^(d | d<<32)
			estimates, aux, bins = estimates&rest|value, aux&rest|value, bins&rest|value
		}
		c.gone |= d
		decided |= d
		if last := live &^ (d | later); last != 0 && tally.some {
			sum := tally.aux.halves(l.depth)
			gt, eq = sum.compare(l.depth, &l.almost)
			if c.begun = (gt | eq&(aux|aux>>32)) & last; c.begun != 0 {
				yes, no := enough&c.begun, enough>>32&c.begun
				switch t % 3 {
				case 0:
					c.estimates = no<<32 | c.begun&^no
				case 1:
					c.estimates = yes | (c.begun&^yes)<<32
				default:
					c.estimates = yes | (no&^yes)<<32
				}
			}
		}
		if none &^= d | estimates | estimates>>32; none != 0 {
			coinWait = true
			if before != 0 {
				estimates |= e.tossPlanes(x, none, t, g)
			}
		}
	}
	*now = planeRecord{estimates, aux, bins, exists | decided<<32}
	return coinWait
}

func (e *Election) tossPlanes(x gossip.Index, waits uint64, t, g int) (estimates uint64) {
	for ; waits != 0; waits &= waits - 1 {
		b := bits.TrailingZeros64(waits)
		heads, known := e.coin.Toss(coin.Query{Event: x, Subject: e.voters[32*g+b], Round: uint32(t / 3)})
		switch {
		case known && heads:
			estimates |= 1 << b
		case known:
			estimates |= 1 << (b + 32)
		}
	}
	return estimates
}
