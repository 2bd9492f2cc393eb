package core

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// learning is what a restored node does before it makes an event: it asks others for all that they have, its own
// events among it, until a supermajority of the voters has answered in full.
type learning struct {
	nonce    wire.Hash    // answers to what an earlier life asked do not count
	base     gossip.Index // this node's last event when it began
	teachers map[*peer]*teacher
}

// teacher is how far a peer has taught this node.
type teacher struct {
	came uint32       // events, in the peer's order
	head gossip.Index // its last, once that has come
}

// ask asks a peer for what it has beyond what this node has, without an event.
func (n *Node) ask(p *peer) {
	l := n.learning
	if l.teachers[p] == nil {
		l.teachers[p] = new(teacher)
	}
	m := &n.tx.message
	m.Wants, m.Nonce, m.Skip = m.Wants[:0], l.nonce, l.teachers[p].came
	if l.base != 0 {
		m.Wants = append(m.Wants, *n.store.id(l.base))
	}
	n.sendTables(p, wire.KindLearn)
}

// teach answers a restored node that asks for what it lacks: events in this node's order, which stays, so that the
// next question can say how many came. Contents go along: it may have lost what it was sent before.
func (n *Node) teach(p *peer, m *wire.Message) error {
	if n.learning != nil || n.last == 0 {
		return fmt.Errorf("%w: this node has to learn itself", ErrSelfState)
	}
	t := &n.tx
	known := gossip.Index(0)
	if len(m.Wants) > 0 {
		known = n.store.find(&m.Wants[0])
	}
	p.has = nil
	t.events = n.graph.Missing(t.events[:0], known, n.last)
	t.message.Nonce, t.message.Skip = m.Nonce, m.Skip
	if skip := int(m.Skip); skip < len(t.events) {
		t.events = append(t.events[:0], t.events[skip:]...)
	} else {
		t.events = append(t.events[:0], n.last) // it came already, but says where this node stands
	}
	n.sendEvents(p, wire.KindTeach, known)
	return nil
}

// learnFrom takes in an answer: all of it that is acceptable, whoever made it.
func (n *Node) learnFrom(p *peer, raw []byte, m *wire.Message) error {
	l := n.learning
	if l == nil || m.Nonce != l.nonce || l.teachers[p] == nil || m.Skip > l.teachers[p].came {
		return fmt.Errorf("%w: an answer to another question", ErrDuplicateMessage)
	}
	r := &n.rx
	r.refused = refusal{}
	n.resolve(p, m)
	n.identify(m)
	for i := range r.events {
		r.events[i].need = r.events[i].fate != dead
	}
	n.check(p, m)
	for i := range r.events {
		r.events[i].need = r.events[i].fate != dead // check may have chosen heads
	}
	if n.lacking(m) {
		return n.hold(p, raw)
	}
	known := r.events[0].fate == present
	n.insertAll(m)
	p.held = held{}
	t := l.teachers[p]
	came := m.Skip + uint32(len(m.Events))
	if len(m.Events) == 1 && known {
		came = m.Skip // it is there to say where the peer stands
	}
	news := came > t.came
	t.came = max(t.came, came)
	if head := r.events[len(r.events)-1].place; !m.More && head != 0 && n.graph.Event(head).By == p.index {
		t.head = head
	}
	if err := r.refused.err(); err != nil {
		return err
	}
	if m.More {
		if news {
			n.ask(p)
		}
		return nil
	}
	return n.learned()
}

// learned ends the learning if a supermajority of the voters, or all others, have answered in full: this node goes on
// from the last of its own events that they know, and builds on what each of them has.
func (n *Node) learned() error {
	voters, others := n.election.Voters(), 0
	answered := 0
	for _, v := range voters {
		if v != n.self {
			others++
			if t := n.learning.teachers[n.peers[v]]; t != nil && t.head != 0 {
				answered++
			}
		}
	}
	if 3*answered <= 2*len(voters) && answered < others {
		return nil
	}
	if n.graph.Of(n.self) != nil {
		return fmt.Errorf("%w: this node's own events fork: its key was used twice", ErrSelfState)
	}
	teachers := n.learning.teachers
	n.learning = nil
	if err := n.begin(); err != nil {
		return err
	}
	for _, v := range voters {
		t := teachers[n.peers[v]]
		if t == nil || t.head == 0 || n.graph.Descends(n.last, t.head) || !n.takes(n.peers[v]) {
			continue
		}
		if _, err := n.make(gossip.Response, t.head, nil, noPeer); err != nil {
			return err
		}
	}
	return nil
}
