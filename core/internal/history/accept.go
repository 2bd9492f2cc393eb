package history

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Event is one that may come in. Its parents are in the graph and its creator has a number.
type Event struct {
	By        gossip.Peer
	Cause     gossip.Cause
	Self      gossip.Index   // 0 for an initial event
	Others    []gossip.Index // of requests and responses
	Recipient *members.Peer  // requesting: nil unless known
	Stranger  *wire.Hash     // requesting: the recipient's identity if Recipient is nil
	Votes     int            // how many votes it carries
	Size      int            // bytes of what it votes for
	Open      int            // how many of its votes are for what is undecided
	OpenSize  int            // bytes of what those are for
	ID        *wire.Hash
	Signature *[64]byte
}

// Header returns what an event's id covers. Root is that of its votes, for events with votes. It is valid until the next
// call.
func (h *History) Header(e *Event, root wire.Hash) wire.Header {
	head := wire.Header{Creator: h.Members.At(e.By).ID, Cause: wire.Cause(e.Cause), Votes: uint32(e.Votes), Root: root}
	if e.Self != 0 {
		head.Index = h.graph.Event(e.Self).Nth + max(1, uint32(e.Votes))
		head.SelfParent = *h.Store.ID(e.Self)
	}
	h.others = h.others[:0]
	for _, x := range e.Others {
		h.others = append(h.others, *h.Store.ID(x))
	}
	head.OtherParents = h.others
	switch {
	case e.Recipient != nil:
		head.Recipient = e.Recipient.ID
	case e.Stranger != nil:
		head.Recipient = *e.Stranger
	}
	return head
}

// Acceptable returns why an event may not come in, or not yet. The rule and why it cuts nobody off are in
// core/design/acceptance.md: each part is either settled by what the event descends from, or stays true once it
// is as the graph grows.
func (h *History) Acceptable(e *Event) error {
	g := h.graph
	switch {
	case g.Len() >= gossip.MaxEvents:
		return fmt.Errorf("%w: %d events", reason.ErrLimit, gossip.MaxEvents)
	case h.votes+h.stagedFor+e.Votes > maxVotes, h.Store.Observations()+h.stagedFor+e.Votes > maxObservations:
		return fmt.Errorf("%w: %d votes in all", reason.ErrLimit, h.votes)
	case bug.On(bug.CapBranches) && g.Branches() > 0 && h.branches(e):
		return fmt.Errorf("%w: one branch of one fork", reason.ErrLimit)
	case e.By == h.Members.Self().Index && !h.trusting && bug.On(bug.OwnUnchecked):
		return nil
	case e.Self != 0 && g.Event(e.Self).By != e.By:
		return fmt.Errorf("%w: its self-parent is by another creator", reason.ErrInvalidEvent)
	}
	for _, x := range e.Others {
		if err := h.mayHear(e, x); err != nil {
			return err
		}
	}
	if e.Size > MaxVotesSize {
		return fmt.Errorf("%w: it votes about %d bytes, of %d", reason.ErrLimit, e.Size, MaxVotesSize)
	}
	if e.Votes > 0 {
		return h.withinMeasure(e)
	}
	return nil
}

// branches reports whether an event begins a branch.
func (h *History) branches(e *Event) bool {
	if e.Self == 0 {
		return h.graph.ChainTip(h.graph.First(e.By)) != 0
	}
	return h.graph.ChainTip(h.graph.Event(e.Self).Chain) != e.Self
}

// mayHear asks "no feeding of forks" of one other-parent.
func (h *History) mayHear(e *Event, other gossip.Index) error {
	g := h.graph
	by := g.Event(other).By
	if by == e.By {
		return fmt.Errorf("%w: its other-parent is by its own creator", reason.ErrInvalidEvent)
	}
	if e.Self != 0 && g.HasForked(by) && !bug.On(bug.TakeForkers) {
		if _, fork := g.Tip(e.Self, by); fork {
			return fmt.Errorf("%w: its creator had seen a fork by the other-parent's", reason.ErrInvalidEvent)
		}
	}
	if t, fork := g.Tip(other, e.By); fork || t != 0 && (e.Self == 0 || !g.OnChain(t, e.Self)) {
		return fmt.Errorf("%w: it descends from a fork by its own creator", reason.ErrInvalidEvent)
	}
	return nil
}
