package core

import (
	"slices"

	"parsec/core/internal/members"
	"parsec/core/internal/wire"
)

// proposals are the observations that others were the first to vote for, until they are handed out.
type proposals struct {
	open []uint32 // observation numbers, in order of their first votes
	tidy int      // how many there are before those are dropped that need no vote any more
}

// minTidy is how many proposals are kept at least before any is looked at: 16 KB.
const minTidy = 4096

// notePeerVote takes in an observation that a peer was the first to vote for. A node that is being recovered, or that is no
// voter yet, meets many that have been decided long since by the time it can vote: they are dropped now and then, in
// amortized time O(1).
func (n *Node) notePeerVote(o uint32, by *members.Peer) {
	if by == n.self {
		return
	}
	switch n.history.Store.Observation(o).Kind {
	case wire.Opaque:
		if n.cfg.Section.Mode == Single {
			return
		}
	case wire.Genesis:
		return
	}
	p := &n.proposals
	if len(p.open) >= max(p.tidy, minTidy) {
		p.open = slices.DeleteFunc(p.open, n.voted)
		p.tidy = 2 * len(p.open)
	}
	p.open = append(p.open, o)
}

// propose hands out what was noted, as far as it is still open.
func (n *Node) propose() {
	p := &n.proposals
	if len(p.open) == 0 || n.learning != nil || !n.voter() {
		return
	}
	p.open = slices.DeleteFunc(p.open, n.voted)
	slices.Sort(p.open)
	now := p.open[:min(len(p.open), MaxVotes)]
	for _, o := range now {
		n.out.proposed = append(n.out.proposed, n.ObservationAt(ObservationIndex(o)))
	}
	p.open = slices.Delete(p.open, 0, len(now))
}
