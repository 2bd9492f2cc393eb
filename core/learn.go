package core

import (
	"fmt"
	"slices"

	"parsec/core/internal/intake"
	"parsec/core/internal/members"
	"parsec/core/internal/wire"
)

var errLearning = fmt.Errorf("%w: this node is learning its own events first", ErrSelfState)

// learning is what a node does before it makes its first event: it asks others for its own events, and takes in those and
// what they descend from. So all that it takes in is behind its own last event, whoever answers what.
type learning struct {
	nonce    wire.Hash // answers to what an earlier life asked do not count
	quorum   bool      // a supermajority of the voters has to answer: the log is known to lack something
	asks     []*members.Peer
	answered map[*members.Peer]bool // in full
}

func newLearning(cfg *NodeConfig) *learning {
	l := &learning{nonce: wire.Hash(cfg.Nonce), answered: make(map[*members.Peer]bool)}
	if cfg.Restored != (Hash{}) {
		l.nonce, l.quorum = wire.Hash(cfg.Restored), true
	}
	return l
}

// ask asks a peer for this node's own events beyond its last.
func (n *Node) ask(p *members.Peer) {
	l := n.learning
	if !slices.Contains(l.asks, p) {
		l.asks = append(l.asks, p)
	}
	n.outbox.Learn(p, l.nonce, n.last)
}

// asked returns nil if the message answers what was asked.
func (l *learning) asked(m *intake.Message) error {
	if l == nil || m.Wire.Nonce != l.nonce || !slices.Contains(l.asks, m.From) {
		return fmt.Errorf("%w: an answer to another question", ErrDuplicateMessage)
	}
	return nil
}

// learn notes what an answer brought: news is events of this node's own that it did not know. It asks on where the answer
// was a part.
func (n *Node) learn(m *intake.Message, news bool) error {
	l := n.learning
	l.quorum = l.quorum || news
	switch {
	case m.Wire.More && news:
		n.ask(m.From)
	case m.Wire.More && m.Refused() == nil:
		return fmt.Errorf("%w: a part of an answer without any of this node's events", ErrDuplicateMessage)
	case !m.Wire.More:
		l.answered[m.From] = true
		if err := n.learned(); err != nil {
			return err
		}
	}
	return m.Refused()
}

// learned ends the learning if enough have answered: all other voters that this node does not know to have forked, or,
// where the log lacks something, a supermajority of the voters.
func (n *Node) learned() error {
	answered, others, voters := n.learning.answers(n)
	if answered < others && (!n.learning.quorum || 3*answered <= 2*voters) {
		return nil
	}
	n.learning = nil
	return n.begin()
}

// answers counts who has answered in full, of how many others, in a section of so many voters.
func (l *learning) answers(n *Node) (answered, others, voters int) {
	all := n.history.Election().Voters()
	for _, v := range all {
		if p := n.history.Members.At(v); p != n.self && !n.sawFork(p) {
			others++
			if l.answered[p] {
				answered++
			}
		}
	}
	return answered, others, len(all)
}

// Awaits returns whom this node asked for its own events ([NodeConfig].Nonce) and who has not answered in full, in no order; nil
// if it does not ask any more.
func (n *Node) Awaits() []Identity {
	if n.learning == nil {
		return nil
	}
	var out []Identity
	for _, p := range n.learning.asks {
		if !n.learning.answered[p] {
			out = append(out, Identity(p.ID))
		}
	}
	return out
}

// Learning reports whether this node asks for its own events still, and makes none. Restored tells that its log lacks
// some, or is said to: [Node.Begin] ends it only once enough have answered.
func (n *Node) Learning() (learning, restored bool) {
	return n.learning != nil, n.learning != nil && n.learning.quorum
}

// Begin says that nobody else will answer what this node asks at its start ([NodeConfig].Nonce): it begins. One that was
// restored, or has heard of events of its own that its log lacks, begins if those who answered and it are a supermajority
// of the voters: else members that do not answer could hold it off for ever, and of so many one is honest, whoever is
// not. For a node that does not ask, it does nothing.
func (n *Node) Begin() error {
	if err := n.busy(); err != nil {
		return err
	}
	if n.learning == nil {
		return nil
	}
	if answered, _, voters := n.learning.answers(n); n.learning.quorum && 3*(answered+1) <= 2*voters {
		return nil
	}
	n.learning = nil
	return n.begin()
}
