package core

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// insertAll inserts what is needed, in the message's order: an honest sender's is one in which all of it is
// acceptable. What is not by then comes again with another message.
func (n *Node) insertAll(m *wire.Message) {
	r := &n.rx
	for i := range r.events {
		a := &r.events[i]
		if a.fate != fresh || !a.need {
			continue
		}
		// A message may have an event twice. Inserted again it would be a fork, of whoever made it.
		if x := n.store.find(&a.id); x != 0 && !bug.On(bug.NoDedupe) {
			a.fate, a.place = present, x
			continue
		}
		if err := n.insertOne(m, &m.Events[i], a); err != nil {
			if a.fate = dead; r.refused.first == nil {
				err = fmt.Errorf("event %x: %w", a.id[:8], err)
			}
			r.refused.add(err)
		}
	}
}

func (n *Node) insertOne(m *wire.Message, ev *wire.Event, a *arrival) error {
	r := &n.rx
	self, ok := n.placeOf(ev.Self, ev.Cause != wire.Initial)
	if !ok {
		return ErrUnknownSelfParent
	}
	other, ok := n.placeOf(ev.Other, gossip.Cause(ev.Cause).Receive())
	if !ok {
		return ErrUnknownOtherParent
	}
	if a.by = n.nowKnown(m, ev.Creator); a.by == nil {
		return fmt.Errorf("%w: its creator was not added", ErrUnknownPeer)
	}
	if a.by.index != n.self && !n.election.Voter(a.by.index) && bug.On(bug.RefuseRemoved) {
		return ErrPeerState
	}
	c := candidate{
		by: a.by.index, cause: gossip.Cause(ev.Cause), self: self, other: other, recipient: noPeer,
		id: &a.id, signature: &ev.Signature,
	}
	if c.cause == gossip.Requesting {
		if q := n.nowKnown(m, ev.Recipient); q != nil {
			c.recipient = q.index
		} else {
			n.stranger(n.graph.Len()+1, Identity(n.creatorKey(m, ev.Recipient)))
		}
	}
	if !a.checked && !n.simulated.Unsigned && !bug.On(bug.Unverified) {
		// Its creator was added by what came before it.
		r.items = append(r.items[:0], sign.Item{Peer: uint16(c.by), Message: a.id, Signature: ev.Signature})
		r.bad = append(r.bad[:0], 0)
		if r.bads >= maxBad {
			return errTooBad
		}
		n.counts.Signatures++
		if !n.verifier.Check(r.items, r.bad, false) {
			r.bads++
			n.counts.BadSignatures++
			return ErrSignature
		}
		a.verified = r.items[0].Verified()
	}
	for _, o := range m.Votes[ev.First:][:ev.Count] {
		if k := &r.contents[o]; k.known {
			c.size += len(n.store.contents[k.number].body)
		} else {
			c.size += len(m.Observations[o].Body)
		}
	}
	c.count = int(ev.Count)
	if err := n.acceptable(&c); err != nil {
		return err
	}
	for _, o := range m.Votes[ev.First:][:ev.Count] {
		k := &r.contents[o]
		if k.known || k.checked {
			continue
		}
		var body wire.Body
		if k.err = n.checkBody(m.Observations[o].Body, &body); k.err != nil {
			return k.err
		}
		k.checked = true
	}
	r.votes = r.votes[:0]
	for _, o := range m.Votes[ev.First:][:ev.Count] {
		k := &r.contents[o]
		if !k.known {
			number, err := n.learn(m.Observations[o].Hash, m.Observations[o].Body)
			if err != nil {
				return err
			}
			k.number, k.known = number, true
		}
		r.votes = append(r.votes, k.number)
	}
	c.votes = r.votes
	x, err := n.insert(&c, a.verified)
	if err != nil {
		return err
	}
	a.fate, a.place = present, x
	return nil
}

// placeOf returns where in the graph a parent is, if it is there; 0 for an event that has none.
func (n *Node) placeOf(ref wire.Ref, has bool) (x gossip.Index, ok bool) {
	if !has {
		return 0, true
	}
	if i, in := ref.Event(); in {
		x = n.rx.events[i].place
	} else if i, out := ref.Parent(); out {
		x = n.rx.parents[i]
	}
	return x, x != 0
}

// nowKnown returns the peer that an entry in a message's table of creators is, which may have been added since the
// message came.
func (n *Node) nowKnown(m *wire.Message, i uint16) *peer {
	r := &n.rx
	if r.creators[i] == nil && !m.Creators[i].ByNumber {
		r.creators[i] = n.licensed(n.byID[Identity(m.Creators[i].Key)])
	}
	return n.licensed(r.creators[i])
}

// build inserts what the heads of a message descend from, and makes this node's events on them, one after the other:
// one, unless the sender is not honest or sends a long history in parts. It reports whether it made any. A head whose
// creator turns out to be removed or to have forked by what came with an earlier one is left out, with what only it
// brings. Where a head is refused when it comes to it, what is there of the message is built on instead: all that is
// in the graph is to be behind this node's events.
func (n *Node) build(p *peer, m *wire.Message) (built bool, err error) {
	r := &n.rx
	refused := false
	for k, i := range r.heads {
		a := &r.events[i]
		if len(r.heads) > 1 {
			if a.fate == dead || k > 0 && !n.takes(n.nowKnown(m, m.Events[i].Creator)) {
				continue
			}
			n.needOnly(m, i)
		}
		n.insertAll(m)
		if a.fate != present {
			refused = true
			continue
		}
		made, err := n.buildOn(m, a.place)
		if built = built || made; err != nil {
			return built, err
		}
	}
	if !refused {
		return built, nil
	}
	for i := range r.events {
		if r.events[i].fate != present {
			r.events[i].fate = dead
		}
	}
	n.chooseAmong(m, p, true)
	for _, i := range r.heads {
		made, err := n.buildOn(m, r.events[i].place)
		if built = built || made; err != nil {
			return built, err
		}
	}
	return built, nil
}

// buildOn makes this node's event on a head, unless its last one descends from that. What came with the head may have
// decided that its creator is removed: it is built on all the same, for what decided that is to be behind this
// node's own events.
func (n *Node) buildOn(m *wire.Message, head gossip.Index) (made bool, err error) {
	if n.graph.Descends(n.last, head) {
		return false, nil
	}
	if by := n.graph.Event(head).By; n.seesFork(n.last, by) && !bug.On(bug.TakeForkers) {
		return false, nil
	}
	cause := gossip.Request
	if m.Kind.Answers() {
		cause = gossip.Response
	}
	_, err = n.make(cause, head, nil, noPeer)
	return err == nil, err
}

// needOnly marks what one head descends from, and nothing else.
func (n *Node) needOnly(m *wire.Message, head int) {
	r := &n.rx
	for i := range r.events {
		r.events[i].need = i == head
	}
	for i := head; i >= 0; i-- {
		if a := &r.events[i]; !a.need || a.fate == present {
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
