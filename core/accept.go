package core

import (
	"errors"
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// candidate is an event that may be inserted. Its parents are in the graph, its creator is known by number, its
// id and signature are as they should be, and all that it votes for is known.
type candidate struct {
	by        gossip.Peer
	cause     gossip.Cause
	self      gossip.Index // 0 for an initial event
	other     gossip.Index // 0 unless request or response
	recipient gossip.Peer  // requesting: noPeer unless known
	count     int          // how many votes it carries
	size      int          // bytes of what it votes for
	votes     []uint32     // observation numbers, known once it is acceptable
	id        *wire.Hash
	signature *[64]byte
}

// acceptable returns why a candidate may not be inserted, or not yet. The rule and why it cuts nobody off are in
// core/design/acceptance.md: each part is either settled by what the event descends from, or stays true once it
// is as the graph grows.
func (n *Node) acceptable(c *candidate) error {
	g := n.graph
	// Contents are stored before an event is inserted that votes for them, so limits are asked before that.
	if g.Columns()-g.Peers() >= MaxBranches && n.begins(c) {
		return fmt.Errorf("%w: %d branches of forks", ErrLimit, MaxBranches)
	}
	if bug.On(bug.CapBranches) && g.Columns() > g.Peers() && n.begins(c) {
		return fmt.Errorf("%w: one branch of one fork", ErrLimit)
	}
	if g.Len() >= MaxEvents {
		return fmt.Errorf("%w: %d events", ErrLimit, MaxEvents)
	}
	if c.self != 0 && g.Event(c.self).By != c.by {
		return fmt.Errorf("%w: its self-parent is by another creator", ErrInvalidEvent)
	}
	if c.other != 0 {
		by := g.Event(c.other).By
		if by == c.by {
			return fmt.Errorf("%w: its other-parent is by its own creator", ErrInvalidEvent)
		}
		if len(g.Forked()) > 0 && c.self != 0 && n.seesFork(c.self, by) && !bug.On(bug.TakeForkers) {
			return fmt.Errorf("%w: its creator had seen a fork by the other-parent's", ErrInvalidEvent)
		}
		if t, fork := n.tip(c.other, c.by); fork || t != 0 && (c.self == 0 || !g.Descends(c.self, t)) {
			return fmt.Errorf("%w: it descends from a fork by its own creator", ErrInvalidEvent)
		}
	}
	if c.size > MaxVotesSize {
		return fmt.Errorf("%w: it votes about %d bytes, of %d", ErrLimit, c.size, MaxVotesSize)
	}
	if c.count > 0 {
		u := n.undecidedBehind(c.self)
		if int(u.votes)+c.count > MaxUndecided || u.size+uint64(c.size) > MaxUndecidedSize {
			return fmt.Errorf("%w: its creator has %d undecided votes, about %d bytes", ErrLimit, u.votes, u.size)
		}
	}
	return nil
}

// begins reports whether a candidate would begin a branch.
func (n *Node) begins(c *candidate) bool {
	if c.self == 0 {
		return n.graph.Last(n.graph.Main(c.by)) != 0
	}
	return n.graph.Last(n.graph.Event(c.self).Col) != c.self
}

// tip returns the last event by p that x descends from, 0 for none or if x sees a fork by p.
func (n *Node) tip(x gossip.Index, p gossip.Peer) (t gossip.Index, fork bool) {
	t = n.graph.Tip(x, p)
	if t == 0 && n.graph.Of(p) != nil {
		fork = n.descendsFromAny(x, p)
	}
	return t, fork
}

// seesFork reports whether x descends from a fork by p.
func (n *Node) seesFork(x gossip.Index, p gossip.Peer) bool {
	_, fork := n.tip(x, p)
	return fork
}

// sawFork reports whether this node's last event descends from a fork by p.
func (n *Node) sawFork(p *peer) bool { return n.last != 0 && n.seesFork(n.last, p.index) }

func (n *Node) descendsFromAny(x gossip.Index, p gossip.Peer) bool {
	for _, c := range n.graph.Of(p) {
		if n.graph.At(x, c) != 0 {
			return true
		}
	}
	return false
}

// trusts reports whether a candidate's signature is known to be good: what is not never gets into the graph. Records
// of this node's own log are.
func (n *Node) trusts(c *candidate, v sign.Verified) bool {
	return v.OK() && gossip.Peer(v.Peer()) == c.by && v.Message() == *c.id ||
		n.recovers || n.simulated.Unsigned || bug.On(bug.Unverified)
}

// insert adds a candidate that is acceptable to the graph and the record, and takes out what it decides.
func (n *Node) insert(c *candidate, verified sign.Verified) (gossip.Index, error) {
	if !n.trusts(c, verified) {
		return 0, fmt.Errorf("%w: event %x was not verified", ErrSignature, c.id[:8])
	}
	base := n.undecidedBehind(c.self) // before it may decide some of that
	var x gossip.Index
	var err error
	if c.count > 1 {
		x, err = n.election.InsertVotes(c.by, c.self, c.votes)
	} else {
		datum := uint32(0)
		if c.count > 0 {
			datum = c.votes[0]
		}
		x, err = n.election.Insert(c.by, c.cause, c.self, c.other, c.id[len(c.id)-1]&1 == 1, datum)
	}
	switch {
	case errors.Is(err, gossip.ErrForks), errors.Is(err, gossip.ErrFull), errors.Is(err, election.ErrVotes):
		return 0, fmt.Errorf("%w: %w", ErrLimit, err)
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrInvalidEvent, err)
	}
	if p := n.peers[c.by]; p.asked.times > 0 {
		p.asked.times--
	}
	n.peers[c.by].made++
	n.store.put(x, c.id, c.signature, c.votes, c.recipient)
	n.open(x, c, base)
	if c.by == n.self {
		n.last = x
		n.seeOff()
	}
	n.record(x, c)
	for _, b := range n.election.Blocks() {
		n.deliver(&b)
	}
	if invariants {
		n.verify(x)
	}
	return x, nil
}

// undecided is how much a chain votes for that has no block.
type undecided struct {
	votes uint32
	size  uint64 // bytes of what they are about
}

// ballot is one vote for an observation that was undecided when it came.
type ballot struct {
	event gossip.Index
	next  uint32 // the next for the observation, 0 for none
}

// undecidedBehind returns what the chain up to x votes for that has no block. Time O(1), but for a place where a
// fork begins or would: O(events of the chain).
func (n *Node) undecidedBehind(x gossip.Index) undecided {
	if x == 0 {
		return undecided{}
	}
	col := n.graph.Event(x).Col
	if int(col) < len(n.undecided) && n.graph.Last(col) == x {
		return n.undecided[col]
	}
	u := undecided{}
	for ; x != 0; x = n.graph.Event(x).Self {
		ev := n.graph.Event(x)
		if ev.Cause != gossip.Observation {
			continue
		}
		for _, o := range n.store.ballot(x) {
			if !n.election.Done(o, ev.By) {
				u.votes++
				u.size += uint64(len(n.store.contents[o].body))
			}
		}
	}
	return u
}

// open takes in what x votes for. Base is what the chain before it voted for that had no block when x came.
func (n *Node) open(x gossip.Index, c *candidate, base undecided) {
	col := int(n.graph.Event(x).Col)
	for col >= len(n.undecided) {
		n.undecided = append(n.undecided, undecided{})
	}
	if c.self != 0 && int(n.graph.Event(c.self).Col) != col {
		n.undecided[col] = base
	}
	for _, o := range c.votes {
		k := &n.store.contents[o]
		if k.first == 0 {
			k.first = x
			n.notePeerVote(o, c.by)
		}
		if n.election.Done(o, c.by) {
			continue
		}
		b := n.free
		if b != 0 {
			n.free = n.ballots[b].next
		} else {
			b = uint32(len(n.ballots))
			n.ballots = append(n.ballots, ballot{})
		}
		n.ballots[b] = ballot{event: x, next: k.votes}
		k.votes = b
		n.undecided[col].votes++
		n.undecided[col].size += uint64(len(k.body))
	}
}

// settle takes out the votes for an observation that has a block now, in Single mode those of one peer.
func (n *Node) settle(o uint32, by gossip.Peer) {
	k := &n.store.contents[o]
	from := &k.votes
	for *from != 0 {
		b := *from
		ev := n.graph.Event(n.ballots[b].event)
		if by != noPeer && ev.By != by {
			from = &n.ballots[b].next
			continue
		}
		n.lower(n.ballots[b].event, ev, len(k.body))
		next := n.ballots[b].next
		n.ballots[b] = ballot{next: n.free}
		n.free = b
		*from = next
	}
}

// lower takes one vote in event x off all chains that it is on.
func (n *Node) lower(x gossip.Index, ev *gossip.Event, size int) {
	for _, c := range n.graph.Of(ev.By) {
		if c == ev.Col || !n.graph.Descends(n.graph.Last(c), x) || !n.onChain(x, n.graph.Last(c)) {
			continue
		}
		n.undecided[c].votes--
		n.undecided[c].size -= uint64(size)
	}
	n.undecided[ev.Col].votes--
	n.undecided[ev.Col].size -= uint64(size)
}

// onChain reports whether x is y or on its self-parent chain. Time O(branches).
func (n *Node) onChain(x, y gossip.Index) bool {
	col := n.graph.Event(x).Col
	at, c := y, n.graph.Event(y).Col
	for c != col {
		if at, c = n.graph.Base(c); at == 0 {
			return false
		}
	}
	return x <= at
}
