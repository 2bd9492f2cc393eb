package core

import (
	"bytes"
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/wire"
)

// Limits of what is kept on a peer's behalf, for each peer. What is past them is not kept, and comes again.
const (
	MaxHeld = 1 << 20 // bytes of one message, the last, that waits for contents; uncompressed
	// MaxHeldBodies is for contents that were asked for and came, with heldOverhead each: what one message can lack.
	MaxHeldBodies = wire.MaxRaw + wire.MaxMessageVotes*heldOverhead
	MaxAsked      = wire.MaxWants // 4,096: contents asked for at a time
)

// heldOverhead is about what keeping a content costs beside its bytes.
const heldOverhead = 128

// held is the last message of a peer that waits for the contents of observations, and what came of them. It was
// verified when it came, and is again when it is taken in.
type held struct {
	raw    []byte
	bodies map[wire.Hash][]byte
	size   int // bytes of the bodies, and heldOverhead each
	wanted map[wire.Hash]struct{}
}

// lacking lists what needed events vote for whose content is not here, and reports whether there is such.
func (n *Node) lacking(m *wire.Message) bool {
	r := &n.rx
	r.missing = r.missing[:0]
	for i := range r.events {
		a := &r.events[i]
		if a.fate != fresh || !a.need || !a.lacks {
			continue
		}
		for _, o := range m.Votes[m.Events[i].First:][:m.Events[i].Count] {
			k := &m.Observations[o]
			if r.contents[o].known || k.Body != nil {
				continue
			}
			if bug.On(bug.NoPayload) {
				k.Body = []byte{byte(wire.Opaque)}
				continue
			}
			r.missing = append(r.missing, k.Hash)
		}
	}
	return len(r.missing) > 0
}

// hold keeps a message until the contents that it lacks have come, and asks its sender for them.
func (n *Node) hold(p *peer, raw []byte) error {
	h := &p.held
	if !n.rx.again {
		n.counts.WaitedMessages++
	}
	h.raw = nil
	if len(raw) <= MaxHeld {
		h.raw = bytes.Clone(raw)
	}
	h.keepOnly(n.rx.message.Observations)
	missing := n.rx.missing
	h.wanted = make(map[wire.Hash]struct{})
	n.tx.message.Wants = n.tx.message.Wants[:0]
	for _, hash := range missing {
		if _, ok := h.wanted[hash]; !ok && len(h.wanted) < MaxAsked {
			h.wanted[hash] = struct{}{}
			n.tx.message.Wants = append(n.tx.message.Wants, hash)
		}
	}
	n.sendAsk(p)
	return fmt.Errorf("%w: %d contents, of %x for one", ErrMissingPayload, len(h.wanted), missing[0][:8])
}

// keepOnly drops the contents that a message does not name.
func (h *held) keepOnly(named []wire.Observation) {
	if len(h.bodies) == 0 {
		return
	}
	old := h.bodies
	h.bodies, h.size = make(map[wire.Hash][]byte, len(old)), 0
	for i := range named {
		if body, ok := old[named[i].Hash]; ok && h.bodies[named[i].Hash] == nil {
			h.bodies[named[i].Hash] = body
			h.size += len(body) + heldOverhead
		}
	}
}

// first returns the lowest of a set of hashes.
func first(of map[wire.Hash]struct{}) (least wire.Hash) {
	found := false
	for hash := range of {
		if !found || bytes.Compare(hash[:], least[:]) < 0 {
			least, found = hash, true
		}
	}
	return least
}

// supplied takes in contents that p was asked for, and then the message that waits for them.
func (n *Node) supplied(p *peer, m *wire.Message) error {
	h := &p.held
	n.countSupplied(p, m)
	came := 0
	for i := range m.Observations {
		o := &m.Observations[i]
		if bug.On(bug.AnyContent) {
			o.Hash = first(h.wanted)
		}
		if _, ok := h.wanted[o.Hash]; !ok || h.size+len(o.Body)+heldOverhead > MaxHeldBodies {
			continue
		}
		delete(h.wanted, o.Hash)
		if h.bodies == nil {
			h.bodies = make(map[wire.Hash][]byte)
		}
		h.bodies[o.Hash] = bytes.Clone(o.Body)
		h.size += len(o.Body) + heldOverhead
		came++
	}
	switch {
	case came == 0:
		return fmt.Errorf("%w: contents that were not asked for", ErrDuplicateMessage)
	case h.raw == nil:
		return nil // it comes again
	}
	n.rx.again = true
	err := n.take(p, h.raw)
	n.rx.again = false
	return err
}

// supply answers a peer that asks for contents, as far as one message goes: it asks again for the rest. A peer can
// ask for what the last message to it named without content, once: that has all that it can lack, and else a small
// message could be answered by a large one as often as it likes.
func (n *Node) supply(p *peer, m *wire.Message) error {
	t := &n.tx
	out := &t.message
	out.Observations = out.Observations[:0]
	size, here := 0, false
	t.stamp++
	for _, hash := range m.Wants {
		o, ok := n.store.number(&hash)
		if !ok {
			continue
		}
		here = true
		k := &n.store.contents[o]
		if k.stamp == t.stamp {
			continue // asked for twice
		}
		k.stamp = t.stamp
		body := k.body
		if size += len(body) + 8; size > maxSent || len(body) > p.owed {
			break
		}
		p.owed -= len(body)
		t.again += len(body) // it was sent it before, or had it
		p.give(o)
		out.Observations = append(out.Observations, wire.Observation{Hash: hash, Body: body})
	}
	switch {
	case !here:
		return fmt.Errorf("%w: it asks for contents that are not here", ErrMessage)
	case len(out.Observations) == 0:
		return fmt.Errorf("%w: it asks for what it was sent, and was not told of since", ErrDuplicateMessage)
	}
	n.sendTables(p, wire.KindSupply)
	return nil
}

// has reports whether p was sent, or sent, the content of observation o.
func (p *peer) hasContent(o uint32) bool {
	return int(o>>6) < len(p.has) && p.has[o>>6]>>(o&63)&1 == 1
}

// give notes that p has the content of observation o.
func (p *peer) give(o uint32) {
	for int(o>>6) >= len(p.has) {
		p.has = append(p.has, 0)
	}
	p.has[o>>6] |= 1 << (o & 63)
}
