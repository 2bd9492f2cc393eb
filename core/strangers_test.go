package core_test

import (
	"math/rand/v2"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// TestForkedStrangers has peers that are no voters fork, by the rules of the crate, which count them. Then an
// event may strongly see less than its self-parent does, and a chain's first observer is not where going back
// from a later one ends: here by dozens of tangles, in TestObserverBeforeFork by one graph.
func TestForkedStrangers(t *testing.T) {
	seeds := uint64(170)
	if testing.Short() {
		seeds = 90
	}
	for seed := uint64(1); seed < seeds; seed++ {
		rng := rand.New(rand.NewPCG(seed, 77))
		if err := compare(strangers(rng), nil, usual()...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// strangers returns a tangle in which only peers that are no voters fork.
func strangers(rng *rand.Rand) *recording.Recording {
	n := 2 + rng.IntN(5)
	g := newTangle(rng, n+1+rng.IntN(4), n, 0)
	for p := range g.forks {
		g.forks[p] = rng.IntN(3) > 0
	}
	for _, p := range g.rec.Genesis {
		g.forks[p] = false
	}
	g.churn = rng.IntN(3) / 2
	g.quiet = rng.IntN(60)
	g.rec.Mode = mode(rng)
	g.rec.Rules = core.Crate073
	return tidy(g.make(n * (40 + rng.IntN(120))))
}

// Peer 5 is no voter. Voter 1 observes at 19, by way of 5's events; its next event, 23, has one of 5's side
// branches behind it, so that 5 counts no more; later it observes without 5. At 28 a further branch makes the
// engine start over, and so look for all observers at once. If 19 is missed, an election ends that must not.
func TestObserverBeforeFork(t *testing.T) {
	s := newScript(core.Supermajority, 5, 6)
	s.rec.Rules = core.Crate073
	s.rec.Observations = []recording.Observation{
		{ID: core.Hash{0x84}, Kind: core.DKGMessage}, {ID: core.Hash{0x8a}, Kind: core.Opaque}}
	no := recording.None
	for _, e := range [][3]int32{ // creator, self-parent, other-parent
		{5, 5, 1}, {2, 2, -2}, {0, 0, 7}, {5, 6, 8}, {5, 9, 3}, {3, 3, 10}, {0, 8, 10}, {4, 4, 12}, {5, 10, 11}, {2, 7, 13},
		{5, 14, 15}, {2, 15, 16}, {4, 13, 17}, {1, 1, 18}, {5, no, no}, {5, 9, 18}, {2, 17, 19}, {1, 19, 20}, {2, 22, 21},
		{4, 18, 24}, {3, 11, 25}, {0, 12, 26}, {5, 9, -3}, {4, 25, 26}, {1, 23, 29}, {2, 24, 30}, {3, 26, 31}, {1, 30, 32},
		{4, 29, 33},
	} {
		ev := blank(core.PeerIndex(e[0]), core.Request)
		ev.SelfParent, ev.OtherParent = e[1], e[2]
		switch {
		case e[1] == no:
			ev.Cause = core.Initial
		case e[2] < no:
			ev.Cause, ev.OtherParent, ev.Observation = core.Observing, no, -2-e[2]
		}
		s.rec.Events = append(s.rec.Events, ev)
	}
	if err := compare(s.rec, nil, usual()...); err != nil {
		t.Error(err)
	}
}
