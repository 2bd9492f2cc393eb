package election

import (
	"math/bits"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Sections of more than laneVoters voters: subjects stand in groups of 32, a bit a subject in each half
// of a word, the low half for "true" and the high half for "false". Tallies are counters that each chain
// keeps: an event adds what changed since its chain's last one.

// planes are the meta-votes of the running election, by step (three a round), then by number as in lanes.
// A record has for each group estimates and auxiliary values, 2*groups words that are counted, and then
// bin values and state, which are not.
type planes struct {
	steps     [][]uint64
	tallies   [][]uint64 // by step, then chain, then counted word: a counter of the others'
	met       []bool     // by step: a meta-vote of it is decided
	unsettled []bool     // by number
	active    int
	used      int
	n         int
	groups    int
	width     int // words of a record
	depth     int // planes of a counter
	all       []uint64
	cur       []uint32 // by chain, then voter: the number of the other's that is in the tallies
	rest      []rest   // scratch, by group
	dirty     []uint64 // scratch, by step: the groups in which an other's changed, group modulo 64
	sum       counter  // scratch
	at        []uint32 // scratch
}

// rest is what an evaluation carries from step to step about a group.
type rest struct {
	begun     uint64 // subjects whose sequence goes on at this step
	estimates uint64 // theirs
	gone      uint64 // subjects decided at an earlier step
}

func (l *planes) reset(n, views int) {
	if n <= laneVoters {
		return
	}
	l.n = n
	l.groups = (n + 31) / 32
	l.width = 4 * l.groups
	l.depth = depth(n)
	l.all = l.all[:0]
	for g := range l.groups {
		l.all = append(l.all, 1<<min(32, n-32*g)-1)
	}
	l.rest = make([]rest, l.groups)
	l.sum = make(counter, l.depth+1)
	l.steps, l.tallies, l.met, l.dirty = nil, nil, nil, nil
	l.unsettled = make([]bool, 256)
	l.cur = make([]uint32, views*n)
}

func (l *planes) begin() { l.active, l.used = 0, 1 }

// open takes step l.active into use; no number has meta-votes there yet.
func (l *planes) open() {
	t := l.active
	if t == len(l.steps) {
		l.steps = append(l.steps, nil)
		l.tallies = append(l.tallies, make([]uint64, len(l.cur)/l.n*2*l.groups*l.depth))
		l.met = append(l.met, false)
		l.dirty = append(l.dirty, 0)
	}
	if len(l.steps[t]) < len(l.unsettled)*l.width {
		l.steps[t] = make([]uint64, len(l.unsettled)*l.width)
	}
	clear(l.steps[t][:l.used*l.width])
	clear(l.tallies[t])
	l.met[t] = false
	l.dirty[t] = 0
	l.active++
}

// room makes room for number l.used.
func (l *planes) room() {
	if l.used < len(l.unsettled) {
		return
	}
	size := 2 * len(l.unsettled)
	unsettled := make([]bool, size)
	copy(unsettled, l.unsettled)
	l.unsettled = unsettled
	for t := range l.active {
		r := make([]uint64, size*l.width)
		copy(r, l.steps[t])
		l.steps[t] = r
	}
}

func (l *planes) record(t int, number uint32) []uint64 {
	return l.steps[t][int(number)*l.width:][:l.width:l.width]
}

// chain returns the counters of a chain at step t, one after the other.
func (l *planes) chain(t, view int) []uint64 {
	size := 2 * l.groups * l.depth
	return l.tallies[t][view*size:][:size:size]
}

// trueSubjects sets the bits of the subjects decided true under a number.
func (l *planes) trueSubjects(number uint32, subjects []uint64) {
	clear(subjects)
	for t := range l.active {
		r := l.record(t, number)
		for g := range l.groups {
			state, aux := r[2*l.groups+2*g+1], r[2*g+1]
			subjects[g>>1] |= (state >> 32 & aux) << (32 * (g & 1))
		}
	}
}

// recount brings the tallies of a chain up to the others' numbers, and notes in l.dirty what changed. It
// reports whether anything did.
func (l *planes) recount(view int, row []gossip.Index, base gossip.Index, votes []uint32) bool {
	cur := l.cur[view*l.n:][:len(row)]
	changed := false
	for j, a := range row {
		d := int32(a) - int32(base)
		number := votes[d&^(d>>31)]
		if number != cur[j] {
			l.change(view, cur[j], number)
			cur[j] = number
			changed = true
		}
	}
	return changed
}

// change moves an other from one number to another in the tallies of a chain.
func (l *planes) change(view int, from, to uint32) {
	for t := range l.active {
		a, b := l.record(t, from), l.record(t, to)
		counters := l.chain(t, view)
		half := 2 * l.groups
		for k, word := range b[:half] {
			if was := a[k]; was != word {
				c := counter(counters[k*l.depth:][:l.depth])
				c.add(word &^ was)
				if less := was &^ word; less != 0 {
					c.sub(less)
				}
				l.dirty[t] |= 1 << (k >> 1 & 63)
			}
		}
		for k := half + 1; k < len(b); k += 2 {
			if (a[k]^b[k])>>32 != 0 {
				l.dirty[t] |= 1 << ((k - half) >> 1 & 63)
			}
		}
	}
}

// tally is recount from scratch, for chains that branch: what one holds is no start for the next.
func (l *planes) tally(view int, row []gossip.Index, base gossip.Index, votes []uint32) {
	at := l.at[:0]
	cur := l.cur[view*l.n:][:len(row)]
	for j, a := range row {
		d := int32(a) - int32(base)
		cur[j] = votes[d&^(d>>31)]
		at = append(at, cur[j]*uint32(l.width))
	}
	l.at = at
	for t := range l.active {
		counters := l.chain(t, view)
		for k := range 2 * l.groups {
			counter(counters[k*l.depth:][:l.depth]).count(l.steps[t][k:], at)
		}
		l.dirty[t] = ^uint64(0)
	}
}

// evalPlanes is evalLanes for more voters.
func (e *Election) evalPlanes(x gossip.Index, i int, before uint32, in *info) bool {
	l := &e.planes
	w := &e.window
	settled := before != 0 && !l.unsettled[before]
	if in.kind == requesting && settled {
		w.votes[i] = before
		return false
	}
	votes := w.votes[e.base-w.base:]
	view := int(in.view)
	if before == 0 {
		clear(l.cur[view*l.n:][:l.n])
		for t := range l.active {
			clear(l.chain(t, view))
		}
	}
	if e.plain || len(e.forked) > 0 {
		l.tally(view, w.row(i), e.base, votes)
	} else if !l.recount(view, w.row(i), e.base, votes) && settled {
		w.votes[i] = before
		return false
	}
	e.Stats.Evals++
	l.room()
	clear(l.rest)
	if before == 0 {
		if l.active == 0 {
			l.open()
		}
		for g := range l.rest {
			yes := e.subjects[g>>1] >> (32 * (g & 1)) & l.all[g]
			l.rest[g].begun = l.all[g]
			l.rest[g].estimates = yes | (l.all[g]&^yes)<<32
		}
	}
	diff := before == 0
	coinWait := false
	for t := 0; t < l.active; t++ {
		old := l.record(t, before)
		now := l.record(t, uint32(l.used))
		dirty := l.dirty[t]
		l.dirty[t] = 0
		for g := range l.rest {
			r := &l.rest[g]
			state := old[2*l.groups+2*g+1]
			exists := state&laneMask&^r.gone | r.begun
			if exists == 0 {
				now[2*g], now[2*g+1], now[2*l.groups+2*g], now[2*l.groups+2*g+1] = 0, 0, 0, 0
				diff = diff || state != 0
				continue
			}
			if settled && r.begun == 0 && dirty>>(g&63)&1 == 0 && exists == state&laneMask {
				now[2*g], now[2*g+1] = old[2*g], old[2*g+1]
				now[2*l.groups+2*g], now[2*l.groups+2*g+1] = old[2*l.groups+2*g], state
				r.gone |= state >> 32
				continue
			}
			if e.step(x, before, view, t, g, exists, old, now) {
				coinWait = true
			}
			diff = diff || now[2*g] != old[2*g] || now[2*g+1] != old[2*g+1] ||
				now[2*l.groups+2*g] != old[2*l.groups+2*g] || now[2*l.groups+2*g+1] != state
		}
	}
	if !diff && !coinWait && settled {
		w.votes[i] = before
		return false
	}
	l.unsettled[l.used] = coinWait
	w.votes[i] = uint32(l.used)
	l.used++
	for g := range l.rest {
		if l.rest[g].gone != l.all[g] {
			return false
		}
	}
	return true
}

// step computes the meta-votes of one (round, step) about one group (SPEC section 4), and what begins at
// the next. It reports whether a coin is awaited or was applied.
func (e *Election) step(x gossip.Index, before uint32, view, t, g int, exists uint64, old, now []uint64) (coinWait bool) {
	l := &e.planes
	r := &l.rest[g]
	keep := exists | exists<<32
	estimates := old[2*g]&keep | r.estimates
	aux := old[2*g+1] & keep
	bins := old[2*l.groups+2*g] & keep
	decided := old[2*l.groups+2*g+1] >> 32 & exists
	r.gone |= decided
	r.begun, r.estimates = 0, 0
	if live := exists &^ decided; live != 0 {
		counters := l.chain(t, view)[2*g*l.depth:]
		cE, cA := counter(counters[:l.depth]), counter(counters[l.depth:][:l.depth])
		both := live | live<<32
		none := live &^ (estimates | estimates>>32) // these wait for a coin
		gt, eq := cE.compare(e.third)
		estimates |= (gt | eq) & both &^ (none | none<<32)
		// enough: the others alone are a supermajority; almost: they are with one's own.
		enough, almost := cE.compare(e.quorum - 1)
		bins |= (enough | almost&estimates) & both
		fresh := live &^ (aux | aux>>32)
		yes := bins & fresh
		aux |= yes | (bins>>32&fresh&^yes)<<32
		enough, almost = cA.compare(e.quorum - 1)
		enough |= almost & aux
		met := uint64(0)
		if l.met[t] {
			for _, number := range l.cur[view*l.n:][:l.n] {
				met |= l.steps[t][int(number)*l.width+2*l.groups+2*g+1]
			}
			met >>= 32
		}
		d := uint64(0)
		switch t % 3 {
		case 0:
			if d = (bins&enough | met) & live; d != 0 {
				rest := ^(d | d<<32)
				estimates, aux, bins = estimates&rest|d, aux&rest|d, bins&rest|d
			}
		case 1:
			if d = (bins&enough>>32 | met) & live; d != 0 {
				rest := ^(d | d<<32)
				estimates, aux, bins = estimates&rest|d<<32, aux&rest|d<<32, bins&rest|d<<32
			}
		}
		if d != 0 {
			r.gone |= d
			decided |= d
			l.met[t] = true
		}
		last := live &^ d
		if t+1 < l.active {
			last &^= l.record(t+1, before)[2*l.groups+2*g+1]
		}
		if last != 0 {
			l.sum.halves(cA)
			full, near := l.sum.compare(e.quorum - 1)
			if r.begun = (full | near&(aux|aux>>32)) & last; r.begun != 0 {
				yes, no := enough&r.begun, enough>>32&r.begun
				switch t % 3 {
				case 0:
					r.estimates = no<<32 | r.begun&^no
				case 1:
					r.estimates = yes | (r.begun&^yes)<<32
				default:
					r.estimates = yes | (no&^yes)<<32
				}
				if t+1 == l.active {
					l.open()
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
	now[2*g], now[2*g+1] = estimates, aux
	now[2*l.groups+2*g], now[2*l.groups+2*g+1] = bins, exists|decided<<32
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
