package core

import (
	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"

	"github.com/zeebo/blake3"
)

// What is in this file shows a node's graph, for tests, recordings and those who want to look. Numbers of peers,
// events and observations are this node's own.

// Len returns how many events the node's graph has.
func (n *Node) Len() int { return int(n.graph.Len()) }

// EventAt returns event i of the graph. Further aliases the node's memory.
func (n *Node) EventAt(i EventIndex) Event {
	x := gossip.Index(i + 1)
	ev := n.graph.Event(x)
	out := Event{
		Creator: PeerIndex(ev.By), Cause: Cause(ev.Cause), SelfParent: EventIndex(ev.Self - 1),
		OtherParent: EventIndex(n.other(x) - 1), Hash: Hash(*n.store.id(x)),
	}
	for k, o := range n.store.ballot(x) {
		if k == 0 {
			out.Observation = ObservationIndex(o)
			continue
		}
		out.Further = append(out.Further, ObservationIndex(o))
	}
	return out
}

// other returns x's other-parent, 0 for none.
func (n *Node) other(x gossip.Index) gossip.Index {
	if others := n.graph.Others(x); len(others) > 0 {
		return others[0]
	}
	return 0
}

// RecipientAt returns whom event i, a requesting event, is for.
func (n *Node) RecipientAt(i EventIndex) Identity { return n.recipientAt(gossip.Index(i + 1)).id }

// Peers returns the identities of the peers that the graph knows, by number.
func (n *Node) Peers() []Identity {
	out := make([]Identity, len(n.peers))
	for i, p := range n.peers {
		out[i] = p.id
	}
	return out
}

// Voters returns who votes now, by what this node has decided.
func (n *Node) Voters() []Identity {
	var out []Identity
	for _, p := range n.peers {
		if n.election.Voter(p.index) {
			out = append(out, p.id)
		}
	}
	return out
}

// Forkers returns the peers whose forks the node's graph has, nil for none: in the order in which it met them. A peer of
// which one branch alone came here is not among them.
func (n *Node) Forkers() []Identity {
	var out []Identity
	for _, p := range n.graph.Forked() {
		out = append(out, n.peers[p].id)
	}
	return out
}

// Observations returns how many observations the graph's events vote for.
func (n *Node) Observations() int { return len(n.store.contents) }

// ObservationAt returns observation i.
func (n *Node) ObservationAt(i ObservationIndex) Content {
	k := &n.store.contents[i]
	var body wire.Body
	_ = wire.ParseBody(k.body, &body)
	return contentOf(k, &body)
}

// Height returns how many blocks the node has decided.
func (n *Node) Height() uint64 { return n.blocks }

// Stats counts what the node's elections have done.
func (n *Node) Stats() Stats { return Stats(n.election.Stats) }

// State returns a hash of all that recovery restores: two nodes of one identity with the same state go on alike.
// Cost: O(events), 40 ns each or so.
func (n *Node) State() Hash {
	h := blake3.New()
	for x := gossip.Index(1); x <= n.graph.Len(); x++ {
		_, _ = h.Write(n.store.id(x)[:])
		_, _ = h.Write(n.store.signature(x)[:])
	}
	for i := range n.store.contents {
		_, _ = h.Write(n.store.contents[i].hash[:])
	}
	for _, p := range n.peers {
		voter := byte(0)
		if n.election.Voter(p.index) {
			voter = 1
		}
		_, _ = h.Write(append(p.id[:], voter))
	}
	for _, u := range n.undecided {
		_, _ = h.Write([]byte{byte(u.votes >> 24), byte(u.votes >> 16), byte(u.votes >> 8), byte(u.votes)})
	}
	b := n.blocks
	_, _ = h.Write([]byte{byte(b >> 56), byte(b >> 48), byte(b >> 40), byte(b >> 32), byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)})
	var out Hash
	copy(out[:], h.Sum(nil))
	return out
}

// verify panics if invariant 1, as far as ids go, or 3 does not hold after event x was inserted.
func (n *Node) verify(x gossip.Index) {
	if n.store.find(n.store.id(x)) != x {
		panic("core: invariant 1: an event is there twice, or not found by its id")
	}
	if n.graph.Event(x).By == n.self && n.last != x {
		panic("core: this node's last event is not")
	}
	for _, o := range n.store.ballot(x) {
		if k := &n.store.contents[o]; k.first == 0 || n.section.Observation(k.body) != k.hash {
			panic("core: invariant 3: an event votes for what is not here")
		}
	}
}

// whole reports whether invariant 2 holds, for tests: the last event descends from all. Time O(events).
func (n *Node) whole() bool {
	return n.last == 0 || len(n.graph.Missing(nil, 0, 0, n.last)) == int(n.graph.Len())
}

// IndexAt returns event i's index by creator: 0 for an initial event, else its self-parent's and 1, or as many as it
// has votes.
func (n *Node) IndexAt(i EventIndex) uint32 { return n.graph.Event(gossip.Index(i + 1)).Nth }

// SignatureAt returns event i's signature.
func (n *Node) SignatureAt(i EventIndex) [64]byte { return *n.store.signature(gossip.Index(i + 1)) }
