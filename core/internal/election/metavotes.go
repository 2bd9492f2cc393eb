package election

import (
	"math/bits"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
)

// maxSteps bounds the steps of one election. Agreement takes a few rounds; a fair coin makes more
// exponentially unlikely, and an adversary gains nothing from an event that has no more room.
const maxSteps = 240

// voteStep holds the meta-votes of one (round, step), by number+group. From the lowest quarter,
// counted has the estimates true and false and the auxiliary values true and false, and state the bin
// values true and false, which meta-votes there are, and which are decided. A decided meta-vote holds its
// value in all of them.
type voteStep struct {
	counted []uint64
	state   []uint64
	met     []uint64 // by group: the classes about which one is decided
}

// version is what is known of a number beside its meta-votes, by number.
type version struct {
	top       uint8 // how many steps have meta-votes; the rest are zero
	unsettled bool  // a coin was awaited or applied
}

// metaVotes are the meta-votes of the running election (SPEC section 4). An event's are known by their
// number, the place of the first group; 0 is no meta-votes. Events whose meta-votes are the same as their
// self-parent's share the number.
type metaVotes struct {
	classes  classes
	steps    []voteStep // three a round
	active   int        // steps in use
	versions []version
	used     int // the next number
	roomy    int // numbers up to this have room
	groups   int
	n        int
	depth    int      // bits of a count of others
	third    limit    // what counts of others are compared with: a third
	almost   limit    // one less than a supermajority
	thirds   uint64   // added to sums of others, sets a nibble's top bit from a third on
	nearly   uint64   // likewise from one less than a supermajority on
	fully    uint64   // likewise from a supermajority on
	cur      []uint32 // voter*n+other: the number of the other's at the last evaluation of an event by the voter
	near     []uint32 // scratch
	fell     []uint32 // scratch of tosses, by voter
	forked   bool     // a voter forked
	carry    []carried
	walks    walks
}

// carried is what an evaluation carries from step to step about a group.
type carried struct {
	begun     uint64 // classes whose sequence goes on at this step
	estimates uint64 // theirs
	gone      uint64 // classes decided at an earlier step
}

func (l *metaVotes) reset(n int) {
	scratch := make([]uint32, 2*n)
	*l = metaVotes{
		n:      n,
		groups: 1,
		third:  newLimit(third(n)),
		almost: newLimit(quorum(n) - 1),
		cur:    make([]uint32, n*n),
		near:   scratch[:0:n],
		fell:   scratch[n:],
		carry:  make([]carried, 1),

		versions: make([]version, 256),
		roomy:    256,
		classes: classes{
			of:    make([]uint16, n),
			all:   make([]uint64, 1),
			into:  make([]uint16, n+1),
			value: make([]uint8, n+1),
		},
	}
	l.depth = bits.Len(uint(max(n, 1) - 1))
	l.classes.lane = 1
	if n <= nibbleVoters {
		l.classes.lane = 4
		l.thirds = nibbles * uint64(8-third(n))
		l.nearly = nibbles * uint64(9-quorum(n))
		l.fully = nibbles * uint64(8-quorum(n))
	}
}

// begin starts an election, with as many groups as the last had use for.
func (l *metaVotes) begin() {
	l.active = 0
	l.groups = max(1, (l.classes.count*l.classes.lane+quarterBits-1)/quarterBits)
	l.carry = l.carry[:l.groups]
	l.classes.all = l.classes.all[:l.groups]
	l.used = l.groups
	l.versions[0] = version{}
	l.classes.begin()
	l.walks.begin()
}

// open takes step l.active into use; no number has meta-votes there yet.
func (l *metaVotes) open() {
	if l.active == len(l.steps) {
		l.steps = append(l.steps, voteStep{})
	}
	s := &l.steps[l.active]
	l.active++
	l.room(s)
	clear(s.counted[:l.used+l.groups])
	clear(s.state[:l.used+l.groups])
	clear(s.met)
}

// room makes room for the numbers up to l.roomy.
func (l *metaVotes) room(s *voteStep) {
	if more := l.roomy - len(l.versions); more > 0 {
		l.versions = append(l.versions, make([]version, more)...)
	}
	if more := l.roomy - len(s.counted); more > 0 {
		s.counted = append(s.counted, make([]uint64, more)...)
		s.state = append(s.state, make([]uint64, more)...)
	}
	for len(s.met) < l.groups {
		s.met = append(s.met, 0)
	}
}

// trueSubjects sets the bits of the voters decided true under a number.
func (l *metaVotes) trueSubjects(number uint32, subjects []uint64) {
	clear(subjects)
	for v, of := range l.classes.of {
		group, bit := l.classes.place(of)
		k := int(number) + group
		for t := range l.active {
			s := &l.steps[t]
			subjects[v>>6] |= s.state[k] >> 48 & (s.counted[k] >> 32) >> bit & 1 << (v & 63)
		}
	}
}

// find looks up the numbers of the others' meta-votes, and reports whether any is not as at the chain's
// last evaluation.
func (l *metaVotes) find(cur []uint32, row []gossip.Index, base gossip.Index, votes []uint32) bool {
	row = row[:len(cur)]
	news := uint32(0)
	for j, a := range row {
		number := votes[max(int32(a)-int32(base), 0)]
		news |= number ^ cur[j]
		cur[j] = number
	}
	return news != 0
}

// longer lists in l.near those of cur whose meta-votes go on after the first step.
func (l *metaVotes) longer(cur []uint32) []uint32 {
	near := l.near[:0]
	for _, number := range cur {
		if l.versions[number].top > 1 {
			near = append(near, number)
		}
	}
	return near
}

// evaluate computes the meta-votes of x, the event at entry i, from those numbered before, its
// self-parent's among the sync events, or at an observer, where before is 0, from the observees in
// e.subjects. It reports whether all are decided.
func (e *Election) evaluate(x gossip.Index, i int, before uint32, in *info) bool {
	l := &e.metaVotes
	w := &e.window
	settled := before != 0 && (!e.coins || !l.versions[before].unsettled)
	if in.kind == requesting && settled {
		w.votes[i] = before
		return false
	}
	cur := l.cur[int(in.voter)*l.n:][:l.n]
	if !l.find(cur, e.row(i), e.base, w.votes[e.base-w.base:]) && settled && !l.forked {
		w.votes[i] = before
		return false
	}
	e.Stats.Evals++
	if before == 0 {
		l.splitAt(e.subjects, w.votes)
	}
	changed, again := true, true
	for again {
		groups := l.groups
		changed, again = e.fill(x, before, cur)
		before = before / uint32(groups) * uint32(l.groups)
	}
	w.votes[i] = before
	if changed {
		w.votes[i] = uint32(l.used)
		l.used += l.groups
	}
	for g := range l.carry {
		if l.carry[g].gone != l.classes.all[g] {
			return false
		}
	}
	return true
}

// fill computes the meta-votes of x under the next number. It reports whether they are not those numbered
// before, and whether a coin split a class, so that it is to be done again.
func (e *Election) fill(x gossip.Index, before uint32, cur []uint32) (changed, again bool) {
	l := &e.metaVotes
	begun := uint64(0)
	clear(l.carry)
	if before == 0 {
		l.classes.gather(e.subjects, l.carry)
		for g, all := range l.classes.all {
			c := &l.carry[g]
			c.begun = all
			c.estimates |= (all &^ c.estimates) << 16
		}
		begun = 1
	}
	if l.used+l.groups > l.roomy {
		l.roomy = max(l.used+l.groups, 2*l.roomy)
		for t := range l.active {
			l.room(&l.steps[t])
		}
	}
	at := cur
	top := int(l.versions[before].top)
	changed = before == 0
	coinWait := false
	t := 0
	for ; t < top || begun != 0 && t < maxSteps; t++ {
		if t == l.active {
			l.open()
		}
		if t == 1 && l.groups > 2 {
			at = l.longer(cur)
		}
		begun = 0
		for g := range l.carry {
			d := e.step(x, before, t, g, t+1 < top, at)
			if d.split {
				return true, true
			}
			changed = changed || d.changed
			coinWait = coinWait || d.coin
			begun |= l.carry[g].begun
		}
	}
	if !changed && !coinWait && !l.versions[before].unsettled {
		return false, false
	}
	for u := t; u < l.active; u++ {
		clear(l.steps[u].counted[l.used:][:l.groups])
		clear(l.steps[u].state[l.used:][:l.groups])
	}
	l.versions[l.used] = version{uint8(t), coinWait}
	e.coins = e.coins || coinWait
	return true, false
}

// stepped is what came of a step: it differs from before, a coin was awaited or applied, or a coin fell
// differently for two of a class, which was split.
type stepped struct{ changed, coin, split bool }

// step computes the meta-votes of one (round, step) about one group, and what begins at the next; more
// tells that there are later ones already.
func (e *Election) step(x gossip.Index, before uint32, t, g int, more bool, at []uint32) (did stepped) {
	l := &e.metaVotes
	s := &l.steps[t]
	c := &l.carry[g]
	k := int(before) + g
	oldCounted, oldState := s.counted[k], s.state[k]
	exists := oldState>>32&quarter&^c.gone | c.begun
	decided := oldState >> 48 & exists
	live := exists &^ decided
	counted := oldCounted&(exists*fourTimes) | c.estimates
	bins := oldState & (exists * twice)
	c.gone |= decided
	c.begun, c.estimates = 0, 0
	if live != 0 {
		// full: the others alone are a supermajority; near: they are with one's own.
		var tally counter
		var sum, full, near, third uint64
		words := s.counted[g:]
		if l.fully != 0 {
			for _, j := range at {
				sum += words[j]
			}
			full, near, third = (sum+l.fully)>>3, (sum+l.nearly)>>3, (sum+l.thirds)>>3
		} else {
			tally.count(words, at)
			full, near, third = tally.compareTwo(l.depth, &l.almost, &l.third)
		}
		both := live * twice
		none := live &^ (counted | counted>>16) // these wait for a coin
		counted |= third & both &^ (none * twice)
		bins |= (full | near&counted) & both
		fresh := live &^ (counted>>32 | counted>>48)
		yes := bins & fresh
		counted |= yes<<32 | (bins>>16&fresh&^yes)<<48
		enough := (full | near&counted) >> 32
		var d, value uint64
		switch t % 3 {
		case 0:
			d = bins & enough & live
			value = d
		case 1:
			d = (bins & enough) >> 16 & live
			value = d << 16
		}
		if met := s.met[g] & live &^ d; met != 0 && !bug.On(bug.NoAdoption) {
			if met &= s.decided(g, at); met != 0 {
				d |= met
				value |= s.adopt(met, g, at)
			}
		}
		if d != 0 {
			counted = counted&^(d*fourTimes) | value | value<<32
			bins = bins&^(d*twice) | value
			c.gone |= d
			decided |= d
			live &^= d
			s.met[g] |= d
		}
		if more {
			live &^= l.steps[t+1].state[k] >> 32
		}
		own := counted>>32 | counted>>48
		if live != 0 {
			if l.fully != 0 {
				sum = sum>>32 + sum>>48
				full, near = (sum+l.fully)>>3, (sum+l.nearly)>>3
			} else {
				tally = tally.pairs(l.depth)
				full, near = tally.compare(l.depth, &l.almost)
			}
			if c.begun = (full | near&own) & live; c.begun != 0 {
				yes, no := enough&c.begun, enough>>16&c.begun
				switch t % 3 {
				case 0:
					c.estimates = no<<16 | c.begun&^no
				case 1:
					c.estimates = yes | (c.begun&^yes)<<16
				default:
					c.estimates = yes | (no&^yes)<<16
				}
			}
		}
		if none &^= decided; none != 0 {
			did.coin = true
			if before != 0 {
				heads, split := e.toss(x, none, t, g)
				if split {
					return stepped{split: true}
				}
				counted |= heads
			}
		}
	}
	state := bins | exists<<32 | decided<<48
	k = l.used + g
	s.counted[k], s.state[k] = counted, state
	did.changed = counted != oldCounted || state != oldState
	return did
}

// decided returns the classes that others have decided.
func (s *voteStep) decided(g int, at []uint32) (met uint64) {
	words := s.state[g:]
	for _, j := range at {
		met |= words[j]
	}
	return met >> 48
}

// adopt returns for each class of met the first decision of others about it.
func (s *voteStep) adopt(met uint64, g int, at []uint32) (value uint64) {
	for ; met != 0; met &= met - 1 {
		class := met & -met
		for _, j := range at {
			if s.state[int(j)+g]>>48&class != 0 {
				value |= s.counted[int(j)+g] >> 32 & (class * twice)
				break
			}
		}
	}
	return value
}
