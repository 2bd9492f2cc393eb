package core

import (
	"fmt"

	"parsec/core/internal/bug"
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
	came uint32 // events, in the peer's order
	done bool   // it has said that this is all
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
// next question can say how many came. Contents go along: it may have lost what it was sent before. A node that is
// learning itself answers too, with what it has. Time O(events of the graph) for each 16,384 that are sent.
func (n *Node) teach(p *peer, m *wire.Message) error {
	if !p.asks(m) {
		return fmt.Errorf("%w: it asks for what it was sent", ErrDuplicateMessage)
	}
	t := &n.tx
	known := knownEvents{}
	if len(m.Wants) > 0 {
		known.tip = n.store.find(&m.Wants[0])
	}
	p.has, p.shown = nil, 0
	t.events = t.events[:0]
	skip := m.Skip
	for x := gossip.Index(1); x <= n.graph.Len(); x++ {
		if n.had(known, x) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if t.events = append(t.events, x); len(t.events) > maxSentEvents {
			break
		}
	}
	t.message.Nonce, t.message.Skip = m.Nonce, m.Skip
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
	if err := n.resolve(p, m); err != nil {
		return err
	}
	n.identify(m)
	n.countEvents()
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
	n.insertAll(m)
	p.held = held{}
	t := l.teachers[p]
	came := m.Skip + uint32(len(m.Events))
	news := came > t.came
	t.came = max(t.came, came)
	t.done = t.done || !m.More
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

// learned ends the learning if a supermajority of the voters, or all others, have answered in full: members that this
// node knows to have forked are not asked, and not waited for. This node goes on from the last of its own events that
// they know, and builds on what each of them has.
func (n *Node) learned() error {
	voters, others := n.election.Voters(), 0
	answered := 0
	for _, v := range voters {
		if v != n.self && (!n.sawFork(n.peers[v]) || bug.On(bug.AwaitForkers)) {
			others++
			if t := n.learning.teachers[n.peers[v]]; t != nil && t.done {
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
	n.learning = nil
	if err := n.begin(); err != nil {
		return err
	}
	for _, q := range n.peers { // those that were removed too: what they brought is to be behind this node's events
		x := n.graph.Last(n.graph.Main(q.index))
		if x == 0 || q.index == n.self || n.graph.Descends(n.last, x) || n.seesFork(n.last, q.index) {
			continue
		}
		if _, err := n.make(gossip.Response, x, nil, noPeer); err != nil {
			return err
		}
	}
	return nil
}

// maxQuestions is how often a peer may begin to ask for all there is, and ask again for the same part of it, until
// maxQuestions*refill events of its own have come: an answer takes a hundred thousand times the bytes of a question.
const (
	maxQuestions = 8
	refill       = 128
)

// asks notes that a peer asks for what it lacks, and reports whether it may.
func (p *peer) asks(m *wire.Message) bool {
	if m.Nonce == p.asked.nonce && m.Skip > p.asked.skip {
		p.asked.skip = m.Skip
		return true
	}
	if p.asked.times >= maxQuestions*refill {
		return false
	}
	p.asked.times += refill
	p.asked.nonce, p.asked.skip = m.Nonce, m.Skip
	return true
}

// asked is what a peer asked for last, and how much of its quota of questions it has used: each of its events gives
// back one part in refill of a question.
type asked struct {
	nonce wire.Hash
	skip  uint32
	times int
}
