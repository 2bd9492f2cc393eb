package election

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

var benchSizes = []int{4, 8, 16, 32, 64, 100, 256}

// gossiping returns an election of n voters in Single mode that has taken in a seeded random gossip, and
// stands in the middle of an election with meta-votes.
func gossiping(b *testing.B, n int) *Election {
	b.Helper()
	e := New(true, false, coin.PredictableRoundParity{})
	var genesis []gossip.Peer
	for i := range n {
		p, err := e.AddPeer([32]byte{byte(i >> 8), byte(i)})
		if err != nil {
			b.Fatal(err)
		}
		genesis = append(genesis, p)
	}
	e.Start(genesis)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	last := make([]gossip.Index, n)
	insert := func(p int, cause gossip.Cause, other gossip.Index, datum uint32) {
		x, err := insertAs(e, gossip.Peer(p), cause, last[p], other, false, datum)
		if err != nil {
			b.Fatal(err)
		}
		last[p] = x
	}
	for p := range n {
		insert(p, gossip.Initial, 0, 0)
	}
	for round := 0; ; round++ {
		p := rng.IntN(n)
		q := (p + 1 + rng.IntN(n-1)) % n
		if round%3 == 0 {
			o, err := e.AddObservation(Observation{Hash: [32]byte{byte(round >> 16), byte(round >> 8), byte(round)}}, nil)
			if err != nil {
				b.Fatal(err)
			}
			insert(p, gossip.Observation, 0, o)
		}
		insert(p, gossip.Requesting, 0, 0)
		insert(q, gossip.Request, last[p], 0)
		insert(p, gossip.Response, last[q], 0)
		if e.Stats.Decisions > 2 && e.metaVotes.used > 2*n*e.metaVotes.groups {
			return e
		}
		if round > 1000*n {
			b.Fatal("no election is under way")
		}
	}
}

// following returns the last entry with meta-votes that follow others by the same creator.
func following(b *testing.B, e *Election) (x gossip.Index, i int, before uint32) {
	b.Helper()
	w := &e.window
	for i = w.size - 1; i > 0; i-- {
		in := &w.info[i]
		if in.kind == receiving && w.votes[i] != 0 && in.sync > e.base && w.votes[in.sync-w.base] != 0 {
			return w.base + gossip.Index(i), i, w.votes[in.sync-w.base]
		}
	}
	b.Fatal("no event follows an observer")
	return
}

// BenchmarkStronglySees finds out which voters' first interesting events one event strongly sees: one
// count over the sets of all its last ancestors.
func BenchmarkStronglySees(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			e := gossiping(b, n)
			_, i, _ := following(b, e)
			for b.Loop() {
				if e.small {
					e.countLanes(i)
				} else {
					e.countPlanes(i)
				}
			}
		})
	}
}

// BenchmarkObserverSearch asks every event of the window whether it is an observer, and computes the sets
// that takes; per event.
func BenchmarkObserverSearch(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			e := gossiping(b, n)
			events := 0
			for b.Loop() {
				e.observers.filled = e.observers.lowest
				e.fillSets(e.g.Len())
				events = 0
				for i := range e.window.size {
					if in := &e.window.info[i]; in.kind == receiving {
						e.probe(e.window.base+gossip.Index(i), i, in)
						events++
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/probe")
		})
	}
}

// BenchmarkMetaVotes computes the meta-votes of one event about all voters, at all steps it has.
func BenchmarkMetaVotes(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			e := gossiping(b, n)
			x, i, before := following(b, e)
			used := e.metaVotes.used
			e.metaVotes.forked = true // nothing may be taken over from the chain's last evaluation
			in := e.window.info[i]
			for b.Loop() {
				e.window.votes[i] = 0
				e.evaluate(x, i, before, &in)
				e.metaVotes.used = used
			}
			b.ReportMetric(float64(e.metaVotes.versions[before].top), "steps")
			b.ReportMetric(float64(e.metaVotes.classes.count), "classes")
		})
	}
}

// BenchmarkDecision tallies and orders the keys that count if all voters are decided true.
func BenchmarkDecision(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			e := gossiping(b, n)
			keys := 0
			for b.Loop() {
				for i := range e.voters {
					if f, view := e.observed(int16(i), e.g.Len()); f != 0 {
						e.tallyContent(f, view)
					}
				}
				e.rank()
				keys = len(e.decided)
				e.decided = e.decided[:0]
			}
			b.ReportMetric(float64(keys), "keys")
		})
	}
}

// BenchmarkCounter counts the bits of as many words as there are voters.
func BenchmarkCounter(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(2, 3))
			words := make([]uint64, 4*n)
			at := make([]uint32, n)
			for i := range words {
				words[i] = rng.Uint64()
			}
			for i := range at {
				at[i] = uint32(rng.IntN(len(words)))
			}
			var c counter
			for b.Loop() {
				c.count(words, at)
			}
		})
	}
}

// insertAs inserts an event of any cause, with the vote or the other-parent that it has.
func insertAs(e *Election, by gossip.Peer, cause gossip.Cause, self, other gossip.Index, odd bool, o uint32) (gossip.Index, error) {
	if cause == gossip.Observation {
		return e.InsertVotes(by, self, []uint32{o}, odd)
	}
	return e.Insert(by, cause, self, []gossip.Index{other}, odd)
}
