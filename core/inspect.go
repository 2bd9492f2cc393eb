package core

import (
	"encoding/binary"
	"slices"

	"parsec/core/internal/gossip"

	"github.com/zeebo/blake3"
)

// What is in this file shows a node's graph, for tests, recordings and those who want to look. Numbers of peers,
// events and observations are this node's own.

// Len returns how many events the node's graph has.
func (n *Node) Len() int { return int(n.history.Len()) }

// EventAt returns event i of the graph. Its lists are copies.
func (n *Node) EventAt(i EventIndex) Event {
	x := gossip.Index(i + 1)
	ev := n.history.Graph().Event(x)
	out := Event{
		Creator: PeerIndex(ev.By), Cause: Cause(ev.Cause), SelfParent: EventIndex(ev.Self - 1),
		Hash: Hash(*n.history.Store.ID(x)),
	}
	for _, other := range n.history.Graph().Others(x) {
		out.OtherParents = append(out.OtherParents, EventIndex(other-1))
	}
	for k, o := range n.history.Store.Votes(x) {
		if k == 0 {
			out.Observation = ObservationIndex(o)
			continue
		}
		out.Further = append(out.Further, ObservationIndex(o))
	}
	return out
}

// RecipientAt returns whom event i, a requesting event, is for.
func (n *Node) RecipientAt(i EventIndex) Identity {
	return Identity(n.history.Recipient(gossip.Index(i + 1)))
}

// Peers returns the identities of the peers that the graph knows, by number.
func (n *Node) Peers() []Identity {
	peers := n.history.Members.Peers()
	out := make([]Identity, len(peers))
	for i, p := range peers {
		out[i] = Identity(p.ID)
	}
	return out
}

// Voters returns who votes now, by what this node has decided.
func (n *Node) Voters() []Identity {
	var out []Identity
	for _, p := range n.history.Members.Peers() {
		if n.history.Voter(p) {
			out = append(out, Identity(p.ID))
		}
	}
	return out
}

// Forkers returns the peers whose forks the node's graph has, nil for none: in the order in which it met them. A peer of
// which one branch alone came here is not among them.
func (n *Node) Forkers() []Identity {
	var out []Identity
	for _, p := range n.history.Graph().Forked() {
		out = append(out, n.identityAt(p))
	}
	return out
}

// Observations returns how many observations the graph's events vote for.
func (n *Node) Observations() int { return n.history.Store.Observations() }

// ObservationAt returns observation i.
func (n *Node) ObservationAt(i ObservationIndex) Content {
	return contentOf(n.history.Store.Observation(uint32(i)))
}

// Height returns how many blocks the node has decided.
func (n *Node) Height() uint64 { return n.history.Height() }

// Stats counts what the node's elections have done.
func (n *Node) Stats() Stats { return Stats(n.history.Election().Stats) }

// State returns a hash of all that recovery restores: two nodes of one identity with the same state go on alike.
// Cost: O(events), 40 ns each or so.
func (n *Node) State() Hash {
	h := blake3.New()
	for x := gossip.Index(1); x <= n.history.Len(); x++ {
		_, _ = h.Write(n.history.Store.ID(x)[:])
		_, _ = h.Write(n.history.Store.Signature(x)[:])
	}
	for i := range n.history.Store.Observations() {
		_, _ = h.Write(n.history.Store.Observation(uint32(i)).Hash[:])
	}
	for _, p := range n.history.Members.Peers() {
		voter := byte(0)
		if n.history.Voter(p) {
			voter = 1
		}
		_, _ = h.Write(append(slices.Clone(p.ID[:]), voter))
		if !n.history.Graph().HasForked(p.Index) {
			votes, size := n.history.Undecided(n.firstOf(p))
			_, _ = h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(votes)), size))
		}
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, n.history.Height()))
	var out Hash
	copy(out[:], h.Sum(nil))
	return out
}

// verify panics if an event after place was is not behind this node's last one. (Package history checks the others.)
func (n *Node) verify(was gossip.Index) {
	for x := was + 1; x <= n.history.Len(); x++ {
		if !n.history.Graph().Descends(n.last, x) {
			panic("core: invariant 2: an event is not behind the node's last")
		}
	}
	if n.history.Staged() != n.history.Len() {
		panic("core: events are staged, and neither committed nor dropped")
	}
}

// whole reports whether invariant 2 holds. Time O(events).
func (n *Node) whole() bool {
	return len(n.history.Graph().Missing(nil, 0, 0, n.last)) == int(n.history.Graph().Len())
}

// IndexAt returns event i's index by creator: 0 for an initial event, else its self-parent's and 1, or as many as it
// has votes.
func (n *Node) IndexAt(i EventIndex) uint32 { return n.history.Graph().Event(gossip.Index(i + 1)).Nth }

// SignatureAt returns event i's signature.
func (n *Node) SignatureAt(i EventIndex) [64]byte {
	return *n.history.Store.Signature(gossip.Index(i + 1))
}
