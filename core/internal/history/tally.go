package history

import (
	"cmp"
	"slices"

	"parsec/core/internal/gossip"
)

// tally is the undecided votes of committed events of one peer, so that those up to any event of it are counted by a
// search. It is made when it is asked for, and holds until one of the peer's votes is committed or decided: that takes a
// signed event. To be asked takes none, so that a message can ask 16,384 times.
type tally struct {
	votes  []cast
	sizes  []uint64                    // what the votes before each are about, taken together, in bytes; one more at the end
	before map[gossip.Chain]chainVotes // by chain, where it was asked for: what there is before its first event
}

// cast is where an undecided vote was cast. A tally has them in order.
type cast struct {
	chain gossip.Chain
	event gossip.Index
	size  uint32
}

func (a cast) compare(b cast) int {
	return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.event, b.event))
}

// exactly counts the undecided votes on the self-parent chain up to x, an event by the peer. Time O(log votes), and
// that for each chain that x's goes back to where it is asked for the first time; O(votes of all) to make the tally.
func (h *History) exactly(x gossip.Index, by gossip.Peer) (open uint32, size uint64) {
	var all chainVotes
	root := x
	if x > h.committed {
		s := h.stagedAt(x)
		root, all = s.root, s.all
	}
	if root != 0 {
		t := h.tallies[by]
		if t == nil {
			t = h.tallyOf(by)
			h.tallies[by] = t
		}
		up := t.upTo(h.graph, h.graph.Event(root).Chain, root)
		all.open += up.open
		all.size += up.size
	}
	if id := h.graph.Event(x).Chain; h.graph.ChainTip(id) == x {
		h.chains[id] = all
	}
	return all.open, all.size
}

// tallyOf makes a peer's tally.
func (h *History) tallyOf(by gossip.Peer) *tally {
	t := &tally{before: make(map[gossip.Chain]chainVotes)}
	h.looked += uint64(len(h.open))
	for i := range h.open {
		v := &h.open[i]
		if v.event == 0 {
			continue
		}
		if ev := h.graph.Event(v.event); ev.By == by {
			t.votes = append(t.votes, cast{ev.Chain, v.event, v.size})
		}
	}
	slices.SortFunc(t.votes, cast.compare)
	t.sizes = make([]uint64, 1, len(t.votes)+1)
	for i := range t.votes {
		t.sizes = append(t.sizes, t.sizes[i]+uint64(t.votes[i].size))
	}
	return t
}

// upTo counts the votes on the chain, and those it goes back to, up to event x of it.
func (t *tally) upTo(g *gossip.Graph, c gossip.Chain, x gossip.Index) chainVotes {
	own := t.within(c, x)
	var back []gossip.Chain // chains of which it is not known what is before them, c first
	for {
		if _, ok := t.before[c]; ok {
			break
		}
		base, parent := g.ChainBase(c)
		if base == 0 {
			t.before[c] = chainVotes{}
			break
		}
		back = append(back, c)
		c = parent
	}
	all := t.before[c]
	for _, c := range slices.Backward(back) {
		base, parent := g.ChainBase(c)
		part := t.within(parent, base)
		all.open += part.open
		all.size += part.size
		t.before[c] = all
	}
	all.open += own.open
	all.size += own.size
	return all
}

// within counts the votes on one chain up to event x of it.
func (t *tally) within(c gossip.Chain, x gossip.Index) chainVotes {
	from, _ := slices.BinarySearchFunc(t.votes, cast{chain: c}, cast.compare)
	to, _ := slices.BinarySearchFunc(t.votes, cast{chain: c, event: x + 1}, cast.compare)
	return chainVotes{open: uint32(to - from), size: t.sizes[to] - t.sizes[from]}
}
