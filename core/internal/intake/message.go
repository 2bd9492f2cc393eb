package intake

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// Message is a message on its way through the stages. What one stage finds out stands in a field of its own, which no
// other writes. It may be used again, for one message after the other: its memory is.
type Message struct {
	From *members.Peer
	Wire wire.Message

	Heads   []gossip.Index // what this node is to build on, in this order: all that came in is behind one of them
	Missing []wire.Hash    // observations whose bodies it waits for: no more of it came in than was behind Heads
	Fork    *OwnEvent      // an event under this node's key that it did not make: likewise
	Err     error          // why the message as a whole was refused

	raw     []byte
	framer  wire.Framer
	names   names        // of resolve
	events  []identified // of identify
	choice  selection    // of select
	checked []check      // of verify, by event
	parsed  []bool       // of verify, by observation: it may be voted for
	bads    int          // of verify: signatures and keys that were bad
	passes  int          // how often it was resolved and identified
	counted bool
	again   bool // it is one that was held
	told    bool // of identify: a parent that is not here was told in full
}

// OwnEvent is a signed event under this node's key.
type OwnEvent struct {
	Header    wire.Header
	Signature [64]byte
}

// check is what verify found out about an event.
type check struct {
	verified sign.Verified // its signature is good
	bad      error         // it may not come in
}

// bad is why verify found that event i may not come in, nil if it did not.
func (m *Message) bad(i int) error {
	if i < len(m.checked) {
		return m.checked[i].bad
	}
	return nil
}

// open reports whether the message has not come to its end.
func (m *Message) open() bool { return m.Err == nil && m.Fork == nil && len(m.Missing) == 0 }

// Refused is why events of the message were not taken, nil if all were: the first reason, and how many events it was.
func (m *Message) Refused() error { return m.choice.refused.err() }

// reset makes the message ready for what comes from somebody.
func (m *Message) reset(from *members.Peer) {
	m.From, m.Heads, m.Missing, m.Fork, m.Err = from, m.Heads[:0], nil, nil, nil
	m.checked, m.parsed, m.bads, m.passes, m.counted, m.told, m.again = m.checked[:0], m.parsed[:0], 0, 0, false, false, false
	m.choice.reset()
}

// refusal is why events were not taken: the first reason, and how many events it was.
type refusal struct {
	first error
	count int
}

func (r *refusal) add(err error) {
	if r.first == nil {
		r.first = err
	}
	r.count++
}

func (r *refusal) err() error {
	if r.count > 1 {
		return fmt.Errorf("%w (and %d more events of the message were refused)", r.first, r.count-1)
	}
	return r.first
}
