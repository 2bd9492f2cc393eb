package election

import (
	"math"
	"math/bits"
	"slices"

	"parsec/core/internal/gossip"
)

// maxStages bounds the steps of an election by levels; passes have room for more.
const maxStages = 6

// subjects are the voters whose say is being decided, by what the observers see of them. Those that all
// observers see alike are uniform, and the base levels tell all about them. The others are in classes:
// a class is of subjects that each observer sees all of or none of, and has levels of its own.
type subjects struct {
	built   bool          // uniform, unseen, of and classes are of all observers found
	voters  []uint64      // set of columns
	uniform []uint64      // set of columns
	last    int           // the base level that some subject needs at least
	like    gossip.Column // a column with an observer
	of      []int16       // by column: the class; -1 for uniform ones
	classes []class
	room    struct { // for further classes
		done []gossip.Index
		end  []uint32
		step []uint8
	}
	blocker int // the class that was not decided when last looked, or one past the last
	groups  [2]group
	clock   uint32 // counts settles
	stages  []stage
	used    int              // stages in use
	one     [1]gossip.Column // scratch
	left    []gossip.Column  // scratch
	tried   []uint32         // scratch, by column: 1 + the place before which an estimate may yet be found
	apart   [][2]int16       // scratch
}

// class is subjects that have the same levels.
type class struct {
	stage  [maxStages]int32 // in subjects.stages, by step
	stages int
	done   []gossip.Index // by column: the event from which on it is decided
	end    []uint32       // by column: the place of that; the last possible if there is none
	step   []uint8        // by column: at which step
	value  bool           // what it is decided to be
	clock  uint32         // of the settle that it was last brought up to date by
	heard  uint32         // likewise, its first estimates
}

// group is the classes that can only be decided one way, because less than a third of the voters ever hold
// the other estimate, taken together: as a class that holds an estimate where all of them do. Where it is
// decided they all are, and most often that is all there is to ask.
type group struct {
	class
	used    bool
	members []int16
}

// stage holds the levels of one (round, step) of a class, by column: from which event on there is the
// step; the estimates true and false; an auxiliary value, and a true and a false one.
type stage struct {
	start, et, ef, aux, at, af []gossip.Index
	hear                       []uint32 // place from which on to look for an estimate
	look                       []uint32 // place from which on to look for the next of the others
	nt, nf, naux, nat, naf     int      // chains that reached et, ef, aux, at, af
	partly                     bool     // it was concluded on some chains only
	kind                       stepKind
}

// stepKind is how a step decides.
type stepKind uint8

const (
	forcedTrue stepKind = iota
	forcedFalse
	genuineFlip
)

func (s *subjects) reset(width int, voters []gossip.Column) {
	*s = subjects{
		voters:  make([]uint64, (width+63)/64),
		uniform: make([]uint64, (width+63)/64),
		of:      make([]int16, width),
		left:    make([]gossip.Column, 0, width),
		tried:   make([]uint32, width),
	}
	for _, c := range voters {
		s.voters[c>>6] |= 1 << (c & 63)
	}
}

func (s *subjects) begin() {
	s.built = false
	s.blocker = 0
	s.used = 0
	s.classes = s.classes[:0]
	s.groups[0].used, s.groups[1].used = false, false
}

// newStage returns the number of an empty stage for step t.
func (s *subjects) newStage(t int) int32 {
	if s.used == len(s.stages) {
		const more = 8
		width := len(s.of)
		places := make([]gossip.Index, more*6*width)
		marks := make([]uint32, more*2*width)
		for range more {
			var g stage
			for _, a := range []*[]gossip.Index{&g.start, &g.et, &g.ef, &g.aux, &g.at, &g.af} {
				*a, places = places[:width:width], places[width:]
			}
			for _, a := range []*[]uint32{&g.hear, &g.look} {
				*a, marks = marks[:width:width], marks[width:]
			}
			s.stages = append(s.stages, g)
		}
	}
	g := &s.stages[s.used]
	for i := range g.start {
		g.start[i], g.et[i], g.ef[i], g.aux[i], g.at[i], g.af[i] = never, never, never, never, never, never
	}
	g.nt, g.nf, g.naux, g.nat, g.naf, g.partly = 0, 0, 0, 0, 0, false
	g.kind = stepKind(t % 3)
	s.used++
	return int32(s.used - 1)
}

// newClass appends an empty class without stages.
func (s *subjects) newClass() *class {
	n := len(s.classes)
	if n < cap(s.classes) {
		s.classes = s.classes[:n+1]
	} else {
		s.classes = slices.Grow(s.classes, max(n, 8))[:n+1]
	}
	k := &s.classes[n]
	s.empty(k)
	return k
}

// empty makes k a class without stages, up to date.
func (s *subjects) empty(k *class) {
	if k.done == nil {
		const more = 8
		width := len(s.of)
		r := &s.room
		if len(r.done) == 0 {
			r.done, r.end, r.step = make([]gossip.Index, more*width), make([]uint32, more*width), make([]uint8, more*width)
		}
		k.done, r.done = r.done[:width:width], r.done[width:]
		k.end, r.end = r.end[:width:width], r.end[width:]
		k.step, r.step = r.step[:width:width], r.step[width:]
	}
	for i := range k.done {
		k.done[i], k.end[i] = never, math.MaxUint32
	}
	k.stages = 0
	k.clock, k.heard = s.clock-1, s.clock-1
}

// tellApart makes the classes from what the observers found so far see.
func (e *Election) tellApart() {
	l := &e.levels
	l.built = true
	l.like = gossip.NoColumn
	for _, c := range e.vcol {
		l.of[c] = -1
		if l.like == gossip.NoColumn && l.base[0].at[c] != never {
			l.like = c
		}
	}
	copy(l.uniform, l.voters)
	like := l.sight.of(l.like)
	for _, c := range e.vcol {
		if l.base[0].at[c] != never {
			for i, s := range l.sight.of(c) {
				l.uniform[i] &^= s ^ like[i]
			}
		}
	}
	for i, u := range l.uniform {
		for u := l.voters[i] &^ u; u != 0; u &= u - 1 {
			e.classify(gossip.Column(i*64 + bits.TrailingZeros64(u)))
		}
	}
	e.sortOut()
}

// sortOut finds out which ends subjects can come to.
func (e *Election) sortOut() {
	l := &e.levels
	for v := range l.groups {
		l.groups[v].members = l.groups[v].members[:0]
	}
	l.last = 2
	for i := range l.classes {
		switch g := &l.stages[l.classes[i].stage[0]]; {
		case g.nt < e.third:
			l.groups[0].members = append(l.groups[0].members, int16(i))
			l.last = 4
		case g.nf < e.third:
			l.groups[1].members = append(l.groups[1].members, int16(i))
		}
	}
	for i, s := range l.sight.of(l.like) {
		if l.uniform[i]&^s != 0 {
			l.last = 4
		}
	}
	e.deepen(l.last)
}

// classify puts a subject into the class of those that are seen like it, or a new one.
func (e *Election) classify(subject gossip.Column) {
	l := &e.levels
next:
	for i := range l.classes {
		g := &l.stages[l.classes[i].stage[0]]
		for _, c := range e.vcol {
			if l.base[0].at[c] != never && l.saw(c, subject) != (g.et[c] != never) {
				continue next
			}
		}
		l.of[subject] = int16(i)
		return
	}
	l.of[subject] = int16(len(l.classes))
	k := l.newClass()
	k.stage[0], k.stages = l.newStage(0), 1
	g := &l.stages[k.stage[0]]
	for _, c := range e.vcol {
		if x := l.base[0].at[c]; x != never {
			g.begin(c, x, l.base[0].next[c], l.saw(c, subject))
		}
	}
	k.clock, k.heard = l.clock-2, l.clock-2 // nothing is settled
}

// saw reports whether the observer on a chain observes the subject.
func (l *levels) saw(c, subject gossip.Column) bool {
	return l.sight.of(c)[subject>>6]>>(subject&63)&1 != 0
}

// begin starts the step on a chain at event x, which is at place k, with an estimate.
func (g *stage) begin(c gossip.Column, x gossip.Index, k uint32, estimate bool) {
	g.start[c] = x
	g.hear[c], g.look[c] = k, k
	if estimate {
		g.et[c] = x
		g.nt++
	} else {
		g.ef[c] = x
		g.nf++
	}
}

// distinguish takes in the observer x, at place k of column c, when there are classes already: it splits
// those of which it sees some and not others.
func (e *Election) distinguish(c gossip.Column, x gossip.Index, k uint32) {
	l := &e.levels
	like := l.sight.of(l.like)
	apart := l.apart[:0] // by class: the class of its subjects that c does not see, and of those it sees
	for range l.classes {
		apart = append(apart, [2]int16{-1, -1})
	}
	odd := [2]int16{-1, -1} // likewise, of uniform ones that c sees otherwise
	for _, v := range e.vcol {
		saw := 0
		if l.saw(c, v) {
			saw = 1
		}
		from := l.of[v]
		if from >= 0 {
			to := &apart[from]
			if to[saw] < 0 {
				to[saw] = from
				if to[1-saw] >= 0 {
					to[saw] = l.copyClass(from)
				}
			}
			l.of[v] = to[saw]
		} else if int(like[v>>6]>>(v&63)&1) != saw {
			if odd[saw] < 0 {
				odd[saw] = e.classFromBase(c, saw == 0)
			}
			l.of[v] = odd[saw]
			l.uniform[v>>6] &^= 1 << (v & 63)
		}
	}
	l.apart = append(apart, odd)
	for _, to := range l.apart {
		for saw, i := range to {
			if i >= 0 {
				l.stages[l.classes[i].stage[0]].begin(c, x, k, saw == 1)
			}
		}
	}
	e.sortOut()
}

// copyClass returns a new class with the levels of another.
func (s *subjects) copyClass(from int16) int16 {
	k := s.newClass()
	was := &s.classes[from]
	copy(k.done, was.done)
	copy(k.step, was.step)
	copy(k.end, was.end)
	k.value, k.clock, k.heard, k.stages = was.value, was.clock, was.heard, was.stages
	for t := range was.stages {
		k.stage[t] = s.newStage(t)
		g, was := &s.stages[k.stage[t]], &s.stages[was.stage[t]]
		for _, a := range [][2][]gossip.Index{
			{g.start, was.start}, {g.et, was.et}, {g.ef, was.ef}, {g.aux, was.aux}, {g.at, was.at}, {g.af, was.af},
		} {
			copy(a[0], a[1])
		}
		copy(g.hear, was.hear)
		copy(g.look, was.look)
		g.nt, g.nf, g.naux, g.nat, g.naf, g.partly = was.nt, was.nf, was.naux, was.nat, was.naf, was.partly
	}
	return int16(len(s.classes) - 1)
}

// classFromBase returns a new class with the levels of uniform subjects, seen or not, which column c, whose
// observer is new, sees otherwise.
func (e *Election) classFromBase(c gossip.Column, seen bool) int16 {
	l := &e.levels
	k := l.newClass()
	k.value = seen
	last := 2
	k.stage[0], k.stages = l.newStage(0), 1
	if !seen {
		last = 4
		k.stage[1], k.stages = l.newStage(1), 2
	}
	for t := range k.stages {
		g := &l.stages[k.stage[t]]
		start, aux, end := &l.base[2*t], &l.base[2*t+1], &l.base[2*t+2]
		for _, v := range e.vcol {
			if v == c || start.at[v] == never {
				continue
			}
			// Nothing that is listed so far descends from the new observer.
			g.begin(v, start.at[v], l.chains.tail[v], seen)
			g.look[v] = aux.next[v]
			if aux.at[v] != never {
				g.setAux(v, aux.at[v], seen)
				g.look[v] = end.next[v]
			}
		}
	}
	for _, v := range e.vcol {
		if x := l.base[last].at[v]; x != never {
			k.done[v], k.end[v], k.step[v] = x, l.base[last].next[v], uint8(k.stages-1)
		}
	}
	return int16(len(l.classes) - 1)
}

func (g *stage) setAux(c gossip.Column, x gossip.Index, value bool) {
	g.aux[c] = x
	g.naux++
	if value {
		g.at[c] = x
		g.nat++
	} else {
		g.af[c] = x
		g.naf++
	}
}

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
	latest := gossip.NoColumn
	for _, c := range e.vcol {
		if end.at[c] != never && (latest == gossip.NoColumn || l.chains.last(c) > l.chains.last(latest)) {
			latest = c
		}
	}
	l.one[0] = latest
	if ended, coin = e.endsOn(l.one[:], e.vcol); ended || coin || end.count == 1 {
		return ended, coin
	}
	left := l.left[:0]
	for _, c := range e.vcol {
		if end.at[c] != never && c != latest {
			left = append(left, c)
		}
	}
	return e.endsOn(left, e.vcol)
}

// endsOn reports whether an event of the chains left, which are among cols, ends the election.
func (e *Election) endsOn(left, cols []gossip.Column) (ended, coin bool) {
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
func (e *Election) decidedOn(k *class, left, cols []gossip.Column) (rest []gossip.Column, coin bool) {
	if !e.settleClass(k, left, cols) {
		return left, true
	}
	if len(left) == 1 {
		if k.done[left[0]] == never {
			return left[:0], false
		}
		return left, false
	}
	return slices.DeleteFunc(left, func(c gossip.Column) bool { return k.done[c] == never }), false
}

// groupDecided reports whether the group that can only be decided to be value is decided on left, one chain.
func (e *Election) groupDecided(value bool, left, cols []gossip.Column) bool {
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
		cols = e.vcol
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
	e.settleClass(k, left, cols)
	return k.done[left[0]] != never
}

// settleClass brings the levels of a class up to date; if they were so before the last event, that is on
// the given columns. Whether it is decided it finds out on those left. It reports false if a coin is called
// for.
func (e *Election) settleClass(k *class, left, cols []gossip.Column) bool {
	l := &e.levels
	switch {
	case k.clock == l.clock:
		cols = cols[:0]
	case k.clock+1 != l.clock:
		cols = e.vcol
	case len(cols) == 1 && k.heard == k.clock && k != &l.groups[0].class && k != &l.groups[1].class:
		if known, coin := e.settleClassOn(k, cols[0]); known || coin {
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
			cols = e.vcol
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

// settleClassOn is settleClass for the newest event, of column c, where the class was up to date before. Known
// tells that it was enough.
func (e *Election) settleClassOn(k *class, c gossip.Column) (known, coin bool) {
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
func (k *class) decide(c gossip.Column, x gossip.Index, i uint32, t int) {
	k.done[c], k.end[c], k.step[c], k.value = x, i, uint8(t), t%3 == 0
}

// hear brings the first estimates of a class up to date.
func (e *Election) hear(k *class, cols []gossip.Column) {
	l := &e.levels
	if k.heard == l.clock {
		return
	}
	if k.heard+1 != l.clock {
		cols = e.vcol
	}
	k.heard = l.clock
	e.findEstimates(k, &l.stages[k.stage[0]], cols)
}

// findEstimates looks for estimates that chains only hear of.
func (e *Election) findEstimates(k *class, g *stage, cols []gossip.Column) {
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
func (e *Election) findEstimate(k *class, g *stage, estimate []gossip.Index, n *int, cols []gossip.Column) {
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
func (e *Election) findAux(k *class, g *stage, t int, c gossip.Column) {
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
func (l *levels) from(g *stage, j int, c gossip.Column) uint32 {
	if j < baseLevels {
		return max(g.look[c], l.base[j].next[c])
	}
	return g.look[c]
}

// conclude looks for the event at which a chain ends step t: it decides, or begins the next step, after
// which it may still decide. It reports false if a coin is called for.
func (e *Election) conclude(k *class, t int, c gossip.Column) bool {
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
func (e *Election) beginNext(k *class, t int, c gossip.Column, i uint32) bool {
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

// trueVoters sets the bits of the voters that the election, which has ended, decided true.
func (e *Election) trueVoters(voters []uint64) {
	l := &e.levels
	clear(voters)
	for i, c := range e.vcol {
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
