package workloads

import (
	"math/bits"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// graph is a recording with the questions tests ask of it, answered plainly: ancestry is a bit set of
// all events for each event, so it is for thousands of events, not more.
type graph struct {
	*recording.Recording
	behind [][]uint64 // by event: whom it descends from, itself included
}

func graphOf(rec *recording.Recording) graph {
	g := graph{rec, make([][]uint64, len(rec.Events))}
	for i, e := range rec.Events {
		set := make([]uint64, len(rec.Events)/64+1)
		for _, p := range [2]int32{e.SelfParent, e.OtherParent} {
			if p != recording.None {
				for k, w := range g.behind[p] {
					set[k] |= w
				}
			}
		}
		set[i/64] |= 1 << (i % 64)
		g.behind[i] = set
	}
	return g
}

func (g graph) descends(x, y int32) bool { return g.behind[x][y/64]>>(y%64)&1 == 1 }

// ancestors returns how many events x descends from, itself included.
func (g graph) ancestors(x int32) int {
	n := 0
	for _, w := range g.behind[x] {
		n += bits.OnesCount64(w)
	}
	return n
}

// forkers returns the peers that have two events on one self-parent.
func forkers(rec *recording.Recording) map[core.PeerIndex]bool {
	has := make([]bool, len(rec.Events))
	out := make(map[core.PeerIndex]bool)
	for _, e := range rec.Events {
		if e.SelfParent == recording.None {
			continue
		}
		if has[e.SelfParent] {
			out[e.Creator] = true
		}
		has[e.SelfParent] = true
	}
	return out
}

func generate(t *testing.T, name string, z Size) *recording.Recording {
	t.Helper()
	w, ok := Lookup(name)
	if !ok {
		t.Fatalf("no workload %q", name)
	}
	rec, err := w.Generate(z)
	if err != nil {
		t.Fatalf("%s %+v: %v", name, z, err)
	}
	return rec
}

func simulate(t *testing.T, p Params) *recording.Recording {
	t.Helper()
	rec, err := Generate(p)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	if err := rec.Validate(); err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return rec
}
