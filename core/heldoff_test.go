package core_test

import (
	"math/rand/v2"
	"testing"

	"parsec/core"
	"parsec/core/internal/gossip"
	"parsec/core/recording"
)

// scheduler is an adversary who decides who hears whom, and knows how coins will fall. All members are honest.
// It holds an election off: for one step of the meta-votes after the other it looks for a schedule by which the
// voters do not begin the step alike.
type scheduler struct {
	rng    *rand.Rand
	coin   tossing
	stages []*recording.Recording // the graph as it was when each step had begun, and one before the first
	tries  int
}

func newScheduler(seed uint64, n int, coin tossing) *scheduler {
	s := newScript(core.Supermajority, n, n)
	s.vote(s.observe(core.Opaque, 0), upTo(n)...)
	return &scheduler{rng: rand.New(rand.NewPCG(seed, uint64(n))), coin: coin, stages: []*recording.Recording{s.rec}}
}

// hold goes on until all voters are at a step, from 0, or there were so many tries. It returns the graph.
func (s *scheduler) hold(step, tries int) *recording.Recording {
	for len(s.stages) < step+2 && s.tries < tries {
		g, found := s.stages[len(s.stages)-1], false
		for k := 0; k < 150 && !found && s.tries < tries; k++ {
			s.tries++
			next := gossipOn(g, 16*len(g.Peers), s.rng)
			if at := split(next, s.coin, len(g.Events)-1, len(s.stages)-1); at >= 0 {
				next.Events = next.Events[:at+1]
				s.stages, found = append(s.stages, next), true
			}
		}
		if !found && len(s.stages) > 1 {
			s.stages = s.stages[:len(s.stages)-1]
		}
	}
	return s.stages[len(s.stages)-1]
}

// gossipOn returns a graph with so many more sync events, in which who hears whom has weights that change.
func gossipOn(rec *recording.Recording, events int, rng *rand.Rand) *recording.Recording {
	out := *rec
	out.Events = append([]recording.Event(nil), rec.Events...)
	n := len(rec.Peers)
	last := make([]int32, n)
	for i, e := range out.Events {
		last[e.Creator] = int32(i)
	}
	var links []link
	for range events {
		if len(links) == 0 || rng.IntN(12) == 0 {
			links = links[:0]
			for i := range n * n {
				for range rng.IntN(12) - 6 {
					links = append(links, link{core.PeerIndex(i / n), core.PeerIndex(i % n)})
				}
			}
			continue
		}
		l := links[rng.IntN(len(links))]
		if l.by == l.from {
			continue
		}
		e := blank(l.by, core.Request+core.Cause(rng.IntN(2)))
		e.SelfParent, e.OtherParent = last[l.by], last[l.from]
		last[l.by] = int32(len(out.Events))
		out.Events = append(out.Events, e)
	}
	return &out
}

// split returns the first event, from one on, at which all voters are at a step about a subject and did not begin
// it alike; -1 if there is none before the election ends.
func split(rec *recording.Recording, coin tossing, from, step int) int {
	n := len(rec.Peers)
	p, err := newPair(rec, nil, coin, variant{passes: true})
	if err != nil {
		panic(err)
	}
	began := make([]uint8, n*n) // by subject, voter: 1 true, 2 false, 3 both
	for i := range rec.Events {
		if err := p.insert(i); err != nil {
			panic(err)
		}
		if p.engine.Stats().Decisions > 0 {
			return -1
		}
		m, ok := core.Inner(p.engine).Inspect(gossip.Index(i + 1))
		if !ok || m.Votes == nil {
			continue
		}
		for subject, votes := range m.Votes {
			of := began[subject*n:][:n]
			if b := &of[rec.Events[i].Creator]; len(votes) > step && *b == 0 && votes[len(votes)-1].Decision == 0 {
				if votes[step].EstT {
					*b |= 1
				}
				if votes[step].EstF {
					*b |= 2
				}
			}
			var k [4]int
			for _, b := range of {
				k[b]++
			}
			if i >= from && k[0] == 0 && k[1] > 0 && k[2] > 0 && k[1]+k[3] >= n/2 && k[2]+k[3] >= n/2 {
				return i
			}
		}
	}
	return -1
}

// TestHeldOff has the scheduler hold an election off for rounds, knowing that coins fall by the parity of the
// round, and then lets the same schedules run with the concrete coin. Its bits the scheduler does not know, as it
// could not if ids were real and events made as they are heard of: most elections then end on the way.
func TestHeldOff(t *testing.T) {
	const n, rounds, seeds = 5, 5, 100
	if testing.Short() {
		t.Skip("it searches for seconds")
	}
	for seed := range uint64(2) {
		s := newScheduler(seed, n, nil)
		rec := s.hold(3*rounds, 20000)
		decided, err := decide(rec)
		if len(s.stages) != 3*rounds+2 || err != nil || len(decided) > 0 {
			t.Fatalf("seed %d: held off for %d steps, in %d tries, then decides %v; %v", seed, len(s.stages)-2, s.tries, decided, err)
		}
		var ended [rounds + 1]int // by round: elections that end before all voters are there by the schedule
		for r := 1; r <= rounds; r++ {
			for coin := range uint64(seeds) {
				switch decided, err := decideBy(concreteCoin(coin))(s.stages[3*r+1]); {
				case err != nil:
					t.Fatal(err)
				case len(decided) > 0:
					ended[r]++
				}
			}
		}
		t.Logf("seed %d: %d events, found in %d tries, hold the predictable coin off for %d rounds; of %d elections with the concrete coin, there end before a round %v",
			seed, len(rec.Events), s.tries, rounds, seeds, ended)
		if ended[1] > 0 || ended[rounds] < seeds*3/4 { // no coin matters before round 1
			t.Errorf("seed %d: with the concrete coin there end, by round, %v of %d elections", seed, ended, seeds)
		}
	}
}
