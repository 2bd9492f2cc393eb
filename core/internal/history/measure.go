package history

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
)

// Rule 5 of core/design/acceptance.md limits what a chain votes for that is undecided. Each chain has that as two numbers.
// For the last event of a peer that did not fork they are exact. Else they are an upper bound: a branch begins with those
// of the chain that it leaves, and when a vote before that place is decided, only the chain that cast it counts it off.
// What is refused by a bound is counted exactly first (tally.go), so the rule depends on the graph alone; and a branch
// costs O(1) to begin.

// chainVotes are the undecided votes up to the end of a chain.
type chainVotes struct {
	open uint32
	size uint64 // bytes of what they are for
}

// openVote is one vote for an observation that was undecided when it came.
type openVote struct {
	event gossip.Index // 0 for a free entry
	next  uint32       // the next for the observation, 0 for none
	size  uint32       // bytes of what it is for
}

// Undecided returns how many votes on the chain up to x, its last event, are undecided, and how many bytes they are
// about. Exact for a peer that did not fork.
func (h *History) Undecided(x gossip.Index) (votes int, size uint64) {
	if x == 0 {
		return 0, 0
	}
	c := &h.chains[h.graph.Event(x).Chain]
	return int(c.open), c.size
}

// withinMeasure asks rule 5.
func (h *History) withinMeasure(e *Event) error {
	if e.Self == 0 {
		return nil
	}
	id := h.graph.Event(e.Self).Chain
	open, size := h.chains[id].open, h.chains[id].size
	over := func() bool {
		return int(open)+e.Votes > MaxUndecided || size+uint64(e.Size) > MaxUndecidedSize
	}
	if over() && (h.graph.HasForked(e.By) || h.graph.ChainTip(id) != e.Self) {
		open, size = h.exactly(e.Self, e.By)
	}
	if over() {
		return fmt.Errorf("%w: its creator has %d undecided votes, about %d bytes", reason.ErrLimit, open, size)
	}
	return nil
}

// lengthen counts the votes of the new event x for its chain, and reports whether it begins it.
func (h *History) lengthen(x gossip.Index, open uint32, size uint64) (first bool) {
	ev := h.graph.Event(x)
	for int(ev.Chain) >= len(h.chains) {
		h.chains = append(h.chains, chainVotes{})
	}
	c := &h.chains[ev.Chain]
	switch {
	case ev.Self == 0:
		first = true
	case h.graph.Event(ev.Self).Chain != ev.Chain:
		first = true
		*c = h.chains[h.graph.Event(ev.Self).Chain]
	}
	c.open += open
	c.size += size
	return first
}

// shorten takes back what lengthen did.
func (h *History) shorten(x gossip.Index, s *staged) {
	c := &h.chains[h.graph.Event(x).Chain]
	if s.first {
		*c = chainVotes{}
		return
	}
	c.open -= s.open
	c.size -= s.size
}

// countVotes counts what x, which is being committed, votes for: what was decided since it was staged is none.
func (h *History) countVotes(x gossip.Index, ev *gossip.Event, votes []uint32) {
	c, s := &h.chains[ev.Chain], &h.staged[h.head]
	c.open -= s.open
	c.size -= s.size
	if len(votes) > 0 {
		delete(h.tallies, ev.By)
	}
	for _, o := range votes {
		if h.election.Done(o, ev.By) {
			continue
		}
		k := h.Store.Observation(o)
		i := h.free
		if i != 0 {
			h.free = h.open[i].next
		} else {
			i = uint32(len(h.open))
			h.open = append(h.open, openVote{})
		}
		h.open[i] = openVote{event: x, next: k.Open, size: uint32(len(k.Body))}
		k.Open = i
		c.open++
		c.size += uint64(len(k.Body))
	}
}

// closeVotes counts off the votes for an observation that is decided now, those of one peer if one vote decides it.
func (h *History) closeVotes(o uint32, by gossip.Peer) {
	from := &h.Store.Observation(o).Open
	for *from != 0 {
		i := *from
		v := h.open[i]
		ev := h.graph.Event(v.event)
		if by != members.None && ev.By != by {
			from = &h.open[i].next
			continue
		}
		c := &h.chains[ev.Chain]
		c.open--
		c.size -= uint64(v.size)
		delete(h.tallies, ev.By)
		h.open[i] = openVote{next: h.free}
		h.free = i
		*from = v.next
	}
}
