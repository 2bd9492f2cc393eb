package election

import (
	"math"
	"slices"

	"parsec/core/internal/gossip"
)

// maxStages bounds the steps of an election by levels; passes have room for more.
const maxStages = 6

// subjects are the voters whose say is being decided, by what the observers see of them. Those that all
// observers see alike are uniform, and the base levels tell all about them. The others are in classes:
// a class is of subjects that each observer sees all of or none of, and has levels of its own.
type subjects struct {
	built   bool        // uniform, of and classes are of all observers found
	voters  []uint64    // set of peers
	uniform []uint64    // set of peers
	last    int         // the base level that some subject needs at least
	like    gossip.Peer // a chain with an observer
	of      []int16     // by peer: the class; -1 for uniform ones
	classes []class
	room    struct { // for further classes
		done []gossip.Index
		end  []uint32
		step []uint8
	}
	blocker int // the class that was not decided when last looked, or one past the last
	groups  [2]group
	clock   uint32 // counts raises
	stages  []stage
	used    int            // stages in use
	one     [1]gossip.Peer // scratch
	left    []gossip.Peer  // scratch
	tried   []uint32       // scratch, by peer: 1 + the place before which an estimate may yet be found
	apart   [][2]int16     // scratch
}

// class is subjects that have the same levels.
type class struct {
	stage  [maxStages]int32 // in subjects.stages, by step
	stages int
	done   []gossip.Index // by peer: the event from which on it is decided
	end    []uint32       // by peer: the place of that; the last possible if there is none
	step   []uint8        // by peer: at which step
	value  bool           // what it is decided to be
	clock  uint32         // of the raise that it was last brought up to date by
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

// stage holds the levels of one (round, step) of a class, by peer: from which event on there is the
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

func (s *subjects) reset(width int, voters []gossip.Peer) {
	*s = subjects{
		voters:  make([]uint64, (width+63)/64),
		uniform: make([]uint64, (width+63)/64),
		of:      make([]int16, width),
		left:    make([]gossip.Peer, 0, width),
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

// begin starts the step on a chain at event x, which is at place k, with an estimate.
func (g *stage) begin(c gossip.Peer, x gossip.Index, k uint32, estimate bool) {
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

func (g *stage) setAux(c gossip.Peer, x gossip.Index, value bool) {
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
