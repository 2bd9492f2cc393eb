package forge

import (
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// Forger makes events of a section.
type Forger struct {
	// Known is how many peers its messages say that their sender knows by number.
	Known uint32

	section *wire.Section
	signers map[wire.Hash]*sign.Signer
	framer  wire.Framer
	tree    wire.Tree
	opened  wire.Message
}

// New returns a forger of the section with that id. It has no keys.
func New(section wire.Hash) *Forger {
	return &Forger{section: wire.SectionOf(section), signers: map[wire.Hash]*sign.Signer{}}
}

// Hold gives the forger a key, and returns its identity.
func (f *Forger) Hold(seed [32]byte) wire.Hash {
	s := sign.NewSigner(seed)
	f.signers[s.Public()] = s
	return s.Public()
}

// Event is an event. Fields that one of its cause does not have are zero.
type Event struct {
	By          wire.Hash
	Cause       wire.Cause
	Self, Other *Event
	Recipient   wire.Hash
	Votes       []Vote

	Index     uint32 // in its creator's chain
	ID        wire.Hash
	Signature [64]byte
}

// Vote is something that is voted for.
type Vote struct {
	Body     []byte // encoded, as wire.Body
	Withheld bool   // messages name it by its hash
}

// Opaque returns a vote for an application's payload.
func Opaque(payload []byte) Vote {
	return Vote{Body: wire.AppendBody(nil, &wire.Body{Kind: wire.Opaque, Payload: payload})}
}

// About returns a vote on a peer: [wire.Add] or [wire.Remove].
func About(kind wire.Kind, peer wire.Hash, info []byte) Vote {
	return Vote{Body: wire.AppendBody(nil, &wire.Body{Kind: kind, Peer: peer, Info: info})}
}

// Finish computes an event's place, id and signature, and returns it. Keys that the forger has not sign with zeros.
func (f *Forger) Finish(e *Event) *Event {
	h := wire.Header{Creator: e.By, Cause: e.Cause, Recipient: e.Recipient}
	if e.Self != nil {
		e.Index = e.Self.Index + max(1, uint32(len(e.Votes)))
		h.Index, h.SelfParent = e.Index, e.Self.ID
	}
	if e.Other != nil {
		h.OtherParents = []wire.Hash{e.Other.ID}
	}
	if len(e.Votes) > 0 {
		hashes := make([]wire.Hash, len(e.Votes))
		for i, v := range e.Votes {
			hashes[i] = f.section.Observation(v.Body)
		}
		h.Votes, h.Root = uint32(len(hashes)), f.tree.Root(hashes)
	}
	e.ID = f.section.Event(&h)
	if s := f.signers[e.By]; s != nil {
		e.Signature = s.Sign(&e.ID)
	}
	return e
}

// Initial returns the event that begins a creator's chain.
func (f *Forger) Initial(by wire.Hash) *Event { return f.Finish(&Event{By: by}) }

// Vote returns an event that votes.
func (f *Forger) Vote(self *Event, votes ...Vote) *Event {
	return f.Finish(&Event{By: self.By, Cause: wire.Observing, Self: self, Votes: votes})
}

// Ask returns an event that asks a recipient.
func (f *Forger) Ask(self *Event, recipient wire.Hash) *Event {
	return f.Finish(&Event{By: self.By, Cause: wire.Requesting, Self: self, Recipient: recipient})
}

// Hear returns an event that takes in another's request.
func (f *Forger) Hear(self, other *Event) *Event {
	return f.Finish(&Event{By: self.By, Cause: wire.Request, Self: self, Other: other})
}
