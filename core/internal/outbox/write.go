package outbox

import (
	"slices"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/wire"
)

// knownEvents are what the recipient of a message is known to have: two events, and what they descend from.
type knownEvents struct {
	tip   gossip.Index // its own last, as far as it came; 0 for none
	shown gossip.Index // one of this node's, which it said it has; 0 for none
}

// had reports whether the recipient is known to have event x.
func (b *Outbox) had(known knownEvents, x gossip.Index) bool {
	g := b.h.Graph()
	return known.tip != 0 && g.Descends(known.tip, x) || known.shown != 0 && g.Descends(known.shown, x)
}

// sendEvents writes a message with the events listed, as many as there is room for.
func (b *Outbox) sendEvents(p *members.Peer, kind wire.MessageKind, known knownEvents) {
	m, l := &b.message, b.link(p)
	m.Creators, m.Observations, m.Parents, m.Wants = m.Creators[:0], m.Observations[:0], m.Parents[:0], m.Wants[:0]
	m.Events, m.Votes, b.refs = m.Events[:0], m.Votes[:0], b.refs[:0]
	l.owed = 0
	if len(b.parents) > 1024 { // clearing takes as long as it was ever large
		b.parents = make(map[gossip.Index]uint32)
	}
	clear(b.parents)
	clear(b.strangers)
	for len(b.slots) < len(b.h.Members.Peers()) {
		b.slots = append(b.slots, 0)
	}
	clear(b.slots)
	b.stamp++
	asks := kind.Asks()
	size, soft := 0, maxSent
	if (kind == wire.KindResponse || kind == wire.KindTeach) && b.maxAnswer > 0 {
		soft = b.maxAnswer
	}
	useful := false // the recipient can build on something in the message
	for i, x := range b.events {
		if i == maxSentEvents {
			break
		}
		size += b.sizeOf(known, x)
		if useful && size > soft {
			break
		}
		if i > 0 && (size > maxSent || len(m.Votes)+len(b.h.Store.Votes(x)) > maxSentVotes || len(m.Creators)+2 > wire.MaxCreators) {
			break
		}
		b.write(p, l, known, x)
		useful = useful || b.useful(p, kind, x)
	}
	m.More = len(m.Events) < len(b.events)
	if m.More && known.tip != 0 && kind != wire.KindTeach {
		m.Has = *b.h.Store.ID(known.tip)
		if kind = wire.KindPartResponse; asks {
			kind = wire.KindPartRequest
		}
	}
	if k := len(m.Events); k > 0 {
		before, _ := slices.BinarySearch(b.events[:k], l.sentTo+1)
		b.again = before * eventBytes
		l.sentTo = max(l.sentTo, b.events[k-1])
	}
	b.send(p, kind)
}

// eventBytes is about what an event takes in a message.
const eventBytes = 128

// useful reports whether p, who has decided no more than this node, is sure to build on event x if it has not yet, or while
// it learns to go on from it. An answer that ends before the first such event could be one that p takes nothing of, and
// asks for again, for ever.
func (b *Outbox) useful(p *members.Peer, kind wire.MessageKind, x gossip.Index) bool {
	ev := b.h.Graph().Event(x)
	if kind == wire.KindTeach {
		return ev.By == p.Index
	}
	return ev.Cause.Sync() && ev.By != p.Index && b.h.Election().Voter(ev.By) && !b.h.Graph().HasForked(ev.By)
}

// sizeOf returns about how many bytes event x takes in the message, with all that it votes for and no event before it in
// the message did. Bodies that the recipient was sent count too: it may have to ask for them, and holds as many.
func (b *Outbox) sizeOf(known knownEvents, x gossip.Index) int {
	size := 64 + 2*40 + 40
	for _, o := range b.h.Store.Votes(x) {
		size += 40
		if k := b.h.Store.Observation(o); k.Stamp != b.stamp && !b.had(known, k.First) {
			size += len(k.Body)
		}
	}
	return size
}

// write appends event x to the message. All that it descends from is in the message, or had by the recipient.
func (b *Outbox) write(p *members.Peer, l *link, known knownEvents, x gossip.Index) {
	m, ev := &b.message, b.h.Graph().Event(x)
	out := wire.Event{
		Creator: b.creator(l, b.h.Members.At(ev.By)), Cause: wire.Cause(ev.Cause), Signature: *b.h.Store.Signature(x),
		First: uint32(len(m.Votes)),
	}
	if ev.Self != 0 {
		out.Self = b.ref(ev.Self)
	}
	from := len(b.refs)
	for _, other := range b.h.Graph().Others(x) {
		b.refs = append(b.refs, b.ref(other))
	}
	out.Others = b.refs[from:len(b.refs):len(b.refs)]
	switch ev.Cause {
	case gossip.Requesting:
		if to, id := b.h.Store.Recipient(x); to == members.None {
			out.Recipient = b.stranger(l, id)
		} else {
			out.Recipient = b.creator(l, b.h.Members.At(to))
		}
	case gossip.Observation:
		for _, o := range b.h.Store.Votes(x) {
			m.Votes = append(m.Votes, b.observation(l, known, o))
		}
		out.Count = uint32(len(m.Votes)) - out.First
	}
	m.Events = append(m.Events, out)
}

// creator returns a peer's place in the message's table.
func (b *Outbox) creator(to *link, q *members.Peer) uint16 {
	slot := &b.slots[q.Index]
	if *slot == 0 {
		c := wire.Creator{Key: q.ID}
		if q.Numbered && q.Number < to.knows {
			c = wire.Creator{ByNumber: true, Number: q.Number}
		}
		b.message.Creators = append(b.message.Creators, c)
		*slot = uint32(len(b.message.Creators))
	}
	return uint16(*slot - 1)
}

// stranger is creator for an identity that has no number.
func (b *Outbox) stranger(to *link, id wire.Hash) uint16 {
	if q := b.h.Members.ByID(id); q != nil && q.Index != members.None {
		return b.creator(to, q) // it was added since
	}
	if b.strangers[id] == 0 {
		b.message.Creators = append(b.message.Creators, wire.Creator{Key: id})
		b.strangers[id] = uint32(len(b.message.Creators))
	}
	return uint16(b.strangers[id] - 1)
}

// ref returns what names a parent: its place in the message, or among the parents outside.
func (b *Outbox) ref(x gossip.Index) wire.Ref {
	written := b.events[:len(b.message.Events)]
	if i, ok := slices.BinarySearch(written, x); ok {
		return wire.InMessage(i)
	}
	i, ok := b.parents[x]
	if !ok {
		i = uint32(len(b.message.Parents))
		b.parents[x] = i
		b.message.Parents = append(b.message.Parents, *b.h.Store.ID(x))
	}
	return wire.Outside(int(i))
}

// observation returns the place of observation o in the message's table. Its body goes along unless the recipient was sent
// it, or is known to have it by the event that voted for it first.
func (b *Outbox) observation(to *link, known knownEvents, o uint32) uint32 {
	k := b.h.Store.Observation(o)
	if k.Stamp == b.stamp {
		return k.Slot
	}
	out := wire.Observation{Hash: k.Hash}
	if to.hasBody(o) || b.had(known, k.First) {
		to.owed += len(k.Body)
	} else {
		out.Body = k.Body
		to.give(o)
	}
	k.Stamp, k.Slot = b.stamp, uint32(len(b.message.Observations))
	b.message.Observations = append(b.message.Observations, out)
	return k.Slot
}
