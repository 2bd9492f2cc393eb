package core

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// MaxProofSize is how many bytes a proof takes at most: 1,677.
const MaxProofSize = wire.MaxProof

// Proof shows to anyone that a peer voted for an observation. It says nothing of where, or whether, that has a
// block. The zero value proves nothing.
type Proof struct{ wire wire.Proof }

// Section returns what the proof calls the section, [Section.ID].
func (p *Proof) Section() Hash { return Hash(p.wire.Section) }

// Voter returns who the proof says voted.
func (p *Proof) Voter() Identity { return Identity(p.wire.Header.Creator) }

// Observation returns for what: the hash of a [Content]; [PayloadHash] tells that of a payload.
func (p *Proof) Observation() Hash { return Hash(p.wire.Observation) }

// Verify returns nil if it is proved that the voter voted for the observation in the section. Errors:
// [ErrUnknownVote] for a proof of something else, [ErrInvalidEvent] for one that has not the form of one,
// [ErrSignature].
func (p *Proof) Verify(section Hash, voter Identity, observation Hash) error {
	if p.Section() != section || p.Voter() != voter || p.Observation() != observation {
		return fmt.Errorf("%w: the proof is of a vote by %x for %x in section %x", ErrUnknownVote,
			p.wire.Header.Creator[:8], p.wire.Observation[:8], p.wire.Section[:8])
	}
	id, ok := p.wire.ID()
	if !ok {
		return fmt.Errorf("%w: the path has not the shape that its ends demand", ErrInvalidEvent)
	}
	key := sign.PublicKey(p.wire.Header.Creator)
	if err := sign.CheckKey(key); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !sign.Verify(key, &id, &p.wire.Signature) {
		return fmt.Errorf("%w: of the vote by %x", ErrSignature, key[:8])
	}
	return nil
}

// AppendBinary appends the proof's encoding, the only one it has.
func (p *Proof) AppendBinary(b []byte) ([]byte, error) { return p.wire.Append(b), nil }

// MarshalBinary returns the proof's encoding, of at most [MaxProofSize] bytes.
func (p *Proof) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary reads a proof. It checks its form only; the error wraps [ErrMessage].
func (p *Proof) UnmarshalBinary(b []byte) error {
	if err := wire.ParseProof(b, &p.wire); err != nil {
		return reason.OfMessage(err)
	}
	return nil
}

// PayloadHash returns the hash that a payload has as an observation in a section.
func PayloadHash(section Hash, payload []byte) Hash {
	s := wire.SectionOf(wire.Hash(section))
	return Hash(s.Observation(wire.AppendBody(nil, &wire.Body{Kind: wire.Opaque, Payload: payload})))
}

// Proof returns the proof that a voter voted for an observation. The error wraps [ErrUnknownPeer] or
// [ErrUnknownVote]. Cost: O(votes for the observation), and the hashes of one event's votes.
func (n *Node) Proof(observation Hash, voter Identity) (*Proof, error) {
	p := n.peerOf(voter)
	if p == nil || p.Index == members.None {
		return nil, fmt.Errorf("%w: %x", ErrUnknownPeer, voter[:8])
	}
	hash := wire.Hash(observation)
	o, ok := n.history.Store.Number(&hash)
	x := gossip.Index(0)
	if ok {
		n.history.Election().VotesFor(o, p.Index, func(event gossip.Index) bool {
			if n.history.Maker(event) == p {
				x = event
			}
			return x == 0
		})
	}
	if x == 0 {
		return nil, fmt.Errorf("%w: by %x for %x", ErrUnknownVote, voter[:8], observation[:8])
	}
	ev := n.history.Graph().Event(x)
	votes := n.history.Store.Votes(x)
	hashes := make([]wire.Hash, len(votes))
	position := -1
	for i, v := range votes {
		hashes[i] = n.history.Store.Observation(v).Hash
		if v == o && position < 0 {
			position = i
		}
	}
	out := &Proof{wire: wire.Proof{
		Section: n.history.Section.ID,
		Header: wire.Header{
			Creator: wire.Hash(voter), Index: ev.Nth, Cause: wire.Observing, Votes: uint32(len(votes)),
			Root: n.history.Tree.Root(hashes), SelfParent: *n.history.Store.ID(ev.Self),
		},
		Position: uint32(position), Observation: hash, Path: n.history.Tree.Path(hashes, position), Signature: *n.history.Store.Signature(x),
	}}
	return out, nil
}
