package history

import (
	"fmt"
	"math"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
)

// Rule 5 of core/design/acceptance.md limits what a chain votes for that is undecided. Each chain has that as two numbers.
// Of a peer that did not fork they are exact. Of one that did they are an upper bound: a branch begins with those of the
// chain that it leaves, and when a vote before that place is decided, only the chain that cast it counts it off. What
// is refused by a bound is counted exactly first, so the rule depends on the graph alone; and a branch costs O(1) to begin.

// chainVotes are the undecided votes up to the end of a chain.
type chainVotes struct {
	open  uint32
	size  uint64       // bytes of what they are for
	exact gossip.Index // up to this event they were counted exactly at the epoch, last; 0 for none
	epoch uint32
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
	c := &h.chains[h.graph.Event(e.Self).Chain]
	open, size := c.open, c.size
	over := func() bool {
		return int(open)+e.Votes > MaxUndecided || size+uint64(e.Size) > MaxUndecidedSize
	}
	if over() && h.graph.HasForked(e.By) {
		open, size = h.count(e.Self, e.By, c)
	}
	if over() {
		return fmt.Errorf("%w: its creator has %d undecided votes, about %d bytes", reason.Limit, open, size)
	}
	return nil
}

// count counts the undecided votes on the chain up to x by looking at all that there are. The end of a chain is
// counted once between two decisions of the peer's votes.
func (h *History) count(x gossip.Index, by gossip.Peer, c *chainVotes) (open uint32, size uint64) {
	end := h.graph.ChainTip(h.graph.Event(x).Chain) == x
	if end && c.exact == x && c.epoch == h.epoch(by) {
		return c.open, c.size
	}
	for i := range h.open {
		v := &h.open[i]
		if v.event != 0 && h.graph.Event(v.event).By == by && h.graph.OnChain(v.event, x) {
			open++
			size += uint64(v.size)
		}
	}
	// Staged events have no entries yet.
	for y := x; y > h.committed; y = h.graph.Event(y).Self {
		s := &h.staged[h.head+int(y-h.committed)-1]
		open, size = open+s.open, size+s.size
	}
	if end {
		*c = chainVotes{open: open, size: size, exact: x, epoch: h.epoch(by)}
	}
	return open, size
}

func (h *History) epoch(p gossip.Peer) uint32 {
	if int(p) < len(h.epochs) {
		return h.epochs[p]
	}
	return 0
}

// lengthen counts the votes of the new event x for its chain, and reports whether it is the chain's first.
func (h *History) lengthen(x gossip.Index, open uint32, size uint64) (first bool) {
	ev := h.graph.Event(x)
	if int(ev.Chain) >= len(h.chains) {
		first = h.newChain(ev)
	}
	c := &h.chains[ev.Chain]
	c.open += open
	c.size += size
	return first
}

// newChain makes room for a chain, and for those that have no event yet before it.
func (h *History) newChain(ev *gossip.Event) bool {
	for int(ev.Chain) >= len(h.chains) {
		h.chains = append(h.chains, chainVotes{})
	}
	if ev.Self != 0 {
		if before := h.graph.Event(ev.Self).Chain; before != ev.Chain {
			was := h.chains[before]
			h.chains[ev.Chain] = chainVotes{open: was.open, size: was.size}
			return true
		}
	}
	return false
}

// shorten takes back what lengthen did.
func (h *History) shorten(x gossip.Index, s *staged) {
	c := h.graph.Event(x).Chain
	if s.newChain {
		h.chains = h.chains[:c]
		return
	}
	h.chains[c].open -= s.open
	h.chains[c].size -= s.size
}

// countVotes counts what x, which is being committed, votes for: what was decided since it was staged is none.
func (h *History) countVotes(x gossip.Index, ev *gossip.Event, votes []uint32) {
	c, s := &h.chains[ev.Chain], &h.staged[h.head]
	c.open -= s.open
	c.size -= s.size
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
		for int(ev.By) >= len(h.epochs) {
			h.epochs = append(h.epochs, 0)
		}
		if h.epochs[ev.By]++; h.epochs[ev.By] == math.MaxUint32 {
			h.epochs[ev.By] = 0
		}
		h.open[i] = openVote{next: h.free}
		h.free = i
		*from = v.next
	}
}
