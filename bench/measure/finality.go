package measure

import (
	"fmt"
	"slices"

	"github.com/montanaflynn/stats"

	"parsec/core"
	"parsec/core/recording"
)

// Outcome is what an engine made of a graph. Nothing in it depends on the machine or on time: it is the
// same in every run, and is changed only by a change to the graph or to what the engine does.
type Outcome struct {
	Blocks   int
	Finality Finality
	Stats    core.Stats
}

// Finality is how long observations waited for their blocks. A block's wait begins with its vote: the
// first event, in the order of insertion, that votes for its observation, is no later than the block,
// and was made by a voter of the block (by anyone, where the block names no voters). It ends with
// Block.At, the event whose insertion brings the block out. Both are facts of the graph and of the
// order in which it is inserted.
//
// Observations without a block in the end have no wait: one that would have been the longest may be
// missing. Look at the number of blocks beside it.
type Finality struct {
	// Events is At less the vote's place: how many events were inserted after the vote, up to At and
	// with it. It grows with the section, in which everyone gossips at the same time.
	Events Percentiles
	// Rounds is how many gossip rounds the deciding member began while it knew of the vote: the
	// requesting events on the chain of self-parents from At back to the first event of it that
	// descends from the vote. That times a member's gossip interval is about the time from vote to
	// block, less what the vote took to get there. Where a member gossips to several at once each of
	// its requests counts.
	Rounds Percentiles
	// Apart is how many blocks came out at an event that does not descend from the vote: after a
	// partition, say, when the other side had decided by votes of its own. They have no rounds.
	Apart int
}

// Percentiles are of one figure over many blocks, by nearest rank: each is the figure of some block.
// They are 0 where there is none.
type Percentiles struct{ P50, P99 float64 }

// Decide feeds r to an engine and returns what came of it. It takes as long as that, and copies the
// blocks; it is not what is to be timed.
func Decide(r *recording.Recording) (Outcome, error) {
	e, err := r.Engine()
	if err != nil {
		return Outcome{}, err
	}
	var blocks []recording.Block
	for i := range r.Events {
		if _, err := r.Insert(e, i); err != nil {
			return Outcome{}, fmt.Errorf("event %d: %w", i, err)
		}
		for _, b := range e.Blocks() {
			blocks = append(blocks, recording.Block{Observation: b.Observation, Voters: slices.Clone(b.Voters), At: b.At})
		}
	}
	f, err := Waits(r, blocks)
	return Outcome{Blocks: len(blocks), Finality: f, Stats: e.Stats()}, err
}

// Waits computes the finality of blocks, which came out of r's events in this order. The error is about
// a block that no event votes for. It takes time for each event that is inserted while a block waits.
func Waits(r *recording.Recording, blocks []recording.Block) (f Finality, err error) {
	votes := make([][]int, len(r.Observations)) // places of the votes for each, ascending
	for i, e := range r.Events {
		if e.Cause == core.Observing {
			votes[e.Observation] = append(votes[e.Observation], i)
		}
	}
	var events, rounds []float64
	known := make([]int, len(r.Events))
	for i, b := range blocks {
		v, ok := firstVote(r, votes[b.Observation], b)
		if !ok {
			return Finality{}, fmt.Errorf("block %d: no event up to %d is a vote for observation %d by its voters", i, b.At, b.Observation)
		}
		events = append(events, float64(int(b.At)-v))
		if n := requests(r, v, int(b.At), known); n >= 0 {
			rounds = append(rounds, float64(n))
		} else {
			f.Apart++
		}
	}
	if f.Events, err = percentiles(events); err == nil {
		f.Rounds, err = percentiles(rounds)
	}
	return f, err
}

// firstVote returns which of votes begins the wait for b.
func firstVote(r *recording.Recording, votes []int, b recording.Block) (place int, ok bool) {
	for _, v := range votes {
		if v > int(b.At) {
			break
		}
		if len(b.Voters) == 0 || slices.Contains(b.Voters, r.Events[v].Creator) {
			return v, true
		}
	}
	return 0, false
}

// requests returns the number of requesting events on the chain of self-parents from event at back to
// the first that descends from v, which is not after at; -1 if at does not descend from v. It writes the
// same for every event from v to at over known.
func requests(r *recording.Recording, v, at int, known []int) int {
	known[v] = 0
	for i := v + 1; i <= at; i++ {
		e := &r.Events[i]
		n := -1
		if int(e.SelfParent) >= v { // None is less than any place
			n = known[e.SelfParent]
		}
		if n < 0 && int(e.OtherParent) >= v && known[e.OtherParent] >= 0 {
			n = 0
		} else if n >= 0 && e.Cause == core.Requesting {
			n++
		}
		known[i] = n
	}
	return known[at]
}

func percentiles(of []float64) (p Percentiles, err error) {
	if len(of) == 0 {
		return p, nil
	}
	if p.P50, err = stats.PercentileNearestRank(of, 50); err == nil {
		p.P99, err = stats.PercentileNearestRank(of, 99)
	}
	return p, err
}
