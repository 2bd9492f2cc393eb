package election

import (
	"math/bits"

	"parsec/core/internal/gossip"
)

// tellApart makes the classes from what the observers found so far see.
func (e *Election) tellApart() {
	l := &e.levels
	l.built = true
	l.like = NoPeer
	for _, c := range e.voters {
		l.of[c] = -1
		if l.like == NoPeer && l.base[0].at[c] != never {
			l.like = c
		}
	}
	copy(l.uniform, l.voters)
	like := l.sight.of(l.like)
	for _, c := range e.voters {
		if l.base[0].at[c] != never {
			for i, s := range l.sight.of(c) {
				l.uniform[i] &^= s ^ like[i]
			}
		}
	}
	for i, u := range l.uniform {
		for u := l.voters[i] &^ u; u != 0; u &= u - 1 {
			e.classify(gossip.Peer(i*64 + bits.TrailingZeros64(u)))
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
func (e *Election) classify(subject gossip.Peer) {
	l := &e.levels
next:
	for i := range l.classes {
		g := &l.stages[l.classes[i].stage[0]]
		for _, c := range e.voters {
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
	for _, c := range e.voters {
		if x := l.base[0].at[c]; x != never {
			g.begin(c, x, l.base[0].next[c], l.saw(c, subject))
		}
	}
	k.clock, k.heard = l.clock-2, l.clock-2 // nothing is raised
}

// saw reports whether the observer on a chain observes the subject.
func (l *levels) saw(c, subject gossip.Peer) bool {
	return l.sight.of(c)[subject>>6]>>(subject&63)&1 != 0
}

// distinguish takes in the observer x, at place k of chain c, when there are classes already: it splits
// those of which it sees some and not others.
func (e *Election) distinguish(c gossip.Peer, x gossip.Index, k uint32) {
	l := &e.levels
	like := l.sight.of(l.like)
	apart := l.apart[:0] // by class: the class of its subjects that c does not see, and of those it sees
	for range l.classes {
		apart = append(apart, [2]int16{-1, -1})
	}
	odd := [2]int16{-1, -1} // likewise, of uniform ones that c sees otherwise
	for _, v := range e.voters {
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

// classFromBase returns a new class with the levels of uniform subjects, seen or not, which chain c, whose
// observer is new, sees otherwise.
func (e *Election) classFromBase(c gossip.Peer, seen bool) int16 {
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
		for _, v := range e.voters {
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
	for _, v := range e.voters {
		if x := l.base[last].at[v]; x != never {
			k.done[v], k.end[v], k.step[v] = x, l.base[last].next[v], uint8(k.stages-1)
		}
	}
	return int16(len(l.classes) - 1)
}
