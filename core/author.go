package core

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// author is what making this node's own events needs, reused from event to event.
type author struct {
	event     history.Event
	id        wire.Hash
	signature [64]byte
	others    [1]gossip.Index
	stranger  wire.Hash
	votes     []history.Vote
	hashes    []wire.Hash
	bodies    []wire.Body
	raw       []byte
	ends      []int
}

// begin makes the first events, where they are not there: the initial one, and a founder's vote for the genesis.
func (n *Node) begin() error {
	if n.last == 0 {
		if err := n.make(gossip.Initial, history.Event{}); err != nil {
			return err
		}
	}
	if n.founder() && n.history.Graph().Event(n.last).Nth == 0 {
		hash := n.history.Section.Observation(n.history.Genesis())
		n.author.votes = append(n.author.votes[:0], history.Vote{Hash: &hash, Body: n.history.Genesis()})
		if err := n.cast(); err != nil {
			return err
		}
	}
	return n.finish()
}

// make makes an event of this node on its last one and commits it. It passes the same acceptance as anybody's, before
// anything is persisted. Other parents, votes and the recipient are e's; the votes are the author's.
func (n *Node) make(cause gossip.Cause, e history.Event) error {
	t := &n.author // what escapes is there already
	t.event = e
	own := &t.event
	own.By, own.Cause, own.Self = n.self.Index, cause, n.last
	root := wire.Hash{}
	if own.Votes > 0 {
		t.hashes = t.hashes[:0]
		for i := range t.votes {
			t.hashes = append(t.hashes, *t.votes[i].Hash)
		}
		root = n.history.Tree.Root(t.hashes)
	}
	head := n.history.Header(own, root)
	t.id = n.history.Section.Event(&head)
	var verified sign.Verified
	if !n.simulated.Unsigned {
		t.signature, verified = n.history.Members.Verifier().Sign(n.signer, uint16(n.self.Index), &t.id)
	}
	own.ID, own.Signature = &t.id, &t.signature
	if _, err := n.history.Stage(own); err != nil {
		return fmt.Errorf("this node's own event: %w", err)
	}
	votes := t.votes
	if own.Votes == 0 {
		votes = nil
	}
	x, err := n.history.Commit(verified, votes)
	if err != nil {
		n.history.Drop(n.history.Len())
		return err
	}
	n.last = x
	return nil
}

// cast makes the event with the author's votes.
func (n *Node) cast() error {
	e := history.Event{Votes: len(n.author.votes)}
	for i := range n.author.votes {
		v := &n.author.votes[i]
		size, open := len(v.Body), true
		if o, ok := n.history.Store.Number(v.Hash); ok {
			size, open = len(n.history.Store.Observation(o).Body), !n.history.Election().Done(o, n.self.Index)
		}
		e.Size += size
		if open {
			e.Open++
			e.OpenSize += size
		}
	}
	return n.make(gossip.Observation, e)
}

// request makes the event that says that p is asked.
func (n *Node) request(p *members.Peer) error {
	e := history.Event{Recipient: p}
	if p.Index == members.None {
		n.author.stranger = p.ID
		e.Recipient, e.Stranger = nil, &n.author.stranger
	}
	return n.make(gossip.Requesting, e)
}

// build makes this node's events on the heads of a message, one after the other: one, unless the sender is not honest or
// sends a long history in parts. What came with a head may have decided that its creator is removed: it is built on all
// the same, for what decided that is to be behind this node's own events.
func (n *Node) build(heads []gossip.Index, answers bool) error {
	cause := gossip.Request
	if answers {
		cause = gossip.Response
	}
	for _, head := range heads {
		if n.history.Graph().Descends(n.last, head) {
			continue
		}
		n.author.others[0] = head
		if err := n.make(cause, history.Event{Others: n.author.others[:]}); err != nil {
			return err
		}
	}
	return nil
}

// decideAlone lets the only voter of a section decide what it voted for. That takes a sync event, and there is nobody
// to gossip with: it makes a requesting event to itself.
func (n *Node) decideAlone() error {
	h := n.history
	for before := h.Height() - 1; n.learning == nil && h.Height() != before && n.voter() && len(h.Election().Voters()) == 1; {
		if votes, _ := h.Undecided(n.last); votes == 0 {
			return nil
		}
		before = h.Height()
		if err := n.request(n.self); err != nil {
			return err
		}
	}
	return nil
}
