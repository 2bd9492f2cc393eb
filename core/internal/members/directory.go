// Package members knows who is who: the peers of a section, by identity, by the number that the graph gives them and by
// the number that all members give them, and whose events may be in the graph. Who votes is the election's to say.
package members

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// None is the graph's number of somebody who has none.
const None = gossip.Peer(math.MaxUint16)

// Peer is somebody: a peer, or a contact that is none yet. What others keep about a peer they keep by its seat.
type Peer struct {
	ID       wire.Hash
	Index    gossip.Peer // the graph's number; None for a contact
	Number   uint32      // the number that all members give it, if it is numbered
	Numbered bool        // it is a founder, or the section decided to add it
	Seat     int         // its place among all that this node knows, contacts included: from 0, for good
}

// Directory is who is who.
type Directory struct {
	founders []wire.Hash
	self     *Peer
	seats    []*Peer
	indices  []*Peer // by the graph's number
	numbers  []*Peer // by the number that all members give: founders by identity, then in order of decision
	byID     map[wire.Hash]*Peer
	adds     map[wire.Hash]int      // by whom undecided observations add: how many
	keys     map[wire.Hash]struct{} // good ones that were voted about lately
	verifier *sign.Verifier
}

// New returns a directory of the founders, in order, and this node itself. Number gives a peer a number in the graph. The
// founders' numbers are the first, and this node's follows if it is none of them.
func New(founders []wire.Hash, self wire.Hash, verifier *sign.Verifier, number func(id wire.Hash) (gossip.Peer, error)) (*Directory, error) {
	d := &Directory{
		founders: founders, byID: make(map[wire.Hash]*Peer), adds: make(map[wire.Hash]int),
		keys: make(map[wire.Hash]struct{}), verifier: verifier,
	}
	for _, id := range founders {
		p, err := d.enlist(id, number)
		if err != nil {
			return nil, err
		}
		d.giveNumber(p)
	}
	if !d.Founder(self) {
		if _, err := d.enlist(self, number); err != nil {
			return nil, err
		}
	}
	d.self = d.byID[self]
	return d, nil
}

func (d *Directory) enlist(id wire.Hash, number func(id wire.Hash) (gossip.Peer, error)) (*Peer, error) {
	p, err := number(id)
	if err != nil {
		return nil, err
	}
	return d.Enlist(id, p)
}

// Enlist takes in a peer that the graph has number p for, the next. The error is about its key.
func (d *Directory) Enlist(id wire.Hash, p gossip.Peer) (*Peer, error) {
	if _, err := d.verifier.AddKey(sign.PublicKey(id)); err != nil {
		return nil, err
	}
	q := d.Contact(id)
	q.Index = p
	d.indices = append(d.indices, q)
	return q, nil
}

// Contact returns somebody with the identity, whom it makes known if need be.
func (d *Directory) Contact(id wire.Hash) *Peer {
	p := d.byID[id]
	if p == nil {
		p = &Peer{ID: id, Index: None, Seat: len(d.seats)}
		d.byID[id] = p
		d.seats = append(d.seats, p)
	}
	return p
}

// Added takes in a peer that the section decided to add, which the graph has number p for. All members number those in
// the order of decisions.
func (d *Directory) Added(id wire.Hash, p gossip.Peer) {
	if int(p) == len(d.indices) {
		if _, err := d.Enlist(id, p); err != nil {
			panic("members: a key was accepted that is no key: " + err.Error())
		}
	}
	d.giveNumber(d.indices[p])
}

func (d *Directory) giveNumber(p *Peer) {
	if !p.Numbered {
		p.Numbered, p.Number = true, uint32(len(d.numbers))
		d.numbers = append(d.numbers, p)
	}
}

// Propose notes that an undecided observation adds the peer, and Proposed reports whether any does.
func (d *Directory) Propose(id wire.Hash) { d.adds[id]++ }

// Resolve takes back a Propose: what added the peer is decided.
func (d *Directory) Resolve(id wire.Hash) {
	if d.adds[id]--; d.adds[id] <= 0 {
		delete(d.adds, id)
	}
}

// Proposed reports whether an undecided observation adds the peer.
func (d *Directory) Proposed(id wire.Hash) bool { return d.adds[id] > 0 }

// Self returns this node.
func (d *Directory) Self() *Peer { return d.self }

// ByID returns a peer or contact, nil for nobody.
func (d *Directory) ByID(id wire.Hash) *Peer { return d.byID[id] }

// At returns the peer with the graph's number p, which must be there.
func (d *Directory) At(p gossip.Peer) *Peer { return d.indices[p] }

// Peers returns the peers by the graph's numbers, for reading.
func (d *Directory) Peers() []*Peer { return d.indices }

// Numbers returns the peers by the numbers that all members give them, for reading.
func (d *Directory) Numbers() []*Peer { return d.numbers }

// Founders returns the founders' identities, in order, for reading.
func (d *Directory) Founders() []wire.Hash { return d.founders }

// Founder reports whether the peer is in the genesis group.
func (d *Directory) Founder(id wire.Hash) bool {
	_, ok := slices.BinarySearchFunc(d.founders, id, func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
	return ok
}

// Licensed reports whether events of p may be in the graph: it has a number, or is this node itself (rule 4 of
// core/design/acceptance.md).
func (d *Directory) Licensed(p *Peer) bool {
	return p != nil && (p.Numbered || p == d.self || bug.On(bug.Unlicensed) && p.Index != None)
}

// Verifier checks what peers signed, by the graph's numbers.
func (d *Directory) Verifier() *sign.Verifier { return d.verifier }

// maxKeys is how many keys that were checked are remembered, about: 100 bytes each.
const maxKeys = 1 << 16

// CheckKey checks the key of a peer that is voted about. That takes 40 us, and an event may have thousands: those
// that were found good are remembered, so that refused events cannot have them checked again and again.
func (d *Directory) CheckKey(key wire.Hash) error {
	if _, ok := d.keys[key]; ok {
		return nil
	}
	if err := sign.CheckKey(sign.PublicKey(key)); err != nil {
		return fmt.Errorf("%w: a vote about a peer: %w", reason.ErrInvalidEvent, err)
	}
	if len(d.keys) >= maxKeys {
		clear(d.keys)
	}
	d.keys[key] = struct{}{}
	return nil
}
