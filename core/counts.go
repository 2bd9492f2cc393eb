package core

import "parsec/core/internal/wire"

// Counts is what a node's messages have come to since it was started or recovered. Events of refused messages count
// as far as the message could be read; a message that waited for contents counts when it came, not again when it is
// taken in.
type Counts struct {
	Events         uint64 // that came in messages
	KnownEvents    uint64 // of those, that were in the graph already: duplicates
	Contents       uint64 // that came in messages, with their bytes
	KnownContents  uint64 // of those, that were here already: duplicates
	Signatures     uint64 // checked
	BadSignatures  uint64 // of those, that were bad
	WaitedMessages uint64 // that lacked contents when they came
}

// Counts returns the counters. Cost: none.
func (n *Node) Counts() Counts { return n.counts }

// Made returns how many events of a peer this node has, whoever brought them; 0 for one that it does not know. Cost: none.
func (n *Node) Made(id Identity) int {
	if p := n.byID[id]; p != nil {
		return p.made
	}
	return 0
}

// Waiting returns how many votes by current voters this node knows of that have no block yet: as long as there are
// any, gossip has something to bring about. In Supermajority mode, and for an Add or a Remove, a vote waits until
// enough others vote alike, for ever if they do not; so a caller that hurries while votes wait should slow down where
// gossip changes nothing. Votes of voters that forked do not count: they may never be decided. Time O(voters).
func (n *Node) Waiting() int {
	waiting := 0
	for _, p := range n.election.Voters() {
		if n.graph.HasForked(p) {
			continue
		}
		if col := int(n.graph.First(p)); col < len(n.undecided) {
			waiting += int(n.undecided[col].votes)
		}
	}
	return waiting
}

// countEvents counts the events of a message, identified.
func (n *Node) countEvents() {
	r := &n.rx
	if r.again {
		return
	}
	n.counts.Events += uint64(len(r.events))
	for i := range r.events {
		if r.events[i].fate == present {
			n.counts.KnownEvents++
		}
	}
}

// countContent counts a content that came with its bytes; known says that they were here.
func (n *Node) countContent(known bool) {
	if n.rx.again {
		return
	}
	n.counts.Contents++
	if known {
		n.counts.KnownContents++
	}
}

// countSupplied counts the contents that came because they were asked for, or as if they were.
func (n *Node) countSupplied(p *peer, m *wire.Message) {
	for i := range m.Observations {
		o := &m.Observations[i]
		_, known := n.store.number(&o.Hash)
		n.countContent(known || p.held.bodies[o.Hash] != nil)
	}
}
