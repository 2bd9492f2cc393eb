package core

import (
	"fmt"
	"slices"

	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/sign"
	"parsec/core/internal/store"
	"parsec/core/internal/wire"
)

// CanVote returns nil if this node may vote now, else why not: [ErrSelfState] if it is no voter, or is learning its own
// events ([NodeConfig].Restored), [ErrLimit] if
// [MaxUndecided] or [MaxUndecidedSize] is reached.
func (n *Node) CanVote() error {
	if err := n.refusesVotes(); err != nil {
		return err
	}
	if votes, size := n.history.Undecided(n.last); votes >= MaxUndecided || size >= MaxUndecidedSize {
		return fmt.Errorf("%w: %d of this node's votes are undecided, about %d bytes", ErrLimit, votes, size)
	}
	return nil
}

// refusesVotes returns why this node casts no votes, whatever they are for and however few.
func (n *Node) refusesVotes() error {
	switch {
	case n.fork != nil:
		return n.Forked()
	case n.learning != nil:
		return errLearning
	case !n.voter():
		return fmt.Errorf("%w: not a voter", ErrSelfState)
	}
	return nil
}

// Room returns how many more votes of this node may be undecided, and about how many bytes of what they are about: what
// is left of [MaxUndecided] and [MaxUndecidedSize]. In Supermajority mode a caller that spends all of it on payloads of
// its own has none for those of others; and where all do, nothing is decided any more.
func (n *Node) Room() (votes, size int) {
	cast, bytes := n.history.Undecided(n.last)
	return max(0, MaxUndecided-cast), int(max(0, MaxUndecidedSize-int64(bytes)))
}

// Open reports whether [Node.VoteFor] could vote for a content: an event here votes for it, but none of this node's, and
// it has no block.
func (n *Node) Open(content Hash) bool {
	hash := wire.Hash(content)
	o, ok := n.history.Store.Number(&hash)
	return ok && !n.voted(o)
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
	bodies := n.author.bodies[:0]
	for _, p := range payloads {
		if len(p) > MaxPayload {
			return fmt.Errorf("%w: a payload of %d bytes, of %d", ErrLimit, len(p), MaxPayload)
		}
		bodies = append(bodies, wire.Body{Kind: wire.Opaque, Payload: p})
	}
	n.author.bodies = bodies
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
	if n.history.Voter(n.peerOf(id)) {
		return fmt.Errorf("%w: %x is a voter", ErrPeerState, id[:8])
	}
	if len(n.history.Election().Voters()) >= MaxVoters {
		return fmt.Errorf("%w: the section has %d voters", ErrPeerState, MaxVoters)
	}
	return nil
}

// mayRemove returns why there is no voting to remove a peer.
func (n *Node) mayRemove(id Identity) error {
	if !n.history.Voter(n.peerOf(id)) {
		return fmt.Errorf("%w: %x is no voter", ErrPeerState, id[:8])
	}
	if len(n.history.Election().Voters()) == 1 {
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
	t := &n.author
	t.raw, t.ends, t.hashes = t.raw[:0], t.ends[:0], t.hashes[:0]
	for i := range bodies {
		from := len(t.raw)
		t.raw = wire.AppendBody(t.raw, &bodies[i])
		t.ends = append(t.ends, len(t.raw))
		hash := n.history.Section.Observation(t.raw[from:])
		if o, ok := n.history.Store.Number(&hash); ok && n.voted(o) {
			return fmt.Errorf("%w: for %x", ErrDuplicateVote, hash[:8])
		}
		t.hashes = append(t.hashes, hash)
	}
	if err := n.hasRoom(t.hashes, len(t.raw)); err != nil {
		return err
	}
	t.votes = t.votes[:0]
	from := 0
	for i := range t.hashes {
		t.votes = append(t.votes, history.Vote{Hash: &t.hashes[i], Body: t.raw[from:t.ends[i]]})
		from = t.ends[i]
	}
	return n.castAll()
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
	t := &n.author
	t.hashes, t.votes = t.hashes[:0], t.votes[:0]
	size := 0
	for i := range hashes {
		hash := wire.Hash(hashes[i])
		o, ok := n.history.Store.Number(&hash)
		if !ok {
			return fmt.Errorf("%w: %x", ErrUnknownObservation, hash[:8])
		}
		if n.voted(o) {
			return fmt.Errorf("%w: for %x", ErrDuplicateVote, hash[:8])
		}
		k := n.history.Store.Observation(o)
		if err := n.inOrder(k); err != nil {
			return err
		}
		t.hashes = append(t.hashes, hash)
		t.votes = append(t.votes, history.Vote{Hash: &k.Hash})
		size += len(k.Body)
	}
	if err := n.hasRoom(t.hashes, size); err != nil {
		return err
	}
	return n.castAll()
}

// inOrder returns why a content is not one to vote for as things are.
func (n *Node) inOrder(k *store.Observation) error {
	switch k.Kind {
	case wire.Add:
		return n.mayAdd(contentOf(k).Peer)
	case wire.Remove:
		return n.mayRemove(contentOf(k).Peer)
	}
	return nil
}

// mayVote returns why this node cannot make an event with so many votes, whatever they are for.
func (n *Node) mayVote(votes int) error {
	if err := n.busy(); err != nil {
		return err
	}
	if err := n.refusesVotes(); err != nil {
		return err
	}
	if votes > MaxVotes {
		return fmt.Errorf("%w: %d votes at once, of %d", ErrLimit, votes, MaxVotes)
	}
	return nil
}

// voted reports whether a vote by this node for observation o would be its second, or come after the block.
func (n *Node) voted(o uint32) bool {
	e := n.history.Election()
	return e.Done(o, n.self.Index) || e.HasVoted(o, n.self.Index)
}

// hasRoom returns why votes for these, which have so many bytes together, cannot be in one event now.
func (n *Node) hasRoom(hashes []wire.Hash, size int) error {
	if err := n.distinct(hashes); err != nil {
		return err
	}
	if size > MaxVotesSize {
		return fmt.Errorf("%w: votes about %d bytes at once, of %d", ErrLimit, size, MaxVotesSize)
	}
	cast, bytes := n.history.Undecided(n.last)
	if cast+len(hashes) > MaxUndecided || bytes+uint64(size) > MaxUndecidedSize {
		return fmt.Errorf("%w: %d of this node's votes are undecided, about %d bytes", ErrLimit, cast, bytes)
	}
	return nil
}

// castAll makes the event with the votes put together, and hands on what comes of it.
func (n *Node) castAll() error {
	if err := n.cast(); err != nil {
		return err
	}
	return n.finish()
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
	h := n.history
	left, _ := h.Undecided(n.last)
	for x := n.last; x != 0 && left > 0; x = h.Graph().Event(x).Self {
		if h.Graph().Event(x).Cause != gossip.Observation {
			continue
		}
		for _, o := range slices.Backward(h.Store.Votes(x)) {
			if !h.Election().Done(o, n.self.Index) {
				out = append(out, contentOf(h.Store.Observation(o)))
				left--
			}
		}
	}
	slices.Reverse(out)
	return out
}

// withContacts adds the contacts that are not known as peers to recipients, in order of identity.
func (n *Node) withContacts(out []Identity) []Identity {
	for _, id := range n.cfg.Contacts {
		if p := n.peerOf(id); p.Index == members.None && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareIdentities)
	return out
}
