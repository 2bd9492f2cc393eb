// Package outbox writes the messages that a node sends: what a peer is not known to have, as far as one message goes. It
// keeps what each peer was sent and has shown to have, and nothing else of it.
package outbox

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Limits of the messages that a node sends. What does not fit follows when the recipient has shown that it has the
// first part. They are below those of what it takes: it can always send on what it was sent.
const (
	maxSent       = wire.MaxRaw - 64<<10 // bytes, about, with all bodies
	maxSentEvents = wire.MaxEvents
	maxSentVotes  = wire.MaxMessageVotes
)

// Outgoing is a message to send.
type Outgoing struct {
	To    wire.Hash
	Frame []byte
	Again int // about how many bytes of it To was sent before, and has not shown to have
}

// Outbox is one node's.
type Outbox struct {
	h         *history.History
	framer    wire.Framer
	maxAnswer int // bytes of an answer, about; 0 for what a message holds
	links     []link
	out       []Outgoing
	frames    [][]byte // buffers of messages, reused

	message   wire.Message
	raw       []byte
	events    []gossip.Index          // what the recipient lacks
	parents   map[gossip.Index]uint32 // by event outside: its place among the message's parents
	slots     []uint32                // by peer: 1 + its place among the message's creators
	strangers map[wire.Hash]uint32    // likewise, of those that are no peers
	refs      []wire.Ref              // what Others of the message's events are slices of
	stamp     uint32
	again     int // bytes of the message that the recipient was sent before
}

// link is what was sent to a peer and what it has shown to have, by seat.
type link struct {
	shown  gossip.Index // this node's last event that it said it has, when it sent a part; 0 for none
	knows  uint32       // how many peers it knows by number
	has    []uint64     // set of observations whose body it sent or was sent
	sentTo gossip.Index // what it was sent ends with this event, or before
	owed   int          // bytes of bodies that the last message to it named and left out
	asked  asked

	removedAt gossip.Index // this node's first event after it decided to remove the peer; 0 for none
	farewells int          // how often the peer was told since
}

// New returns the outbox of a history. MaxAnswer is about how many bytes an answer holds, 0 for as many as a message does.
func New(h *history.History, maxAnswer int) *Outbox {
	return &Outbox{h: h, maxAnswer: maxAnswer, parents: make(map[gossip.Index]uint32), strangers: make(map[wire.Hash]uint32)}
}

// Messages returns what is to be sent, valid until [Outbox.Clear].
func (b *Outbox) Messages() []Outgoing { return b.out }

// Size returns how many bytes that is.
func (b *Outbox) Size() (size int) {
	for i := range b.out {
		size += len(b.out[i].Frame)
	}
	return size
}

// Clear takes back what was sent, for reuse.
func (b *Outbox) Clear() { b.out = b.out[:0] }

func (b *Outbox) link(p *members.Peer) *link {
	for p.Seat >= len(b.links) {
		b.links = append(b.links, link{})
	}
	return &b.links[p.Seat]
}

// Heard notes what a message from a peer tells of what it has.
func (b *Outbox) Heard(p *members.Peer, m *wire.Message) {
	l := b.link(p)
	l.knows = m.Known // it may have become less: a peer that crashed knows what it had made durable
	if m.Kind.Part() {
		if x := b.h.Store.Find(&m.Has); x != 0 && b.h.Maker(x) == b.h.Members.Self() {
			l.shown = x
		}
	}
}

// Took notes that a message from a peer was taken in: it has the bodies that the message names.
func (b *Outbox) Took(p *members.Peer, m *wire.Message) {
	l := b.link(p)
	for i := range m.Observations {
		if o, ok := b.h.Store.Number(&m.Observations[i].Hash); ok {
			l.give(o)
		}
	}
}

// hasBody reports whether the peer was sent, or sent, the body of observation o.
func (l *link) hasBody(o uint32) bool {
	return int(o>>6) < len(l.has) && l.has[o>>6]>>(o&63)&1 == 1
}

// give notes that the peer has the body of observation o.
func (l *link) give(o uint32) {
	for int(o>>6) >= len(l.has) {
		l.has = append(l.has, 0)
	}
	l.has[o>>6] |= 1 << (o & 63)
}

// Gossip sends p what it is not known to have of what event last, one of this node's own, descends from.
func (b *Outbox) Gossip(p *members.Peer, kind wire.MessageKind, last gossip.Index) {
	known := knownEvents{shown: b.link(p).shown}
	if p.Index != members.None {
		known.tip, _ = b.h.Graph().Tip(last, p.Index)
	}
	if b.events = b.h.Graph().Missing(b.events[:0], known.tip, known.shown, last); len(b.events) == 0 {
		return
	}
	b.sendEvents(p, kind, known)
}

// Ask asks a peer for bodies.
func (b *Outbox) Ask(p *members.Peer, wants []wire.Hash) {
	b.message.Wants = append(b.message.Wants[:0], wants...)
	b.message.Observations = b.message.Observations[:0]
	b.send(p, wire.KindAsk)
}

// Supply answers a peer that asks for bodies, as far as one message goes, which is as far as the message went that named
// them: it asks for the rest when that comes again. A peer can ask for what the last message to it named without body,
// once: that has all that it can lack, and else a small message could be answered by a large one as often as it likes.
func (b *Outbox) Supply(p *members.Peer, m *wire.Message) error {
	out, l := &b.message, b.link(p)
	out.Observations = out.Observations[:0]
	size, here := 0, false
	b.stamp++
	for _, hash := range m.Wants {
		o, ok := b.h.Store.Number(&hash)
		if !ok {
			continue
		}
		here = true
		k := b.h.Store.Observation(o)
		if k.Stamp == b.stamp {
			continue // asked for twice
		}
		k.Stamp = b.stamp
		if size += len(k.Body) + 8; size > maxSent || len(k.Body) > l.owed {
			break
		}
		l.owed -= len(k.Body)
		b.again += len(k.Body) // it was sent it before, or had it
		l.give(o)
		out.Observations = append(out.Observations, wire.Observation{Hash: hash, Body: k.Body})
	}
	switch {
	case !here:
		return fmt.Errorf("%w: it asks for contents that are not here", reason.ErrMessage)
	case len(out.Observations) == 0:
		return fmt.Errorf("%w: it asks for what it was sent, and was not told of since", reason.ErrDuplicateMessage)
	}
	b.send(p, wire.KindSupply)
	return nil
}

// send encodes the message and hands it out.
func (b *Outbox) send(p *members.Peer, kind wire.MessageKind) {
	m := &b.message
	m.Kind, m.Known = kind, uint32(len(b.h.Members.Numbers()))
	switch kind {
	case wire.KindAsk, wire.KindSupply, wire.KindLearn:
		m.Creators, m.Parents, m.Events, m.Votes = m.Creators[:0], m.Parents[:0], m.Events[:0], m.Votes[:0]
	}
	if kind == wire.KindSupply {
		m.Wants = m.Wants[:0]
	}
	b.raw = wire.Append(b.raw[:0], m)
	i := len(b.out)
	if i == len(b.frames) {
		b.frames = append(b.frames, nil)
	}
	b.frames[i] = b.framer.Seal(b.frames[i][:0], b.h.Section, b.raw)
	b.out = append(b.out, Outgoing{To: p.ID, Frame: b.frames[i], Again: b.again})
	b.again = 0
}
