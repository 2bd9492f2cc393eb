// Package store holds what events and observations consist of, by place and by number, and finds them by hash. Places
// are the graph's; observations have the numbers that the election gives them.
package store

import (
	"bytes"
	"math"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// NoPeer is the recipient of an event that is for nobody with a number.
const NoPeer = gossip.Peer(math.MaxUint16)

const (
	leafShift = 10
	leafSize  = 1 << leafShift
)

// leaf holds what the graph has no use for of leafSize consecutive events: 104 bytes an event, no pointers.
type leaf struct {
	id        [leafSize]wire.Hash
	signature [leafSize][64]byte
	first     [leafSize]uint32 // into Store.votes
	count     [leafSize]uint16
	recipient [leafSize]gossip.Peer // requesting events
}

// Observation is what some event votes for.
type Observation struct {
	Hash  wire.Hash
	Body  []byte       // encoded; the application's payloads alias it
	First gossip.Index // the first event that votes for it; 0 before there is one
	Open  uint32       // the last of the votes by which it is undecided; 0 for none. Package history counts them
	Kind  wire.Kind

	Stamp, Slot uint32 // its place in the message being written, if the stamp is that message's
}

// Store is ready once [New] made it.
type Store struct {
	leaves       []*leaf
	size         gossip.Index // events
	votes        []uint32     // observation numbers
	observations []Observation
	events       Index
	known        Index
	slab         []byte                     // room for bodies
	strangers    map[gossip.Index]wire.Hash // whom requesting events to peers without a number are for
}

// New returns an empty store. The seeds are secret, so that nobody can choose hashes that collide.
func New(events, observations uint64) *Store {
	return &Store{events: Index{seed: events | 1}, known: Index{seed: observations | 1}}
}

// ID returns the id of the event at place x.
func (s *Store) ID(x gossip.Index) *wire.Hash { return &s.leaves[x>>leafShift].id[x&(leafSize-1)] }

// Signature returns the signature of the event at place x.
func (s *Store) Signature(x gossip.Index) *[64]byte {
	return &s.leaves[x>>leafShift].signature[x&(leafSize-1)]
}

// Recipient returns whom the requesting event at place x is for: its number, or if that is NoPeer its identity.
func (s *Store) Recipient(x gossip.Index) (gossip.Peer, wire.Hash) {
	p := s.leaves[x>>leafShift].recipient[x&(leafSize-1)]
	if p == NoPeer {
		return p, s.strangers[x]
	}
	return p, wire.Hash{}
}

// Votes returns the observations that the event at place x votes for. It aliases the store.
func (s *Store) Votes(x gossip.Index) []uint32 {
	l, i := s.leaves[x>>leafShift], x&(leafSize-1)
	return s.votes[l.first[i]:][:l.count[i]:l.count[i]]
}

// Put stores the event at place x, which is the next, without its votes.
func (s *Store) Put(x gossip.Index, id *wire.Hash, signature *[64]byte, recipient gossip.Peer, stranger *wire.Hash) {
	n, i := int(x>>leafShift), x&(leafSize-1)
	if n == len(s.leaves) {
		s.leaves = append(s.leaves, new(leaf))
	}
	l := s.leaves[n]
	l.id[i], l.signature[i], l.recipient[i] = *id, *signature, recipient
	l.first[i], l.count[i] = 0, 0
	if stranger != nil {
		if s.strangers == nil {
			s.strangers = make(map[gossip.Index]wire.Hash)
		}
		s.strangers[x] = *stranger
	}
	s.size = x
	s.events.Add(uint32(x), id)
}

// PutVotes stores what the event at place x votes for.
func (s *Store) PutVotes(x gossip.Index, votes []uint32) {
	l, i := s.leaves[x>>leafShift], x&(leafSize-1)
	l.first[i], l.count[i] = uint32(len(s.votes)), uint16(len(votes))
	s.votes = append(s.votes, votes...)
}

// Truncate drops the events after place n. None of them has votes yet.
func (s *Store) Truncate(n gossip.Index) {
	for ; s.size > n; s.size-- {
		s.events.Remove(uint32(s.size), s.ID(s.size))
		if s.leaves[s.size>>leafShift].recipient[s.size&(leafSize-1)] == NoPeer {
			delete(s.strangers, s.size)
		}
	}
}

func (s *Store) eventHash(x uint32) *wire.Hash       { return s.ID(gossip.Index(x)) }
func (s *Store) observationHash(o uint32) *wire.Hash { return &s.observations[o-1].Hash }

// Find returns the place of the event with an id, 0 for none.
func (s *Store) Find(id *wire.Hash) gossip.Index {
	return gossip.Index(s.events.Find(id, s.eventHash))
}

// Number returns the number of the observation with a hash.
func (s *Store) Number(hash *wire.Hash) (o uint32, ok bool) {
	o = s.known.Find(hash, s.observationHash)
	return o - 1, o != 0
}

// Observations returns how many observations there are.
func (s *Store) Observations() int { return len(s.observations) }

// Observation returns observation o.
func (s *Store) Observation(o uint32) *Observation { return &s.observations[o] }

// Observe stores an observation, whose number is the next. It copies the body.
func (s *Store) Observe(hash *wire.Hash, kind wire.Kind, body []byte) {
	s.observations = append(s.observations, Observation{Hash: *hash, Kind: kind, Body: s.keep(body)})
	s.known.Add(uint32(len(s.observations)), hash)
}

// keep copies a body, small ones into slabs.
func (s *Store) keep(body []byte) []byte {
	const slab = 64 << 10
	if len(body) > slab/4 {
		return bytes.Clone(body)
	}
	if len(body) > cap(s.slab)-len(s.slab) {
		s.slab = make([]byte, 0, slab)
	}
	from := len(s.slab)
	s.slab = append(s.slab, body...)
	return s.slab[from:len(s.slab):len(s.slab)]
}
