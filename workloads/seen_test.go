package workloads

import (
	"math"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// runWhole runs a section without ever cutting a log, so that every member's order is there.
func runWhole(t *testing.T, p Params) *section {
	t.Helper()
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	s := newSection(p)
	s.logs.limit = math.MaxInt
	s.run()
	return s
}

func asSeenParams(t *testing.T) []Params {
	z := Size{Peers: 8, Events: 4000, Seed: 7}
	var out []Params
	for _, name := range []string{"supermajority", "lossy", "partition", "churn", "accuse", "forks"} {
		w, ok := Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		p := w.params(z)
		p.Name = name
		out = append(out, p)
	}
	return out
}

// TestBatches checks what AsSeen order promises: between two events of the member's own come exactly
// those that the second descends from and the first does not, in the order of the sender.
func TestBatches(t *testing.T) {
	for _, p := range asSeenParams(t) {
		s := runWhole(t, p)
		places := make([][]int32, len(s.members)) // by member: the place of each event in its log
		for i := range s.members {
			places[i] = make([]int32, len(s.events))
			for k, e := range s.logs.order[i] {
				places[i][e] = int32(k) + 1
			}
		}
		g := graphOf(&recording.Recording{Events: s.events})
		me := s.view.number
		var batch []int32
		known := 0
		for _, e := range s.logs.order[me] {
			if s.events[e].Creator != s.view.peer {
				batch = append(batch, e)
				continue
			}
			known += len(batch) + 1
			if n := g.ancestors(e); n != known {
				t.Fatalf("%s: event %d descends from %d events, %d have been seen", p.Name, e, n, known)
			}
			if len(batch) > 0 {
				sender := s.logs.origin[s.events[e].OtherParent].chain
				if !slices.IsSortedFunc(batch, func(a, b int32) int { return int(places[sender][a] - places[sender][b]) }) {
					t.Fatalf("%s: the batch of event %d is not in the order of its sender", p.Name, e)
				}
				if batch[len(batch)-1] != s.events[e].OtherParent {
					t.Fatalf("%s: the batch of event %d does not end with its other-parent", p.Name, e)
				}
			}
			batch = batch[:0]
		}
	}
}

// TestCutLogs compares runs that cut the logs all the time with runs that never do.
func TestCutLogs(t *testing.T) {
	for _, p := range asSeenParams(t) {
		want := runWhole(t, p).recording()
		s := newSection(p)
		s.logs.least = 64
		s.logs.limit = 64
		s.run()
		if len(s.logs.order[s.view.number]) == s.logs.entries {
			t.Errorf("%s: nothing but the recorder's log is left", p.Name)
		}
		if s.logs.entries > len(s.members)*len(s.events)*3/4 {
			t.Errorf("%s: nothing was cut", p.Name)
		}
		if digest(s.recording()) != digest(want) {
			t.Errorf("%s: cutting logs changes the order", p.Name)
		}
	}
}

func TestOrdersHoldTheSameGraph(t *testing.T) {
	// Up to the recorder's last event the two orders differ in order only.
	p := calm(Size{Peers: 6, Events: 2000, Seed: 3}, core.Single, 0, 10)
	seen := simulate(t, p)
	p.Order = Creation
	p.Events = 3000
	created := simulate(t, p)
	own := func(rec *recording.Recording) (out []core.Cause) {
		for _, e := range rec.Events {
			if e.Creator == 0 {
				out = append(out, e.Cause)
			}
		}
		return out
	}
	a, b := own(seen), own(created)
	if len(a) < 300 || len(b) < len(a) || !slices.Equal(a, b[:len(a)]) {
		t.Errorf("peer 0 made %d events as seen and %d in order of creation, and they differ", len(a), len(b))
	}
}
