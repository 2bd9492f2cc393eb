package core_test

import (
	"parsec/core"
	"parsec/core/internal/plain"
	"parsec/core/recording"
)

// tolerance keeps count of the forkers among the voters. Agreement is promised while they are less than a
// third of them, and by the rules of the crate only while nobody forks. Beyond that, two sides of one fork
// can be strongly seen: the graph is torn. Engine and oracle then both take the side they find first, and
// no choice would be right.
type tolerance struct {
	forkless bool              // nobody may fork
	index    []int32           // by event: its index by creator
	taken    map[[2]int32]bool // creator and index of the events so far
	forkers  map[int]bool      // peers that forked
	voters   map[int]bool      // as the blocks so far make them
	exceeded bool              // there were too many forkers at some time
}

func newTolerance(rec *recording.Recording) tolerance {
	t := tolerance{
		forkless: rec.Rules == core.Crate073,
		index:    make([]int32, len(rec.Events)),
		taken:    map[[2]int32]bool{},
		forkers:  map[int]bool{},
		voters:   map[int]bool{},
	}
	for _, p := range rec.Genesis {
		t.voters[int(p)] = true
	}
	return t
}

// insert counts event i, at which the blocks came out.
func (t *tolerance) insert(rec *recording.Recording, i int, blocks []plain.Block) {
	e := rec.Events[i]
	if e.SelfParent != recording.None {
		t.index[i] = t.index[e.SelfParent] + 1
	}
	at := [2]int32{int32(e.Creator), t.index[i]}
	if t.taken[at] && !t.forkers[int(e.Creator)] {
		t.forkers[int(e.Creator)] = true
		t.check()
	}
	t.taken[at] = true
	for _, b := range blocks {
		t.decide(rec, b.Observation)
	}
}

// decide notes that an observation was decided.
func (t *tolerance) decide(rec *recording.Recording, observation int) {
	switch o := rec.Observations[observation]; o.Kind {
	case core.Add:
		t.voters[int(o.Peer)] = true
	case core.Remove, core.Accusation:
		delete(t.voters, int(o.Peer))
	}
	t.check()
}

func (t *tolerance) check() {
	n := 0
	for p := range t.voters {
		if t.forkers[p] {
			n++
		}
	}
	if n > 0 && 3*n >= len(t.voters) || t.forkless && len(t.forkers) > 0 {
		t.exceeded = true
	}
}

// tolerated reports whether agreement is promised.
func (t *tolerance) tolerated() bool { return !t.exceeded }
