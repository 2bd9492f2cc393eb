package workloads

import (
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// shape describes each event by the causes of its whole ancestry, sorted: equal for equal graphs.
func shape(rec *recording.Recording) []uint64 {
	ids := make([]uint64, len(rec.Events))
	for i, e := range rec.Events {
		h := uint64(e.Creator)<<32 | uint64(e.Cause)<<24 ^ uint64(e.Observation+1)<<40 ^ uint64(e.Recipient+1)
		if e.SelfParent != recording.None {
			h = h*0x9e3779b97f4a7c15 + ids[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			h = h*0xc2b2ae3d27d4eb4f + ids[e.OtherParent]
		}
		ids[i] = h ^ h>>29
	}
	slices.Sort(ids)
	return ids
}

func TestReorderings(t *testing.T) {
	for _, name := range []string{"single", "churn", "forks", "wild", "wild-forks", "partition"} {
		rec := generate(t, name, Size{Peers: 8, Events: 3000, Seed: 8})
		rec.Blocks = []recording.Block{{Voters: []core.PeerIndex{0}}}
		before := digest(rec)
		want := shape(rec)
		for how, got := range map[string]*recording.Recording{
			"Shuffle": Shuffle(rec, 1), "Late": Late(rec, 3), "Early": Early(rec, 3),
		} {
			if err := got.Validate(); err != nil {
				t.Errorf("%s %s: %v", how, name, err)
			}
			if !slices.Equal(shape(got), want) {
				t.Errorf("%s %s: another graph", how, name)
			}
			if slices.Equal(got.Events, rec.Events) {
				t.Errorf("%s %s: the same order", how, name)
			}
			if got.Blocks != nil {
				t.Errorf("%s %s: has blocks", how, name)
			}
		}
		if digest(rec) != before {
			t.Errorf("%s: a reordering changed its argument", name)
		}
	}
}

func TestEarlyAndLate(t *testing.T) {
	rec := generate(t, "single", Size{Peers: 8, Events: 3000, Seed: 8})
	const creator = 5
	early, late := Early(rec, creator), Late(rec, creator)

	// Early: when an event of the creator's comes, nothing is there that it does not descend from.
	g := graphOf(early)
	for i, e := range early.Events {
		if e.Creator == creator && g.ancestors(int32(i)) != i+1 {
			t.Fatalf("early: event %d descends from %d events only", i, g.ancestors(int32(i)))
		}
	}
	// Late: when an event of the creator's comes, all that comes later descends from it.
	g = graphOf(late)
	for i, e := range late.Events {
		if e.Creator != creator {
			continue
		}
		for j := i + 1; j < len(late.Events); j++ {
			if !g.descends(int32(j), int32(i)) {
				t.Fatalf("late: event %d comes after %d without need", i, j)
			}
		}
	}
}
