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

// subject returns the peer that observation o, which has just been decided, is about; NoPeer if it has no number
// and gets none: it is not to be added, or there are too many peers. Time O(log strangers).
func (e *Election) subject(o uint32) gossip.Peer {
	obs := &e.observations[o]
	if obs.Peer != NoPeer {
		return obs.Peer
	}
	i, _ := slices.BinarySearchFunc(e.strangers, o, func(s stranger, o uint32) int { return cmp.Compare(s.observation, o) })
	identity := e.strangers[i].identity
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
