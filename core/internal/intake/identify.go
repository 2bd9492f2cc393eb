package intake

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// identified is an event of a message, by what it is.
type identified struct {
	id    wire.Hash
	key   wire.Hash // its creator's
	index uint32    // by creator
	place gossip.Index
	by    *members.Peer // nil for somebody whose events may not come in, or not yet
	err   error         // why it cannot come in, whatever else does
	early bool          // unless that decides who has a number that it names
}

// identify computes the ids of a message's events, and finds those that are in the graph and those that cannot get
// there for want of a parent or for their form. No signature is checked. Ids are hashed once, however often the message is
// gone through.
func (in *Intake) identify(m *Message) []identified {
	events := m.events[:0]
	for i := range m.Wire.Events {
		ev := &m.Wire.Events[i]
		if m.passes > 0 && m.events[i].err == nil {
			a := m.events[i]
			a.by, a.place = m.names.creators[ev.Creator], in.find(&a.id)
			events = append(events, a)
			continue
		}
		c := &m.Wire.Creators[ev.Creator]
		a := identified{by: m.names.creators[ev.Creator], key: c.Key}
		if a.by != nil {
			a.key = a.by.ID
		}
		if c.ByNumber && a.by == nil {
			a.early, a.err = true, in.noNumber(c)
		} else {
			a.err = in.identifyOne(m, events, ev, &a)
		}
		events = append(events, a)
	}
	return events
}

func (in *Intake) identifyOne(m *Message, before []identified, ev *wire.Event, a *identified) error {
	var h wire.Header
	if err := in.header(m, before, ev, a, &h); err != nil {
		return err
	}
	a.id, a.index = in.h.Section.Event(&h), h.Index
	a.place = in.find(&a.id)
	return nil
}

// find returns where the event with an id is in the graph, 0 if it is not.
func (in *Intake) find(id *wire.Hash) gossip.Index {
	if bug.On(bug.NoDedupe) {
		return 0
	}
	return in.h.Store.Find(id)
}

// noNumber is the error about a peer whose number nobody has yet.
func (in *Intake) noNumber(c *wire.Creator) error {
	return fmt.Errorf("%w: number %d, of %d", reason.ErrUnknownPeer, c.Number, len(in.h.Members.Numbers()))
}

// header fills in what an event's id covers. Its other-parents are valid until the next call.
func (in *Intake) header(m *Message, before []identified, ev *wire.Event, a *identified, h *wire.Header) error {
	h.Creator, h.Cause = a.key, ev.Cause
	if ev.Cause != wire.Initial {
		p, ok := in.parent(m, before, ev.Self)
		switch {
		case !ok:
			return lacksParent(reason.ErrUnknownSelfParent, m, ev.Self)
		case p.key != a.key:
			return fmt.Errorf("%w: its self-parent is by another creator", reason.ErrInvalidEvent)
		}
		h.Index, h.SelfParent = p.index+max(1, ev.Count), *p.id
		if h.Index < p.index {
			return fmt.Errorf("%w: the chain has no index left", reason.ErrInvalidEvent)
		}
	}
	in.others = in.others[:0]
	for _, other := range ev.Others {
		p, ok := in.parent(m, before, other)
		switch {
		case !ok:
			return lacksParent(reason.ErrUnknownOtherParent, m, other)
		case p.key == a.key:
			return fmt.Errorf("%w: its other-parent is by its own creator", reason.ErrInvalidEvent)
		}
		in.others = append(in.others, *p.id)
	}
	h.OtherParents = in.others
	if ev.Cause == wire.Requesting {
		c := &m.Wire.Creators[ev.Recipient]
		p := m.names.creators[ev.Recipient]
		switch {
		case p != nil:
			h.Recipient = p.ID
		case c.ByNumber:
			a.early = true
			return in.noNumber(c)
		default:
			h.Recipient = c.Key
		}
	}
	if ev.Count > 0 {
		in.hashes = in.hashes[:0]
		for _, o := range m.votes(ev) {
			in.hashes = append(in.hashes, m.Wire.Observations[o].Hash)
			if err := m.names.observations[o].err; err != nil {
				return err
			}
		}
		h.Votes, h.Root = ev.Count, in.h.Tree.Root(in.hashes)
	}
	return nil
}

// votes returns what an event of the message votes for: places in its table of observations.
func (m *Message) votes(ev *wire.Event) []uint32 { return m.Wire.Votes[ev.First:][:ev.Count] }

// parentOf is what an event needs to know of a parent.
type parentOf struct {
	id    *wire.Hash
	key   wire.Hash // the creator's
	index uint32
}

func (in *Intake) parent(m *Message, before []identified, ref wire.Ref) (p parentOf, ok bool) {
	if i, within := ref.Event(); within {
		a := &before[i]
		return parentOf{id: &a.id, key: a.key, index: a.index}, a.err == nil
	}
	i, _ := ref.Parent()
	x := m.names.parents[i]
	if x == 0 {
		return parentOf{}, false
	}
	return parentOf{id: &m.Wire.Parents[i], key: in.h.Maker(x).ID, index: in.h.Graph().Event(x).Nth}, true
}

// lacksParent is the error about a parent that is not there. Only the first of a message is told in full: a message
// can have thousands, for next to nothing.
func lacksParent(err error, m *Message, ref wire.Ref) error {
	if m.told {
		return err
	}
	m.told = true
	if i, ok := ref.Event(); ok {
		return fmt.Errorf("%w: event %d of the message was refused", err, i)
	}
	i, _ := ref.Parent()
	return fmt.Errorf("%w: %x", err, m.Wire.Parents[i][:8])
}
