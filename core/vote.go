package core

import (
	"bytes"
	"fmt"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

var errLearning = fmt.Errorf("%w: this node is learning its own events first", ErrSelfState)

func errLimit(err error) error { return fmt.Errorf("%w: %w", ErrLimit, err) }

func redelivers() bool { return bug.On(bug.Redeliver) }

// checkBody parses an observation and checks what every member must check alike: one that fails is voted for by no
// valid event.
func (n *Node) checkBody(raw []byte, body *wire.Body) error {
	if err := wire.ParseBody(raw, body); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidEvent, err)
	}
	if body.Kind == wire.Add || body.Kind == wire.Remove {
		return n.checkKey(body.Peer)
	}
	return n.checkGenesis(raw)
}

// checkGenesis is the part of checkBody that costs nothing.
func (n *Node) checkGenesis(raw []byte) error {
	if wire.Kind(raw[0]) == wire.Genesis && !bytes.Equal(raw, n.genesis) {
		return fmt.Errorf("%w: a vote for the genesis of another group", ErrInvalidEvent)
	}
	return nil
}

// maxKeys is how many keys that were checked are remembered, about: 100 bytes each.
const maxKeys = 1 << 16

// checkKey checks the key of a peer that is voted about. That takes 40 us, and an event may have thousands: those
// that were found good are remembered, so that refused events cannot have them checked again and again.
func (n *Node) checkKey(key wire.Hash) error {
	if _, ok := n.keys[key]; ok {
		return nil
	}
	if err := sign.CheckKey(sign.PublicKey(key)); err != nil {
		return fmt.Errorf("%w: a vote about a peer: %w", ErrInvalidEvent, err)
	}
	if len(n.keys) >= maxKeys {
		clear(n.keys)
	}
	n.keys[key] = struct{}{}
	return nil
}

// CanVote returns nil if this node may vote now, else why not: [ErrSelfState] if it is no voter, or is learning its own
// events ([NodeConfig].Restored), [ErrLimit] if
// [MaxUndecided] or [MaxUndecidedSize] is reached.
func (n *Node) CanVote() error {
	if err := n.votes(); err != nil {
		return err
	}
	if u := n.undecidedBehind(n.last); u.votes >= MaxUndecided || u.size >= MaxUndecidedSize {
		return fmt.Errorf("%w: %d of this node's votes are undecided, about %d bytes", ErrLimit, u.votes, u.size)
	}
	return nil
}

// votes returns why this node casts no votes, whatever they are for and however few.
func (n *Node) votes() error {
	switch {
	case n.learning != nil:
		return errLearning
	case !n.election.Voter(n.self):
		return fmt.Errorf("%w: not a voter", ErrSelfState)
	}
	return nil
}

// Room returns how many more votes of this node may be undecided, and about how many bytes of what they are about: what
// is left of [MaxUndecided] and [MaxUndecidedSize]. In Supermajority mode a caller that spends all of it on payloads of
// its own has none for those of others; and where all do, nothing is decided any more.
func (n *Node) Room() (votes, size int) {
	u := n.undecidedBehind(n.last)
	return max(0, MaxUndecided-int(u.votes)), int(max(0, MaxUndecidedSize-int64(u.size)))
}

// Open reports whether [Node.VoteFor] could vote for a content: an event here votes for it, but none of this node's, and
// it has no block.
func (n *Node) Open(content Hash) bool {
	hash := wire.Hash(content)
	o, ok := n.store.number(&hash)
	return ok && !n.settled(o)
}

// Vote votes for payloads, in this order, by one event: it is cheaper to vote for many at once. All are voted for,
// or none. In Supermajority mode, a payload is decided when enough members vote for the same bytes; in Single mode
// each vote is. It copies the payloads. A payload may be
// empty; without any, nothing happens.
//
// Errors: [ErrSelfState] if this node is no voter; [ErrDuplicateVote] if it voted for one of them before, or one
// has a block that its vote would have counted for; [ErrLimit] past [MaxPayload],
// [MaxVotes], [MaxVotesSize], [MaxUndecided] or [MaxUndecidedSize].
func (n *Node) Vote(payloads ...[]byte) error {
	bodies := n.tx.bodies[:0]
	for _, p := range payloads {
		if len(p) > MaxPayload {
			return fmt.Errorf("%w: a payload of %d bytes, of %d", ErrLimit, len(p), MaxPayload)
		}
		bodies = append(bodies, wire.Body{Kind: wire.Opaque, Payload: p})
	}
	n.tx.bodies = bodies
	return n.vote(bodies)
}

// VoteAdd votes to make a peer a voter. Info is at most [MaxInfo] bytes, which all who vote for it have to give
// alike: a peer that was removed can be added again by votes with another info. Errors are those of [Node.Vote], and
// [ErrPeerState] for what is no key, for a peer that is a voter, and while the section has [MaxVoters] voters.
func (n *Node) VoteAdd(id Identity, info []byte) error {
	if err := sign.CheckKey(sign.PublicKey(id)); err != nil {
		return fmt.Errorf("%w: %w", ErrPeerState, err)
	}
	if err := n.mayAdd(id); err != nil {
		return err
	}
	return n.votePeer(wire.Add, id, info)
}

// VoteRemove votes to take a voter out, oneself perhaps. Info is as in [Node.VoteAdd]; so are errors, and
// [ErrPeerState] for a peer that is no voter, or the only one.
func (n *Node) VoteRemove(id Identity, info []byte) error {
	if err := n.mayRemove(id); err != nil {
		return err
	}
	return n.votePeer(wire.Remove, id, info)
}

// mayAdd returns why there is no voting to add a peer.
func (n *Node) mayAdd(id Identity) error {
	if p := n.byID[id]; p != nil && p.index != noPeer && n.election.Voter(p.index) {
		return fmt.Errorf("%w: %x is a voter", ErrPeerState, id[:8])
	}
	if len(n.election.Voters()) >= MaxVoters {
		return fmt.Errorf("%w: the section has %d voters", ErrPeerState, MaxVoters)
	}
	return nil
}

// mayRemove returns why there is no voting to remove a peer.
func (n *Node) mayRemove(id Identity) error {
	if p := n.byID[id]; p == nil || p.index == noPeer || !n.election.Voter(p.index) {
		return fmt.Errorf("%w: %x is no voter", ErrPeerState, id[:8])
	}
	if len(n.election.Voters()) == 1 {
		return fmt.Errorf("%w: %x is the only voter", ErrPeerState, id[:8])
	}
	return nil
}

func (n *Node) votePeer(kind wire.Kind, id Identity, info []byte) error {
	if len(info) > MaxInfo {
		return fmt.Errorf("%w: an info of %d bytes, of %d", ErrLimit, len(info), MaxInfo)
	}
	return n.vote([]wire.Body{{Kind: kind, Peer: wire.Hash(id), Info: info}})
}

// vote makes an event that votes for some observations.
func (n *Node) vote(bodies []wire.Body) error {
	if err := n.mayVote(len(bodies)); err != nil || len(bodies) == 0 {
		return err
	}
	t := &n.tx
	t.raw, t.ends, t.hashes = t.raw[:0], t.ends[:0], t.hashes[:0]
	for i := range bodies {
		from := len(t.raw)
		t.raw = wire.AppendBody(t.raw, &bodies[i])
		t.ends = append(t.ends, len(t.raw))
		hash := n.section.Observation(t.raw[from:])
		if o, ok := n.store.number(&hash); ok && n.settled(o) {
			return fmt.Errorf("%w: for %x", ErrDuplicateVote, hash[:8])
		}
		t.hashes = append(t.hashes, hash)
	}
	if err := n.hasRoom(t.hashes, len(t.raw)); err != nil {
		return err
	}
	t.votes = t.votes[:0]
	from := 0
	for i, hash := range t.hashes {
		o, err := n.learn(hash, t.raw[from:t.ends[i]])
		if err != nil {
			return err
		}
		t.votes = append(t.votes, o)
		from = t.ends[i]
	}
	return n.cast()
}

// VoteFor votes for contents that this node knows, in this order, by one event: for [Ready].Proposals, whose bytes need
// not be passed again. All are voted for, or none. Without any, nothing happens.
//
// Errors: [ErrUnknownObservation] for a hash that no event here votes for, and those of [Node.Vote], [Node.VoteAdd]
// and [Node.VoteRemove].
func (n *Node) VoteFor(hashes ...Hash) error {
	if err := n.mayVote(len(hashes)); err != nil || len(hashes) == 0 {
		return err
	}
	t := &n.tx
	t.hashes, t.votes = t.hashes[:0], t.votes[:0]
	size := 0
	for i := range hashes {
		hash := wire.Hash(hashes[i])
		o, ok := n.store.number(&hash)
		if !ok {
			return fmt.Errorf("%w: %x", ErrUnknownObservation, hash[:8])
		}
		if n.settled(o) {
			return fmt.Errorf("%w: for %x", ErrDuplicateVote, hash[:8])
		}
		k := &n.store.contents[o]
		if err := n.inOrder(k); err != nil {
			return err
		}
		t.hashes, t.votes = append(t.hashes, hash), append(t.votes, o)
		size += len(k.body)
	}
	if err := n.hasRoom(t.hashes, size); err != nil {
		return err
	}
	return n.cast()
}

// inOrder returns why a content is not one to vote for as things are.
func (n *Node) inOrder(k *content) error {
	switch k.kind {
	case wire.Add, wire.Remove:
		var body wire.Body
		_ = wire.ParseBody(k.body, &body) // it was parsed when it came
		if k.kind == wire.Add {
			return n.mayAdd(Identity(body.Peer))
		}
		return n.mayRemove(Identity(body.Peer))
	}
	return nil
}

// mayVote returns why this node cannot make an event with so many votes, whatever they are for.
func (n *Node) mayVote(votes int) error {
	if n.out.handed {
		return ErrNotAdvanced
	}
	if err := n.votes(); err != nil {
		return err
	}
	if votes > MaxVotes {
		return fmt.Errorf("%w: %d votes at once, of %d", ErrLimit, votes, MaxVotes)
	}
	return nil
}

// settled reports whether a vote by this node for observation o would be its second, or come after the block.
func (n *Node) settled(o uint32) bool {
	return n.election.Done(o, n.self) || n.election.HasVoted(o, n.self)
}

// hasRoom returns why votes for these, which have so many bytes together, cannot be in one event now.
func (n *Node) hasRoom(hashes []wire.Hash, size int) error {
	if err := n.distinct(hashes); err != nil {
		return err
	}
	if size > MaxVotesSize {
		return fmt.Errorf("%w: votes about %d bytes at once, of %d", ErrLimit, size, MaxVotesSize)
	}
	u := n.undecidedBehind(n.last)
	if int(u.votes)+len(hashes) > MaxUndecided || u.size+uint64(size) > MaxUndecidedSize {
		return fmt.Errorf("%w: %d of this node's votes are undecided, about %d bytes", ErrLimit, u.votes, u.size)
	}
	return nil
}

// cast makes the event with the votes put together.
func (n *Node) cast() error {
	if _, err := n.make(gossip.Observation, 0, n.tx.votes, noPeer); err != nil {
		return err
	}
	return n.decideAlone()
}

// distinct returns an error if two hashes are the same.
func (n *Node) distinct(hashes []wire.Hash) error {
	if len(hashes) == 1 {
		return nil
	}
	seen := make(map[wire.Hash]struct{}, len(hashes))
	for _, h := range hashes {
		if _, ok := seen[h]; ok {
			return fmt.Errorf("%w: for %x, twice at once", ErrDuplicateVote, h[:8])
		}
		seen[h] = struct{}{}
	}
	return nil
}

// Undecided returns what this node voted for that has no block yet, oldest first. Cost: O(events of its own since the
// oldest of them).
func (n *Node) Undecided() []Content {
	var out []Content
	left := n.undecidedBehind(n.last).votes
	for x := n.last; x != 0 && left > 0; x = n.graph.Event(x).Self {
		if n.graph.Event(x).Cause != gossip.Observation {
			continue
		}
		for _, o := range slices.Backward(n.store.ballot(x)) {
			if n.election.Done(o, n.self) {
				continue
			}
			k := &n.store.contents[o]
			var body wire.Body
			_ = wire.ParseBody(k.body, &body)
			out = append(out, contentOf(k, &body))
			left--
		}
	}
	slices.Reverse(out)
	return out
}
