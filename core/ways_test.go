package core_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"parsec/core"
	"parsec/core/internal/gossip"
	"parsec/core/internal/plain"
	"parsec/core/recording"
	"parsec/workloads"
)

// TestWays compares elections by levels with elections by passes, event by event, on graphs that are too large
// for the oracle. In some of them levels have to give up here and there, where an observation event is an
// other-parent. (They give up at coins too, but graphs like these do not get to any: see TestOddCoins.)
func TestWays(t *testing.T) {
	sizes := []int{2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 24, 25, 32, 33, 40, 65}
	each := 12
	if testing.Short() {
		sizes, each = []int{4, 5, 8, 9, 17}, 4
	}
	var all wayStats
	for _, n := range sizes {
		if n > 40 {
			each = 3
		}
		for seed := range uint64(each) {
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			rec, what, err := wayGraph(rng, n)
			if err != nil {
				t.Fatal(err)
			}
			stats, err := compareWays(rec, rng)
			if err != nil {
				t.Errorf("voters=%d, seed %d: %s: %v", n, seed, what, err)
			}
			all.add(stats)
		}
	}
	t.Logf("%+v", all)
	if !testing.Short() && (all.Decisions < 3000 || all.Both < 20) {
		t.Errorf("too little happens: %+v", all)
	}
}

// wayGraph draws a graph of a few thousand events without forks.
func wayGraph(rng *rand.Rand, n int) (rec *recording.Recording, what string, err error) {
	size := workloads.Size{Peers: n, Events: 2000 + 25*n, Seed: rng.Uint64()}
	if rng.IntN(3) == 0 {
		what = fmt.Sprintf("a wild graph, seed %d", size.Seed)
		rec, err = workloads.Wild(workloads.WildParams{
			Seed: size.Seed, Mode: mode(rng), Peers: n, Events: size.Events,
			Observations: 5 + rng.IntN(60), VotePercent: 1 + rng.IntN(10), FreshPercent: 70 + rng.IntN(31),
			Causes: rng.IntN(2) == 0,
		})
	} else {
		names := []string{"single", "supermajority", "partial-votes", "bursty", "lossy"}
		if n >= 4 {
			names = append(names, "slow-links", "partition", "churn", "churn-single", "fan-out", "large-single")
		}
		name := names[rng.IntN(len(names))]
		what = fmt.Sprintf("workload %s, seed %d", name, size.Seed)
		w, _ := workloads.Lookup(name)
		rec, err = w.Generate(size)
	}
	if err != nil {
		return nil, what, fmt.Errorf("%s: %w", what, err)
	}
	switch rng.IntN(4) {
	case 0:
		rec = spoiled(rec, rng)
		what += ", spoiled"
	case 1, 2:
		rec = tidy(rec)
		what += ", tidied"
	}
	if rng.IntN(3) == 0 {
		rec, _ = reorder(rec, rng)
		what += ", in another order"
	}
	return rec, what, nil
}

// spoiled returns a graph in which some other-parents are the last votes before them instead, if they are near.
func spoiled(rec *recording.Recording, rng *rand.Rand) *recording.Recording {
	out := *rec
	out.Events = append([]recording.Event(nil), rec.Events...)
	for i := range out.Events {
		if e := &out.Events[i]; e.OtherParent != recording.None && rng.IntN(8) == 0 {
			x := e.OtherParent
			for k := 0; k < 5 && x != recording.None && rec.Events[x].Cause != core.Observing; k++ {
				x = rec.Events[x].SelfParent
			}
			if x != recording.None && rec.Events[x].Cause == core.Observing {
				e.OtherParent = x
			}
		}
	}
	return &out
}

// wayStats are what happened in a comparison of ways.
type wayStats struct {
	Decisions int // elections that ended
	Both      int // graphs in which both ways were used where levels are free to give up
}

func (s *wayStats) add(more wayStats) {
	s.Decisions += more.Decisions
	s.Both += more.Both
}

// compareWays feeds a graph to engines of both ways, one of which is never looked into and learns of peers
// late.
func compareWays(rec *recording.Recording, rng *rand.Rand) (stats wayStats, err error) {
	var pairs []*pair
	for _, v := range []variant{{passes: true}, {}, {metas: never, late: rng}} {
		p, err := newPair(rec, nil, nil, v)
		if err != nil {
			return stats, err
		}
		pairs = append(pairs, p)
	}
	for i := range rec.Events {
		var want []plain.Block
		for _, p := range pairs {
			if err := p.insert(i); err != nil {
				return stats, err
			}
			if !p.passes {
				err = p.compareBlocks(want)
			} else {
				for _, b := range p.engine.Blocks() {
					want = append(want, p.translate(b))
				}
			}
			if err == nil && p.engine.Stats().Decisions != pairs[0].engine.Stats().Decisions {
				err = errors.New("another number of elections ended")
			}
			if err != nil {
				return stats, fmt.Errorf("event %d of %d: %v: %w", i, len(rec.Events), p.variant, err)
			}
		}
		if rng.IntN(500) == 0 || i == len(rec.Events)-1 {
			if err := sameMetas(pairs[0], pairs[1], i); err != nil {
				return stats, fmt.Errorf("event %d of %d: %w", i, len(rec.Events), err)
			}
		}
	}
	passes, levels := pairs[0].engine.Stats(), pairs[1].engine.Stats()
	if passes.Looks > 0 {
		return stats, errors.New("passes use levels")
	}
	stats.Decisions = int(levels.Decisions)
	if levels.Looks > 0 && levels.Evals > 0 {
		stats.Both = 1
	}
	return stats, nil
}

// sameMetas compares the meta-events of two engines, of the last events up to i.
func sameMetas(a, b *pair, i int) error {
	for x := max(0, i-400); x <= i; x++ {
		byPasses, ok := core.Inner(a.engine).Inspect(gossip.Index(x + 1))
		byLevels, ok2 := core.Inner(b.engine).Inspect(gossip.Index(x + 1))
		if ok != ok2 || !reflect.DeepEqual(byPasses, byLevels) {
			return fmt.Errorf("meta-event of %d by levels: %+v\nby passes: %+v", x, byLevels, byPasses)
		}
	}
	return nil
}
