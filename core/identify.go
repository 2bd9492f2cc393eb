package core

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// identify computes the ids of a message's events and finds those that are in the graph, and those that cannot get
// there for want of a parent or for their form. No signature is checked.
func (n *Node) identify(m *wire.Message) {
	r := &n.rx
	r.events = r.events[:0]
	for i := range m.Events {
		ev := &m.Events[i]
		a := arrival{by: r.creators[ev.Creator]}
		if err := n.identifyOne(m, ev, &a); err != nil {
			a.fate = dead
			r.refused.add(err)
		}
		r.events = append(r.events, a)
	}
}

func (n *Node) identifyOne(m *wire.Message, ev *wire.Event, a *arrival) error {
	r := &n.rx
	if m.Creators[ev.Creator].ByNumber && a.by == nil {
		return fmt.Errorf("%w: number %d, of %d", ErrUnknownPeer, m.Creators[ev.Creator].Number, len(n.known))
	}
	key := n.creatorKey(m, ev.Creator)
	h := wire.Header{Creator: key, Cause: ev.Cause}
	cause := gossip.Cause(ev.Cause)
	if cause != gossip.Initial {
		p, ok := n.parent(m, ev.Self)
		switch {
		case !ok:
			return n.lacksParent(ErrUnknownSelfParent, m, ev.Self)
		case p.key != key:
			return fmt.Errorf("%w: its self-parent is by another creator", ErrInvalidEvent)
		}
		h.Index, h.SelfParent, a.lacks = p.index+max(1, ev.Count), *p.id, p.lacks
		if h.Index < p.index {
			return fmt.Errorf("%w: the chain has no index left", ErrInvalidEvent)
		}
	}
	if cause.Receive() {
		p, ok := n.parent(m, ev.Other)
		switch {
		case !ok:
			return n.lacksParent(ErrUnknownOtherParent, m, ev.Other)
		case p.key == key:
			return fmt.Errorf("%w: its other-parent is by its own creator", ErrInvalidEvent)
		}
		h.OtherParent, a.lacks = *p.id, a.lacks || p.lacks
	}
	if cause == gossip.Requesting {
		if c := &m.Creators[ev.Recipient]; c.ByNumber && r.creators[ev.Recipient] == nil {
			return fmt.Errorf("%w: number %d, of %d", ErrUnknownPeer, c.Number, len(n.known))
		}
		h.Recipient = n.creatorKey(m, ev.Recipient)
	}
	if ev.Count > 0 {
		r.hashes = r.hashes[:0]
		for _, o := range m.Votes[ev.First:][:ev.Count] {
			r.hashes = append(r.hashes, m.Observations[o].Hash)
			c := &r.contents[o]
			if c.err != nil {
				return c.err
			}
			a.lacks = a.lacks || !c.known && m.Observations[o].Body == nil
		}
		h.Votes, h.Root = ev.Count, n.tree.Root(r.hashes)
	}
	a.id, a.index = n.section.Event(&h), h.Index
	if !bug.On(bug.NoDedupe) {
		if a.place = n.store.find(&a.id); a.place != 0 {
			a.fate, a.lacks = present, false
		}
	}
	return nil
}

// creatorKey returns the key of an entry in a message's table of creators; zeros for a number that is unknown.
func (n *Node) creatorKey(m *wire.Message, i uint16) wire.Hash {
	c := &m.Creators[i]
	if !c.ByNumber {
		return c.Key
	}
	if p := n.rx.creators[i]; p != nil {
		return wire.Hash(p.id)
	}
	return wire.Hash{}
}

// parentOf is what an event needs to know of a parent.
type parentOf struct {
	id    *wire.Hash
	key   wire.Hash // the creator's
	index uint32
	lacks bool
}

func (n *Node) parent(m *wire.Message, ref wire.Ref) (p parentOf, ok bool) {
	r := &n.rx
	if i, in := ref.Event(); in {
		a := &r.events[i]
		if a.fate == dead {
			return parentOf{}, false
		}
		return parentOf{id: &a.id, key: n.creatorKey(m, m.Events[i].Creator), index: a.index, lacks: a.lacks}, true
	}
	i, _ := ref.Parent()
	x := r.parents[i]
	if x == 0 {
		return parentOf{}, false
	}
	ev := n.graph.Event(x)
	return parentOf{id: &m.Parents[i], key: wire.Hash(n.peers[ev.By].id), index: ev.Nth}, true
}

// lacksParent is the error about a parent that is not there. Only the first of a message is told in full: a message
// can have thousands, for next to nothing.
func (n *Node) lacksParent(err error, m *wire.Message, ref wire.Ref) error {
	if n.rx.refused.first != nil {
		return err
	}
	if i, ok := ref.Event(); ok {
		return fmt.Errorf("%w: event %d of the message was refused", err, i)
	}
	i, _ := ref.Parent()
	return fmt.Errorf("%w: %x", err, m.Parents[i][:8])
}

// choose lists the heads of a message, the events that this node might build on: for each creator that it takes
// events of, the last sync event, later ones first. It marks what they descend from: nothing else is looked at. An
// honest sender's own last event is the only head, unless a long history comes in parts.
//
// A creator that is not known may become known by what comes with its event. So the sender's own event may be a
// head, and, if there is no other, the last by anybody: more would be a way to have any events inserted that nobody
// builds on, under those of strangers.
func (n *Node) choose(p *peer, m *wire.Message) {
	n.chooseAmong(m, p, false)
	if len(n.rx.heads) == 0 {
		n.chooseAmong(m, p, true)
	}
	if len(n.rx.heads) == 0 {
		n.chooseAmong(m, nil, true)
	}
}

// chooseAmong is choose among sync events, or all, by peers that are known and the sender; or if that is nil, the
// last one. (Elections are slow where an observation event is built on: core/design/levels.md.)
func (n *Node) chooseAmong(m *wire.Message, from *peer, all bool) {
	r := &n.rx
	r.heads = r.heads[:0]
	for i := range r.events {
		r.events[i].need = false
	}
	r.choice++
	for i := len(r.events) - 1; i >= 0; i-- {
		a, creator := &r.events[i], m.Events[i].Creator
		if a.fate == dead {
			continue
		}
		if !a.need && (all || m.Events[i].Cause.Sync()) && n.takes(a.by) {
			q := a.by
			if q == nil && from != nil && m.Creators[creator].Key == wire.Hash(from.id) {
				q = from
			}
			if q != nil && q.choice != r.choice || from == nil && len(r.heads) == 0 {
				r.heads = append(r.heads, i)
				a.need = true
			}
			if q != nil {
				q.choice = r.choice
			}
		}
		if !a.need || a.fate == present {
			continue
		}
		self, other := within(&m.Events[i])
		if self >= 0 {
			r.events[self].need = true
		}
		if other >= 0 {
			r.events[other].need = true
		}
	}
}

// takes reports whether this node builds on events by p: not on its own, on a peer's that was removed, or on one's
// whose fork it sees. A peer that is unknown may become known by what comes with its event.
func (n *Node) takes(p *peer) bool {
	switch {
	case p == nil || p.index == noPeer:
		return true
	case p.index == n.self:
		return false
	case p.numbered && !n.election.Voter(p.index):
		return false
	}
	return !n.sawFork(p) || bug.On(bug.TakeForkers)
}

// maxBad is how many bad signatures are looked at in one message. Honest senders verify what they send on, so whoever
// sends more has no claim to the rest: a bad signature costs a sender nothing, and three times as much as a good one
// to check.
const maxBad = 16

var errTooBad = fmt.Errorf("%w: it comes after %d bad ones", ErrSignature, maxBad)

// check verifies the signatures of what is needed and not there. It is a batch, unless the sender sent a bad one
// before. If some are bad, all that is not dead is checked one by one, and the heads are chosen again.
func (n *Node) check(p *peer, m *wire.Message) {
	if n.checkBatch(p, m, false) {
		return
	}
	p.distrusted = true
	n.bury(m)
	n.checkBatch(p, m, true)
	n.bury(m)
	n.choose(p, m)
}

// How many signatures are checked at a time. What descends from a bad one is not checked after that.
const (
	checkedInBatches = 1024
	checkedSingly    = 16
)

// checkBatch verifies what is fresh, and needed unless all are to be, and by a creator whose key is here. It reports
// whether all were good, and marks those that were not dead. Batches end with the first that has a bad one.
func (n *Node) checkBatch(p *peer, m *wire.Message, everything bool) bool {
	r := &n.rx
	portion := checkedInBatches
	if p.distrusted {
		portion = checkedSingly
	}
	all := true
	r.items, r.item = r.items[:0], r.item[:0]
	for i := range r.events {
		a := &r.events[i]
		if a.fate != fresh || a.checked || !a.need && !everything || n.licensed(a.by) == nil {
			continue
		}
		if n.simulated.Unsigned || bug.On(bug.Unverified) {
			a.checked = true
			continue
		}
		if !all && n.onDead(&m.Events[i]) {
			a.fate = dead
			continue
		}
		if r.bads >= maxBad {
			a.fate, all = dead, false
			r.refused.add(errTooBad)
			continue
		}
		r.items = append(r.items, sign.Item{Peer: uint16(a.by.index), Message: a.id, Signature: m.Events[i].Signature})
		r.item = append(r.item, i)
		if len(r.items) == portion {
			all = n.checkItems(p) && all
			if !all && !p.distrusted {
				return false
			}
		}
	}
	return n.checkItems(p) && all
}

// checkItems verifies what was put together.
func (n *Node) checkItems(p *peer) bool {
	r := &n.rx
	for len(r.bad)*64 < len(r.items) {
		r.bad = append(r.bad, 0)
	}
	r.checks += len(r.items)
	n.counts.Signatures += uint64(len(r.items))
	all := n.verifier.Check(r.items, r.bad, !p.distrusted)
	for k, i := range r.item {
		if !all && r.bad[k>>6]>>(k&63)&1 == 1 {
			r.bads++
			n.counts.BadSignatures++
			r.events[i].fate = dead
			r.refused.add(fmt.Errorf("%w: event %x by %x", ErrSignature, r.events[i].id[:8], r.events[i].by.id[:8]))
			continue
		}
		r.events[i].checked, r.events[i].verified = true, r.items[k].Verified()
	}
	r.items, r.item = r.items[:0], r.item[:0]
	return all
}

// bury marks dead what descends from the dead.
func (n *Node) bury(m *wire.Message) {
	r := &n.rx
	for i := range r.events {
		if r.events[i].fate == fresh && n.onDead(&m.Events[i]) {
			r.events[i].fate = dead
		}
	}
}

// onDead reports whether a parent of an event is dead, in the same message.
func (n *Node) onDead(ev *wire.Event) bool {
	self, other := within(ev)
	return self >= 0 && n.rx.events[self].fate == dead || other >= 0 && n.rx.events[other].fate == dead
}

// within returns the places of an event's parents in its message, -1 for one that is not there.
func within(ev *wire.Event) (self, other int) {
	self, other = -1, -1
	if ev.Cause != wire.Initial {
		if i, ok := ev.Self.Event(); ok {
			self = i
		}
	}
	if gossip.Cause(ev.Cause).Receive() {
		if i, ok := ev.Other.Event(); ok {
			other = i
		}
	}
	return self, other
}
