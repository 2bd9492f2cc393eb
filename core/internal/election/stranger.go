package election

import (
	"cmp"
	"slices"

	"parsec/core/internal/gossip"
)

// A peer's number costs every later event four bytes, so that somebody who votes for thousands of peers to be added
// must not get them numbers. Who is not known when an observation about it comes is a stranger until the observation
// is decided: then an Add makes it a peer, and so numbers follow the order of decisions, which is the same for all.

// stranger is whom an observation is about that has no number. Those of decided observations stay.
type stranger struct {
	observation uint32
	identity    [32]byte
}

// aboutPeer reports whether observations of the kind are about a peer.
func (k Kind) aboutPeer() bool { return k == Add || k == Remove || k == Accusation }

// Peer returns the number of the peer of an identity, if it has one.
func (e *Election) Peer(identity [32]byte) (gossip.Peer, bool) {
	p, ok := e.known[identity]
	return p, ok
}

// Identity returns the identity of a peer.
func (e *Election) Identity(p gossip.Peer) [32]byte { return e.identities[p] }

// acquaint returns the peer that the next observation, o, is about by its identity. If it has no number it notes
// the identity and returns NoPeer.
func (e *Election) acquaint(o uint32, identity *[32]byte) gossip.Peer {
	if p, ok := e.known[*identity]; ok {
		return p
	}
	e.strangers = append(e.strangers, stranger{o, *identity})
	return NoPeer
}

// Limit bounds who may be a voter, alike for all that decide the same: past so many voters or peers ever added, and
// founders among those, an Add has no effect, and the last voter is not removed. It is called before Start.
func (e *Election) Limit(voters, peers int) { e.mostVoters, e.mostPeers = voters, peers }

// act makes the peer that a decided observation is about a voter, or none, and reports whether that changed anything.
// Now is how many voters there are.
func (e *Election) act(o uint32, now *int) bool {
	add := e.observations[o].Kind == Add
	switch {
	case add && *now >= e.mostVoters, !add && *now == 1 && e.mostVoters != noLimit && e.isLast(o):
		return false
	}
	if add && !e.isAdded(o) {
		if e.added >= e.mostPeers {
			return false
		}
	}
	p := e.subject(o)
	if p == NoPeer {
		return false
	}
	if add && !e.wasAdded[p] {
		e.wasAdded[p] = true
		e.added++
	}
	if e.member[p] == add {
		return false
	}
	e.member[p] = add
	if add {
		*now++
	} else {
		*now--
	}
	return true
}

// isLast reports whether the peer that o is about votes now.
func (e *Election) isLast(o uint32) bool {
	p, ok := e.about(o)
	return ok && e.member[p]
}

// isAdded reports whether the peer that o is about was ever added.
func (e *Election) isAdded(o uint32) bool {
	p, ok := e.about(o)
	return ok && e.wasAdded[p]
}

// about returns the peer that observation o is about, if it has a number.
func (e *Election) about(o uint32) (gossip.Peer, bool) {
	if p := e.observations[o].Peer; p != NoPeer {
		return p, true
	}
	return e.Peer(e.stranger(o))
}

// stranger returns the identity that observation o is about, by which it was made known.
func (e *Election) stranger(o uint32) [32]byte {
	i, _ := slices.BinarySearchFunc(e.strangers, o, func(s stranger, o uint32) int { return cmp.Compare(s.observation, o) })
	return e.strangers[i].identity
}

// noLimit is more than there can be.
const noLimit = gossip.MaxPeers + 1

// subject returns the peer that observation o, which has just been decided, is about; NoPeer if it has no number
// and gets none: it is not to be added, or there are too many peers. Time O(log strangers).
func (e *Election) subject(o uint32) gossip.Peer {
	obs := &e.observations[o]
	if obs.Peer != NoPeer {
		return obs.Peer
	}
	identity := e.stranger(o)
	p, ok := e.known[identity]
	if !ok {
		if obs.Kind != Add {
			return NoPeer
		}
		var err error
		if p, err = e.AddPeer(identity); err != nil {
			return NoPeer
		}
	}
	obs.Peer = p
	return p
}
