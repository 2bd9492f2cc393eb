package core

import (
	"fmt"
	"slices"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// Limits of the messages that a node sends. What does not fit follows when the recipient has shown that it has the
// first part. They are below those of what it takes: it can always send on what it was sent.
const (
	maxSent       = wire.MaxRaw - 64<<10 // bytes, about, with all contents
	maxSentEvents = wire.MaxEvents
	maxSentVotes  = wire.MaxMessageVotes
)

// sender has what writing a message needs, reused from message to message.
type sender struct {
	message   wire.Message
	raw       []byte
	events    []gossip.Index          // what the recipient lacks
	parents   map[gossip.Index]uint32 // by event outside: its place among the message's parents
	slots     []uint32                // by peer: 1 + its place among the message's creators
	strangers map[Identity]uint32     // likewise, of those that are no peers
	stamp     uint32
	again     int // bytes of the message that the recipient was sent before
	bodies    []wire.Body
	ends      []int
	hashes    []wire.Hash
	votes     []uint32

	own       candidate // the event being made
	id        wire.Hash
	signature [64]byte
}

// Recipients returns who can be gossiped to, in order of identity: the other voters that have shown that they know
// they are members, and contacts that are not known as peers. None for a node that was removed.
func (n *Node) Recipients() []Identity {
	var out []Identity
	if n.removed() {
		return nil
	}
	for _, p := range n.peers {
		if n.receives(p) {
			out = append(out, p.id)
		}
	}
	for _, id := range n.cfg.Contacts {
		if n.isContact(n.byID[id]) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareIdentities)
	return out
}

// removed reports whether this node was a voter and is none.
func (n *Node) removed() bool { return n.peers[n.self].numbered && !n.election.Voter(n.self) }

// receives reports whether p can be gossiped to.
func (n *Node) receives(p *peer) bool {
	return p.index != noPeer && p.index != n.self && p.numbered && n.election.Voter(p.index) &&
		(int(p.number) < len(n.founders) || n.graph.ChainTip(n.graph.First(p.index)) != 0) &&
		!n.sawFork(p)
}

// isContact reports whether p is one of the contacts and is not known to be anything else.
func (n *Node) isContact(p *peer) bool {
	return p.index == noPeer && slices.Contains(n.cfg.Contacts, p.id)
}

// Gossip makes a request to a peer: an event that says so, and a message with all that the peer is not known to have.
//
// Errors: [ErrUnknownPeer]; [ErrPeerState] for a peer that is not among [Node.Recipients]; [ErrSelfState] for a node
// that was removed. A restored node asks for what it lacks instead, and makes no event.
func (n *Node) Gossip(to Identity) error {
	p := n.byID[to]
	switch {
	case n.out.handed:
		return ErrNotAdvanced
	case p == nil:
		return fmt.Errorf("%w: %x", ErrUnknownPeer, to[:8])
	case n.removed():
		return fmt.Errorf("%w: removed", ErrSelfState)
	case !n.receives(p) && !n.isContact(p):
		return fmt.Errorf("%w: %x cannot be gossiped to", ErrPeerState, to[:8])
	}
	if n.learning != nil {
		n.ask(p)
		return nil
	}
	if p.index == noPeer {
		n.stranger(n.graph.Len()+1, to)
	}
	if _, err := n.make(gossip.Requesting, 0, nil, p.index); err != nil {
		return err
	}
	n.send(p, wire.KindRequest)
	return nil
}

// send writes a message with what p is not known to have.
func (n *Node) send(p *peer, kind wire.MessageKind) { n.sendUpTo(p, kind, n.last) }

// sendUpTo is send with what event last, one of this node's own, descends from.
func (n *Node) sendUpTo(p *peer, kind wire.MessageKind, last gossip.Index) {
	t := &n.tx
	known := knownEvents{shown: p.shown}
	if p.index != noPeer {
		known.tip, _ = n.graph.Tip(last, p.index)
	}
	if t.events = n.graph.Missing(t.events[:0], known.tip, known.shown, last); len(t.events) == 0 {
		return
	}
	n.sendEvents(p, kind, known)
}

// knownEvents are what the recipient of a message is known to have: two events, and what they descend from.
type knownEvents struct {
	tip   gossip.Index // its own last, as far as it came; 0 for none
	shown gossip.Index // one of this node's, which it said it has; 0 for none
}

// had reports whether the recipient is known to have event x.
func (n *Node) had(known knownEvents, x gossip.Index) bool {
	return known.tip != 0 && n.graph.Descends(known.tip, x) || known.shown != 0 && n.graph.Descends(known.shown, x)
}

// sendEvents writes a message with the events listed, as many as there is room for.
func (n *Node) sendEvents(p *peer, kind wire.MessageKind, known knownEvents) {
	t := &n.tx
	m := &t.message
	m.Creators, m.Observations, m.Parents, m.Wants = m.Creators[:0], m.Observations[:0], m.Parents[:0], m.Wants[:0]
	m.Events, m.Votes = m.Events[:0], m.Votes[:0]
	if t.parents == nil {
		t.parents = make(map[gossip.Index]uint32)
	}
	p.owed = 0
	if len(t.parents) > 1024 { // clearing takes as long as it was ever large
		t.parents = make(map[gossip.Index]uint32)
	}
	clear(t.parents)
	clear(t.strangers)
	for len(t.slots) < len(n.peers) {
		t.slots = append(t.slots, 0)
	}
	clear(t.slots)
	t.stamp++
	asks := kind.Asks()
	size, soft := 0, maxSent
	if kind == wire.KindResponse && n.cfg.MaxAnswer > 0 {
		soft = n.cfg.MaxAnswer
	}
	useful := false // the recipient can build on something in the message
	for i, x := range t.events {
		if i == maxSentEvents {
			break
		}
		size += n.sizeOf(known, x)
		if useful && size > soft {
			break
		}
		if i > 0 && (size > maxSent || len(m.Votes)+len(n.store.ballot(x)) > maxSentVotes || len(m.Creators)+2 > wire.MaxCreators) {
			break
		}
		n.write(p, known, x)
		useful = useful || n.buildable(p, x)
	}
	m.More = len(m.Events) < len(t.events)
	if m.More && known.tip != 0 && kind != wire.KindTeach {
		m.Has = *n.store.id(known.tip)
		if kind = wire.KindPartResponse; asks {
			kind = wire.KindPartRequest
		}
	}
	if k := len(m.Events); k > 0 {
		before, _ := slices.BinarySearch(t.events[:k], p.sentTo+1)
		t.again = before * eventBytes
		p.sentTo = max(p.sentTo, t.events[k-1])
	}
	n.sendTables(p, kind)
}

// eventBytes is about what an event takes in a message.
const eventBytes = 128

// buildable reports whether p, who has decided no more than this node, is sure to build on event x if it has not yet. An
// answer that ends before the first such event could be one that p takes nothing of, and asks for again, for ever.
func (n *Node) buildable(p *peer, x gossip.Index) bool {
	ev := n.graph.Event(x)
	return ev.Cause.Sync() && ev.By != p.index && n.election.Voter(ev.By) && !n.graph.HasForked(ev.By)
}

// sizeOf returns about how many bytes event x takes in the message, with all that it votes for and no event before it in
// the message did. Contents that the recipient was sent count too: it may have to ask for them, and holds as many.
func (n *Node) sizeOf(known knownEvents, x gossip.Index) int {
	size := 64 + 2*40 + 40
	for _, o := range n.store.ballot(x) {
		size += 40
		if k := &n.store.contents[o]; k.stamp != n.tx.stamp && !n.had(known, k.first) {
			size += len(k.body)
		}
	}
	return size
}

// needs reports whether the content of observation o goes along: the recipient was not sent it, and is not known to
// have it by the event that voted for it first.
func (n *Node) needs(to *peer, known knownEvents, o uint32) bool {
	return !to.hasContent(o) && !n.had(known, n.store.contents[o].first)
}

// write appends event x to the message. All that it descends from is in the message, or had by the recipient.
func (n *Node) write(p *peer, known knownEvents, x gossip.Index) {
	t := &n.tx
	m := &t.message
	ev := n.graph.Event(x)
	out := wire.Event{
		Creator: t.creator(p, n.peers[ev.By]), Cause: wire.Cause(ev.Cause), Signature: *n.store.signature(x),
		First: uint32(len(m.Votes)),
	}
	if ev.Self != 0 {
		out.Self = n.ref(ev.Self)
	}
	if other := n.other(x); other != 0 {
		out.Other = n.ref(other)
	}
	switch ev.Cause {
	case gossip.Requesting:
		out.Recipient = t.creator(p, n.recipientAt(x))
	case gossip.Observation:
		for _, o := range n.store.ballot(x) {
			m.Votes = append(m.Votes, n.observation(p, known, o))
		}
		out.Count = uint32(len(m.Votes)) - out.First
	}
	m.Events = append(m.Events, out)
}

// creator returns a peer's place in the message's table.
func (t *sender) creator(to, q *peer) uint16 {
	unnumbered := t.strangers[q.id]
	slot := &unnumbered
	if q.index != noPeer {
		slot = &t.slots[q.index]
	}
	if *slot == 0 {
		c := wire.Creator{Key: wire.Hash(q.id)}
		if q.numbered && q.number < to.knows {
			c = wire.Creator{ByNumber: true, Number: q.number}
		}
		t.message.Creators = append(t.message.Creators, c)
		*slot = uint32(len(t.message.Creators))
		if q.index == noPeer {
			if t.strangers == nil {
				t.strangers = make(map[Identity]uint32)
			}
			t.strangers[q.id] = *slot
		}
	}
	return uint16(*slot - 1)
}

// ref returns what names a parent: its place in the message, or among the parents outside.
func (n *Node) ref(x gossip.Index) wire.Ref {
	t := &n.tx
	written := t.events[:len(t.message.Events)]
	if i, ok := slices.BinarySearch(written, x); ok {
		return wire.InMessage(i)
	}
	i, ok := t.parents[x]
	if !ok {
		i = uint32(len(t.message.Parents))
		t.parents[x] = i
		t.message.Parents = append(t.message.Parents, *n.store.id(x))
	}
	return wire.Outside(int(i))
}

// observation returns the place of observation o in the message's table.
func (n *Node) observation(to *peer, known knownEvents, o uint32) uint32 {
	t := &n.tx
	k := &n.store.contents[o]
	if k.stamp == t.stamp {
		return k.slot
	}
	out := wire.Observation{Hash: k.hash}
	if n.needs(to, known, o) {
		out.Body = k.body
		to.give(o)
	} else {
		to.owed += len(k.body)
	}
	k.stamp, k.slot = t.stamp, uint32(len(t.message.Observations))
	t.message.Observations = append(t.message.Observations, out)
	return k.slot
}

// sendAsk sends the wants that the message has.
func (n *Node) sendAsk(p *peer) {
	m := &n.tx.message
	m.Observations = m.Observations[:0]
	n.sendTables(p, wire.KindAsk)
}

// sendTables encodes the message and hands it out.
func (n *Node) sendTables(p *peer, kind wire.MessageKind) {
	t := &n.tx
	m := &t.message
	m.Kind, m.Known = kind, uint32(len(n.known))
	switch kind {
	case wire.KindAsk, wire.KindSupply, wire.KindLearn:
		m.Creators, m.Parents, m.Events, m.Votes = m.Creators[:0], m.Parents[:0], m.Events[:0], m.Votes[:0]
	}
	if kind == wire.KindSupply {
		m.Wants = m.Wants[:0]
	}
	t.raw = wire.Append(t.raw[:0], m)
	n.out.hand(p.id, n.rx.framer.Seal(n.out.frame(), n.section, t.raw), t.again)
	t.again = 0
}
