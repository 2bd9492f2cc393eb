package core_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// TestConcreteCoin compares engine and oracle on graphs in which the concrete coin is tossed, and graphs in other
// orders with each other: the recordings in which coins decide, and schedules that hold elections off, each cut
// near a toss and gone on with at random. Some tosses then miss the leader's event and wait for it, some no longer
// do, and some members fork.
func TestConcreteCoin(t *testing.T) {
	sizes, each, schedules := []int{4, 5, 7, 9, 12}, uint64(60), uint64(3)
	if testing.Short() {
		sizes, each, schedules = sizes[2:3], 12, 1
	}
	var all tosses
	try := func(what string, rec *recording.Recording, coin tossing, each uint64) {
		var at []int // events with tosses
		v := variant{metas: never, tossed: func(x core.EventIndex, _ core.PeerIndex, _ uint32, _, _, _ bool) { at = append(at, int(x)) }}
		if err := compare(rec, coin, v); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(at) == 0 {
			t.Errorf("%s: no coin is tossed", what)
			return
		}
		for seed := range each {
			rng := rand.New(rand.NewPCG(seed, 9))
			coin, rec := coin, contended(rec, at[rng.IntN(len(at))], rng)
			if coin == nil || seed%3 == 0 {
				coin = concreteCoin(seed)
			}
			if seed%2 == 1 {
				rec = requesting(rec, rng)
			}
			if seed%4 > 1 {
				rec = tidy(rec)
			}
			variants := usual()
			variants[0].tossed = all.tossed
			if seed%5 == 0 {
				variants[1].late = rng
			}
			c, err := newComparison(rec, coin, variants...)
			if err == nil {
				err = c.run()
			}
			if err == nil {
				err = checkOrder(rec, rng, 2, 1, decideBy(coin))
			}
			if err == nil && len(c.tolerance.forkers) > 0 {
				all.Forked++
			}
			if s := c.pairs[0].engine.Stats(); s.Looks > 0 && s.Evals > 0 {
				all.GaveUp++
			}
			if err != nil && err != errIntolerable {
				t.Errorf("%s, seed %d: %v", what, seed, err)
			}
		}
	}
	bundled(t, func(_ int, rec *recording.Recording) {
		if strings.HasPrefix(rec.Name, "coin-") {
			try(rec.Name, rec, nil, each)
		}
	})
	for _, n := range sizes {
		for seed := range schedules {
			coin := concreteCoin(seed)
			s := newScheduler(seed, n, coin)
			if rec := s.hold(6, 3000); len(s.stages) > 5 {
				try(fmt.Sprintf("%d voters, schedule %d of %d steps", n, seed, len(s.stages)-2), rec, coin, each/4)
			} else {
				t.Logf("%d voters, seed %d: no schedule", n, seed)
			}
		}
	}
	t.Logf("%+v", all)
	if !testing.Short() && (all.Led < 1000 || all.Late < 20 || all.Unknown < 100 || all.Forked < 50 || all.GaveUp < 100 || all.Round < 2) {
		t.Error("too little happens")
	}
}

// tosses counts tosses of the concrete coin, in one of the engines of each comparison.
type tosses struct {
	Led     int // by the leader's event
	Late    int // by another's, after enough responses
	Unknown int
	Heads   int
	Round   uint32 // the highest
	Forked  int    // graphs with a fork
	GaveUp  int    // graphs in which levels gave up
}

func (s *tosses) tossed(_ core.EventIndex, _ core.PeerIndex, round uint32, heads, known, led bool) {
	switch {
	case led:
		s.Led++
	case known:
		s.Late++
	default:
		s.Unknown++
	}
	if heads {
		s.Heads++
	}
	s.Round = max(s.Round, round)
}

// contended returns a graph that is another up to somewhere near an event, and goes on at random: by turns among
// all, or without one of the members. One may fork.
func contended(rec *recording.Recording, near int, rng *rand.Rand) *recording.Recording {
	out := *rec
	n := len(rec.Peers)
	cut := min(max(near-40+rng.IntN(50), 1), len(rec.Events))
	out.Events = append([]recording.Event(nil), rec.Events[:cut]...)
	last := make([]int32, n)
	for i, e := range out.Events {
		last[e.Creator] = int32(i)
	}
	forker := -1
	if rng.IntN(3) == 0 {
		forker = rng.IntN(n)
	}
	var here []int
	for k := range 40 * n {
		if k%(10*n) == 0 {
			here = rng.Perm(n)
			if rng.IntN(3) > 0 {
				here = here[1:]
			}
		}
		p, q := here[rng.IntN(len(here))], here[rng.IntN(len(here))]
		e := blank(core.PeerIndex(p), core.Request+core.Cause(rng.IntN(2)))
		e.SelfParent, e.OtherParent = last[p], last[q]
		if p == forker && rng.IntN(10) == 0 && out.Events[e.SelfParent].SelfParent != recording.None {
			e.SelfParent = out.Events[e.SelfParent].SelfParent
		}
		last[p] = int32(len(out.Events))
		out.Events = append(out.Events, e)
	}
	return &out
}
