// Package intake takes in messages: from bytes to events of the history, in stages over one value, a batch of messages.
// Each stage is a function in a file of its name; [Intake.Take] calls them in this order, and none calls another.
//
//	parse     bytes to a message
//	resolve   names to peers, parents and observations that are here
//	identify  events to ids: which are here, which have a form that nobody takes
//	select    which of the others come in: those that what this node builds on descends from. They are staged
//	verify    the signatures of those, and the keys that they vote about
//	insert    commit them
//
// Nothing comes in that this node's next events do not descend from, whatever a message has in it. Select sees to that
// before anything is committed, by the graph itself: events are related to all others as soon as they are staged.
//
// What a message's own events decide, such as that a peer is added, may make more of it acceptable. Then the rest of it is
// taken through the same stages again, once this node has built on what came in: so that whoever is sent that can do as
// this node did (core/design/acceptance.md).
package intake

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// Intake is one node's.
type Intake struct {
	h        *history.History
	parallel func(n int, do func(i int)) // lent by the caller; may be nil
	seed     uint64                      // secret, for tables by hash
	senders  []sender                    // by seat
	Counts   Counts
	passes   uint64 // how often messages were gone through: once each, unless something in one is bad, or waits for the rest

	bodies  map[wire.Hash][]byte // of the batch's messages
	several bool                 // the batch has more than one
	named   namedIndex
	picker  picker
	items   []sign.Item
	item    []signed
	bad     []uint64
	votes   []history.Vote
	hashes  []wire.Hash
	others  []wire.Hash
	places  []gossip.Index
	parents []gossip.Index
}

// New returns the intake of a history. Parallel may be nil.
func New(h *history.History, parallel func(n int, do func(i int)), seed uint64) *Intake {
	return &Intake{h: h, parallel: parallel, seed: seed, bodies: make(map[wire.Hash][]byte)}
}

// Counts is what messages have come to. Events of refused messages count as far as the message could be read; a message
// that waited for bodies counts when it came, not again when it is taken in.
type Counts struct {
	Events         uint64 // that came in messages
	KnownEvents    uint64 // of those, that were in the graph already: duplicates
	Contents       uint64 // observations that came in messages, with their bodies
	KnownContents  uint64 // of those, that were here already: duplicates
	Signatures     uint64 // checked
	BadSignatures  uint64 // of those, that were bad
	WaitedMessages uint64 // that lacked bodies when they came
}

// sender is what is kept of somebody who sends.
type sender struct {
	distrusted bool // it sent a bad signature: its messages are checked event by event
	waste      int  // signatures of its events looked at in vain, less what it has made up for
	held       held
}

func (in *Intake) sender(p *members.Peer) *sender {
	for p.Seat >= len(in.senders) {
		in.senders = append(in.senders, sender{})
	}
	return &in.senders[p.Seat]
}

// maxWaste is how many signatures of a peer's events are checked that are not inserted then. Each that is inserted gives
// back two: one for itself, and one. Honest members' messages are taken in whole, if some twice because bodies came
// later; a hostile one could have the same events checked for nothing as often as it sends them.
const maxWaste = 1 << 16

// maxBad is how many bad signatures, and bad keys that are voted about, are looked at in one message. Honest senders verify
// what they send on, so whoever sends more has no claim to the rest: a bad signature costs a sender nothing, and three
// times as much as a good one to check.
const maxBad = 16

// Base is what this node builds on.
type Base struct {
	Last     gossip.Index // its last event, 0 for none
	Learning bool         // it makes no events yet: it takes in its own alone, and what they descend from
}

// Take takes a batch of messages through the stages, the first first. What came of each stands in it. It returns those that
// are to be taken again once this node has built on the heads of all: the first of which more may be acceptable then, or
// that would be selected from otherwise by what was decided, and all after it. So a batch is what its messages would come to one
// after the other, but for the events that this node would have made in between, and what those decide. A body that comes
// with one is at hand for those after it, whatever becomes of that. Signatures of all are checked together.
func (in *Intake) Take(batch []*Message, base Base) (rest []*Message) {
	for _, m := range batch {
		if m.Heads = m.Heads[:0]; m.passes == 0 && in.sender(m.From).waste > maxWaste {
			m.Err = fmt.Errorf("%w: %x sent too many events that could not be taken", reason.ErrLimit, m.From.ID[:8])
		}
	}
	in.several = len(batch) > 1
	in.prepare(batch, base)
	rest = in.commit(batch)
	in.h.Drop(in.h.Len())
	clear(in.bodies)
	return rest
}

// prepare selects what comes in of messages, and has it staged and verified. Where something turns out bad, they are
// selected from anew without it. A message may build on one before it in the batch: that is staged by the time its own
// names are resolved.
func (in *Intake) prepare(batch []*Message, base Base) {
	for {
		heads := in.places[:0]
		for _, m := range batch {
			if !m.open() {
				continue
			}
			if m.names, m.Err = in.resolve(m); m.Err != nil {
				continue
			}
			m.events = in.identify(m)
			in.count(m)
			m.passes++
			in.passes++
			m.choice = in.choose(m, in.learned(base, heads), heads)
			heads = append(heads, m.choice.heads...)
		}
		in.places = heads[:0]
		n := unfit(batch)
		if in.verify(batch[:n]) {
			if n == len(batch) {
				return
			}
			in.judge(batch[n:])
		}
		in.h.Drop(in.h.Len())
	}
}

// learned is base after the heads: while this node learns they are its own events, and what comes is to go on from those.
func (in *Intake) learned(base Base, heads []gossip.Index) Base {
	for _, head := range heads {
		if base.Learning && (base.Last == 0 || in.h.Graph().OnChain(base.Last, head)) {
			base.Last = head
		}
	}
	return base
}

// commit inserts messages until one is done of which more may be acceptable now, or after which the next would be selected
// from otherwise. It returns those that are to be taken through the stages again.
func (in *Intake) commit(batch []*Message) []*Message {
	height, inserted := in.h.Height(), 0
	for i, m := range batch {
		if !m.open() {
			continue
		}
		if i > 0 && (in.h.Height() != height || m.choice.waits && inserted > 0) {
			return batch[i:]
		}
		n := in.insert(m)
		inserted += n
		m.Heads = append(m.Heads, m.choice.heads...)
		if m.choice.waits && n > 0 {
			return batch[i:]
		}
	}
	return nil
}

// unfit returns the place of the first message that cannot be inserted as it was chosen: it lacks bodies, or has an event
// under this node's key; len(batch) if there is none. Those after it may have been chosen by what it will not bring.
func unfit(batch []*Message) int {
	for i, m := range batch {
		if m.open() && (m.choice.foreign >= 0 || len(m.choice.missing) > 0) {
			return i
		}
	}
	return len(batch)
}

// judge ends the first message of a batch, which is unfit, unless it was chosen by what is bad. If this node's key was used
// elsewhere, the others are not taken either.
func (in *Intake) judge(batch []*Message) {
	m := batch[0]
	if m.choice.foreign < 0 {
		m.Missing = m.choice.missing
		return
	}
	if in.judgeForeign(m); m.Fork == nil {
		return
	}
	for _, later := range batch[1:] {
		if later.Err == nil {
			later.Err = fmt.Errorf("%w: a message before it in the batch shows that", reason.ErrForked)
		}
	}
}

// count counts a message's events, identified for the first time.
func (in *Intake) count(m *Message) {
	if m.counted {
		return
	}
	m.counted = true
	in.Counts.Events += uint64(len(m.events))
	for i := range m.events {
		if m.events[i].place != 0 {
			in.Counts.KnownEvents++
		}
	}
	for i := range m.Wire.Observations {
		if m.Wire.Observations[i].Body != nil && !m.names.observations[i].supplied {
			in.Counts.Contents++
			if m.names.observations[i].known {
				in.Counts.KnownContents++
			}
		}
	}
}
