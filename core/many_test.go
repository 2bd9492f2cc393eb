package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// mostVotes is how many votes tests put into one event at most.
const mostVotes = 5

// runs says which events, each a vote, an engine that takes many votes in one event gets together with the next:
// those that nothing but the next, a vote by the same peer, builds on.
func runs(rec *recording.Recording) []bool {
	children := make([]int, len(rec.Events))
	for _, e := range rec.Events {
		for _, p := range []int32{e.SelfParent, e.OtherParent} {
			if p != recording.None {
				children[p]++
			}
		}
	}
	out := make([]bool, len(rec.Events))
	length := 1
	for i := range len(out) - 1 {
		next := rec.Events[i+1]
		out[i] = rec.Events[i].Cause == core.Observing && next.Cause == core.Observing &&
			next.SelfParent == int32(i) && children[i] == 1 && length < mostVotes
		if length++; !out[i] {
			length = 1
		}
	}
	return out
}

// inflate puts up to four more votes behind some votes, so that they make a run. Some are for what was voted for
// in the same run, some for anything. More is how many votes of ten get some.
func inflate(rec *recording.Recording, rng *rand.Rand, more int) *recording.Recording {
	out := *rec
	out.Events = nil
	place := make([]int32, len(rec.Events))
	for i, e := range rec.Events {
		if e.SelfParent != recording.None {
			e.SelfParent = place[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = place[e.OtherParent]
		}
		out.Events = append(out.Events, e)
		if e.Cause == core.Observing && rng.IntN(10) < more {
			for range 1 + rng.IntN(mostVotes-1) {
				e.SelfParent = int32(len(out.Events) - 1)
				if rng.IntN(6) > 0 {
					e.Observation = int32(rng.IntN(len(rec.Observations)))
				}
				out.Events = append(out.Events, e)
			}
		}
		place[i] = int32(len(out.Events) - 1)
	}
	return &out
}

// An event of many votes decides what as many events of one vote in a row decide: by levels and by passes, with
// peers known from the start and late, on graphs with and without forks and changes of the voters. TestSoak and
// TestRandomGraphs have a third of such graphs; here all are.
func TestManyVotes(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 25
	}
	blocks, forks, events, inserted := 0, 0, 0, 0
	for seed := range seeds {
		tr, err := newTrial(seed + 1e6)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 9))
		rec := inflate(tr.rec, rng, 10)
		c, err := newComparison(rec, tr.coin, variant{}, variant{many: true, metas: always}, variant{many: true, metas: never},
			variant{many: true, passes: true, metas: seldom}, variant{many: true, metas: seldom, late: rng})
		if err == nil {
			err = c.run()
		}
		if err != nil {
			t.Errorf("seed %d: %s: %v", seed, tr.what, err)
		}
		blocks += len(c.oracle.Blocks)
		events += len(rec.Events)
		inserted += len(c.pairs[1].event)
		if len(c.forkers) > 0 {
			forks++
		}
	}
	t.Logf("%d graphs, %d of them with forks; %d events in %d; %d blocks", seeds, forks, events, inserted, blocks)
	if blocks == 0 || forks == 0 || events < inserted*5/4 {
		t.Error("the graphs are poor")
	}
}

// One voter decides by itself: what is voted for in one event comes out in the order of the votes, each once.
func TestManyVotesOfOne(t *testing.T) {
	for _, m := range []core.Mode{core.Supermajority, core.Single} {
		e := newEngine(t, core.Config{Mode: m, Coin: core.PredictableRoundParityCoin, Peers: identities(1), Genesis: []core.PeerIndex{0}})
		for i := range 4 {
			if _, err := e.AddObservation(core.Observation{Hash: core.Hash{byte(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		further := []core.ObservationIndex{0, 2, 1, 0}
		for _, ev := range []core.Event{
			{Cause: core.Initial},
			{Cause: core.Observing, Observation: 2, Further: further},
			{Cause: core.Observing, SelfParent: 1, Observation: 3, Further: []core.ObservationIndex{1}},
			{Cause: core.Requesting, SelfParent: 2},
		} {
			if _, err := e.Insert(ev); err != nil {
				t.Fatal(err)
			}
			if ev.Further != nil {
				clear(ev.Further) // it must not be kept
			}
		}
		var got []core.ObservationIndex
		for _, b := range e.Blocks() {
			got = append(got, b.Observation)
		}
		if want := []core.ObservationIndex{2, 0, 1, 3}; !slices.Equal(got, want) {
			t.Errorf("%v: decides %v, want %v", m, got, want)
		}
	}
}

// Votes after the first for what the engine does not know are refused, without a trace.
func TestFurtherErrors(t *testing.T) {
	rec := meeting(core.Supermajority)
	asked, never := recEngine(t, rec), recEngine(t, rec)
	for i := range rec.Events {
		ev := rec.Event(i)
		if ev.Cause == core.Observing {
			bad := ev
			bad.Further = []core.ObservationIndex{0, core.ObservationIndex(len(rec.Observations))}
			if _, err := asked.Insert(bad); fmt.Sprint(err) != fmt.Sprintf("%v %d", core.ErrUnknownObservation, len(rec.Observations)) {
				t.Fatal(err)
			}
		}
		for _, e := range []*core.Engine{asked, never} {
			if _, err := e.Insert(ev); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := fmt.Sprint(taken(asked)), fmt.Sprint(taken(never)); a != b {
			t.Fatalf("event %d: blocks %s and %s", i, a, b)
		}
	}
	if asked.Stats() != never.Stats() {
		t.Errorf("%+v and %+v", asked.Stats(), never.Stats())
	}
}
