package core

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/intake"
	"parsec/core/internal/journal"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Limits of what is kept on a peer's behalf, for each peer. What is past them is not kept, and comes again.
const (
	MaxHeld       = intake.MaxHeld       // bytes of one message, the last, that waits for contents; uncompressed
	MaxHeldBodies = intake.MaxHeldBodies // of contents that were asked for and came: what one message can lack
	MaxAsked      = intake.MaxAsked      // 4,096: contents asked for at a time
)

// Handle takes in a message from a peer, whom the transport has made sure of. What to answer is in the next
// [Ready]. An event that is refused costs itself and what descends from it, no more: there may be more to persist,
// send and deliver even where an error is returned. A message never makes the node fail, and is copied where parts
// of it are kept.
//
// Honest peers cause [ErrPremature], [ErrDuplicateMessage], [ErrMissingPayload] and, as long as members decide at
// different times, [ErrPeerState] and [ErrUnknownPeer]; the others speak against the sender.
//
// Errors, but for [ErrNotAdvanced], for [ErrSelfState] while a node learns ([NodeConfig].Nonce) and for [ErrForked] all of
// them about the message or its sender: [ErrMessage], [ErrLimit]; [ErrUnknownPeer] and [ErrPremature]
// for a sender this node does not know (yet), [ErrPeerState] for one that was removed or forked;
// [ErrDuplicateMessage]; [ErrMissingPayload], which mends itself; and for the first event refused [ErrSignature],
// [ErrUnknownPeer], [ErrUnknownSelfParent], [ErrUnknownOtherParent], [ErrInvalidEvent] or [ErrLimit].
func (n *Node) Handle(from Identity, frame []byte) error {
	if err := n.busy(); err != nil {
		return err
	}
	p, err := n.admit(from)
	if p == nil {
		return err
	}
	m := &n.message
	if parsed := n.intake.Parse(m, p, frame); parsed != nil {
		return parsed
	}
	if err != nil {
		n.dismiss(p, &m.Wire)
		return err
	}
	return n.handle(m)
}

// admit returns the peer that a message is from; with an error if messages from it are not taken, and without the peer if
// they are not answered either.
func (n *Node) admit(from Identity) (*members.Peer, error) {
	p := n.peerOf(from)
	switch {
	case from == n.identity:
		return nil, fmt.Errorf("%w: it is from this node itself", ErrPeerState)
	case p == nil && n.history.Members.Proposed(wire.Hash(from)):
		return nil, reason.About(ErrPremature, from, "being added")
	case p == nil:
		return nil, reason.About(ErrUnknownPeer, from, "nobody has added it")
	case p.Index == members.None:
		return p, nil // a contact
	case !n.history.Voter(p):
		return p, reason.About(ErrPeerState, from, "removed")
	case n.sawFork(p) && !bug.On(bug.TakeForkers):
		return p, reason.About(ErrPeerState, from, "forked")
	}
	return p, nil
}

// sawFork reports whether this node's last event descends from a fork by p.
func (n *Node) sawFork(p *members.Peer) bool { return n.history.SeesFork(n.last, p) }

// dismiss answers somebody of whom nothing is taken any more: a removed peer hears of its removal, and one that forked of its
// fork. So a node whose key is used elsewhere gets to know, though it is sent nothing else.
func (n *Node) dismiss(p *members.Peer, m *wire.Message) {
	switch {
	case m.Kind == wire.KindLearn:
		_ = n.outbox.Teach(p, m, n.last) // it may have asked too often
	case !n.history.Voter(p):
		n.outbox.Farewell(p)
	default:
		n.outbox.TellFork(p, n.last)
	}
}

// handle takes in a message, parsed.
func (n *Node) handle(m *intake.Message) error {
	n.outbox.Heard(m.From, &m.Wire)
	switch m.Wire.Kind {
	case wire.KindAsk:
		return n.outbox.Supply(m.From, &m.Wire)
	case wire.KindLearn:
		return n.outbox.Teach(m.From, &m.Wire, n.last)
	case wire.KindSupply:
		ready, err := n.intake.Supplied(m)
		if !ready {
			return err
		}
		if err != nil {
			return err
		}
	}
	teaches := m.Wire.Kind == wire.KindTeach
	if teaches {
		if err := n.learning.asked(m); err != nil {
			return err
		}
	} else if n.learning != nil {
		return errLearning
	}
	before := n.last
	err := n.take(m)
	if err == nil && n.last == before && !teaches {
		err = reason.About(ErrDuplicateMessage, m.From.ID, "nothing new")
	}
	return err
}

// take takes a message through the intake and makes this node's events on what came of it, again as long as that makes
// more of it acceptable. Then it answers.
func (n *Node) take(m *intake.Message) error {
	before := n.last
	for rest := n.batch[:]; len(rest) > 0; {
		rest = n.intake.Take(rest, intake.Base{Last: n.last, Learning: n.learning != nil})
		if n.learning == nil {
			if err := n.build(m.Heads, m.Wire.Kind.Answers()); err != nil {
				return err
			}
		}
		if err := n.finish(); err != nil {
			return err
		}
	}
	switch {
	case m.Fork != nil:
		return n.forked(&journal.Fork{Header: m.Fork.Header, Signature: m.Fork.Signature})
	case len(m.Missing) > 0:
		wants, err := n.intake.Hold(m, n.author.hashes[:0])
		n.outbox.Ask(m.From, wants)
		n.author.hashes = wants
		return err
	case m.Err != nil:
		return m.Err
	}
	n.outbox.Took(m.From, &m.Wire)
	n.intake.Release(m.From)
	if n.learning != nil {
		return n.learn(m, n.last != before)
	}
	if n.last != before && m.Wire.Kind.Asks() || m.Wire.Kind == wire.KindPartRequest {
		n.outbox.Gossip(m.From, wire.KindResponse, n.last) // one in part is answered in any case: the answer says how far it has come
	}
	return m.Refused()
}

// Forked returns nil, or why this node does nothing any more: an event came that its key signed and that it did not make, so
// the key is used elsewhere, or the log lacks what was sent. It makes no events then, and takes none. A node that is recovered
// from its log says so again. The error wraps [ErrForked].
func (n *Node) Forked() error {
	if n.fork == nil {
		return nil
	}
	return fmt.Errorf("%w: an event that it did not make has index %d after event %x; remove the peer from the section, and join with a new key",
		ErrForked, n.fork.Header.Index, n.fork.Header.SelfParent[:8])
}

// forked notes that this node's key was used elsewhere.
func (n *Node) forked(f *journal.Fork) error {
	n.fork, n.learning = f, nil
	n.absorb()
	n.out.record = n.journal.AppendFork(n.out.record, f)
	return n.Forked()
}

// Gossip makes a request to a peer: an event that says so, and a message with all that the peer is not known to have.
//
// Errors: [ErrUnknownPeer]; [ErrPeerState] for a peer that is not among [Node.Recipients]; [ErrSelfState] for a node
// that was removed; [ErrForked]. A node that learns asks for its own events instead, and makes no event.
func (n *Node) Gossip(to Identity) error {
	if err := n.busy(); err != nil {
		return err
	}
	p := n.peerOf(to)
	switch {
	case p == nil:
		return fmt.Errorf("%w: %x", ErrUnknownPeer, to[:8])
	case n.removed():
		return fmt.Errorf("%w: removed", ErrSelfState)
	case !n.receives(p) && !n.contact(p):
		return fmt.Errorf("%w: %x cannot be gossiped to", ErrPeerState, to[:8])
	}
	if n.learning != nil {
		n.ask(p)
		return nil
	}
	if err := n.request(p); err != nil {
		return err
	}
	n.outbox.Gossip(p, wire.KindRequest, n.last)
	return n.finish()
}

// Recipients returns who can be gossiped to, in order of identity: the other voters that have shown that they know
// they are members, and contacts that are not known as peers. None for a node that was removed, or forked.
func (n *Node) Recipients() []Identity {
	var out []Identity
	if n.removed() || n.fork != nil {
		return nil
	}
	for _, p := range n.history.Members.Peers() {
		if n.receives(p) {
			out = append(out, Identity(p.ID))
		}
	}
	return n.withContacts(out)
}

// receives reports whether p can be gossiped to.
func (n *Node) receives(p *members.Peer) bool {
	return p != n.self && p.Numbered && n.history.Voter(p) &&
		(int(p.Number) < len(n.history.Members.Founders()) || n.firstOf(p) != 0) && !n.sawFork(p)
}

// firstOf returns the end of a peer's first chain, 0 for none.
func (n *Node) firstOf(p *members.Peer) gossip.Index {
	g := n.history.Graph()
	return g.ChainTip(g.First(p.Index))
}
